import { isNotFound } from "../../errors";
import type { Http } from "../http";
import type { ApiVersion } from "../../versions";
import type { WireDeviceCodeCheck, WireExchangeAccess, WireExplore, WireExportToPst, WireRestoreTo } from "../wire/v6";
import { callsOf } from "./calls";
import type { Dialect } from "./dialect";
import {
  parseBegunRestore,
  parseCodeCheck,
  parseDeviceCode,
  parseOrganization,
  parsePage,
  parseRestoreAnswer,
  parseRestorePoint,
  parseServiceInstance,
  parseStatistics,
} from "./parse";

/**
 * REST API v6 to v8: a URL for each action, a flat body, real booleans. From v8 on a restore answers as soon as it has begun.
 *
 * Source: the vendor's OpenAPI documents of v6, v7 and v8.
 */
export function createFlatDialect(http: Http, apiVersion: ApiVersion): Dialect {
  const restoresEndLater = apiVersion === "v8";
  // 10,000 is the most that the reference allows.
  const calls = callsOf(http, `/${apiVersion}`, { mailboxes: "organization/mailboxes", pageSize: 10_000 });
  const { get, post } = calls;
  const parseAnswer = restoresEndLater ? parseBegunRestore : parseRestoreAnswer;

  return {
    apiVersion,
    restoresEndLater,
    exportsResume: apiVersion !== "v6",
    getSession: calls.getSession,
    listSessions: calls.listSessions,
    listMailboxes: calls.listMailboxes,
    getMailbox: calls.getMailbox,
    listEvents: calls.listEvents,

    listOrganizations() {
      const path = "/Organizations";
      // Without it the times of the first and the last backup are not told.
      const query = { extendedView: "true" };
      const list = async () =>
        restoresEndLater
          ? calls.readPages(path, parseOrganization, query)
          : parsePage(path, await http.json(get(path, query)), parseOrganization).results;
      return calls.listOrganizations(list);
    },

    openSession(organizationId, options) {
      const body: WireExplore = {
        dateTime: options.pointInTime,
        type: "Vex",
        showDeleted: options.showDeleted,
        showAllVersions: options.showAllVersions,
        ...(options.repositoryId === undefined ? {} : { repositoryId: options.repositoryId }),
      };
      return calls.openSession(organizationId, (path) => post(`${path}/explore`, body));
    },

    stopSession: (sessionId) =>
      calls.stopSession(sessionId, post(`${calls.sessionPath(sessionId)}/Stop`, undefined, { repeatable: true })),

    exportToPst(sessionId, mailboxId, { contentKeywords, pstSizeLimitBytes }, limits = {}, start) {
      const options: WireExportToPst = {
        ...(contentKeywords === undefined ? {} : { contentKeyword: contentKeywords }),
        ...(pstSizeLimitBytes === undefined ? {} : { enablePstSizeLimit: true, pstSizeLimitBytes }),
      };
      const path = `${calls.mailboxPath(sessionId, mailboxId)}/exportToPst`;
      return calls.receive(calls.action(path, options, limits, "application/octet-stream"), start);
    },

    async restoreToOriginalLocation(sessionId, mailboxId, access, limits = {}) {
      const body: WireExchangeAccess = { ...access };
      const path = `${calls.mailboxPath(sessionId, mailboxId)}/restore`;
      return parseAnswer(await http.json(calls.action(path, body, limits)));
    },

    async restoreTo(sessionId, mailboxId, options, access, limits = {}) {
      const body: WireRestoreTo = {
        casServer: options.casServer,
        mailbox: options.mailbox,
        ...(options.folder === undefined ? {} : { folder: options.folder }),
        ...access,
        changedItems: options.changedItems,
        deletedItems: options.deletedItems,
        markRestoredAsUnread: options.markRestoredAsUnread,
        excludeDrafts: options.excludeDrafts,
        excludeDeletedItems: options.excludeDeletedItems,
        excludeInPlaceHoldItems: options.excludeInPlaceHoldItems,
        excludeLitigationHoldItems: options.excludeLitigationHoldItems,
        ...(options.officeRegion === undefined ? {} : { officeRegion: options.officeRegion }),
        ...(options.officeOrganizationName === undefined
          ? {}
          : { officeOrganizationName: options.officeOrganizationName }),
      };
      const path = `${calls.mailboxPath(sessionId, mailboxId)}/restoreTo`;
      return parseAnswer(await http.json(calls.action(path, body, limits)));
    },

    async requestDeviceCode(sessionId, options) {
      const path = `${calls.sessionPath(sessionId)}/organization/restoreDeviceCode`;
      return parseDeviceCode(await http.json(post(path, options)));
    },

    async isDeviceCodeEntered(userCode) {
      const asked: WireDeviceCodeCheck = { userCode };
      return parseCodeCheck(await http.json(post("/DeviceCode/check", asked, { repeatable: true })));
    },

    async countsOf(sessionId) {
      if (!restoresEndLater) {
        return undefined;
      }
      try {
        return parseStatistics(await http.json(get(`${calls.sessionPath(sessionId)}/Statistics`)));
      } catch (error) {
        if (isNotFound(error)) {
          return undefined;
        }
        throw error;
      }
    },

    async listRestorePoints(organizationId, repositoryId) {
      const path = "/RestorePoints";
      const query = { organizationId, ...(repositoryId === undefined ? {} : { repositoryId }) };
      // An array in v6, which knows no pages of it.
      return apiVersion === "v6"
        ? parsePage(path, await http.json(get(path, query)), parseRestorePoint).results
        : calls.readPages(path, parseRestorePoint, query);
    },

    getServiceInstance: async () => parseServiceInstance(await http.json(get("/ServiceInstance"))),
  };
}
