import { ConfigError, messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { lookAgain } from "../../restore/restore";
import type { Voice } from "./create";
import type { MailboxRestoreInputs } from "./inputs";
import { type MailboxRestoreOutputs, withEdits } from "./outputs";
import { verdictOn } from "./verdict";

/**
 * Stores an edit that is no new intent, and judges the stored result again. Sends no action, ever; asks the server only
 * when the end of the restore has not been seen.
 *
 * @param connect - opens the connection when it is needed
 */
export async function update(
  connect: () => Connection,
  olds: MailboxRestoreOutputs,
  news: MailboxRestoreInputs,
  voice: Voice,
): Promise<MailboxRestoreOutputs> {
  let outputs = withEdits(olds, news);
  if (outputs.outcome === "Unfinished" || outputs.outcome === "Unknown") {
    voice.activity("looking how the restore went on");
    outputs = await seeTheEnd(connect(), outputs);
  }
  if (outputs.outcome === "Unknown" && typeof outputs.onUnknown === "object") {
    outputs.outcome = "Accepted";
    outputs.warnings = [...outputs.warnings, `Accepted without knowing the result: ${outputs.onUnknown.accept}`];
  }
  voice.conclude(verdictOn(outputs));
  return outputs;
}

async function seeTheEnd(connection: Connection, outputs: MailboxRestoreOutputs): Promise<MailboxRestoreOutputs> {
  if (connection.settings.endpoint !== outputs.endpoint) {
    throw new ConfigError(
      `The restore of ${outputs.mailboxEmail} was begun on ${outputs.endpoint} and cannot be looked up on ` +
        `${connection.settings.endpoint}. Set vb365:endpoint back to see how it ended, or set a new runId.`,
    );
  }
  const ownsSession = outputs.restoreSessionId === undefined;
  try {
    const seen = await lookAgain(connection, { ...outputs, ownsSession });
    if (seen === undefined) {
      return outputs;
    }
    const { judgement, finishedAt } = seen;
    return {
      ...outputs,
      ...judgement,
      failureCount: judgement.failures.length,
      finishedAt,
      durationSeconds: (Date.parse(finishedAt) - Date.parse(outputs.startedAt)) / 1000,
    };
  } catch (error) {
    return { ...outputs, warnings: [...outputs.warnings.slice(0, 19), `Looking again failed: ${messageOf(error)}`] };
  }
}
