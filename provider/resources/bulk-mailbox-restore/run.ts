import { randomUUID } from "node:crypto";
import { MailboxRestoreError, isConnectionError, messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { createGate } from "../../restore/gate";
import { isOpen } from "../../restore/record";
import type { RestoreAction, RestoreRequest } from "../../restore/request";
import { restoreMailbox } from "../../restore/restore";
import { CarriedOutElsewhere, type Results, identityIn, journalWith } from "../../restore/results";
import type { Timeouts } from "../../timeouts";
import { intentLayout } from "../mailbox-restore/intent";
import type { Surroundings } from "../mailbox-restore/surroundings";
import { type Intent } from "../mailbox-restore/intent";
import { asSeldom } from "./engine-look";
import { intentHashFor } from "./intent";
import type { Listed } from "./list";
import type { Backup } from "./backup";
import { progressOf } from "./progress";

/** What is to be done with each of the mailboxes. */
export interface Template {
  identity: string;
  formerIdentity: string | undefined;
  intent: Intent;
  action: RestoreAction;
  runId: string | undefined;
  /** The organisation's name was said twice: production mailboxes may be written to. */
  isConfirmed: boolean;
  timeouts: Timeouts;
  /** `retryFailed`, as declared. */
  retry: string | undefined;
  /** At the same time. */
  limit: number;
}

/** So many mailboxes in a row that did not reach the server: the others would not, either. */
const deafAfter = 3;

/** Codes of errors from the last moment before an action is sent. */
const saidBefore = new Set(["guard", "journal", "config"]);

/** What became of one mailbox's turn. */
type Turn = "done" | "unreached" | "stop";

/**
 * Carries out what is to be done with each of some mailboxes, some at the same time, in their order. What becomes of each stands in the
 * results when this is over; one that fails keeps no other from its turn.
 *
 * @returns why it was broken off before all had their turn; undefined when all had
 */
export async function runAll(
  connection: Connection,
  template: Template,
  listed: readonly Listed[],
  { backup, results, surroundings }: { backup: Backup; results: Results; surroundings: Surroundings },
): Promise<string | undefined> {
  const { voice, journal } = surroundings;
  const engineIsGone = asSeldom(surroundings.engineIsGone);
  const gate = createGate(template.limit);
  /** When what was sent was begun, by attempt. */
  const sent = new Map<string, string>();
  const { identity, formerIdentity } = template;
  const bulks = [identity, ...(formerIdentity === undefined ? [] : [formerIdentity])];
  const bulkJournal = journalWith(journal, results, {
    bulks,
    retry: template.retry,
    onSend: ({ attemptId, startedAt }) => sent.set(attemptId, startedAt),
  });
  const progress = progressOf(listed.length, voice.activity);
  let brokenOff: string | undefined;
  let unreached = 0;
  const turnOf = async (one: Listed): Promise<void> => {
    const leave = await gate.enter();
    try {
      if (brokenOff !== undefined) {
        return;
      }
      progress.begun();
      const { turn, reason } = await restoreOne(one);
      unreached = turn === "unreached" ? unreached + 1 : turn === "done" ? 0 : unreached;
      if (turn === "stop" || unreached >= deafAfter || (await engineIsGone())) {
        brokenOff ??= reason ?? "the Pulumi CLI is gone";
      }
      progress.ended(results.known.get(one.name));
    } finally {
      leave();
    }
  };
  try {
    await Promise.all(listed.map(turnOf));
  } finally {
    progress.stop();
  }
  return brokenOff;

  async function restoreOne({ name, selector }: Listed): Promise<{ turn: Turn; reason?: string }> {
    const request: RestoreRequest = {
      identity: identityIn(identity, name),
      formerIdentity: formerIdentity === undefined ? undefined : identityIn(formerIdentity, name),
      bulk: identityIn(identity, ""),
      attemptId: randomUUID(),
      intentHash: intentHashFor(template.intent, name),
      intentLayout,
      again: false,
      source: { ...backup.source, mailbox: selector },
      action: template.action,
      runId: template.runId,
      confirmInPlace: template.isConfirmed ? backup.writtenName(selector) : undefined,
      timeouts: template.timeouts,
    };
    try {
      const { record, earlier } = await restoreMailbox(connection, request, {
        ...surroundings,
        engineIsGone,
        journal: bulkJournal,
        report: () => undefined,
        warn: (text) => voice.warn(`${name}: ${text}`),
      });
      if (earlier !== undefined) {
        // It was settled in the journal, of which the results know nothing yet.
        await results.add({ at: now(), type: "ended", mailbox: name, attemptId: earlier.attemptId, record });
        if (!isOpen(record.outcome)) {
          journal.close(earlier);
        }
      }
      return { turn: "done" };
    } catch (error) {
      return noteFailure(name, request.attemptId, error);
    }
  }

  async function noteFailure(name: string, attemptId: string, error: unknown): Promise<{ turn: Turn; reason: string }> {
    if (error instanceof CarriedOutElsewhere) {
      return { turn: "done", reason: "" };
    }
    const reason = messageOf(error);
    const { code, notSent } = error instanceof MailboxRestoreError ? error : { code: undefined, notSent: false };
    const startedAt = sent.get(attemptId);
    if (code !== undefined && startedAt !== undefined && !notSent && !saidBefore.has(code)) {
      await results.add({ at: now(), type: "failed", mailbox: name, attemptId, startedAt, reason });
      return { turn: "done", reason };
    }
    if (code === undefined && results.known.get(name)?.type === "sent") {
      // A mistake of ours in the middle: it stays as sent, and the journal has it.
      return { turn: "stop", reason };
    }
    const before = results.known.get(name);
    await results.add({ at: now(), type: "neverSent", mailbox: name, attemptId, reason });
    if (before !== undefined && before.type !== "neverSent" && results.known.get(name) === before) {
      // What an earlier attempt came to stays what is known, and shows no reason of this one.
      voice.warn(`${name}: ${reason}`);
    }
    switch (code) {
      case undefined:
      case "config":
      case "authentication":
        return { turn: "stop", reason };
      default:
        return { turn: isConnectionError(error) && notSent ? "unreached" : "done", reason };
    }
  }
}

const now = () => new Date().toISOString();
