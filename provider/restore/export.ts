import { MailboxRestoreError } from "../errors";
import type { Done, Stage } from "./carry-out";
import { judge } from "./outcome";
import type { PstDraft } from "./pst";
import type { RestoreAction } from "./request";
import { tryToSee } from "./run-restore";

/** An export changes no mailbox: whatever goes wrong is an ordinary error, and the next `up` makes it again. */
export async function runExport(
  action: Extract<RestoreAction, { kind: "exportToPst" }>,
  draft: PstDraft,
  { dialect, session, mailbox, see, report, timeouts }: Stage,
): Promise<Done> {
  // The server searches and builds the whole file before its first byte; that may take hours (reference 6.x, export).
  report("waiting for the server to build the PST");
  const answer = await dialect.exportToPst(session.sessionId, mailbox.id, action.options, timeouts);
  const pst = await draft.receive(answer, (done) => report("exporting", { done, total: answer.bytes }));
  const { seen, problem } = await tryToSee(see);
  const judgement = judge({ counts: undefined, warnings: [], exceptions: [], cannotContinueError: undefined }, seen);
  if (judgement.outcome === "Failed") {
    throw new MailboxRestoreError(
      "export",
      `The export to ${action.path} was not kept: the server sent a file, but its event says ${judgement.failures.join("; ")}`,
    );
  }
  if (seen.kind !== "ours" || judgement.outcome === "Unknown" || judgement.outcome === "Unfinished") {
    // The file itself is the proof of an export; an event could only have added to it.
    judgement.outcome = "Succeeded";
    judgement.warnings = problem === undefined ? [] : [`The session's events could not be read: ${problem}`];
  }
  if (judgement.outcome === "PartiallyFailed") {
    // A whole file came; what the event warns of is shown, and what it lacks is for a person to see.
    judgement.outcome = "SucceededWithWarnings";
  }
  await draft.keep();
  return { judgement, seen, pst };
}
