import { MailboxRestoreError } from "../../errors";
import type { Http } from "../http";
import type { ApiVersion } from "../../versions";
import type {
  WireExchangeAccess,
  WireExploreRequest,
  WireExportToPst,
  WireMailboxAction,
  WireRestoreTo,
} from "../wire/v3";
import { callsOf } from "./calls";
import type { ActionLimits, Dialect, ExchangeAccess } from "./dialect";
import { parseDeviceCode, parseOrganization, parsePage, parseRestoreAnswer } from "./parse";

/**
 * REST API v3 to v5: actions travel in an envelope to `…/Action`, restores answer when they have ended.
 *
 * Source: "Veeam Backup for Microsoft Office 365 RESTful API Reference" 3.0, 4.0 and 5.0.
 */
export function createEnvelopeDialect(http: Http, apiVersion: ApiVersion): Dialect {
  // The v3 portal asks for pages of 1000 mailboxes, and no maximum is stated before v5.
  const pageSize = apiVersion === "v5" ? 10_000 : 1000;
  const calls = callsOf(http, `/${apiVersion}`, { mailboxes: "Organization/Mailboxes", pageSize });
  const { get, post } = calls;
  const act = (
    sessionId: string,
    mailboxId: string,
    envelope: WireMailboxAction,
    limits: ActionLimits,
    accept?: string,
  ) => calls.action(`${calls.mailboxPath(sessionId, mailboxId)}/Action`, envelope, limits, accept);

  return {
    apiVersion,
    restoresEndLater: false,
    exportsResume: false,
    getSession: calls.getSession,
    listSessions: calls.listSessions,
    listMailboxes: calls.listMailboxes,
    getMailbox: calls.getMailbox,
    listEvents: calls.listEvents,

    listOrganizations: () =>
      calls.listOrganizations(async () => {
        const path = "/Organizations";
        return parsePage(path, await http.json(get(path)), parseOrganization).results;
      }),

    openSession(organizationId, options) {
      const body: WireExploreRequest = {
        explore: {
          datetime: options.pointInTime,
          type: "vex",
          showDeleted: options.showDeleted,
          showAllVersions: options.showAllVersions,
        },
      };
      return calls.openSession(organizationId, (path) => post(`${path}/Action`, body));
    },

    stopSession: (sessionId) =>
      calls.stopSession(
        sessionId,
        post(`${calls.sessionPath(sessionId)}/Action`, { stop: null }, { repeatable: true }),
      ),

    exportToPst(sessionId, mailboxId, { contentKeywords, pstSizeLimitBytes }, limits = {}) {
      // Whether v3 to v5 bind `contentKeywords` (the page) or `contentKeyword` (the portal, and the schema from v6 on) is
      // not known, and unknown properties are ignored: one that is not bound would export the whole mailbox without a word.
      const options: WireExportToPst & { contentKeyword?: string } = {
        ...(contentKeywords === undefined ? {} : { contentKeywords, contentKeyword: contentKeywords }),
        ...(pstSizeLimitBytes === undefined ? {} : { enablePstSizeLimit: "true", pstSizeLimitBytes }),
      };
      return calls.receive(act(sessionId, mailboxId, { exporttoPst: options }, limits, "application/octet-stream"));
    },

    async restoreToOriginalLocation(sessionId, mailboxId, access, limits = {}) {
      return parseRestoreAnswer(
        await http.json(act(sessionId, mailboxId, { restoretoOriginallocation: accountOf(access) }, limits)),
      );
    },

    async restoreTo(sessionId, mailboxId, options, access, limits = {}) {
      // Flags as words: every sample of v3 writes them so, and its portal has sent them so for years.
      const word = (flag: boolean) => (flag ? "true" : "false");
      const body: WireRestoreTo = {
        casServer: options.casServer,
        mailbox: options.mailbox,
        ...(options.folder === undefined ? {} : { folder: options.folder }),
        ...accountOf(access),
        changedItems: word(options.changedItems),
        deletedItems: word(options.deletedItems),
        markRestoredAsUnread: word(options.markRestoredAsUnread),
        excludeDrafts: word(options.excludeDrafts),
        excludeDeletedItems: word(options.excludeDeletedItems),
        excludeInPlaceHoldItems: word(options.excludeInPlaceHoldItems),
        excludeLitigationHoldItems: word(options.excludeLitigationHoldItems),
      };
      return parseRestoreAnswer(await http.json(act(sessionId, mailboxId, { restoreTo: body }, limits)));
    },

    async requestDeviceCode(sessionId, options) {
      const path = `${calls.sessionPath(sessionId)}/Organization/RestoreDeviceCode`;
      return parseDeviceCode(await http.json(post(path, options)));
    },

    countsOf: () => Promise.resolve(undefined),
    // These came with v6.
    isDeviceCodeEntered: () => Promise.resolve(undefined),
    listRestorePoints: () => Promise.resolve(undefined),
    getServiceInstance: () => Promise.resolve(undefined),
  };
}

/** An application's certificate came with v6, and whoever asks for it here has been told so. */
function accountOf(access: ExchangeAccess): WireExchangeAccess {
  if ("applicationId" in access) {
    throw new MailboxRestoreError("guard", "This server has no access by certificate; it came with the REST API v6");
  }
  return { ...access };
}
