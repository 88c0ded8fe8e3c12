import { createHash } from "node:crypto";
import { accessNames } from "./access";
import { actionNames, withDefaults } from "./inputs";

/** What is to be done, in one normal form: two programs that mean the same have the same intent. */
export type Intent = Record<string, unknown>;

type Bag = Record<string, unknown>;

/**
 * The intent in inputs, or in the outputs of a restore that was done. An input that an older state does not have equals its
 * default. Access, guards and judgement are no part of it.
 */
export function intentOf(bag: object): Intent {
  const inputs = withDefaults(bag) as Bag;
  const intent: Bag = {};
  const take = (...names: string[]) =>
    names.forEach((name) => inputs[name] !== undefined && (intent[name] = inputs[name]));
  const session = inputs["session"];
  if (inputs["restoreSessionId"] === undefined) {
    // A session is what was declared of it. Its id is not: one that expired and was opened anew runs nothing.
    const backup = isBag(session) ? session : inputs;
    intent["organization"] = lowerCase(backup["organization"]);
    intent["mailbox"] = mailboxOf(inputs["mailbox"]);
    intent["pointInTime"] = momentOf(backup["pointInTime"]);
    intent["showDeleted"] = backup["showDeleted"] ?? false;
    intent["showAllVersions"] = backup["showAllVersions"] ?? false;
    if (backup["repositoryId"] !== undefined) {
      intent["repositoryId"] = lowerCase(backup["repositoryId"]);
    }
  } else {
    // `mailboxId` is an output of every restore, and an input of this form alone.
    intent["restoreSessionId"] = lowerCase(inputs["restoreSessionId"]);
    intent["mailboxId"] = lowerCase(inputs["mailboxId"]);
  }
  take("runId");
  for (const name of actionNames) {
    if (inputs[name] !== undefined) {
      intent[name] = actionOf(inputs[name]);
    }
  }
  return intent;
}

/** Names of the inputs in which two intents differ. */
export function differingInputs(a: Intent, b: Intent): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => canonical(a[name]) !== canonical(b[name])).sort();
}

/**
 * Layout of the normal form. Another one gives another digest to the same intent, so digests of two layouts cannot be compared: count
 * it up with every change to what `intentOf` answers for inputs that were there before.
 */
export const intentLayout = 1;

/** SHA-256 of an intent, hexadecimal. */
export function hashOf(intent: Intent): string {
  return createHash("sha256").update(canonical(intent)).digest("hex");
}

function mailboxOf(value: unknown): unknown {
  if (!isBag(value)) {
    return value;
  }
  const { id, email, archive } = value;
  return id !== undefined ? { id: lowerCase(id) } : { email: lowerCase(email), archive: archive ?? false };
}

/**
 * The same moment written with another offset is the same moment. What is finer than a millisecond is cut here, though what is sent is
 * rounded up: digests in the journal are of the time as it was cut.
 */
function momentOf(value: unknown): unknown {
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? value : new Date(parsed).toISOString();
}

function actionOf(value: unknown): unknown {
  if (!isBag(value)) {
    return value;
  }
  const action = Object.fromEntries(
    Object.entries(value).filter(([name]) => !(accessNames as readonly string[]).includes(name)),
  );
  if (action["enablePstSizeLimit"] === false) {
    delete action["enablePstSizeLimit"];
  }
  return action["mailbox"] === undefined ? action : { ...action, mailbox: lowerCase(action["mailbox"]) };
}

/** Addresses, names and ids of the server mean the same in any case. */
function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with sorted names, so that the order in which somebody wrote them means nothing. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_name, nested: unknown) =>
      isBag(nested) ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1))) : nested,
    ) ?? ""
  );
}
