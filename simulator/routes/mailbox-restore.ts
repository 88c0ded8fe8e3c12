import type { WireRestoreStatistics } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { emptyAnswer, jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { RestoreResult } from "../faults";
import type { RestoreCounts, RestoreFlags } from "../mail";
import { originalLocationFlags } from "../mail";
import type { OpenPoints } from "../open-points";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import type { MailboxWrite } from "../state";
import { sameName } from "../tokens";
import type { VersionTraits } from "../versions";
import type { Action } from "./fields";
import { flagIn, requireFields, textIn } from "./fields";
import type { RouteContext } from "./route";

const contentFlags = [
  "changedItems",
  "deletedItems",
  "excludeDrafts",
  "excludeDeletedItems",
  "excludeInPlaceHoldItems",
  "excludeLitigationHoldItems",
] as const satisfies (keyof RestoreFlags)[];

const mandatory = ["casServer", "mailbox", "markRestoredAsUnread", ...contentFlags];

const certificateFields = [
  "applicationId",
  "applicationCertificate",
  "applicationCertificatePassword",
  "impersonationAccountName",
];

/** Does a version take an application's certificate? From v6 on. [D] */
const takesCertificate = ({ number, isFlat }: VersionTraits, { certificateInV5 }: OpenPoints): boolean =>
  isFlat || (number === 5 && certificateInV5 === "accepted");

/** The properties of access to Exchange: user and password, a device code from v4 on, a certificate. [D] */
export function accessFields(version: VersionTraits, open: OpenPoints): string[] {
  return [
    "userName",
    "userPassword",
    ...(version.number >= 4 ? ["userCode"] : []),
    ...(takesCertificate(version, open) ? certificateFields : []),
  ];
}

/** The properties of `restoreTo`; `folder` is accepted by v3 without being documented. [C] */
export function restoreToFields(version: VersionTraits, open: OpenPoints): string[] {
  const elsewhere = version.isFlat ? ["officeRegion", "officeOrganizationName"] : [];
  return [...mandatory, "folder", ...elsewhere, ...accessFields(version, open)];
}

interface Target {
  email: string;
  isArchive: boolean;
  folder: string | undefined;
  flags: RestoreFlags;
  marksAsUnread: boolean;
}

/**
 * Both restores. The request is checked first (parameters, account, target), and a refusal leaves neither an event nor
 * a write; then it blocks until the items are written [D], or, from v8 on, answers and goes on by itself.
 */
export async function restore(
  context: RouteContext,
  session: Session,
  mailbox: SeededMailbox,
  action: Action,
): Promise<Answer> {
  const { state } = context;
  const target = action.name === "restoreTo" ? readTarget(context, action) : originalLocation(mailbox);
  const accessBy = checkExchangeAccess(context, session, action);
  checkReachable(session, target);
  const { restoreEvents, asyncSession, asyncSessionId, statisticsLag } = state.behaviour;
  const own = context.version.restoresEndLater && asyncSession !== "same";
  const telling = own ? sessionForOne(context, session) : session;

  const write: { -readonly [Key in keyof MailboxWrite]: MailboxWrite[Key] } = {
    sessionId: session.id,
    sourceMailboxId: mailbox.id,
    targetEmail: target.email,
    targetIsArchive: target.isArchive,
    folder: target.folder,
    officeRegion: textIn(action, "officeRegion"),
    officeOrganizationName: textIn(action, "officeOrganizationName"),
    accessBy,
    runsIn: own ? telling.id : undefined,
    action: action.name === "restoreTo" ? "restoreTo" : "restoretoOriginallocation",
    counts: { created: 0, merged: 0, failed: 0, skipped: 0, failedFolders: 0 },
    markedAsUnread: 0,
    cannotContinueError: undefined,
    finishedAt: undefined,
  };
  state.writes.push(write);
  state.note(mailbox, session, {
    action: action.name === "restoreTo" ? "restoreTo" : "restoreToOriginalLocation",
    ...(action.name === "restoreTo" ? { to: target.email } : {}),
    folder: target.folder,
  });
  const isNamed = restoreEvents === "named" || (restoreEvents === "fields" && !context.version.isFlat);
  const text = isNamed ? `Restoring mailbox ${mailbox.name} (${mailbox.email})` : "Restoring mailbox";
  const about =
    restoreEvents === "fields" && !isNamed
      ? { itemName: mailbox.name, source: mailbox.email, target: target.email }
      : undefined;
  const event = restoreEvents === "none" ? undefined : state.sessions.beginEvent(telling, "Restore", text, about);

  const result = context.restoreResult ?? {};
  const finish = async (): Promise<void> => {
    await context.duringWork();
    const place = JSON.stringify([target.email.toLowerCase(), target.isArchive, target.folder?.toLowerCase()]);
    write.counts = state.targets.restore(session, mailbox, place, target.flags, result);
    write.markedAsUnread = target.marksAsUnread ? write.counts.created + write.counts.merged : 0;
    write.cannotContinueError = result.cannotContinueError;
    write.finishedAt = state.clock().toISOString();
    const ended = state.writes.filter(({ sessionId, runsIn }) => (runsIn ?? sessionId) === telling.id);
    telling.formerStatistics = { left: statisticsLag, restores: ended.length - 1 };
    telling.warnings.push(...(result.warnings ?? []));
    telling.errors.push(...[result.cannotContinueError ?? [], result.exceptions ?? []].flat());
    const status = statusOf(write.counts, result);
    if (event !== undefined) {
      const trouble = troubleIn(write.counts, result);
      state.sessions.endEvent(event, status, status === "Success" ? text : `${text}: ${trouble}`);
    }
    if (own) {
      telling.result = status;
      if (asyncSession === "new") {
        state.sessions.stop(telling, "server");
      }
    }
  };
  if (context.version.restoresEndLater) {
    void state.sessions.work(session, () => state.sessions.work(telling, finish));
    return jsonAnswer(200, { sessionId: spelled(telling.id, asyncSessionId) });
  }
  await finish();
  const { restoreAnswer } = state.behaviour;
  // Only of v3 it is not known whether it counts. [D][C]
  const answer = context.version.number === 3 ? restoreAnswer : "counters";
  return answerOf(context.version.number, result.answer ?? answer, write.counts, result);
}

function spelled(id: string, spelling: OpenPoints["asyncSessionId"]): string {
  return spelling === "plain" ? id : spelling === "upperCase" ? id.toUpperCase() : `{${id}}`;
}

/** A session that the server makes for one restore. [inf] */
function sessionForOne(
  context: RouteContext,
  { organization, dateTime, showDeleted, showAllVersions }: Session,
): Session {
  const { sessions } = context.state;
  return sessions.open({ organization, user: context.user, time: new Date(dateTime), showDeleted, showAllVersions });
}

/** Up to v5 every flag is mandatory [I]; from v6 on only the address is, and flags are real booleans [D]. */
function readTarget(context: RouteContext, action: Action): Target {
  const { version, state } = context;
  requireFields(action, version.isFlat ? ["mailbox"] : mandatory);
  const word = contentFlags.find((name) => typeof action.fields[name.toLowerCase()] === "string");
  if (version.isFlat && state.behaviour.stringBooleans === "refused" && word !== undefined) {
    throw new VendorError("invalidValue", word);
  }
  const flags = Object.fromEntries(contentFlags.map((name) => [name, flagIn(action, name)]));
  return {
    email: textIn(action, "mailbox") ?? "",
    isArchive: false,
    folder: textIn(action, "folder"),
    flags: flags as unknown as RestoreFlags,
    marksAsUnread: flagIn(action, "markRestoredAsUnread"),
  };
}

function originalLocation(mailbox: SeededMailbox): Target {
  return {
    email: mailbox.email,
    isArchive: mailbox.isArchive ?? false,
    folder: undefined,
    flags: originalLocationFlags,
    marksAsUnread: false,
  };
}

/**
 * The way into Exchange. None, or two at once: 400 [inf]; a part of one: a missing parameter [inf]. What a version does not have is
 * ignored, as every unknown property is [C].
 */
function checkExchangeAccess(context: RouteContext, session: Session, action: Action): MailboxWrite["accessBy"] {
  const { version, state } = context;
  const { exchange, application, accessVariants } = state.behaviour;
  const userName = textIn(action, "userName");
  const userPassword = textIn(action, "userPassword");
  const hasAccount = userName !== undefined || userPassword !== undefined;
  const userCode = version.number >= 4 ? textIn(action, "userCode") : undefined;
  const hasCertificate =
    takesCertificate(version, state.behaviour) && certificateFields.some((name) => textIn(action, name) !== undefined);
  const count = [hasAccount, userCode !== undefined, hasCertificate].filter(Boolean).length;
  if (count === 0) {
    throw new VendorError(accessVariants === "refused" ? "noExchangeCredentials" : "exchangeRefused");
  }
  if (count > 1 && accessVariants === "refused") {
    throw new VendorError("twoVariants");
  }
  if (hasAccount) {
    requireFields(action, ["userName", "userPassword"]);
    if (!sameName(userName ?? "", exchange.userName) || userPassword !== exchange.userPassword) {
      throw new VendorError("exchangeRefused");
    }
    return "password";
  }
  if (userCode !== undefined) {
    const scope = state.behaviour.deviceCodeScope === "session" ? session.id : undefined;
    if (!state.deviceCodes.isEntered(userCode, scope)) {
      throw new VendorError("deviceCodeNotEntered");
    }
    return "deviceCode";
  }
  requireFields(action, ["applicationId", "applicationCertificate", "impersonationAccountName"]);
  const isKnown =
    application !== undefined &&
    sameName(textIn(action, "applicationId") ?? "", application.applicationId) &&
    textIn(action, "applicationCertificate") === application.certificate &&
    textIn(action, "applicationCertificatePassword") === application.certificatePassword;
  if (!isKnown) {
    throw new VendorError("exchangeRefused");
  }
  return "certificate";
}

/** An address that the organization does not have is accepted: the server asks Exchange, not its own list. [inf] */
function checkReachable(session: Session, target: Target): void {
  const known = session.organization.mailboxes.find(
    (mailbox) => sameName(mailbox.email, target.email) && (mailbox.isArchive ?? false) === target.isArchive,
  );
  if (known?.unreachable === true) {
    throw new VendorError("mailboxUnreachable");
  }
}

function statusOf(counts: RestoreCounts, result: RestoreResult): "Success" | "Warning" | "Failed" {
  if (result.cannotContinueError !== undefined || (result.exceptions ?? []).length > 0) {
    return "Failed";
  }
  const failures = counts.failed + counts.failedFolders;
  if (failures > 0 && counts.created + counts.merged + counts.skipped === 0) {
    return "Failed";
  }
  return failures > 0 || (result.warnings ?? []).length > 0 ? "Warning" : "Success";
}

function troubleIn(counts: RestoreCounts, result: RestoreResult): string {
  const counted = counts.failed > 0 ? [`${counts.failed} items failed`] : [];
  const said = [result.cannotContinueError ?? [], result.exceptions ?? [], result.warnings ?? []].flat();
  return [...counted, ...said].join("; ");
}

/** v3 answers with an empty body [D] or with four counters [C]; v6 adds those of folders [D]; the rest is only set by faults. */
function answerOf(
  versionNumber: number,
  kind: "empty" | "counters",
  counts: RestoreCounts,
  result: RestoreResult,
): Answer {
  if (kind === "empty") {
    return emptyAnswer(200);
  }
  const statistics: WireRestoreStatistics = {
    createdItemsCount: counts.created,
    mergedItemsCount: counts.merged,
    failedItemsCount: counts.failed,
    skippedItemsCount: counts.skipped,
    ...(result.failedFolders === undefined && versionNumber < 6
      ? {}
      : { failedFoldersCount: result.failedFolders ?? 0 }),
    ...(result.cannotContinueError === undefined ? {} : { cannotContinueError: result.cannotContinueError }),
    ...(result.warnings === undefined ? {} : { warnings: result.warnings }),
    ...(result.exceptions === undefined ? {} : { exceptions: result.exceptions }),
  };
  return jsonAnswer(200, statistics);
}
