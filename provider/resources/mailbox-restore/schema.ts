import { accessNames } from "./access";
import { type Schema, age, duration, emailAddress, flag, moment, object, shapeCheck, text } from "../shape";

const access = Object.fromEntries(accessNames.map((name) => [name, text]));
const gigabyte = 1024 ** 3;
const flags = {
  changedItems: flag,
  deletedItems: flag,
  markRestoredAsUnread: flag,
  excludeDrafts: flag,
  excludeDeletedItems: flag,
  excludeInPlaceHoldItems: flag,
  excludeLitigationHoldItems: flag,
};
/** What each input may be. */
export const properties = {
  organization: text,
  mailbox: object({ email: emailAddress, archive: flag, id: text }),
  pointInTime: moment,
  showDeleted: flag,
  showAllVersions: flag,
  session: object(
    {
      restoreSessionId: text,
      apiVersion: text,
      organization: text,
      pointInTime: moment,
      showDeleted: flag,
      showAllVersions: flag,
      repositoryId: text,
    },
    ["restoreSessionId", "organization", "pointInTime"],
  ),
  restoreSessionId: text,
  mailboxId: text,
  exportToPst: object(
    {
      path: text,
      contentKeywords: text,
      enablePstSizeLimit: flag,
      pstSizeLimitBytes: { type: "integer", minimum: gigabyte, maximum: 49 * gigabyte },
    },
    ["path"],
  ),
  restoreToOriginalLocation: object(access),
  restoreTo: object(
    {
      casServer: text,
      mailbox: emailAddress,
      folder: text,
      officeRegion: { enum: ["Worldwide", "Germany", "China", "USDefence", "USGovernment"] },
      officeOrganizationName: text,
      ...access,
      ...flags,
    },
    ["mailbox"],
  ),
  repositoryId: text,
  maxRestorePointAge: age,
  runId: text,
  confirmInPlace: text,
  failurePolicy: object({
    maxFailedItems: { type: "integer", minimum: 0 },
    onNothingToRestore: { enum: ["fail", "accept"] },
  }),
  onUnknown: {
    if: { type: "object" },
    then: object({ accept: text }, ["accept"]),
    else: { enum: ["fail"] },
  },
  reason: { type: "string" },
  verify: object({ contents: flag, hashOnRefresh: flag, sha256File: flag }),
  onDestroy: { enum: ["keep", "deletePst"] },
  timeouts: object({ login: duration, session: duration, firstByte: duration, idle: duration, restore: duration }),
  adopt: object({ restoreSessionId: text, note: text }),
  __urn: { type: "string" },
} satisfies Record<string, Schema>;

/** Every mistake in the shape of the inputs. Which of them exclude each other is said in check.ts, in words. */
export const findShapeMistakes = shapeCheck(object(properties));
