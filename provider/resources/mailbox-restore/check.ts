import { join } from "node:path";
import type { ApiVersion } from "../../versions";
import type { ConfigMistake, ExchangeSettings } from "../../config";
import { whyNotWritable } from "../../pst/owner";
import { whyNotPath } from "../../pst/path";
import { accessNames, accessOf } from "./access";
import { type ExportToPstInput, type MailboxRestoreInputs, actionNames, withDefaults } from "./inputs";
import { differingInputs, intentOf } from "./intent";
import { type Mistake, unknownValue } from "../shape";
import { findUnspoken } from "../unspoken";
import { findShapeMistakes } from "./schema";

export interface CheckSurroundings {
  /** What is wrong with the connection's configuration. */
  configMistakes: ConfigMistake[];
  /** Folder of the journal. */
  journalDir: string;
  /** The provider's access to Exchange, for actions that bring none; undefined where its configuration cannot be read. */
  exchange: ExchangeSettings | undefined;
  /** "auto" is known when the server was asked. */
  apiVersion: "auto" | ApiVersion;
  now: Date;
}

export interface CheckResult {
  inputs: MailboxRestoreInputs;
  mistakes: Mistake[];
}

/**
 * Checks inputs at preview, without a network: all mistakes at once. Guards (in place, a time in the future, the
 * connection's settings) speak only when something is to be run, so that editing them later breaks no finished restore.
 *
 * @param olds - inputs in the state; empty for a new resource
 */
export function check(olds: object, news: object, surroundings: CheckSurroundings): CheckResult {
  const stored = Object.keys(olds).length > 0 ? (olds as MailboxRestoreInputs) : undefined;
  const runsNothing = stored !== undefined && differingInputs(intentOf(stored), intentOf(news)).length === 0;
  const inputs = withDefaults(
    news as MailboxRestoreInputs,
    runsNothing ? (stored as Record<string, unknown>) : undefined,
  );
  if (runsNothing && isKnown(inputs.session) && isKnown(stored.session) && stored.session.apiVersion === undefined) {
    // An older package did not put it in, and its upgrade changes nothing.
    delete inputs.session.apiVersion;
  }
  const shape = findShapeMistakes(inputs);
  const mistakes = [...shape, ...findContradictions(inputs)];
  if (!runsNothing && shape.length === 0) {
    mistakes.push(...findGuardMistakes(inputs, surroundings));
  }
  return { inputs, mistakes };
}

const sourceNames = [
  "organization",
  "mailbox",
  "pointInTime",
  "showDeleted",
  "showAllVersions",
  "session",
  "restoreSessionId",
  "mailboxId",
  "repositoryId",
  "maxRestorePointAge",
] as const;

interface Way {
  inWords: string;
  needs: (typeof sourceNames)[number][];
  takes: (typeof sourceNames)[number][];
}

const byBackup: Way = {
  inWords: "organization, mailbox and pointInTime",
  needs: ["organization", "mailbox", "pointInTime"],
  takes: [
    "organization",
    "mailbox",
    "pointInTime",
    "showDeleted",
    "showAllVersions",
    "repositoryId",
    "maxRestorePointAge",
  ],
};
const bySession: Way = { inWords: "session and mailbox", needs: ["session", "mailbox"], takes: ["session", "mailbox"] };
const byId: Way = {
  inWords: "restoreSessionId and mailboxId",
  needs: ["restoreSessionId", "mailboxId"],
  takes: ["restoreSessionId", "mailboxId"],
};
const ways = [byBackup, bySession, byId];

/** The way that was most likely meant: the one that is there whole, else the one whose own inputs are there. */
function wayOf(inputs: MailboxRestoreInputs): Way {
  const isWhole = ({ needs }: Way) => needs.every((name) => inputs[name] !== undefined);
  const whole = ways.find(isWhole);
  if (whole !== undefined) {
    return whole;
  }
  if (inputs.restoreSessionId !== undefined || inputs.mailboxId !== undefined) {
    return byId;
  }
  return inputs.session !== undefined ? bySession : byBackup;
}

/** Exactly one action, and exactly one way to name the mailbox. */
function findContradictions(inputs: MailboxRestoreInputs): Mistake[] {
  const mistakes: Mistake[] = [];
  const actions = actionNames.filter((name) => inputs[name] !== undefined);
  if (actions.length !== 1) {
    const found = actions.length === 0 ? "none is there" : `${actions.join(" and ")} are there`;
    mistakes.push({ path: "", reason: `exactly one of ${actionNames.join(", ")} must be given, and ${found}` });
  }
  const { mailbox } = inputs;
  const way = wayOf(inputs);
  const foreign = sourceNames.filter((name) => inputs[name] !== undefined && !way.takes.includes(name));
  if (foreign.length > 0) {
    mistakes.push({
      path: "",
      reason: `the mailbox must be named one way: ${ways.map(({ inWords }) => inWords).join(", or ")}; remove ${foreign.join(", ")}`,
    });
  }
  for (const path of way.needs.filter((name) => inputs[name] === undefined)) {
    mistakes.push({ path, reason: `is required; name the mailbox by ${way.inWords}` });
  }
  const { adopt } = inputs;
  if (isKnown(adopt) && (adopt.restoreSessionId === undefined) === (adopt.note === undefined)) {
    mistakes.push({ path: "adopt", reason: "give either adopt.restoreSessionId or adopt.note" });
  }
  const { exportToPst } = inputs;
  if (isKnown(exportToPst) && isHalfOfSizeLimit(exportToPst)) {
    mistakes.push({
      path: "exportToPst.pstSizeLimitBytes",
      reason: "give exportToPst.enablePstSizeLimit: true and exportToPst.pstSizeLimitBytes together, or neither",
    });
  }
  if (isKnown(mailbox) && (mailbox.email === undefined) === (mailbox.id === undefined)) {
    mistakes.push({ path: "mailbox.email", reason: "give either mailbox.email or mailbox.id" });
  }
  return mistakes;
}

/** A value that is not known yet may be the other half. */
export function isHalfOfSizeLimit({ enablePstSizeLimit: isOn, pstSizeLimitBytes: bytes }: ExportToPstInput): boolean {
  const areKnown = (isOn as unknown) !== unknownValue && (bytes as unknown) !== unknownValue;
  return areKnown && (isOn === true) !== (bytes !== undefined);
}

function findGuardMistakes(inputs: MailboxRestoreInputs, surroundings: CheckSurroundings): Mistake[] {
  const mistakes: Mistake[] = surroundings.configMistakes.map(({ reason }) => ({ path: "", reason }));
  if (inputs.adopt !== undefined) {
    // It runs nothing, so it needs no account, no file and no confirmation.
    return mistakes;
  }
  return [...mistakes, ...findObstacles(inputs, surroundings), ...findUnconfirmed(inputs)];
}

/** What keeps an action from being carried out, as far as that can be said here, whichever mailbox it is. */
export function findObstacles(
  inputs: MailboxRestoreInputs,
  { exchange, apiVersion, journalDir, now }: Omit<CheckSurroundings, "configMistakes">,
): Mistake[] {
  const mistakes: Mistake[] = [];
  const { pointInTime, restoreTo, restoreToOriginalLocation: original } = inputs;
  const noJournal = whyNotWritable(join(journalDir, "entry"));
  if (noJournal !== undefined) {
    mistakes.push({
      path: "",
      reason: `the journal ${journalDir} ${noJournal}; it keeps mail from being sent twice after a crash. Choose another folder with vb365:journalDir`,
    });
  }
  if (isKnown(pointInTime) && Date.parse(pointInTime) > now.getTime()) {
    mistakes.push({ path: "pointInTime", reason: 'lies in the future: give a time that has passed, or "latest"' });
  }
  for (const [name, action] of Object.entries({ restoreTo, restoreToOriginalLocation: original })) {
    if (!isKnown(action)) {
      continue;
    }
    const found = accessOf(name, action, exchange ?? {});
    if ("mistake" in found) {
      if (exchange === undefined && accessNames.every((access) => action[access] === undefined)) {
        // It may well be configured: what keeps the configuration from being read is said already.
        continue;
      }
      mistakes.push({ path: `${name}.${found.mistake.name}`, reason: found.mistake.reason });
    } else {
      mistakes.push(...findUnspoken(apiVersion, name, found.access));
    }
    mistakes.push(...findUnspoken(apiVersion, name, action, accessNames));
  }
  // What is switched off can be said to every version.
  const isOff = inputs.exportToPst?.enablePstSizeLimit === false ? ["enablePstSizeLimit"] : [];
  mistakes.push(...findUnspoken(apiVersion, "exportToPst", inputs.exportToPst, isOff));
  mistakes.push(...findUnspoken(apiVersion, "", { repositoryId: inputs.repositoryId }));
  const { exportToPst } = inputs;
  if (isKnown(exportToPst) && isKnown(exportToPst.path)) {
    const obstacle = whyNotPath(exportToPst.path, inputs) ?? whyNotWritable(exportToPst.path);
    if (obstacle !== undefined) {
      mistakes.push({ path: "exportToPst.path", reason: obstacle });
    }
  }
  return mistakes;
}

/** Writing into a production mailbox needs its name said twice. */
function findUnconfirmed({
  mailbox,
  restoreTo,
  restoreToOriginalLocation: original,
  confirmInPlace,
}: MailboxRestoreInputs): Mistake[] {
  const mistakes: Mistake[] = [];
  const email = isKnown(mailbox) && isKnown(mailbox.email) ? mailbox.email : undefined;
  const target = isKnown(restoreTo) && isKnown(restoreTo.mailbox) ? restoreTo.mailbox : undefined;
  const isInPlace = original !== undefined || (email !== undefined && target?.toLowerCase() === email.toLowerCase());
  if (isInPlace && confirmInPlace !== unknownValue) {
    const written = email ?? "the mailbox's e-mail";
    if (confirmInPlace === undefined) {
      mistakes.push({
        path: "confirmInPlace",
        reason: `this writes into a production mailbox; to confirm it, set confirmInPlace: "${written}"`,
      });
    } else if (email !== undefined && confirmInPlace.toLowerCase() !== email.toLowerCase()) {
      mistakes.push({
        path: "confirmInPlace",
        reason: `names another mailbox than the one that is written to: "${written}"`,
      });
    }
  }
  return mistakes;
}

export function isKnown<T>(value: T | undefined): value is T {
  // A program in JavaScript may give null: that is told as a mistake of its shape, and nothing is read of it.
  return value !== undefined && value !== null && (value as unknown) !== unknownValue;
}
