import { setTimeout as sleep } from "node:timers/promises";
import type { Dialect, SessionEvent } from "../api/dialects/dialect";
import { isNotFound, messageOf } from "../errors";
import { attribute } from "./attribution";
import { type Judgement, judge } from "./outcome";
import { type PendingRestore, type Report, isOpen } from "./record";

/** A restore that was sent and whose end was not seen. */
export interface SentRestore {
  sessionId: string;
  mailboxId: string;
  mailboxEmail: string;
  pending: PendingRestore;
  /** Other restores that are known to have been sent in that session. */
  neighbours?: { mailboxId: string; target?: string | undefined }[];
}

/** What its session tells of it. */
export type Sight =
  | { kind: "ended"; judgement: Judgement; event: SessionEvent; finishedAt: string }
  | { kind: "running"; event: SessionEvent }
  /** The session's events cannot tell, or are gone with it. */
  | { kind: "unknown" };

export interface Patience {
  /** Longest wait in milliseconds; undefined = as long as it takes. */
  limitMs: number | undefined;
  report: Report;
  /** Is there nobody left who waits for the answer? */
  isPointless(): Promise<boolean>;
}

/** Pauses between two looks, in milliseconds: the end of a short restore is seen soon, and a long one costs few requests. */
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** Looks once at a restore whose end was not seen: what do its session's events say now? Sends no action and stops nothing. */
export async function look(dialect: Pick<Dialect, "listEvents">, sent: SentRestore): Promise<Sight> {
  const { pending } = sent;
  const mailbox = { id: sent.mailboxId, name: pending.mailboxName, email: sent.mailboxEmail };
  const events = await listKnownEvents(dialect, sent.sessionId);
  const seen = attribute(events, {
    type: "Restore",
    mailbox,
    // The session's other mailboxes are not known here, so an event that names another one leaves the end unknown.
    mailboxes: [mailbox],
    target: pending.target,
    neighbours: sent.neighbours ?? [],
    ignore: new Set(pending.ignoredEvents),
    alone: pending.alone,
    aloneOnMailbox: pending.aloneOnMailbox,
  });
  if (seen.kind !== "ours") {
    return { kind: "unknown" };
  }
  const { event } = seen;
  const judgement = judge(undefined, seen);
  if (judgement.outcome === "Unfinished") {
    return { kind: "running", event };
  }
  if (isOpen(judgement.outcome)) {
    return { kind: "unknown" };
  }
  const ended = Date.parse(event.endTime ?? "");
  return {
    kind: "ended",
    judgement,
    event,
    finishedAt: new Date(Number.isNaN(ended) ? Date.now() : ended).toISOString(),
  };
}

/** Looks until the restore has ended, or until patience ends. */
export async function follow(
  dialect: Pick<Dialect, "listEvents" | "getSession">,
  sent: SentRestore,
  { limitMs, report, isPointless }: Patience,
): Promise<Sight> {
  const until = limitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + limitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const sight = await look(dialect, sent);
    if (sight.kind !== "running") {
      return sight;
    }
    if (await isOver(dialect, sent.sessionId)) {
      // It may have ended between the two questions; if it has not, nobody will end it any more.
      const last = await look(dialect, sent);
      return last.kind === "running" ? { kind: "unknown" } : last;
    }
    if (performance.now() + pauseMs > until || (await isPointless())) {
      return sight;
    }
    report("waiting for the restore to end on the server");
    await sleep(pauseMs);
  }
}

async function listKnownEvents(dialect: Pick<Dialect, "listEvents">, sessionId: string): Promise<SessionEvent[]> {
  try {
    return await dialect.listEvents(sessionId);
  } catch (error) {
    if (isNotFound(error)) {
      return [];
    }
    throw error;
  }
}

async function isOver(dialect: Pick<Dialect, "getSession">, sessionId: string): Promise<boolean> {
  return dialect.getSession(sessionId).then(
    ({ state }) => state === "Stopped",
    (error: unknown) => isNotFound(error),
  );
}

/** Stops the session of a restore that is settled or forgotten. Never throws: what was seen counts more than a stop. */
export async function stopPending(
  dialect: Pick<Dialect, "stopSession">,
  { sessionId, pending }: { sessionId: string; pending: Pick<PendingRestore, "mayStopSession"> },
): Promise<string | undefined> {
  if (!pending.mayStopSession) {
    return undefined;
  }
  try {
    await dialect.stopSession(sessionId);
    return undefined;
  } catch (error) {
    return `Restore session ${sessionId} could not be stopped and ends by itself later: ${messageOf(error)}`;
  }
}
