import { randomUUID } from "node:crypto";
import type { Dialect, Mailbox, SessionOptions } from "../api/dialects/dialect";
import { MailboxRestoreError, isNotFound, messageOf } from "../errors";
import { createGate } from "./gate";
import { isSameId, normalId } from "./same-id";

/** A place in a restore session. The session itself is opened when somebody works in it. */
export interface SessionLease {
  /**
   * The session, working: opened by the first who asks, and opened anew when it has expired while everybody waited.
   */
  open(): Promise<OpenSession>;
  /**
   * Gives the place back; the last one to leave stops the session, if we opened it and nobody wants it kept. One that holds the only
   * evidence of a restore beside the journal is left for a moment, until the state has the result.
   *
   * @returns a warning when the session could not be stopped. The restore is over by then, so this is never thrown.
   */
  release(): Promise<string | undefined>;
}

/** A restore session that works. */
export interface OpenSession {
  readonly sessionId: string;
  /** It is kept as evidence, and nothing new begins in it. */
  readonly isRetired: boolean;
  /** We opened it, so nobody else works in it, and we may stop it. */
  readonly isOurs: boolean;
  /** All mailboxes, read once however many ask. */
  mailboxes(): Promise<Mailbox[]>;
  /**
   * A mailbox, and all those that its events may name. In a session that nobody shares it is looked up by the id that another session of
   * the same backup has it by; where that is not the same mailbox here, all are read.
   *
   * @param select - finds it among all, or throws
   */
  find(select: (mailboxes: Mailbox[]) => Mailbox): Promise<{ mailbox: Mailbox; mailboxes: Mailbox[] }>;
  /** Waits until nobody else of this process restores this mailbox in this session; gives back what ends the turn. */
  turnOf(mailboxId: string): Promise<() => void>;
  /** Marks the begin of an action on a mailbox in this session; `target` is the address that it writes to, if another one. */
  begin(type: "Restore" | "Export", mailboxId: string, target?: string): Work;
  /** Events that were there before us, or that were found to belong to an action that is over. */
  readonly knownEvents: Set<string>;
  /** Has another session stopped together with this one: the server made it for a restore that has ended. */
  stopToo(sessionId: string): void;
  /** Keeps the session open for a moment when the last user leaves: a restore in it has ended, and the state does not have it yet. */
  keepForNow(): void;
  /**
   * Keeps the session open when the last user leaves: it holds the evidence of an unfinished or unknown restore. Nothing new
   * begins in it from now on.
   *
   * @returns whether it may be stopped once that restore is settled: it is ours, and no other action ever ran in it
   */
  keepOpen(): { mayBeStopped: boolean };
}

/** An action under way in a session, and what may be mistaken for it. */
export interface Work {
  /** No other action of the same type has overlapped with this one, or left an event behind that was not found. */
  alone: boolean;
  /** The same, on the same mailbox. */
  aloneOnMailbox: boolean;
  /** The other actions of the same type that were begun in this session. */
  neighbours(): { mailboxId: string; target?: string | undefined }[];
  /** @param claimed - was this action's own event found? */
  end(claimed: boolean): void;
}

export interface SessionPool {
  /** A place in a session of our own for this organisation, time and flags, shared with everybody who wants the same now. */
  reserve(organizationId: string, options: SessionOptions): SessionLease;
  /** A place in a session of our own that nobody shares: what it counts and tells is of one restore. */
  reserveAlone(organizationId: string, options: SessionOptions): SessionLease;
  /** A place in a session that somebody else opened; it is never stopped by us. */
  borrow(sessionId: string, dialect: Dialect): SessionLease;
  /** Did this pool open it? */
  opened(sessionId: string): boolean;
  /** Stops the sessions that were left for a moment: what was done in them is stored. */
  end(): Promise<void>;
}

export interface SessionPoolOptions {
  now?: () => number;
  /** May a session be stopped, or is nobody left to store what was done in it? */
  mayStop?: () => Promise<boolean>;
  /** Told when a session could not be stopped after its restores had been answered for. */
  notice?: (text: string) => void;
}

/** A restore's result is in the state well before this, and a session does not stay open for long after its last use. */
const lingerMs = 5000;

/** After this long without a call a session may have expired (60 minutes are assumed, [inf]); it is looked at before use. */
const restingMs = 10 * 60_000;

/**
 * So many restores share a session, and the next ones get another. Each looks through the events of those before it, so one session for ten
 * thousand would cost the square of that.
 */
const tenantsASession = 250;

interface Shared {
  users: number;
  /** How many work in a session now, and how many have so far. Weak: one that is kept as evidence is not kept in memory, too. */
  tenants: WeakMap<OpenSession, { now: number; ever: number }>;
  current: Promise<OpenSession> | undefined;
  /** A look whether the current session still works, while it lasts. */
  probe: Promise<void> | undefined;
  usedAt: number;
  /** Sessions that we opened and that the last user stops. */
  toStop: Set<string>;
  /** A restore has ended in it whose result may not have been stored yet. */
  holdsEvidence: boolean;
  lingering: NodeJS.Timeout | undefined;
  /** While it is being opened. */
  opening: Promise<OpenSession> | undefined;
}

export function createSessionPool(dialect: Dialect, options: SessionPoolOptions = {}): SessionPool {
  const { now = Date.now, mayStop = () => Promise.resolve(true), notice = () => undefined } = options;
  const all = new Map<string, Shared>();
  /** The mailboxes that a session has shown, by what it was opened for. */
  const listings = new Map<string, Promise<Mailbox[]>>();
  const opened = new Set<string>();

  const stop = async (key: string, shared: Shared): Promise<string | undefined> => {
    // Out of the map first: whoever comes now gets a new session, not one that is about to end.
    all.delete(key);
    clearTimeout(shared.lingering);
    if (shared.opening !== undefined) {
      // Nobody waited for it to open, and nobody waits for it to be stopped.
      void shared.opening.then(
        () => stopAll(shared).then(tell),
        () => undefined,
      );
      return undefined;
    }
    return stopAll(shared);
  };
  const tell = (warning: string | undefined) => {
    if (warning !== undefined) {
      notice(warning);
    }
  };
  const stopAll = async (shared: Shared): Promise<string | undefined> => {
    const stops = await Promise.allSettled([...shared.toStop].map((sessionId) => dialect.stopSession(sessionId)));
    const failure = stops.find((stop) => stop.status === "rejected");
    return failure === undefined
      ? undefined
      : `Restore session ${[...shared.toStop].join(", ")} could not be stopped and ends by itself later: ${messageOf(failure.reason)}`;
  };
  const stopWhenStored = async (key: string, shared: Shared) => {
    if (await mayStop()) {
      tell(shared.users === 0 ? await stop(key, shared) : undefined);
    }
  };

  const place = (
    key: string,
    start: () => Promise<string>,
    isOurs: boolean,
    { spoken = dialect, backup, isAlone = false }: { spoken?: Dialect; backup?: string; isAlone?: boolean } = {},
  ): SessionLease => {
    const shared: Shared = all.get(key) ?? {
      users: 0,
      tenants: new WeakMap(),
      current: undefined,
      probe: undefined,
      usedAt: now(),
      toStop: new Set<string>(),
      holdsEvidence: false,
      lingering: undefined,
      opening: undefined,
    };
    clearTimeout(shared.lingering);
    all.set(key, shared);
    shared.users += 1;

    const begin = async () => {
      const sessionId = await start();
      if (isOurs) {
        opened.add(sessionId);
        shared.toStop.add(sessionId);
      }
      const session = openSession(spoken, sessionId, isOurs, {
        retire: () => {
          shared.current = undefined;
          shared.toStop.delete(sessionId);
        },
        keepForNow: () => (shared.holdsEvidence = true),
        stopToo: (other) => shared.toStop.add(other),
        listing: () => (isAlone && backup !== undefined ? listings.get(backup) : undefined),
        listed: (mailboxes) => backup !== undefined && listings.set(backup, mailboxes),
      });
      if (!isOurs) {
        (await spoken.listEvents(sessionId)).forEach(({ id }) => session.knownEvents.add(id));
      }
      return session;
    };
    const forgetFailure = (error: unknown): never => {
      shared.current = undefined;
      throw error;
    };
    let home: OpenSession | undefined;
    const moveTo = (session: OpenSession | undefined) => {
      const before = home === undefined ? undefined : shared.tenants.get(home);
      if (home !== undefined && before !== undefined && (before.now -= 1) === 0 && before.ever >= tenantsASession) {
        shared.tenants.delete(home);
        stopLater(home.sessionId);
      }
      home = session;
      if (session !== undefined) {
        const { now = 0, ever = 0 } = shared.tenants.get(session) ?? {};
        shared.tenants.set(session, { now: now + 1, ever: ever + 1 });
        if (isOurs && ever + 1 >= tenantsASession) {
          // It is full: whoever comes next gets another one.
          shared.current = undefined;
        }
      }
    };
    return {
      async open() {
        if (isOurs && shared.current !== undefined && now() - shared.usedAt > restingMs) {
          shared.probe ??= forgetIfOver(shared.current).finally(() => (shared.probe = undefined));
        }
        await shared.probe;
        shared.usedAt = now();
        shared.current ??= shared.opening = begin()
          .catch(forgetFailure)
          .finally(() => (shared.opening = undefined));
        const session = await shared.current;
        if (session !== home) {
          moveTo(session);
        }
        return session;
      },
      async release() {
        shared.users -= 1;
        moveTo(undefined);
        if (shared.users > 0) {
          return undefined;
        }
        if (!shared.holdsEvidence || shared.toStop.size === 0) {
          return stop(key, shared);
        }
        shared.lingering = setTimeout(() => void stopWhenStored(key, shared), lingerMs).unref();
        return undefined;
      },
    };

    /** A full session that nobody works in any more. The state is given the moment that it needs for what was done in it. */
    function stopLater(sessionId: string): void {
      setTimeout(() => {
        void mayStop().then(async (may) => {
          if (may && shared.toStop.delete(sessionId)) {
            await dialect.stopSession(sessionId).catch((error: unknown) => {
              notice(`Restore session ${sessionId} could not be stopped and ends by itself later: ${messageOf(error)}`);
            });
          }
        });
      }, lingerMs).unref();
    }

    /** Only what the server says for sure takes a session out of use; a look that fails proves nothing. */
    async function forgetIfOver(current: Promise<OpenSession>): Promise<void> {
      const { sessionId } = await current;
      const isOver = await dialect.getSession(sessionId).then(
        ({ state }) => state === "Stopped",
        (error: unknown) => isNotFound(error),
      );
      if (isOver && shared.current === current) {
        shared.current = undefined;
        shared.toStop.delete(sessionId);
      }
    }
  };

  return {
    reserve(organizationId, options) {
      const backup = keyOf(organizationId, options);
      return place(backup, async () => (await dialect.openSession(organizationId, options)).id, true, { backup });
    },
    reserveAlone(organizationId, options) {
      const backup = keyOf(organizationId, options);
      const start = async () => (await dialect.openSession(organizationId, options)).id;
      return place(`alone ${randomUUID()}`, start, true, { backup, isAlone: true });
    },
    borrow: (sessionId, spoken) =>
      place(`borrowed ${normalId(sessionId)}`, () => idOfWorking(spoken, sessionId), false, { spoken }),
    opened: (sessionId) => opened.has(sessionId),
    async end() {
      await Promise.all([...all].map(([key, shared]) => stopWhenStored(key, shared)));
    },
  };
}

const keyOf = (organizationId: string, options: SessionOptions) =>
  JSON.stringify([
    organizationId,
    options.pointInTime,
    options.showDeleted,
    options.showAllVersions,
    options.repositoryId,
  ]);

/** The id as the server spells it: what it answers later is compared with that. */
async function idOfWorking(dialect: Dialect, sessionId: string): Promise<string> {
  const { id, state } = await dialect.getSession(sessionId);
  if (state === "Stopped") {
    throw new MailboxRestoreError(
      "selection",
      `Restore session ${id} has ended on the server, so nothing can be restored in it. Nothing was sent. Open another one.`,
    );
  }
  return id;
}

interface RunningWork extends Work {
  mailboxId: string;
  target: string | undefined;
}

function openSession(
  dialect: Dialect,
  sessionId: string,
  isOurs: boolean,
  {
    retire,
    listing,
    listed,
    ...shared
  }: Pick<OpenSession, "keepForNow" | "stopToo"> & {
    retire(): void;
    /** What another session of the same backup has shown. */
    listing(): Promise<Mailbox[]> | undefined;
    listed(mailboxes: Promise<Mailbox[]>): void;
  },
): OpenSession {
  let actions = 0;
  let isRetired = false;
  let mailboxes: Promise<Mailbox[]> | undefined;
  const begun = { Restore: new Set<RunningWork>(), Export: new Set<RunningWork>() };
  const underWay = { Restore: new Set<RunningWork>(), Export: new Set<RunningWork>() };
  // Mailboxes whose action is over and left no event that was found: it may still appear, and must not be taken for another's.
  const unclaimed = { Restore: new Set<string>(), Export: new Set<string>() };
  const turns = new Map<string, ReturnType<typeof createGate>>();
  const listAll = () => {
    if (mailboxes === undefined) {
      mailboxes = dialect.listMailboxes(sessionId).catch((error: unknown) => {
        mailboxes = undefined;
        throw error;
      });
      mailboxes.then(
        () => mailboxes !== undefined && listed(mailboxes),
        () => undefined,
      );
    }
    return mailboxes;
  };
  return {
    sessionId,
    isOurs,
    turnOf(mailboxId) {
      const gate = turns.get(mailboxId) ?? createGate(1);
      turns.set(mailboxId, gate);
      return gate.enter();
    },
    get isRetired() {
      return isRetired;
    },
    knownEvents: new Set<string>(),
    ...shared,
    keepOpen() {
      isRetired = true;
      retire();
      return { mayBeStopped: isOurs && actions === 1 };
    },
    mailboxes: listAll,
    async find(select) {
      const others = mailboxes === undefined ? await listing() : undefined;
      const there = others && selected(select, others);
      if (others !== undefined && there !== undefined) {
        const here = await dialect.getMailbox(sessionId, there.id).catch(() => undefined);
        if (here !== undefined && isSameMailbox(here, there)) {
          return { mailbox: here, mailboxes: others };
        }
      }
      const all = await listAll();
      return { mailbox: select(all), mailboxes: all };
    },
    begin(type, mailboxId, target) {
      actions += 1;
      const others = underWay[type];
      const work: RunningWork = {
        mailboxId,
        target,
        neighbours: () => [...begun[type]].filter((other) => other !== work && other.mailboxId !== mailboxId),
        // In a session that somebody else opened, somebody else may work at any time.
        alone: isOurs && others.size === 0 && unclaimed[type].size === 0,
        aloneOnMailbox: isOurs && !unclaimed[type].has(mailboxId),
        end(claimed) {
          others.delete(work);
          if (!claimed) {
            unclaimed[type].add(mailboxId);
          }
        },
      };
      for (const other of others) {
        other.alone = false;
        if (other.mailboxId === mailboxId) {
          other.aloneOnMailbox = false;
          work.aloneOnMailbox = false;
        }
      }
      others.add(work);
      begun[type].add(work);
      return work;
    },
  };
}

/** Undefined where it is not there: the session's own list says why. */
function selected(select: (mailboxes: Mailbox[]) => Mailbox, mailboxes: Mailbox[]): Mailbox | undefined {
  try {
    return select(mailboxes);
  } catch {
    return undefined;
  }
}

const isSameMailbox = (a: Mailbox, b: Mailbox) =>
  isSameId(a.id, b.id) && a.email.toLowerCase() === b.email.toLowerCase() && a.isArchive === b.isArchive;
