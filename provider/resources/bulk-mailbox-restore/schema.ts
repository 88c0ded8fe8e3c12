import { object, shapeCheck, text, flag } from "../shape";
import { properties as ofOne } from "../mailbox-restore/schema";

const count = { type: "integer", minimum: 0 };
const patterns = { type: "array", items: text, minItems: 1 };
const {
  organization,
  pointInTime,
  showDeleted,
  showAllVersions,
  repositoryId,
  maxRestorePointAge,
  exportToPst,
  restoreToOriginalLocation,
  restoreTo,
  runId,
  confirmInPlace,
  reason,
  verify,
  onDestroy,
  timeouts,
  __urn,
  mailbox,
} = ofOne;

/** Every mistake in the shape of the inputs. Which of them exclude each other is said in check.ts, in words. */
export const findShapeMistakes = shapeCheck(
  object(
    {
      organization,
      pointInTime,
      showDeleted,
      showAllVersions,
      repositoryId,
      maxRestorePointAge,
      mailboxes: {
        type: "array",
        minItems: 1,
        items: { if: { type: "object" }, then: mailbox, else: { type: "string", format: "email-address" } },
      },
      mailboxesFile: text,
      allMailboxes: object({ include: patterns, exclude: patterns, archives: flag }),
      shard: object({ index: count, count: { type: "integer", minimum: 1 } }, ["index", "count"]),
      exportToPst,
      restoreToOriginalLocation,
      restoreTo,
      maxConcurrentRestores: { type: "integer", minimum: 1, maximum: 1000 },
      runId,
      confirmInPlace,
      failurePolicy: object({
        maxFailedMailboxes: count,
        maxFailedItems: count,
        onNothingToRestore: { enum: ["fail", "accept"] },
      }),
      onFailed: { enum: ["fail", "report"] },
      retryFailed: text,
      reason,
      verify,
      onDestroy,
      timeouts,
      __urn,
      __mailboxes: object({ count, sha256: text }),
    },
    ["organization", "pointInTime"],
  ),
);
