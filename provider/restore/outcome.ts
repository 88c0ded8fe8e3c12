import type { Counts, RestoreAnswer, SessionEvent } from "../api/dialects/dialect";
import { type Attribution, textOf } from "./attribution";

/** How a restore may end. */
export const outcomes = [
  "Succeeded",
  "SucceededWithWarnings",
  "PartiallyFailed",
  "Failed",
  "NothingToRestore",
  /** Still running when we stopped waiting. */
  "Unfinished",
  /** Sent, and nobody can say what became of it. */
  "Unknown",
  /** Unknown, and a person said go on. */
  "Accepted",
] as const;

/** How a restore ended, as far as was seen. */
export type Outcome = (typeof outcomes)[number];

/** What counts as good enough. */
export interface FailurePolicy {
  /** Items that may fail in an otherwise completed restore. Default 0. */
  maxFailedItems: number;
  /** Is a restore that found nothing a failure? Default "fail". */
  onNothingToRestore: "fail" | "accept";
}

export interface Judgement {
  outcome: Outcome;
  counts: Counts;
  /** What the server named as failed, each as its own text. */
  failures: string[];
  warnings: string[];
  /** It is proved that nothing was written: the restore may be tried again as if it had never been sent. */
  provesNothingWritten?: true;
}

export const unknownCounts: Counts = { created: null, merged: null, failed: null, skipped: null, failedFolders: null };

/**
 * Judges a restore from its answer and its event. A status of 200 alone proves nothing (documented from v6 on, observed
 * on v5): counters, `cannotContinueError`, `exceptions` and the event decide.
 *
 * @param answer - undefined when no readable answer came
 * @param seen - what the session's events tell of this restore
 */
export function judge(answer: RestoreAnswer | undefined, seen: Attribution): Judgement {
  const event = seen.kind === "ours" ? seen.event : undefined;
  const ofEvent = outcomeOfEvent(event);
  const failures = [
    ...(answer?.cannotContinueError === undefined ? [] : [answer.cannotContinueError]),
    ...(answer?.exceptions ?? []),
  ];
  const warnings = [...(answer?.warnings ?? [])];
  if (event !== undefined && ofEvent === "Failed" && failures.length === 0) {
    failures.push(textOf(event));
  }
  if (event !== undefined && ofEvent === "PartiallyFailed" && warnings.length === 0) {
    warnings.push(textOf(event));
  }
  if (answer?.isInconsistent) {
    warnings.push("The session's statistics do not add up, so the counts are not known.");
  } else if (answer?.uncounted !== undefined) {
    warnings.push(`The session's statistics tell nothing of ${answer.uncounted} items of its total.`);
  }
  const counts = answer?.isInconsistent ? undefined : answer?.counts;
  const judged =
    answer === undefined
      ? (ofEvent ?? "Unknown")
      : counts === undefined
        ? withoutCounts(answer, seen, ofEvent, warnings)
        : withCounts(answer, counts, ofEvent);
  const outcome = judged === "Succeeded" && warnings.length > 0 ? "SucceededWithWarnings" : judged;
  const judgement: Judgement = { outcome, counts: counts ?? unknownCounts, failures, warnings };
  return isProofOfNothing(judgement, answer, event) ? { ...judgement, provesNothingWritten: true } : judgement;
}

function isProofOfNothing(
  { outcome, counts }: Judgement,
  answer: RestoreAnswer | undefined,
  event: SessionEvent | undefined,
): boolean {
  // Statistics prove something only where they count what failed: else they may not be filled in yet.
  const isFilledIn = answer?.isOfStatistics !== true || (counts.failed ?? 0) > 0;
  return (
    outcome === "Failed" &&
    writtenOf(counts) === 0 &&
    isFilledIn &&
    // A person has ended it, who will say what is to come of it.
    event?.status.toLowerCase() !== "cancelled"
  );
}

function withoutCounts(
  answer: RestoreAnswer,
  seen: Attribution,
  ofEvent: Outcome | undefined,
  warnings: string[],
): Outcome {
  if (answer.cannotContinueError !== undefined || answer.exceptions.length > 0) {
    // An event that ended well says that something was written beside.
    return ofEvent === undefined || ofEvent === "Failed" ? "Failed" : contradicted(ofEvent);
  }
  if (ofEvent !== undefined) {
    return ofEvent;
  }
  if (seen.kind === "none") {
    warnings.push(
      "The server gave neither counts nor an event for this restore: it answered 200, and that is all that is known.",
    );
    return "SucceededWithWarnings";
  }
  // The server answered, so our event is one of these, if they could be read; when all of them ended well, ours did.
  const others = seen.kind === "unclear" ? seen.events : [];
  return others.length > 0 && others.every((event) => outcomeOfEvent(event) === "Succeeded") ? "Succeeded" : "Unknown";
}

/** What an event tells, and something else says that not all went well. */
const contradicted = (ofEvent: Outcome): Outcome =>
  ofEvent === "Unfinished" || ofEvent === "Unknown" ? ofEvent : "PartiallyFailed";

function withCounts(answer: RestoreAnswer, counts: Counts, ofEvent: Outcome | undefined): Outcome {
  if (answer.cannotContinueError !== undefined) {
    return "Failed";
  }
  const { failed, skipped, failedFolders } = counts;
  const written = writtenOf(counts);
  const handled = (written ?? partlyWrittenOf(counts)) + (skipped ?? 0);
  if ((failed ?? 0) + (failedFolders ?? 0) > 0 || answer.exceptions.length > 0 || ofEvent === "Failed") {
    return handled > 0 ? "PartiallyFailed" : "Failed";
  }
  if (ofEvent === "Unfinished" || ofEvent === "Unknown") {
    return ofEvent;
  }
  if (failed === null || (handled === 0 && (written === null || skipped === null))) {
    // Half of the counters is no proof of the other half.
    return ofEvent ?? "Unknown";
  }
  if (handled === 0) {
    return "NothingToRestore";
  }
  // The counters say that no item failed, so what the event warns of is something else.
  return ofEvent === "PartiallyFailed" ? "SucceededWithWarnings" : "Succeeded";
}

/** What an event alone tells; undefined without an event. */
export function outcomeOfEvent(event: SessionEvent | undefined): Outcome | undefined {
  switch (event?.status.toLowerCase()) {
    case undefined:
      return undefined;
    case "success":
      return "Succeeded";
    case "warning":
      // A warning may be the word for items that failed; without counts nobody can say how many.
      return "PartiallyFailed";
    case "failed":
    case "cancelled":
      return "Failed";
    case "running":
      return "Unfinished";
    default:
      // "Skipped" and whatever a later version brings: not seen to be a success.
      return "Unknown";
  }
}

/** Items that were written; null when that is not known for all of them. */
export function writtenOf({ created, merged, restored }: Counts): number | null {
  return created !== null && merged !== null ? created + merged : (restored ?? null);
}

const partlyWrittenOf = ({ created, merged }: Counts) => (created ?? 0) + (merged ?? 0);

/** Does the stack accept this result? Judged anew at every `up`, from what is stored. */
export function isAcceptable(outcome: Outcome, counts: Counts, failureCount: number, policy: FailurePolicy): boolean {
  switch (outcome) {
    case "Succeeded":
    case "SucceededWithWarnings":
    case "Accepted":
      return true;
    case "NothingToRestore":
      return policy.onNothingToRestore === "accept";
    case "PartiallyFailed":
      // A folder that failed may hold any number of items, and an unknown number is no small one.
      return (
        counts.failed !== null &&
        !counts.failedFolders &&
        Math.max(counts.failed, failureCount) <= policy.maxFailedItems
      );
    case "Failed":
    case "Unfinished":
    case "Unknown":
      return false;
  }
}
