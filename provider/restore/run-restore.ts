import type { RestoreAnswer } from "../api/dialects/dialect";
import { MailboxRestoreError, isApiError, isConnectionError, messageOf } from "../errors";
import type { Attribution } from "./attribution";
import type { Done, Stage } from "./carry-out";
import { type Judgement, judge, withFailures } from "./outcome";
import { isRefusal, refusal } from "./refusal";
import type { RestoreAction } from "./request";

/**
 * Sends a restore, once, and judges what came of it.
 *
 * @throws MailboxRestoreError when it was not sent, was refused, or is proved to have written nothing. Whatever else goes wrong after the
 * action was sent is a result.
 */
export async function runRestore(action: Exclude<RestoreAction, { kind: "exportToPst" }>, stage: Stage): Promise<Done> {
  const { dialect, see, awaitEnd, report } = stage;
  report("restoring");
  const sent = await send(action, stage);
  const { answer, failure } = sent;
  if (dialect.restoresEndLater && answer !== undefined && hasOnlyBegun(answer)) {
    const done = await awaitEnd(answer.runsIn === undefined ? {} : { runsIn: answer.runsIn });
    return written({ ...done, judgement: withAnswer(done.judgement, answer) });
  }
  report("checking the result");
  const { seen, problem } = await tryToSee(see);
  if (answer === undefined && seen.kind === "none" && isRefusal(failure)) {
    throw refusal(messageOf(failure), isApiError(failure) && failure.tokenIsDead);
  }
  const lost = answer === undefined ? [`After the action was sent: ${messageOf(failure)}`] : [];
  if (dialect.restoresEndLater && answer === undefined && seen.kind === "ours") {
    // Its answer was lost, and it is there: it is seen to its end like any other.
    const done = await awaitEnd(undefined);
    return written({ ...done, judgement: withWarnings(done.judgement, lost) });
  }
  const judgement = judge(answer, seen);
  if (isConnectionError(failure) && failure.timedOut && judgement.outcome === "Unknown") {
    // We gave up waiting, which says nothing of the server: the next `up` looks again.
    judgement.outcome = "Unfinished";
  }
  const unread = problem === undefined ? [] : [`The session's events could not be read: ${problem}`];
  return written({ judgement: withWarnings(judgement, [...lost, ...unread]), seen });
}

async function send(
  action: Exclude<RestoreAction, { kind: "exportToPst" }>,
  { dialect, session, mailbox, timeouts }: Stage,
): Promise<{ answer: RestoreAnswer; failure?: undefined } | { answer?: undefined; failure: unknown }> {
  try {
    const { sessionId } = session;
    return {
      answer:
        action.kind === "restoreTo"
          ? await dialect.restoreTo(sessionId, mailbox.id, action.options, action.access, timeouts)
          : await dialect.restoreToOriginalLocation(sessionId, mailbox.id, action.access, timeouts),
    };
  } catch (error) {
    if (error instanceof MailboxRestoreError && error.notSent) {
      throw error;
    }
    // From here on the action may have been carried out.
    return { failure: error };
  }
}

/** An answer that says no more than that it began; one that counts, or tells of a failure and names no session, is about its end. */
const hasOnlyBegun = ({ counts, runsIn, exceptions, cannotContinueError }: RestoreAnswer): boolean =>
  counts === undefined && (runsIn !== undefined || (exceptions.length === 0 && cannotContinueError === undefined));

/** What the answer told beside that it began. */
function withAnswer(judgement: Judgement, { exceptions, cannotContinueError, warnings }: RestoreAnswer): Judgement {
  const failures = [...(cannotContinueError === undefined ? [] : [cannotContinueError]), ...exceptions];
  return withFailures(withWarnings(judgement, warnings), failures);
}

function withWarnings(judgement: Judgement, more: string[]): Judgement {
  const warnings = [...judgement.warnings, ...more];
  const outcome =
    judgement.outcome === "Succeeded" && warnings.length > 0 ? "SucceededWithWarnings" : judgement.outcome;
  return { ...judgement, warnings, outcome };
}

/** @throws MailboxRestoreError when it is proved that nothing was written: then the same may be tried again. */
function written(done: Done): Done {
  if (done.judgement.provesNothingWritten) {
    throw refusal(done.judgement.failures.join("; ") || "every item failed");
  }
  return done;
}

/** Events that cannot be read are no reason to lose a result. */
export async function tryToSee(see: Stage["see"]): Promise<{ seen: Attribution; problem?: string }> {
  try {
    return { seen: await see() };
  } catch (error) {
    return { seen: { kind: "unclear", events: [] }, problem: messageOf(error) };
  }
}
