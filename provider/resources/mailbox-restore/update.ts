import { ConfigError, messageOf } from "../../errors";
import { textOf } from "../../restore/attribution";
import type { Connection } from "../../restore/connection";
import {
  type Patience,
  type SentRestore,
  type Sight,
  follow,
  isRefusedForGood,
  look,
  stopPending,
} from "../../restore/follow";
import { withFailures } from "../../restore/outcome";
import { renameOwner } from "../../pst/owner";
import { shorten, shownEvent } from "../../restore/record";
import { timeoutsOf } from "../../timeouts";
import { isDoneByHand, withDoubt } from "./adopt";
import type { MailboxRestoreInputs } from "./inputs";
import { type MailboxRestoreOutputs, accepted, isAcceptanceDeclared, isAcceptedUnknown, withEdits } from "./outputs";
import { keepSecrets } from "./request";
import type { Surroundings } from "./surroundings";
import { verdictOn } from "./verdict";

/**
 * Stores an edit that is no new intent, and judges the stored result again. Sends no action, ever; asks the server only when the end of
 * the restore has not been seen, and goes on waiting while it runs.
 *
 * @param open - opens the connection when it is needed
 */
export async function update(
  open: () => Connection,
  olds: MailboxRestoreOutputs,
  news: MailboxRestoreInputs,
  { voice, engineIsGone }: Surroundings,
): Promise<MailboxRestoreOutputs> {
  let outputs = withEdits(olds, news);
  const { pst, attemptId, __urn: urn } = outputs;
  if (pst !== undefined && urn !== undefined && urn !== olds.__urn) {
    await renameOwner(pst.path, attemptId, urn);
  }
  // Where a person has decided, nothing is asked or stopped: the server may be gone, and the restore may still run there.
  if (outputs.pending !== undefined && !isAcceptedUnknown(outputs)) {
    voice.activity("looking how the restore went on");
    const connection = open();
    keepSecrets(connection, news);
    if (connection.settings.endpoint === outputs.endpoint) {
      const limitMs = timeoutsOf(news.timeouts, connection.settings.timeouts).restore;
      outputs = await seeTheEnd(connection, outputs, { limitMs, report: voice.activity, isPointless: engineIsGone });
    } else if (isAcceptanceDeclared(outputs)) {
      outputs = { ...outputs, outcome: "Unknown" };
    } else {
      throw onAnotherServer(connection, outputs);
    }
  }
  outputs = isAcceptedUnknown(outputs) ? accepted(outputs) : outputs;
  voice.conclude(verdictOn(outputs));
  return outputs;
}

function onAnotherServer({ settings }: Connection, { mailboxEmail, endpoint }: MailboxRestoreOutputs): ConfigError {
  return new ConfigError(
    `The restore of ${mailboxEmail} was begun on ${endpoint} and cannot be looked up on ` +
      `${settings.endpoint}. Set vb365:endpoint back to see how it ended; or look for yourself and accept it with ` +
      `onUnknown: { accept: "why" }, or set a new runId to restore again.`,
  );
}

/**
 * The stored outputs with what the server says now of a restore whose end was not seen.
 *
 * @param patience - how long a restore that still runs is waited for; undefined = not at all
 */
export async function seeTheEnd(
  { speaking }: Connection,
  outputs: MailboxRestoreOutputs,
  patience: Patience | undefined,
): Promise<MailboxRestoreOutputs> {
  const sent = sentOf(outputs);
  if (sent === undefined) {
    return outputs;
  }
  const dialect = speaking(outputs.apiVersion);
  let sight: Sight;
  try {
    sight = patience === undefined ? await look(dialect, sent) : await follow(dialect, sent, patience);
  } catch (error) {
    const warnings = shorten([`Looking again failed: ${messageOf(error)}`, ...outputs.warnings]);
    return { ...outputs, warnings, outcome: isRefusedForGood(error) ? "Unknown" : outputs.outcome };
  }
  if (sight.kind !== "ended") {
    return { ...outputs, outcome: sight.kind === "running" ? "Unfinished" : "Unknown" };
  }
  const { finishedAt, event } = sight;
  const ofEnd = isDoneByHand(outputs) ? withDoubt(sight.judgement, textOf(event), outputs) : sight.judgement;
  const judgement = withFailures(ofEnd, outputs.failures);
  // A refresh may be a preview, whose answer nobody stores: the session stays for whoever looks after it.
  const warning = patience === undefined ? undefined : await stopPending(dialect, sent);
  const { pending: _settled, ...settled } = outputs;
  return {
    ...settled,
    outcome: judgement.outcome,
    counts: judgement.counts,
    failures: shorten(judgement.failures),
    failureCount: outputs.failureCount + ofEnd.failures.length,
    warnings: shorten([...judgement.warnings, ...(warning === undefined ? [] : [warning])]),
    events: [shownEvent(event)],
    finishedAt,
    durationSeconds: Math.max(0, Date.parse(finishedAt) - Date.parse(outputs.startedAt)) / 1000,
  };
}

/** What recognises the restore on the server; undefined when nothing is left to see. */
function sentOf({ sessionId, mailboxId, mailboxEmail, pending }: MailboxRestoreOutputs): SentRestore | undefined {
  return pending === undefined || sessionId === null
    ? undefined
    : { sessionId, mailboxId: mailboxId ?? "", mailboxEmail, pending };
}
