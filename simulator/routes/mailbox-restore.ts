import type { WireRestoreStatistics } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { emptyAnswer, jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { RestoreResult } from "../faults";
import type { RestoreCounts, RestoreFlags } from "../mail";
import { originalLocationFlags } from "../mail";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import type { MailboxWrite } from "../state";
import { sameName } from "../tokens";
import type { Action } from "./envelope";
import { flagIn, requireFields, textIn } from "./envelope";
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

/** The properties of `restoreTo`; `folder` is accepted by v3 without being documented. [C] */
export const restoreToFields: readonly string[] = [...mandatory, "folder", "userName", "userPassword"];

interface Target {
  email: string;
  isArchive: boolean;
  folder: string | undefined;
  flags: RestoreFlags;
  marksAsUnread: boolean;
}

/**
 * Both restores. The request is checked first (parameters, account, target), and a refusal leaves neither an event nor
 * a write; then it blocks until the items are written [D].
 */
export async function restore(
  context: RouteContext,
  session: Session,
  mailbox: SeededMailbox,
  action: Action,
): Promise<Answer> {
  const { state } = context;
  const target = action.name === "restoreTo" ? readTarget(action) : originalLocation(mailbox);
  checkExchangeAccount(context, action);
  checkReachable(session, target);

  const write: { -readonly [Key in keyof MailboxWrite]: MailboxWrite[Key] } = {
    sessionId: session.id,
    sourceMailboxId: mailbox.id,
    targetEmail: target.email,
    targetIsArchive: target.isArchive,
    folder: target.folder,
    action: action.name === "restoreTo" ? "restoreTo" : "restoretoOriginallocation",
    counts: { created: 0, merged: 0, failed: 0, skipped: 0, failedFolders: 0 },
    markedAsUnread: 0,
    finishedAt: undefined,
  };
  state.writes.push(write);
  const { restoreEvents } = state.behaviour;
  const text = restoreEvents === "named" ? `Restoring mailbox ${mailbox.name} (${mailbox.email})` : "Restoring mailbox";
  const event = restoreEvents === "none" ? undefined : state.sessions.beginEvent(session, "Restore", text);

  await context.duringWork();

  const result = context.restoreResult ?? {};
  const place = JSON.stringify([target.email.toLowerCase(), target.isArchive, target.folder?.toLowerCase()]);
  write.counts = state.targets.restore(session, mailbox, place, target.flags, result);
  write.markedAsUnread = target.marksAsUnread ? write.counts.created + write.counts.merged : 0;
  write.finishedAt = state.clock().toISOString();
  if (event !== undefined) {
    const status = statusOf(write.counts, result);
    state.sessions.endEvent(event, status, status === "Success" ? text : `${text}: ${troubleIn(write.counts, result)}`);
  }
  return answerOf(result.answer ?? state.behaviour.restoreAnswer, write.counts, result);
}

function readTarget(action: Action): Target {
  requireFields(action, mandatory);
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

/** v3 has user and password only. [D] Neither of them: 400; one of them: a missing parameter. [inf] */
function checkExchangeAccount(context: RouteContext, action: Action): void {
  const { exchange } = context.state.behaviour;
  const userName = textIn(action, "userName");
  const userPassword = textIn(action, "userPassword");
  if (userName === undefined && userPassword === undefined) {
    throw new VendorError("noExchangeCredentials");
  }
  requireFields(action, ["userName", "userPassword"]);
  if (!sameName(userName ?? "", exchange.userName) || userPassword !== exchange.userPassword) {
    throw new VendorError("exchangeRefused");
  }
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

/** v3 answers with an empty body [D] or with four counters [C]; the rest is of later versions and only set by faults. */
function answerOf(kind: "empty" | "counters", counts: RestoreCounts, result: RestoreResult): Answer {
  if (kind === "empty") {
    return emptyAnswer(200);
  }
  const statistics: WireRestoreStatistics = {
    createdItemsCount: counts.created,
    mergedItemsCount: counts.merged,
    failedItemsCount: counts.failed,
    skippedItemsCount: counts.skipped,
    ...(result.failedFolders === undefined ? {} : { failedFoldersCount: result.failedFolders }),
    ...(result.cannotContinueError === undefined ? {} : { cannotContinueError: result.cannotContinueError }),
    ...(result.warnings === undefined ? {} : { warnings: result.warnings }),
    ...(result.exceptions === undefined ? {} : { exceptions: result.exceptions }),
  };
  return jsonAnswer(200, statistics);
}
