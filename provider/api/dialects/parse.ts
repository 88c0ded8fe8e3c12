import { MailboxRestoreError, isNotFound } from "../../errors";
import { type Fields, fieldsOf } from "../fields";
import type { Page } from "../pages";
import type {
  Counts,
  DeviceCode,
  ExchangeAccessKind,
  Mailbox,
  Organization,
  RestoreAnswer,
  RestorePoint,
  RestoreSession,
  ServiceInstance,
  SessionEvent,
} from "./dialect";

/** Reads what servers of any version answer: their shapes differ less than their spelling does. */

/** A stop that was refused is no failure when the session is over: v3 answers 500 on sessions that have expired. */
export async function hasEnded(session: Promise<RestoreSession>): Promise<boolean> {
  try {
    return (await session).state === "Stopped";
  } catch (error) {
    return isNotFound(error);
  }
}

/** A list as a page object or as a bare array: the pages of the reference and its clients disagree for v3. */
export function parsePage<T>(path: string, body: unknown, parse: (item: unknown) => T): Page<T> {
  if (Array.isArray(body)) {
    return { results: body.map(parse), isArray: true };
  }
  const page = fieldsOf(body, path);
  const results = page.items("results");
  if (results === undefined) {
    throw new MailboxRestoreError("api", `${path}: the server's answer has no "results"`);
  }
  return {
    results: results.map(parse),
    limit: page.count("limit") ?? undefined,
    hasNext: page.nested("_links")?.has("next"),
  };
}

export function parseOrganization(item: unknown): Organization {
  const fields = fieldsOf(item, "Organizations");
  return {
    id: fields.requiredText("id"),
    name: fields.text("name") ?? "",
    officeName: fields.text("officeName"),
    firstBackupTime: fields.text("firstBackuptime"),
    lastBackupTime: fields.text("lastBackuptime"),
    exchangeAccess: parseExchangeAccess(fields.nested("exchangeOnlineSettings")),
  };
}

/** `useMfa` up to v5, `useApplicationOnlyAuth` from v6 on, where false "enables basic authentication". */
function parseExchangeAccess(settings: Fields | undefined): ExchangeAccessKind | undefined {
  const known = ["useApplicationOnlyAuth", "useMfa"].filter((name) => settings?.has(name));
  if (settings === undefined || known.length === 0) {
    return undefined;
  }
  return known.some((name) => settings.flag(name)) ? "modern" : "basic";
}

export function parseServiceInstance(body: unknown): ServiceInstance {
  const fields = fieldsOf(body, "ServiceInstance");
  return { installationId: fields.text("installationId"), productVersion: fields.text("version") };
}

export function parseSession(item: unknown): RestoreSession {
  const fields = fieldsOf(item, "Restore session");
  // Starting, Working, Stopping, Stopped; the samples disagree about case.
  const state = fields.text("state")?.toLowerCase();
  return {
    id: fields.requiredText("id"),
    type: fields.text("type") ?? "",
    state: state === "stopped" || state === "stopping" ? "Stopped" : "Working",
    name: fields.text("name") ?? "",
    organization: fields.text("organization") ?? "",
    initiatedBy: fields.text("initiatedBy") ?? "",
    createdAt: fields.text("creationTime") ?? "",
    endedAt: fields.text("endTime"),
    result: fields.text("result") ?? "",
  };
}

export function parseMailbox(item: unknown): Mailbox {
  const fields = fieldsOf(item, "Mailboxes");
  return {
    id: fields.requiredText("id"),
    name: fields.text("name") ?? "",
    email: fields.text("email") ?? "",
    isArchive: fields.flag("isArchive"),
    isPublic: fields.flag("isPublic"),
  };
}

export function parseEvent(item: unknown): SessionEvent {
  const fields = fieldsOf(item, "Events");
  // Optional from v6 on. The first event of every session says that it was started, and is no restore's.
  const type = fields.text("type") ?? ((fields.count("order") ?? 0) === 0 ? "None" : "");
  return {
    id: fields.requiredText("id"),
    type,
    status: fields.text("status") ?? "",
    title: fields.text("title") ?? "",
    message: fields.text("message") ?? "",
    startTime: fields.text("startTime") ?? "",
    endTime: fields.text("endTime"),
    itemName: fields.text("itemName"),
    source: fields.text("source"),
    target: fields.text("target"),
  };
}

const countFields = [
  "createdItemsCount",
  "mergedItemsCount",
  "failedItemsCount",
  "skippedItemsCount",
  "failedFoldersCount",
];

export function parseRestoreAnswer(body: unknown): RestoreAnswer {
  if (body === undefined || body === null) {
    return { counts: undefined, warnings: [], exceptions: [], cannotContinueError: undefined };
  }
  const fields = fieldsOf(body, "Restore");
  const [created = null, merged = null, failed = null, skipped = null, failedFolders = null] = countFields.map((name) =>
    fields.count(name),
  );
  const counts: Counts = { created, merged, failed, skipped, failedFolders };
  const counted = Object.values(counts).some((count) => count !== null);
  const [cannotContinueError] = fields.texts("cannotContinueError");
  const [exceptions, warnings] = [fields.texts("exceptions"), fields.texts("warnings")];
  // Something else than an empty answer and than counters, `{"message": …}` with status 200 for one, says nothing of the restore.
  const unreadable = countFields.filter((name) => fields.isUnreadableCount(name));
  const foreign = fields.others([...countFields, "cannotContinueError", "exceptions", "warnings"]);
  const isForeign =
    foreign.some((name) => /message|error/.test(name)) || (!counted && exceptions.length === 0 && foreign.length > 0);
  if (unreadable.length > 0 || (isForeign && cannotContinueError === undefined)) {
    const odd = [...unreadable, ...foreign].join(", ");
    throw new MailboxRestoreError(
      "api",
      `Restore: the server answered 200 with something that cannot be read (${odd})`,
    );
  }
  return { counts: counted ? counts : undefined, warnings, exceptions, cannotContinueError };
}

/** `{sessionId}` (v8), or, should a server of that version wait for the end all the same, what it counted. Failures beside it count, too. */
export function parseBegunRestore(body: unknown): RestoreAnswer {
  if (body === undefined || body === null) {
    return parseRestoreAnswer(body);
  }
  const fields = fieldsOf(body, "Restore");
  const runsIn = fields.text("sessionId");
  if (runsIn === undefined) {
    return parseRestoreAnswer(body);
  }
  const [cannotContinueError] = fields.texts("cannotContinueError");
  return {
    runsIn,
    counts: undefined,
    warnings: fields.texts("warnings"),
    exceptions: fields.texts("exceptions"),
    cannotContinueError,
  };
}

/** Counters of a whole session (v8). What is missing is unknown, and never stands for none. */
export function parseStatistics(body: unknown): RestoreAnswer {
  const fields = fieldsOf(body, "Statistics");
  const [total = null, restored = null, failed = null, skipped = null] = [
    "totalItemsCount",
    "restoredItemsCount",
    "failedItemsCount",
    "skippedItemsCount",
  ].map((name) => fields.count(name));
  const ofItems = (fields.items("items") ?? []).map(parseRestoredItem);
  const [mailbox, ...others] = ofItems.flatMap(({ counts }) => counts ?? []);
  const { created = null, merged = null } = others.length === 0 ? (mailbox ?? {}) : {};
  const isSplit = created !== null && merged !== null;
  const sum = isSplit ? created + merged : restored;
  // What the total is of is not said: "items in the backup", and in its sample those of the three counters.
  const counted = sum === null || failed === null || skipped === null ? null : sum + failed + skipped;
  const left = total === null || counted === null ? 0 : total - counted;
  const counts: Counts = {
    ...(isSplit ? { created, merged } : { created: null, merged: null }),
    failed,
    skipped,
    failedFolders: null,
    ...(isSplit || restored === null ? {} : { restored }),
  };
  return {
    counts: [restored, failed, skipped].some((count) => count !== null) ? counts : undefined,
    isOfStatistics: true,
    isInconsistent: left < 0 || (restored !== null && sum !== restored),
    ...(left > 0 ? { uncounted: left } : {}),
    warnings: [...fields.texts("warnings"), ...ofItems.flatMap(({ warnings }) => warnings)],
    exceptions: [...fields.texts("errors"), ...ofItems.flatMap(({ failure }) => failure ?? [])],
    cannotContinueError: undefined,
  };
}

/** What the statistics tell of one thing that was restored: a mailbox, whose items they count, or an item. */
function parseRestoredItem(item: unknown): {
  counts: Pick<Counts, "created" | "merged"> | undefined;
  failure: string | undefined;
  warnings: string[];
} {
  const fields = fieldsOf(item, "Statistics");
  const [created = null, merged = null] = ["createdMailboxItemsCount", "mergedMailboxItemsCount"].map((count) =>
    fields.count(count),
  );
  const [said] = [...fields.texts("cannotContinueMailboxError"), ...fields.texts("error")];
  const name = fields.text("name") ?? fields.text("title") ?? "an item";
  const hasFailed = fields.text("status")?.toLowerCase() === "failed";
  const failure = said === undefined && !hasFailed ? undefined : `${name}: ${said ?? "failed"}`;
  const counts = created === null && merged === null ? undefined : { created, merged };
  return { counts, failure, warnings: fields.texts("warnings") };
}

export function parseDeviceCode(body: unknown): DeviceCode {
  const fields = fieldsOf(body, "Device code");
  return {
    userCode: fields.requiredText("userCode"),
    verificationUrl: fields.requiredText("verificationUrl"),
    expiresInSeconds: fields.count("expiresIn") ?? 0,
    message: fields.text("message") ?? "",
  };
}

export const parseCodeCheck = (body: unknown): boolean => fieldsOf(body, "Device code").flag("authenticated");

export function parseRestorePoint(item: unknown): RestorePoint {
  const fields = fieldsOf(item, "Restore points");
  return {
    id: fields.requiredText("id"),
    backupTime: fields.requiredText("backupTime"),
    repositoryId: fields.text("repositoryId"),
    // Absent is no "false": optional fields may be left out.
    holdsMail: !fields.has("isExchange") || fields.flag("isExchange"),
  };
}
