import type { Counts, RestoreAnswer, SessionEvent } from "../api/dialects/dialect";

/** How a restore ended, as far as was seen. */
export type Outcome =
  | "Succeeded"
  | "SucceededWithWarnings"
  | "PartiallyFailed"
  | "Failed"
  | "NothingToRestore"
  /** Still running when we stopped waiting. */
  | "Unfinished"
  /** Sent, and nobody can say what became of it. */
  | "Unknown"
  /** Unknown, and a person said go on. */
  | "Accepted";

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
}

export const unknownCounts: Counts = { created: null, merged: null, failed: null, skipped: null, failedFolders: null };

/**
 * Judges a restore from its answer and its event. A status of 200 alone proves nothing (documented from v6 on, observed
 * on v5): counters, `cannotContinueError`, `exceptions` and the event decide.
 *
 * @param answer - undefined when no readable answer came
 * @param event - the session's event of this restore; undefined when there is none, or none that is surely this one's
 */
export function judge(answer: RestoreAnswer | undefined, event: SessionEvent | undefined): Judgement {
  const counts = answer?.counts ?? unknownCounts;
  const failures = [
    ...(answer?.cannotContinueError === undefined ? [] : [answer.cannotContinueError]),
    ...(answer?.exceptions ?? []),
  ];
  const warnings = [...(answer?.warnings ?? [])];
  const eventOutcome = outcomeOfEvent(event);
  if (eventOutcome === "SucceededWithWarnings" && event !== undefined && warnings.length === 0) {
    warnings.push(textOf(event));
  }
  if (eventOutcome === "Failed" && event !== undefined && failures.length === 0) {
    failures.push(textOf(event));
  }
  return { outcome: decide(answer, eventOutcome, warnings), counts, failures, warnings };
}

function decide(answer: RestoreAnswer | undefined, eventOutcome: Outcome | undefined, warnings: string[]): Outcome {
  if (answer === undefined) {
    return eventOutcome ?? "Unknown";
  }
  if (answer.cannotContinueError !== undefined) {
    return "Failed";
  }
  if (answer.counts === undefined) {
    if (answer.exceptions.length > 0) {
      return "Failed";
    }
    if (eventOutcome === undefined) {
      warnings.push(
        "The server gave neither counts nor an event for this restore: it answered 200, and that is all that is known.",
      );
      return "SucceededWithWarnings";
    }
    return eventOutcome;
  }
  const { created, merged, failed, skipped, failedFolders } = answer.counts;
  const handled = (created ?? 0) + (merged ?? 0) + (skipped ?? 0);
  if ((failed ?? 0) + (failedFolders ?? 0) > 0 || answer.exceptions.length > 0) {
    return handled > 0 ? "PartiallyFailed" : "Failed";
  }
  if (eventOutcome === "Failed") {
    return handled > 0 ? "PartiallyFailed" : "Failed";
  }
  if (eventOutcome === "Unfinished" || eventOutcome === "Unknown") {
    return eventOutcome;
  }
  if (created === 0 && merged === 0 && skipped === 0) {
    return "NothingToRestore";
  }
  if (failed === null) {
    warnings.push("The server did not say how many items failed.");
  }
  return warnings.length > 0 ? "SucceededWithWarnings" : "Succeeded";
}

/** What an event alone tells; undefined without an event. */
export function outcomeOfEvent(event: SessionEvent | undefined): Outcome | undefined {
  switch (event?.status.toLowerCase()) {
    case undefined:
      return undefined;
    case "success":
      return "Succeeded";
    case "warning":
      return "SucceededWithWarnings";
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

/** Is it proved that nothing was written? Then the restore may be tried again as if it had never been sent. */
export function provesNothingWritten(judgement: Judgement): boolean {
  return judgement.outcome === "Failed" && judgement.counts.created === 0 && judgement.counts.merged === 0;
}

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

/** Which events of a session tell about one restore or export. */
export interface EventQuery {
  type: "Restore" | "Export";
  /** Names that the server may write into the event: the mailbox's name and e-mail. */
  names: string[];
  /** Events that are known to belong to something else. */
  ignore: ReadonlySet<string>;
  /** Was this the only work of its type in the session from its beginning to its end? */
  alone: boolean;
}

/**
 * The event of one restore or export among those of its session. When several could be it, they speak together if they
 * agree; if they do not, nothing is known, and that is said as an event of unknown status.
 */
export function findEvent(events: SessionEvent[], query: EventQuery): SessionEvent | undefined {
  const candidates = events.filter(
    ({ id, type }) => type.toLowerCase() === query.type.toLowerCase() && !query.ignore.has(id),
  );
  const named = candidates.filter((event) => {
    const text = textOf(event).toLowerCase();
    return query.names.some((name) => name !== "" && text.includes(name.toLowerCase()));
  });
  const [first, ...others] = named.length > 0 ? named : candidates;
  if (first === undefined || (others.length === 0 && (query.alone || named.length === 1))) {
    return first;
  }
  // One that still runs is another's: ours has been answered.
  const ended = [first, ...others].filter(({ status }) => status.toLowerCase() !== "running");
  const [any] = ended;
  if (any !== undefined && ended.every(({ status }) => status === any.status)) {
    return any;
  }
  return {
    ...first,
    status: "Ambiguous",
    title: "",
    message: "Several restores ran in this session and ended differently",
  };
}

function textOf({ title, message }: SessionEvent): string {
  return title === "" || message.includes(title) ? message : `${title}: ${message}`;
}
