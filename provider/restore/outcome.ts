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
  const counted = answer?.isInconsistent ? undefined : answer?.counts;
  const isDenied = answer !== undefined && counted !== undefined && isDeniedBy(seen, answer, counted, ofEvent);
  if (isDenied) {
    warnings.push(
      "The server counts nothing as written, and the session's events do not bear that out: look into the mailbox.",
    );
  }
  if (failures.length === 0 && counted !== undefined && (isDenied || hasNoEnd(ofEvent))) {
    // These counts will not be what the restore is judged by, and what failed is not forgotten with them.
    failures.push(...countedFailures(counted));
  }
  const counts = isDenied ? undefined : counted;
  const judged =
    answer === undefined
      ? (ofEvent ?? "Unknown")
      : counts === undefined
        ? withoutCounts({ hasFailed: failures.length > 0 }, seen, ofEvent, warnings)
        : withCounts(answer, counts, ofEvent);
  const outcome = judged === "Succeeded" && warnings.length > 0 ? "SucceededWithWarnings" : judged;
  const judgement: Judgement = { outcome, counts: counts ?? unknownCounts, failures, warnings };
  return isProofOfNothing(judgement, answer, seen) ? { ...judgement, provesNothingWritten: true } : judgement;
}

/**
 * Adds failures that the answer told of to an end that was seen later in the session: they are not forgotten because that tells of a good
 * end.
 */
export function withFailures(judgement: Judgement, failures: string[]): Judgement {
  if (failures.length === 0) {
    return judgement;
  }
  const { provesNothingWritten: _, ...end } = judgement;
  const hasSucceeded = end.outcome === "Succeeded" || end.outcome === "SucceededWithWarnings";
  return {
    ...end,
    failures: [...failures, ...end.failures],
    outcome: hasSucceeded ? "PartiallyFailed" : end.outcome === "NothingToRestore" ? "Failed" : end.outcome,
  };
}

function isProofOfNothing(
  { outcome, counts }: Judgement,
  answer: RestoreAnswer | undefined,
  seen: Attribution,
): boolean {
  // Statistics prove something only where they count what failed, and all of it: else they may not be filled in yet.
  const isFilledIn = answer?.isOfStatistics !== true || (counts.failed ?? 0) > 0;
  return (
    outcome === "Failed" &&
    writtenOf(counts) === 0 &&
    isFilledIn &&
    answer?.uncounted === undefined &&
    bearsOutFailure(seen) &&
    // A person has ended it, who will say what is to come of it.
    !eventsOf(seen).some(({ status }) => status.toLowerCase() === "cancelled")
  );
}

/** Counts that tell of failures and of nothing written, while an event that is or may be the restore's own tells something else. */
const isDeniedBy = (seen: Attribution, answer: RestoreAnswer, counts: Counts, ofEvent: Outcome | undefined): boolean =>
  writtenOf(counts) === 0 && withCounts(answer, counts, ofEvent) === "Failed" && !bearsOutFailure(seen);

/** Whichever of its events is the restore's, that one failed; or it left none. Events that could not be read may say anything. */
function bearsOutFailure(seen: Attribution): boolean {
  const events = eventsOf(seen);
  return seen.kind === "none" || (events.length > 0 && events.every((event) => outcomeOfEvent(event) === "Failed"));
}

function eventsOf(seen: Attribution): SessionEvent[] {
  switch (seen.kind) {
    case "ours":
      return [seen.event];
    case "unclear":
      return seen.events;
    case "none":
      return [];
  }
}

function countedFailures({ failed, failedFolders }: Counts): string[] {
  const said = (count: number | null, what: string) => (count ? [`The server counts ${count} failed ${what}.`] : []);
  return [...said(failed, "items"), ...said(failedFolders, "folders")];
}

/** Is its event there, and tells of no end? */
const hasNoEnd = (ofEvent: Outcome | undefined): ofEvent is "Unfinished" | "Unknown" =>
  ofEvent === "Unfinished" || ofEvent === "Unknown";

function withoutCounts(
  { hasFailed }: { hasFailed: boolean },
  seen: Attribution,
  ofEvent: Outcome | undefined,
  warnings: string[],
): Outcome {
  if (hasFailed) {
    if (ofEvent === undefined) {
      return bearsOutFailure(seen) ? "Failed" : "Unknown";
    }
    // An event that ended well says that something was written beside.
    return hasNoEnd(ofEvent) || ofEvent === "Failed" ? ofEvent : "PartiallyFailed";
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

function withCounts(answer: RestoreAnswer, counts: Counts, ofEvent: Outcome | undefined): Outcome {
  if (hasNoEnd(ofEvent)) {
    return ofEvent;
  }
  if (answer.cannotContinueError !== undefined) {
    return "Failed";
  }
  const { failed, skipped, failedFolders } = counts;
  const written = writtenOf(counts);
  const handled = (written ?? partlyWrittenOf(counts)) + (skipped ?? 0);
  if ((failed ?? 0) + (failedFolders ?? 0) > 0 || answer.exceptions.length > 0 || ofEvent === "Failed") {
    return handled > 0 ? "PartiallyFailed" : "Failed";
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
