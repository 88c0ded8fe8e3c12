import { randomUUID } from "node:crypto";
import type { Connection } from "../../restore/connection";
import { closeOwn } from "../../restore/earlier";
import { isOpen } from "../../restore/record";
import { restoreMailbox } from "../../restore/restore";
import { timeoutsOf } from "../../timeouts";
import { adopt } from "./adopt";
import type { MailboxRestoreInputs } from "./inputs";
import { hashOf, intentLayout, intentOf } from "./intent";
import type { Remembered } from "../seen-state";
import { type MailboxRestoreOutputs, accepted, identityOf, isAcceptedUnknown, outputsOf } from "./outputs";
import { actionOf, keepSecrets, sourceOf } from "./request";
import type { Surroundings } from "./surroundings";
import { verdictOn } from "./verdict";

/**
 * Carries out the intent, once: what an earlier run of it came to is taken over instead.
 *
 * @throws RestoreIncompleteError when it was carried out and the result is not good enough; any other error means that
 * nothing was written and the next `up` may try again.
 */
export async function create(
  connection: Connection,
  inputs: MailboxRestoreInputs,
  remembered: Remembered,
  surroundings: Surroundings,
): Promise<{ id: string; outs: MailboxRestoreOutputs }> {
  const { voice } = surroundings;
  let outs: MailboxRestoreOutputs;
  if (inputs.adopt === undefined) {
    outs = await carryOut(connection, inputs, remembered, surroundings);
  } else {
    outs = await adopt(connection, { ...inputs, adopt: inputs.adopt }, voice);
    surroundings.sessionLook.witness(outs);
    // It needs no journal, so one that cannot be read is no reason to fail.
    await closeOwn(surroundings.journal, identityOf(inputs, outs.attemptId)).catch(() => undefined);
  }
  if (isAcceptedUnknown(outs)) {
    outs = accepted(outs);
  }
  outs.warnings.forEach((warning) => voice.warn(warning));
  voice.conclude(verdictOn(outs));
  return { id: outs.attemptId, outs };
}

async function carryOut(
  connection: Connection,
  inputs: MailboxRestoreInputs,
  { again, formerIdentity }: Remembered,
  { voice, journal, sessionLook, engineIsGone }: Surroundings,
): Promise<MailboxRestoreOutputs> {
  const attemptId = randomUUID();
  const identity = identityOf(inputs, attemptId);
  const intentHash = hashOf(intentOf(inputs));
  const timeouts = timeoutsOf(inputs.timeouts, connection.settings.timeouts);
  const surroundings = { journal, sessionLook, engineIsGone, report: voice.activity, warn: voice.warn };
  keepSecrets(connection, inputs);
  const { earlier, record, apiVersion } = await restoreMailbox(
    connection,
    {
      identity,
      formerIdentity,
      attemptId,
      intentHash,
      intentLayout,
      again,
      source: sourceOf(inputs),
      action: actionOf(inputs, connection.settings.exchange),
      runId: inputs.runId,
      confirmInPlace: inputs.confirmInPlace,
      timeouts,
    },
    surroundings,
  );
  if (earlier === undefined) {
    const { endpoint } = connection.settings;
    return outputsOf(inputs, { attemptId, endpoint, apiVersion, record });
  }
  const what = isOpen(record.outcome)
    ? "was begun already, and never recorded"
    : "was carried out already, and never recorded: its result is taken over";
  voice.warn(
    `This ${what} (begun ${earlier.startedAt}). Nothing was sent now. If you took its record out of the state to have it done again, set ` +
      `a new runId.`,
  );
  return outputsOf(inputs, { ...earlier, record, adoptedFrom: "journal" });
}
