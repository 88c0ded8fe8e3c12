import { setTimeout as sleep } from "node:timers/promises";
import type { Dialect, RestoreAnswer, RestoreSession, SessionEvent } from "../api/dialects/dialect";
import { isNotFound, messageOf } from "../errors";
import { type Attribution, type OwnAction, attribute, eventsNamingUs } from "./attribution";
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
  /** How long a restore is waited for that its session does not show yet, in milliseconds. Default 0: it should have. */
  unseenLimitMs?: number;
  report: Report;
  /** Is there nobody left who waits for the answer? */
  isPointless(): Promise<boolean>;
}

type Reading = Pick<Dialect, "listEvents" | "getSession" | "countsOf">;

/** Pauses between two looks, in milliseconds: the end of a short restore is seen soon, and a long one costs few requests. */
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** Looks once at a restore whose end was not seen: what do its session's events say now? Sends no action and stops nothing. */
export async function look(dialect: Reading, sent: SentRestore): Promise<Sight> {
  const sessionId = tellingSession(sent);
  const own = ownActionOf(sent);
  const events = await listKnownEvents(dialect, sessionId);
  const seen = attribute(events, own);
  if (seen.kind === "ours") {
    return sightOf(dialect, sent, seen);
  }
  if (sent.pending.hasBegun && seen.kind === "unclear") {
    return sightOfSeveral(dialect, sent, eventsNamingUs(seen.events, own));
  }
  const session = isOwnSession(sent) ? await sessionOf(dialect, sessionId) : undefined;
  // A session that the server made for this restore alone ends with it, and has a result of its own.
  return session?.state === "Stopped"
    ? sightOf(dialect, sent, { kind: "ours", event: eventOf(session) })
    : { kind: "unknown" };
}

/** The session that tells of a restore: from v8 on the server may have made one for it. */
const tellingSession = ({ sessionId, pending }: SentRestore) => pending.runsIn ?? sessionId;

const isOwnSession = ({ sessionId, pending }: SentRestore) =>
  pending.runsIn !== undefined && pending.runsIn !== sessionId;

function ownActionOf(sent: SentRestore): OwnAction {
  const { pending } = sent;
  const mailbox = { id: sent.mailboxId, name: pending.mailboxName, email: sent.mailboxEmail };
  const isOwn = isOwnSession(sent);
  return {
    type: "Restore",
    mailbox,
    // The session's other mailboxes are not known here, so an event that names a stranger leaves the end unknown.
    mailboxes: [mailbox, ...(pending.namesakes ?? [])],
    target: pending.target,
    neighbours: isOwn ? [] : (sent.neighbours ?? []),
    ignore: new Set(pending.ignoredEvents),
    alone: isOwn || pending.alone,
    aloneOnMailbox: isOwn || pending.aloneOnMailbox,
  };
}

/**
 * In a session that was opened elsewhere somebody else may restore the same mailbox. The server has answered that ours began, so it is
 * one of those that name it: when all of them ended the same way, ours did.
 */
async function sightOfSeveral(dialect: Reading, sent: SentRestore, named: SessionEvent[]): Promise<Sight> {
  const sights = await Promise.all(named.map((event) => sightOf(dialect, sent, { kind: "ours", event })));
  const running = sights.find(({ kind }) => kind === "running");
  const outcomes = new Set(sights.map((sight) => (sight.kind === "ended" ? sight.judgement.outcome : sight.kind)));
  const [first = { kind: "unknown" as const }] = sights;
  return running ?? (outcomes.size === 1 ? first : { kind: "unknown" });
}

async function sightOf(
  dialect: Reading,
  sent: SentRestore,
  seen: Extract<Attribution, { kind: "ours" }>,
): Promise<Sight> {
  const { event } = seen;
  if (judge(undefined, seen).outcome === "Unfinished") {
    return { kind: "running", event };
  }
  // What a session counted is this restore's only where nothing else was done in it.
  const isAlone = isOwnSession(sent) || (sent.pending.alone && sent.pending.mayStopSession);
  const judgement = judge(isAlone ? await countsOf(dialect, tellingSession(sent)) : undefined, seen);
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

/** Counters add to what the event says; without them it stands alone. */
async function countsOf(dialect: Reading, sessionId: string): Promise<RestoreAnswer | undefined> {
  const counted = await dialect.countsOf(sessionId).catch(() => undefined);
  return counted?.counts === undefined ? undefined : counted;
}

/** The end of a session that served one restore, in the shape of an event. */
function eventOf({ id, name, result, createdAt, endedAt }: RestoreSession): SessionEvent {
  return {
    id,
    type: "Restore",
    status: result,
    title: name,
    message: `The restore session ended with ${result || "no result"}`,
    startTime: createdAt,
    endTime: endedAt,
  };
}

/** Looks until the restore has ended, or until patience ends. */
export async function follow(
  dialect: Reading,
  sent: SentRestore,
  { limitMs, unseenLimitMs = 0, report, isPointless }: Patience,
): Promise<Sight> {
  const begun = performance.now();
  const until = limitMs === undefined ? Number.POSITIVE_INFINITY : begun + limitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const sight = await look(dialect, sent);
    if (sight.kind === "ended" || (sight.kind === "unknown" && performance.now() >= begun + unseenLimitMs)) {
      return sight;
    }
    if ((await sessionOf(dialect, tellingSession(sent)))?.state !== "Working") {
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

/** Undefined when the server does not know it any more. */
async function sessionOf(dialect: Pick<Dialect, "getSession">, sessionId: string): Promise<RestoreSession | undefined> {
  try {
    return await dialect.getSession(sessionId);
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
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
