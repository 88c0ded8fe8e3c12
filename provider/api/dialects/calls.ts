import { MailboxRestoreError, isApiError, isNotFound } from "../../errors";
import { withoutEnd } from "../answer";
import type { Http } from "../http";
import { readAllPages } from "../pages";
import type { HttpRequest } from "../transport";
import type { ActionLimits, ExportAnswer, ExportStart, Organization, RestoreSession } from "./dialect";
import { hasEnded, parseEvent, parseMailbox, parseOrganization, parsePage, parseSession } from "./parse";

/** Requests that a version makes; what all dialects ask the same way, stands here. */
export function callsOf(http: Http, root: string, names: { mailboxes: string; pageSize: number }) {
  const { pageSize } = names;
  const get = (path: string, query?: HttpRequest["query"]): HttpRequest => ({
    method: "GET",
    path: root + path,
    headers: { Accept: "application/json" },
    ...(query === undefined ? {} : { query }),
    repeatable: true,
  });
  const post = (path: string, body?: object, options: Partial<HttpRequest> = {}): HttpRequest => ({
    method: "POST",
    path: root + path,
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    repeatable: false,
    ...options,
  });
  const sessionPath = (sessionId: string) => `/RestoreSessions/${encodeURIComponent(sessionId)}`;
  const mailboxPath = (sessionId: string, mailboxId: string) =>
    `${sessionPath(sessionId)}/${names.mailboxes}/${encodeURIComponent(mailboxId)}`;
  const readPages = <T extends { id: string }>(
    path: string,
    parse: (item: unknown) => T,
    query: HttpRequest["query"] = {},
  ) =>
    readAllPages<T>(
      async (offset, limit) => parsePage(path, await http.json(get(path, { ...query, offset, limit })), parse),
      { pageSize, idOf: (item) => item.id },
    );
  const getSession = async (sessionId: string): Promise<RestoreSession> =>
    parseSession(await http.json(get(sessionPath(sessionId))));

  // A tenant may see its own organisation only. Whether the list is refused then, or holds that one alone, is not documented [?]; the
  // singular resource is the tenant's either way.
  let isTenant = false;
  const isRefused = (error: unknown) =>
    isApiError(error) &&
    error.code !== "authentication" &&
    (error.status === 403 || error.vendorCode === "ResourceAccessDenied");
  const ownOrganization = async () => parseOrganization(await http.json(get("/Organization")));
  const listOrganizations = async (list: () => Promise<Organization[]>): Promise<Organization[]> => {
    try {
      return await list();
    } catch (error) {
      if (!isRefused(error)) {
        throw error;
      }
      const own = await ownOrganization();
      isTenant = true;
      return [own];
    }
  };
  /** Opens a session of an organisation, or of the tenant's own, if this is one and the other way is closed to it. */
  const openSession = async (
    organizationId: string,
    request: (path: string) => HttpRequest,
  ): Promise<RestoreSession> => {
    const open = async (path: string) => {
      try {
        return parseSession(await http.json({ ...request(path), repeatableWithNewToken: true }));
      } catch (error) {
        throw sayingWhatMayBeOpen(error);
      }
    };
    if (!isTenant) {
      try {
        return await open(`/Organizations/${encodeURIComponent(organizationId)}`);
      } catch (error) {
        // What was refused opened nothing, so it may be asked for once more.
        const own = isRefused(error) ? await ownOrganization().catch(() => undefined) : undefined;
        if (own?.id.toLowerCase() !== organizationId.toLowerCase()) {
          throw error;
        }
        isTenant = true;
      }
    }
    return open("/Organization");
  };

  return {
    get,
    post,
    sessionPath,
    mailboxPath,
    readPages,
    getSession,
    listOrganizations,
    openSession,
    listMailboxes: (sessionId: string) => readPages(`${sessionPath(sessionId)}/${names.mailboxes}`, parseMailbox),
    getMailbox: async (sessionId: string, mailboxId: string) =>
      parseMailbox(await http.json(get(mailboxPath(sessionId, mailboxId)))),
    // Paging parameters came with v5; an older server ignores them and sends everything, or its first page.
    listEvents: (sessionId: string) => readPages(`${sessionPath(sessionId)}/Events`, parseEvent),
    listSessions: () => readPages("/RestoreSessions", parseSession),
    /** Stops a session with this request; what is over already counts as stopped. */
    async stopSession(sessionId: string, request: HttpRequest): Promise<void> {
      try {
        await http.json(request);
      } catch (error) {
        if (!isNotFound(error) && !(isApiError(error) && (await hasEnded(getSession(sessionId))))) {
          throw error;
        }
      }
    },
    /** An action on a mailbox: sent once, and waited for as long as its limits allow. */
    action: (
      path: string,
      body: object,
      { firstByte, idle, restore }: ActionLimits,
      accept = "application/json",
    ): HttpRequest =>
      post(path, body, {
        headers: { Accept: accept, "Content-Type": "application/json" },
        firstByteTimeoutMs: firstByte,
        firstByteTimeoutName: "firstByte",
        idleTimeoutMs: idle,
        totalTimeoutMs: restore,
      }),
    /** A file, from its begin or from where it was asked for; the answer says which. */
    async receive(request: HttpRequest, start?: ExportStart): Promise<ExportAnswer> {
      const range: Record<string, string> =
        start === undefined
          ? {}
          : { Range: `bytes=${start.first}-`, ...(start.tag === undefined ? {} : { "If-Range": start.tag }) };
      const response = await http.stream({ ...request, headers: { ...request.headers, ...range } });
      const tag = response.header("etag");
      // A weak tag says that the file means the same, not that its bytes are the same.
      const common = { body: response.body, redact: http.redact, tag: tag?.startsWith("W/") ? undefined : tag };
      if (response.status !== 206) {
        return { ...common, first: 0, bytes: countIn(response.header("content-length")) };
      }
      const [, first, bytes] =
        /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(response.header("content-range") ?? "") ?? [];
      return { ...common, first: countIn(first) ?? Number.NaN, bytes: countIn(bytes) };
    },
  };
}

const countIn = (text: string | undefined) =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/**
 * The same error, which tells of a session that nobody knows the id of: its answer was lost, or is none. It is not looked for among the
 * server's, where another process of the same account may have opened one of the same backup at the same moment.
 */
function sayingWhatMayBeOpen(error: unknown): unknown {
  const isAnswer =
    isApiError(error) && ((error.status >= 300 && error.status < 500) || error.serverMessage !== undefined);
  if (error instanceof MailboxRestoreError && !error.notSent && !isAnswer) {
    error.message = `${withoutEnd(error.message)}. A restore session may have been opened all the same, and ends by itself later; vb365 sessions lists those that are open.`;
  }
  return error;
}
