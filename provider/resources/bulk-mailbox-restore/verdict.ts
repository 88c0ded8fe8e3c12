import { RestoreIncompleteError } from "../../errors";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { type BulkMailboxRestoreOutputs, hasUndone, isUndone } from "./outputs";

/**
 * Lets a result through that the stack accepts.
 *
 * @returns one line for people
 * @throws RestoreIncompleteError with the state to keep, when the result is not good enough.
 */
export function verdictOn(outputs: BulkMailboxRestoreOutputs): string {
  if (isAccepted(outputs, outputs) || outputs.onFailed === "report") {
    return summaryOf(outputs);
  }
  throw new RestoreIncompleteError(outputs.attemptId, { ...outputs }, [explain(outputs)]);
}

/** What nobody has begun or seen the end of is never good enough, however many may fail. */
export function isAccepted(
  outputs: BulkMailboxRestoreOutputs,
  { failurePolicy }: Pick<BulkMailboxRestoreInputs, "failurePolicy">,
): boolean {
  return !hasUndone(outputs) && outputs.failureCount <= (failurePolicy?.maxFailedMailboxes ?? 0);
}

/** Totals in one line. */
export function summaryOf(outputs: BulkMailboxRestoreOutputs): string {
  const { totals, failures, failureCount, durationSeconds } = outputs;
  const { mailboxes, outcomes, items, pstBytes } = totals;
  if (mailboxes === 0) {
    return "no mailbox is chosen, so nothing was sent";
  }
  const found = [
    ...Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`),
    ...(items.written === null ? [] : [`${items.written} items written`]),
    ...(items.failed === null || items.failed === 0 ? [] : [`${items.failed} items failed`]),
    ...(pstBytes === 0 ? [] : [`${pstBytes} bytes exported`]),
  ];
  const [first] = failures;
  const bad =
    first === undefined ? "" : `, ${failureCount} not good enough, the first one ${first.mailbox}: ${first.reason}`;
  return `${mailboxes} mailboxes: ${found.join(", ")}, ${durationSeconds} s${bad}`;
}

function explain(outputs: BulkMailboxRestoreOutputs): string {
  const { totals, failures, failureCount, resultsFile } = outputs;
  const undone = Object.entries(totals.outcomes)
    .filter(([outcome]) => isUndone(outcome))
    .reduce((sum, [, count]) => sum + count, 0);
  const first = failures
    .slice(0, 5)
    .map(({ mailbox, outcome, reason }) => `  ${mailbox}: ${outcome}, ${reason}`)
    .join("\n");
  const more = failureCount > 5 ? `\n  and ${failureCount - 5} more` : "";
  const failed = failureCount - undone;
  const ways = [
    ...(undone > 0 ? [`Run pulumi up again to go on with the ${undone} that have not been carried out.`] : []),
    ...(failed > 0
      ? [
          `Mail is never sent again by itself: to send the failed ones again, set another retryFailed; to accept them, set ` +
            `failurePolicy: { maxFailedMailboxes: ${failed} }.`,
        ]
      : []),
  ];
  return `${summaryOf({ ...outputs, failures: [] })}, ${failureCount} not good enough. The first of them:\n${first}${more}\nEvery result is in ${resultsFile}. ${ways.join(" ")}`;
}
