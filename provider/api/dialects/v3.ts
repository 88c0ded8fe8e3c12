import { MailboxRestoreError, isApiError, isNotFound } from "../../errors";
import { fieldsOf } from "../fields";
import type { Http } from "../http";
import { type Page, readAllPages } from "../pages";
import type { HttpRequest } from "../transport";
import type {
  WireExploreRequest,
  WireExportToPst,
  WireMailboxAction,
  WireRestoreTo,
  WireRestoreToOriginalLocation,
} from "../wire/v3";
import type {
  ActionLimits,
  Counts,
  Dialect,
  Mailbox,
  Organization,
  RestoreAnswer,
  RestoreSession,
  SessionEvent,
} from "./dialect";

/** The v3 portal asks for pages of 1000 mailboxes; the reference states no maximum for v3. */
const pageSize = 1000;

/**
 * REST API v3: actions travel in an envelope to `…/Action`, restores answer when they have ended.
 *
 * Source: "Veeam Backup for Microsoft Office 365 RESTful API Reference" 3.0.
 */
export function createV3(http: Http): Dialect {
  const root = "/v3";
  const get = (path: string, query?: HttpRequest["query"]): HttpRequest => ({
    method: "GET",
    path: root + path,
    headers: { Accept: "application/json" },
    ...(query === undefined ? {} : { query }),
    repeatable: true,
  });
  const post = (path: string, body: object, options: Partial<HttpRequest> = {}): HttpRequest => ({
    method: "POST",
    path: root + path,
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
    repeatable: false,
    ...options,
  });
  const sessionPath = (sessionId: string) => `/RestoreSessions/${encodeURIComponent(sessionId)}`;
  const action = (
    sessionId: string,
    mailboxId: string,
    envelope: WireMailboxAction,
    { firstByte, idle, restore }: ActionLimits,
    accept = "application/json",
  ) =>
    post(`${sessionPath(sessionId)}/Organization/Mailboxes/${encodeURIComponent(mailboxId)}/Action`, envelope, {
      headers: { Accept: accept, "Content-Type": "application/json" },
      firstByteTimeoutMs: firstByte,
      firstByteTimeoutName: "firstByte",
      idleTimeoutMs: idle,
      totalTimeoutMs: restore,
    });
  const readPages = <T extends { id: string }>(path: string, parse: (item: unknown) => T) =>
    readAllPages<T>(async (offset, limit) => parsePage(path, await http.json(get(path, { offset, limit })), parse), {
      pageSize,
      idOf: (item) => item.id,
    });

  const getSession = async (sessionId: string) => parseSession(await http.json(get(sessionPath(sessionId))));

  return {
    apiVersion: "v3",
    getSession,
    listSessions: () => readPages("/RestoreSessions", parseSession),

    async listOrganizations() {
      const path = "/Organizations";
      return parsePage(path, await http.json(get(path)), parseOrganization).results;
    },

    async openSession(organizationId, options) {
      const body: WireExploreRequest = {
        explore: {
          datetime: options.pointInTime,
          type: "vex",
          showDeleted: options.showDeleted,
          showAllVersions: options.showAllVersions,
        },
      };
      const path = `/Organizations/${encodeURIComponent(organizationId)}/Action`;
      return parseSession(await http.json(post(path, body)));
    },

    async stopSession(sessionId) {
      const request = post(`${sessionPath(sessionId)}/Action`, { stop: null }, { repeatable: true });
      try {
        await http.json(request);
      } catch (error) {
        if (!isNotFound(error) && !(isApiError(error) && (await hasEnded(getSession(sessionId))))) {
          throw error;
        }
      }
    },

    listMailboxes: (sessionId) => readPages(`${sessionPath(sessionId)}/Organization/Mailboxes`, parseMailbox),

    async listEvents(sessionId) {
      // Paging parameters came with v5; an older server ignores them and sends everything, or its first page.
      return readPages(`${sessionPath(sessionId)}/Events`, parseEvent);
    },

    async exportToPst(sessionId, mailboxId, { contentKeywords }, limits = {}) {
      // Whether v3 to v5 bind `contentKeywords` (the page) or `contentKeyword` (the portal, and the schema from v6 on) is
      // not known, and unknown properties are ignored: one that is not bound would export the whole mailbox without a word.
      const keywords: WireExportToPst & { contentKeyword?: string } =
        contentKeywords === undefined ? {} : { contentKeywords, contentKeyword: contentKeywords };
      const request = action(sessionId, mailboxId, { exporttoPst: keywords }, limits, "application/octet-stream");
      const response = await http.stream(request);
      const length = response.header("content-length");
      return { body: response.body, bytes: length === undefined ? undefined : Number(length) };
    },

    async restoreToOriginalLocation(sessionId, mailboxId, access, limits = {}) {
      const options: WireRestoreToOriginalLocation = { userName: access.userName, userPassword: access.userPassword };
      const request = action(sessionId, mailboxId, { restoretoOriginallocation: options }, limits);
      return parseRestoreAnswer(await http.json(request));
    },

    async restoreTo(sessionId, mailboxId, options, access, limits = {}) {
      // Flags as words: every sample of v3 writes them so, and its portal has sent them so for years.
      const word = (flag: boolean) => (flag ? "true" : "false");
      const body: WireRestoreTo = {
        casServer: options.casServer,
        mailbox: options.mailbox,
        userName: access.userName,
        userPassword: access.userPassword,
        changedItems: word(options.changedItems),
        deletedItems: word(options.deletedItems),
        markRestoredAsUnread: word(options.markRestoredAsUnread),
        excludeDrafts: word(options.excludeDrafts),
        excludeDeletedItems: word(options.excludeDeletedItems),
        excludeInPlaceHoldItems: word(options.excludeInPlaceHoldItems),
        excludeLitigationHoldItems: word(options.excludeLitigationHoldItems),
      };
      return parseRestoreAnswer(await http.json(action(sessionId, mailboxId, { restoreTo: body }, limits)));
    },
  };
}

/** A stop that was refused is no failure when the session is over: v3 answers 500 on sessions that have expired. */
async function hasEnded(session: Promise<RestoreSession>): Promise<boolean> {
  try {
    return (await session).state === "Stopped";
  } catch (error) {
    return isNotFound(error);
  }
}

/** A list as a page object or as a bare array: the pages of the reference and its clients disagree for v3. */
function parsePage<T>(path: string, body: unknown, parse: (item: unknown) => T): Page<T> {
  if (Array.isArray(body)) {
    return { results: body.map(parse), limit: Number.POSITIVE_INFINITY };
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

function parseOrganization(item: unknown): Organization {
  const fields = fieldsOf(item, "Organizations");
  return {
    id: fields.requiredText("id"),
    name: fields.text("name") ?? "",
    officeName: fields.text("officeName"),
    firstBackupTime: fields.text("firstBackuptime"),
    lastBackupTime: fields.text("lastBackuptime"),
  };
}

function parseSession(item: unknown): RestoreSession {
  const fields = fieldsOf(item, "Restore session");
  // Starting, Working, Stopping, Stopped; the samples disagree about case.
  const state = fields.text("state")?.toLowerCase();
  return {
    id: fields.requiredText("id"),
    state: state === "stopped" || state === "stopping" ? "Stopped" : "Working",
    name: fields.text("name") ?? "",
    organization: fields.text("organization") ?? "",
    initiatedBy: fields.text("initiatedBy") ?? "",
    createdAt: fields.text("creationTime") ?? "",
    endedAt: fields.text("endTime"),
    result: fields.text("result") ?? "",
  };
}

function parseMailbox(item: unknown): Mailbox {
  const fields = fieldsOf(item, "Mailboxes");
  return {
    id: fields.requiredText("id"),
    name: fields.text("name") ?? "",
    email: fields.text("email") ?? "",
    isArchive: fields.flag("isArchive"),
  };
}

function parseEvent(item: unknown): SessionEvent {
  const fields = fieldsOf(item, "Events");
  return {
    id: fields.requiredText("id"),
    type: fields.text("type") ?? "None",
    status: fields.text("status") ?? "",
    title: fields.text("title") ?? "",
    message: fields.text("message") ?? "",
    startTime: fields.text("startTime") ?? "",
    endTime: fields.text("endTime"),
  };
}

const countFields = [
  "createdItemsCount",
  "mergedItemsCount",
  "failedItemsCount",
  "skippedItemsCount",
  "failedFoldersCount",
];

function parseRestoreAnswer(body: unknown): RestoreAnswer {
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
