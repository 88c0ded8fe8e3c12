import { setTimeout as sleep } from "node:timers/promises";
import type { Dialect, RestoreAnswer, RestoreSession, SessionEvent } from "../api/dialects/dialect";
import { isApiError, isConnectionError, isNotFound, isNotServed, messageOf } from "../errors";
import { type Attribution, type Named, type OwnAction, attribute, eventsNamingUs } from "./attribution";
import { type Judgement, judge, writtenOf } from "./outcome";
import { serverMoment } from "./point-in-time";
import { type PendingRestore, type Report, isOpen } from "./record";
import { isSameId } from "./same-id";

/** A restore that was sent and whose end was not seen. */
export interface SentRestore {
  sessionId: string;
  mailboxId: string;
  mailboxEmail: string;
  pending: PendingRestore;
  /** Other restores that are known to have been sent in that session. */
  neighbours?: { mailboxId: string; target?: string | undefined; mailbox?: Named }[];
}

/** What its session tells of it. */
export type Sight =
  | {
      kind: "ended";
      judgement: Judgement;
      event: SessionEvent;
      finishedAt: string;
      /** The session's statistics look as if they were not filled in yet. */
      isEarly?: boolean;
      /** A session that the server made for this restore, and that still works. */
      leftOpen?: string;
    }
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

/** Looks at statistics that seem not to be filled in, before they are taken as they are. */
const earlyLooks = 4;

/** A server that cannot be asked for so long is given up, in milliseconds. */
const deafLimitMs = 10 * 60_000;

/** Looks once at a restore whose end was not seen: what do its session's events say now? Sends no action and stops nothing. */
export async function look(dialect: Reading, sent: SentRestore): Promise<Sight> {
  const { runsIn } = sent.pending;
  if (runsIn !== undefined && !isSameId(runsIn, sent.sessionId)) {
    const own = await sessionOf(dialect, runsIn);
    if (own !== undefined) {
      return lookInOwn(dialect, sent, own);
    }
    // It may be gone, or what the server named was no session: the one that the restore was sent in may still tell.
  }
  const own = ownActionOf(sent);
  const seen = attribute(await listKnownEvents(dialect, sent.sessionId), own);
  if (seen.kind === "ours") {
    const isAlone = sent.pending.alone && sent.pending.mayStopSession;
    return sightOf(seen.event, isAlone ? await statisticsOf(dialect, sent.sessionId) : undefined);
  }
  return sent.pending.hasBegun && seen.kind === "unclear"
    ? sightOfSeveral(eventsNamingUs(seen.events, own))
    : { kind: "unknown" };
}

/** A session that the server made for this restore alone (v8): all in it is ours, and it ends with the restore. */
async function lookInOwn(dialect: Reading, sent: SentRestore, session: RestoreSession): Promise<Sight> {
  const own = { ...ownActionOf(sent), neighbours: [], alone: true, aloneOnMailbox: true };
  const seen = attribute(await listKnownEvents(dialect, session.id), own);
  const event = seen.kind === "ours" ? seen.event : session.state === "Stopped" ? eventOf(session) : undefined;
  if (event === undefined) {
    return { kind: "unknown" };
  }
  const sight = sightOf(event, await statisticsOf(dialect, session.id));
  return sight.kind === "ended" && session.state === "Working" ? { ...sight, leftOpen: session.id } : sight;
}

function ownActionOf({ mailboxId, mailboxEmail, pending, neighbours = [] }: SentRestore): OwnAction {
  const mailbox = { id: mailboxId, name: pending.mailboxName, email: mailboxEmail };
  return {
    type: "Restore",
    mailbox,
    // The session's other mailboxes are not known here, so an event that names a stranger leaves the end unknown.
    mailboxes: [
      mailbox,
      ...(pending.namesakes ?? []).filter(({ id }) => !neighbours.some((one) => one.mailbox?.id === id)),
      ...neighbours.flatMap((one) => one.mailbox ?? []),
    ],
    target: pending.target,
    neighbours,
    ignore: new Set(pending.ignoredEvents),
    alone: pending.alone,
    aloneOnMailbox: pending.aloneOnMailbox,
  };
}

/**
 * In a session that was opened elsewhere somebody else may restore the same mailbox. The server has answered that ours began, so it is
 * one of those that name it and were not there before: when all of them ended the same way, ours did.
 */
function sightOfSeveral(named: SessionEvent[]): Sight {
  const sights = named.map((event) => sightOf(event, undefined));
  const running = sights.find(({ kind }) => kind === "running");
  const outcomes = new Set(sights.map((sight) => (sight.kind === "ended" ? sight.judgement.outcome : sight.kind)));
  const [first = { kind: "unknown" as const }] = sights;
  return running ?? (outcomes.size === 1 ? first : { kind: "unknown" });
}

/** @param counted - what the session counted, if nothing else was done in it */
function sightOf(event: SessionEvent, counted: RestoreAnswer | undefined): Sight {
  const seen: Attribution = { kind: "ours", event };
  if (judge(undefined, seen).outcome === "Unfinished") {
    return { kind: "running", event };
  }
  const judgement = judge(counted, seen);
  if (isOpen(judgement.outcome)) {
    return { kind: "unknown" };
  }
  const counts = counted?.counts;
  const isEarly =
    counted?.isInconsistent === true ||
    counted?.uncounted !== undefined ||
    (counts !== undefined && writtenOf(counts) === 0 && counts.failed === 0 && counts.skipped === 0);
  return {
    kind: "ended",
    judgement,
    event,
    finishedAt: serverMoment(event.endTime),
    ...(isEarly ? { isEarly } : {}),
  };
}

/** Counters and failures add to what the event says; without them it stands alone. */
async function statisticsOf(dialect: Reading, sessionId: string): Promise<RestoreAnswer | undefined> {
  const told = await dialect.countsOf(sessionId).catch(() => undefined);
  const tellsNothing = told?.counts === undefined && told?.exceptions.length === 0;
  return tellsNothing ? undefined : told;
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

/**
 * Looks until the restore has ended, or until patience ends. A look that fails is made up for by the next one.
 *
 * @throws the failure of the last look, when the server could not be asked for long, or at the end of patience.
 */
export async function follow(
  dialect: Reading,
  sent: SentRestore,
  { limitMs, unseenLimitMs = 0, report, isPointless }: Patience,
): Promise<Sight> {
  const begun = performance.now();
  const until = limitMs === undefined ? Number.POSITIVE_INFINITY : begun + limitMs;
  let answeredAt = begun;
  let looksAtEnd = 0;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    let sight: Sight | undefined;
    try {
      sight = await lookOnce();
      answeredAt = performance.now();
      if (sight.kind === "ended" && sight.isEarly && ++looksAtEnd < earlyLooks) {
        await sleep(pauseMs);
        continue;
      }
      if (sight.kind === "ended" || (sight.kind === "unknown" && !(await mayStillAppear()))) {
        return sight;
      }
    } catch (error) {
      const isGivenUp = !mayPass(error) || performance.now() > answeredAt + deafLimitMs;
      if (isGivenUp || performance.now() + pauseMs > until || (await isPointless())) {
        throw error;
      }
    }
    if (sight !== undefined && (performance.now() + pauseMs > until || (await isPointless()))) {
      return sight;
    }
    report("waiting for the restore to end on the server");
    await sleep(pauseMs);
  }

  /** One look, and a second one where the session is over by then: it may have ended between the two questions. */
  async function lookOnce(): Promise<Sight> {
    const sight = await look(dialect, sent);
    if (sight.kind === "ended" || (await isWorking())) {
      return sight;
    }
    const last = await look(dialect, sent);
    // If it has not ended, nobody will end it any more.
    return last.kind === "running" ? { kind: "unknown" } : last;
  }

  async function isWorking(): Promise<boolean> {
    const { runsIn } = sent.pending;
    const own = runsIn === undefined ? undefined : await sessionOf(dialect, runsIn);
    return (own ?? (await sessionOf(dialect, sent.sessionId)))?.state === "Working";
  }

  async function mayStillAppear(): Promise<boolean> {
    return performance.now() < begun + unseenLimitMs && (await isWorking());
  }
}

/** Can the same question be answered later? Not where the server refuses to answer it. */
function mayPass(error: unknown): boolean {
  return isConnectionError(error) || (isApiError(error) && (error.status >= 500 || error.status === 429));
}

/** Will the server never tell how a restore ended? A login that is refused says nothing of that. */
export const isRefusedForGood = (error: unknown): boolean =>
  isNotServed(error) || (isApiError(error) && error.code !== "authentication" && !mayPass(error));

async function listKnownEvents(dialect: Reading, sessionId: string): Promise<SessionEvent[]> {
  try {
    return await dialect.listEvents(sessionId);
  } catch (error) {
    // A server may refuse to tell anything of a session that has ended, and does so with the status of a failure.
    if (isNotFound(error) || (isApiError(error) && (await hasEnded(dialect, sessionId)))) {
      return [];
    }
    throw error;
  }
}

const hasEnded = async (dialect: Reading, sessionId: string): Promise<boolean> =>
  (await sessionOf(dialect, sessionId))?.state !== "Working";

/** Undefined when the server does not know it, be it not any more or because what was named is none. */
async function sessionOf(dialect: Pick<Dialect, "getSession">, sessionId: string): Promise<RestoreSession | undefined> {
  try {
    return await dialect.getSession(sessionId);
  } catch (error) {
    if (isNotFound(error) || (isApiError(error) && error.code !== "authentication" && error.status === 400)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Stops the session of a restore that is settled or forgotten, and the one that the server made for it. Never throws: what was seen
 * counts more than a stop.
 */
export async function stopPending(
  dialect: Pick<Dialect, "stopSession">,
  { sessionId, pending }: { sessionId: string; pending: Pick<PendingRestore, "mayStopSession" | "runsIn"> },
): Promise<string | undefined> {
  const toStop = [
    ...(pending.mayStopSession ? [sessionId] : []),
    ...(pending.runsIn === undefined ? [] : [pending.runsIn]),
  ];
  const stops = await Promise.allSettled(toStop.map((id) => dialect.stopSession(id)));
  const failed = stops.find((stop) => stop.status === "rejected");
  return failed === undefined
    ? undefined
    : `Restore session ${toStop.join(", ")} could not be stopped and ends by itself later: ${messageOf(failed.reason)}`;
}
