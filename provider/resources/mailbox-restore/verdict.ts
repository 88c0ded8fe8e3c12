import { RestoreIncompleteError } from "../../errors";
import { isAcceptable } from "../../restore/outcome";
import { type MailboxRestoreOutputs, policyOf } from "./outputs";

/**
 * Lets a result through that the stack accepts.
 *
 * @returns one line for people
 * @throws RestoreIncompleteError with the state to keep, when the result is not good enough.
 */
export function verdictOn(outputs: MailboxRestoreOutputs): string {
  const { outcome, counts, failureCount } = outputs;
  if (isAcceptable(outcome, counts, failureCount, policyOf(outputs))) {
    return summaryOf(outputs);
  }
  throw new RestoreIncompleteError(outputs.attemptId, { ...outputs }, [explain(outputs)]);
}

/** Outcome and counts in one line. */
export function summaryOf({ outcome, counts, pst, mailboxEmail, durationSeconds }: MailboxRestoreOutputs): string {
  const what = pst === undefined ? countsOf(counts) : `${pst.path}, ${pst.bytes} bytes, SHA-256 ${pst.sha256}`;
  return `${outcome}: ${mailboxEmail}, ${what}, ${durationSeconds} s`;
}

function countsOf(counts: MailboxRestoreOutputs["counts"]): string {
  const { created, merged, skipped, failed, restored } = counts;
  if ([created, merged, skipped, failed].every((count) => count === null)) {
    return "counts unknown (the server gave none)";
  }
  const said = (count: number | null, word: string) => `${count ?? "?"} ${word}`;
  const written =
    restored === undefined ? [said(created, "created"), said(merged, "merged")] : [said(restored, "restored")];
  return [...written, said(skipped, "skipped"), said(failed, "failed")].join(", ");
}

function explain(outputs: MailboxRestoreOutputs): string {
  const { outcome, counts, mailboxEmail, sessionId, failures, warnings } = outputs;
  const first = [...failures, ...warnings]
    .slice(0, 3)
    .map((text) => `"${text}"`)
    .join(", ");
  const said = first === "" ? "" : ` First messages: ${first}.`;
  const where = `mailbox ${mailboxEmail}, restore session ${sessionId}`;
  switch (outcome) {
    case "PartiallyFailed": {
      if (counts.failed === null) {
        return (
          `The restore of ${where}, ended with a warning, and the server gave no counts: items may have failed.${said} Mail is ` +
          `never sent again by itself. Look at the session's events on the server. Then either accept the result with ` +
          `onUnknown: { accept: "why" }, or restore again with a new runId.`
        );
      }
      const failed = Math.max(counts.failed, outputs.failureCount);
      return (
        `The restore of ${where}, failed in part: ${countsOf(counts)}.${said} Mail is never sent again by itself. ` +
        `To accept this result set failurePolicy: { maxFailedItems: ${failed} }; to restore again set a new runId.`
      );
    }
    case "NothingToRestore":
      return (
        `The restore of ${where}, found nothing to restore.${said} Look at pointInTime and the flags, then set a new runId; ` +
        `or accept it with failurePolicy: { onNothingToRestore: "accept" }.`
      );
    case "Unfinished":
      return (
        `The restore of ${where}, still runs on the server.${said} Its session is left open. Run pulumi up again to see ` +
        `how it ends: nothing is sent again.`
      );
    case "Unknown":
      return (
        `The restore of ${where}, was sent, and nobody can tell what became of it.${said} It is not sent again by itself. ` +
        `Look into the mailbox and at the session's events on the server. Then either accept it with ` +
        `onUnknown: { accept: "why" }, or restore again with a new runId.`
      );
    default:
      return (
        `The restore of ${where}, failed: ${countsOf(counts)}.${said} It may have written some of the mail, so it is not sent ` +
        `again by itself. Mend the cause, then set a new runId.`
      );
  }
}
