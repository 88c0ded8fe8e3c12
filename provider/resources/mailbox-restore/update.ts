import { ConfigError, messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { type PendingRestore, lookAgain } from "../../restore/restore";
import type { Voice } from "./create";
import type { MailboxRestoreInputs } from "./inputs";
import { type MailboxRestoreOutputs, accepted, isAcceptedUnknown, withEdits } from "./outputs";
import { verdictOn } from "./verdict";

/**
 * Stores an edit that is no new intent, and judges the stored result again. Sends no action, ever; asks the server only
 * when the end of the restore has not been seen.
 *
 * @param open - opens the connection when it is needed
 */
export async function update(
  open: () => Connection,
  olds: MailboxRestoreOutputs,
  news: MailboxRestoreInputs,
  voice: Voice,
): Promise<MailboxRestoreOutputs> {
  const connect = () => {
    const connection = open();
    [news.restoreTo, news.restoreToOriginalLocation].forEach((access) =>
      connection.keepSecret(access?.userPassword ?? ""),
    );
    return connection;
  };
  let outputs = withEdits(olds, news);
  const { pending } = outputs;
  if (isAcceptedUnknown(outputs)) {
    // A person has decided. Nothing is asked or stopped: the server may be gone, and the restore may still run there.
    outputs = accepted(outputs);
  } else if (pending !== undefined) {
    voice.activity("looking how the restore went on");
    outputs = await seeTheEnd(connect(), { ...outputs, pending });
  }
  voice.conclude(verdictOn(outputs));
  return outputs;
}

async function seeTheEnd(
  connection: Connection,
  outputs: MailboxRestoreOutputs & { pending: PendingRestore },
): Promise<MailboxRestoreOutputs> {
  if (connection.settings.endpoint !== outputs.endpoint) {
    throw new ConfigError(
      `The restore of ${outputs.mailboxEmail} was begun on ${outputs.endpoint} and cannot be looked up on ` +
        `${connection.settings.endpoint}. Set vb365:endpoint back to see how it ended; or look for yourself and accept it with ` +
        `onUnknown: { accept: "why" }, or set a new runId to restore again.`,
    );
  }
  try {
    const seen = await lookAgain(connection, outputs);
    if (seen === undefined) {
      return outputs;
    }
    const { judgement, finishedAt } = seen;
    const { pending: _settled, ...settled } = outputs;
    return {
      ...settled,
      ...judgement,
      failureCount: judgement.failures.length,
      finishedAt,
      durationSeconds: (Date.parse(finishedAt) - Date.parse(outputs.startedAt)) / 1000,
    };
  } catch (error) {
    return { ...outputs, warnings: [...outputs.warnings.slice(0, 19), `Looking again failed: ${messageOf(error)}`] };
  }
}
