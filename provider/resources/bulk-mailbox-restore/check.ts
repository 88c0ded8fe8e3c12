import { messageOf } from "../../errors";
import { namesMailbox } from "../../pst/path";
import { type CheckSurroundings, findObstacles, isHalfOfSizeLimit, isKnown } from "../mailbox-restore/check";
import { actionNames, withDefaults } from "../mailbox-restore/inputs";
import { differingInputs } from "../mailbox-restore/intent";
import { type Mistake, unknownValue } from "../shape";
import { type BulkMailboxRestoreInputs, selectionNames } from "./inputs";
import { bulkIntentOf } from "./intent";
import { fingerprintOf, listedIn, repeatedIn } from "./list";
import { findShapeMistakes } from "./schema";

/**
 * Checks inputs at preview, without a network: all mistakes at once. Guards speak only when something may be sent, so that an edit of
 * policies breaks no finished restore.
 *
 * @param olds - inputs in the state; empty for a new resource
 */
export function check(
  olds: object,
  news: object,
  surroundings: CheckSurroundings,
): { inputs: BulkMailboxRestoreInputs; mistakes: Mistake[] } {
  const stored = Object.keys(olds).length > 0 ? (olds as BulkMailboxRestoreInputs) : undefined;
  const isSame = stored !== undefined && differingInputs(bulkIntentOf(stored), bulkIntentOf(news)).length === 0;
  const inputs = withDefaults(
    news as BulkMailboxRestoreInputs,
    isSame ? (stored as unknown as Record<string, unknown>) : undefined,
  );
  delete inputs.__mailboxes;
  const shape = findShapeMistakes(inputs);
  if (shape.length > 0) {
    return { inputs, mistakes: [...shape, ...findContradictions(inputs)] };
  }
  const mistakes = [...findContradictions(inputs), ...takeFingerprint(inputs)];
  if (!isSame || !isSameSelection(stored, inputs) || stored.retryFailed !== inputs.retryFailed) {
    mistakes.push(...surroundings.configMistakes.map(({ reason }) => ({ path: "", reason })));
    mistakes.push(...findObstacles(inputs, surroundings), ...findUnconfirmed(inputs));
  }
  return { inputs, mistakes };
}

const isSameSelection = (a: BulkMailboxRestoreInputs, b: BulkMailboxRestoreInputs) =>
  [...selectionNames, "shard" as const, "__mailboxes" as const].every(
    (name) => JSON.stringify(a[name]) === JSON.stringify(b[name]),
  );

/** Exactly one action, and exactly one way to name the mailboxes. */
function findContradictions(inputs: BulkMailboxRestoreInputs): Mistake[] {
  const mistakes: Mistake[] = [];
  const oneOf = (names: readonly (keyof BulkMailboxRestoreInputs)[]) => {
    const found = names.filter((name) => inputs[name] !== undefined);
    if (found.length !== 1) {
      const said = found.length === 0 ? "none is there" : `${found.join(" and ")} are there`;
      mistakes.push({ path: "", reason: `exactly one of ${names.join(", ")} must be given, and ${said}` });
    }
  };
  oneOf(actionNames);
  oneOf(selectionNames);
  const { exportToPst, shard, mailboxes } = inputs;
  if (isKnown(exportToPst)) {
    if (isHalfOfSizeLimit(exportToPst)) {
      mistakes.push({
        path: "exportToPst.pstSizeLimitBytes",
        reason: "give exportToPst.enablePstSizeLimit: true and exportToPst.pstSizeLimitBytes together, or neither",
      });
    }
    if (isKnown(exportToPst.path) && typeof exportToPst.path === "string" && !namesMailbox(exportToPst.path)) {
      mistakes.push({
        path: "exportToPst.path",
        reason: "must name {email} or {mailboxId}: each mailbox has its own file",
      });
    }
  }
  if (isKnown(shard) && isKnown(shard.index) && isKnown(shard.count) && shard.index >= shard.count) {
    mistakes.push({ path: "shard.index", reason: "counts from 0, so it must be less than shard.count" });
  }
  (Array.isArray(mailboxes) ? mailboxes : []).forEach((one, index) => {
    if (typeof one === "object" && isKnown(one) && (one.email === undefined) === (one.id === undefined)) {
      mistakes.push({ path: `mailboxes.${index}`, reason: "give either email or id" });
    }
  });
  return mistakes;
}

/** Looks into a list as far as it is known, and puts what its file holds into the inputs. */
function takeFingerprint(inputs: BulkMailboxRestoreInputs): Mistake[] {
  const { mailboxes, mailboxesFile } = inputs;
  const isUnknown = [mailboxes, mailboxesFile].some((given) => given !== undefined && !isKnown(given));
  if (isUnknown || (mailboxes ?? []).some((one) => !isKnown(one) || JSON.stringify(one).includes(unknownValue))) {
    return [];
  }
  const path = mailboxesFile === undefined ? "mailboxes" : "mailboxesFile";
  try {
    const listed = listedIn(inputs);
    if (listed === undefined) {
      return [];
    }
    if (mailboxesFile !== undefined) {
      inputs.__mailboxes = fingerprintOf(listed);
    }
    const repeated = repeatedIn(listed);
    return repeated.length === 0
      ? []
      : [{ path, reason: `names a mailbox more than once: ${repeated.slice(0, 5).join(", ")}` }];
  } catch (error) {
    return [{ path, reason: messageOf(error).replace(/^mailboxesFile /, "") }];
  }
}

/** Writing into the production mailboxes of an organisation needs its name said twice. */
function findUnconfirmed({
  restoreToOriginalLocation: original,
  confirmInPlace,
  organization,
}: BulkMailboxRestoreInputs): Mistake[] {
  if (original === undefined || confirmInPlace === unknownValue || !isKnown(organization)) {
    return [];
  }
  return isConfirmed(confirmInPlace, organization)
    ? []
    : [
        {
          path: "confirmInPlace",
          reason: `this writes into production mailboxes; to confirm it, set confirmInPlace to the organization: "${organization}"`,
        },
      ];
}

/** A bulk restore in place is confirmed by the organisation's name. */
export const isConfirmed = (confirmInPlace: string | undefined, organization: string | undefined): boolean =>
  confirmInPlace !== undefined && confirmInPlace.toLowerCase() === organization?.toLowerCase();
