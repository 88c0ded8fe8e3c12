import type { Dialect, Mailbox, SessionOptions } from "../api/dialects/dialect";
import { isNotFound, messageOf } from "../errors";

/** A place in a restore session. The session itself is opened when somebody works in it. */
export interface SessionLease {
  /**
   * The session, working: opened by the first who asks, and opened anew when it has expired while everybody waited.
   */
  open(): Promise<OpenSession>;
  /**
   * Gives the place back; the last one to leave stops the session, if we opened it and nobody wants it kept.
   *
   * @returns a warning when the session could not be stopped. The restore is over by then, so this is never thrown.
   */
  release(): Promise<string | undefined>;
}

/** A restore session that works. */
export interface OpenSession {
  readonly sessionId: string;
  /** All mailboxes, read once however many ask. */
  mailboxes(): Promise<Mailbox[]>;
  /** Marks the begin of an action on a mailbox in this session; `target` is the address that it writes to, if another one. */
  begin(type: "Restore" | "Export", mailboxId: string, target?: string): Work;
  /** Events that were there before us, or that were found to belong to an action that is over. */
  readonly knownEvents: Set<string>;
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
  /** A place in a session that somebody else opened; it is never stopped by us. */
  borrow(sessionId: string): SessionLease;
}

/** After this long without a call a session may have expired (60 minutes are assumed, [inf]); it is looked at before use. */
const restingMs = 10 * 60_000;

interface Shared {
  users: number;
  current: Promise<OpenSession> | undefined;
  /** A look whether the current session still works, while it lasts. */
  probe: Promise<void> | undefined;
  usedAt: number;
  /** Sessions that we opened and that the last user stops. */
  toStop: Set<string>;
}

export function createSessionPool(dialect: Dialect, now: () => number = Date.now): SessionPool {
  const all = new Map<string, Shared>();

  const place = (key: string, start: () => Promise<string>, isOurs: boolean): SessionLease => {
    const shared = all.get(key) ?? {
      users: 0,
      current: undefined,
      probe: undefined,
      usedAt: now(),
      toStop: new Set<string>(),
    };
    all.set(key, shared);
    shared.users += 1;

    const begin = async () => {
      const sessionId = await start();
      if (isOurs) {
        shared.toStop.add(sessionId);
      }
      const session = openSession(dialect, sessionId, isOurs, () => {
        shared.current = undefined;
        shared.toStop.delete(sessionId);
      });
      if (!isOurs) {
        (await dialect.listEvents(sessionId)).forEach(({ id }) => session.knownEvents.add(id));
      }
      return session;
    };
    const forgetFailure = (error: unknown): never => {
      shared.current = undefined;
      throw error;
    };
    return {
      async open() {
        if (isOurs && shared.current !== undefined && now() - shared.usedAt > restingMs) {
          shared.probe ??= forgetIfOver(shared.current).finally(() => (shared.probe = undefined));
        }
        await shared.probe;
        shared.usedAt = now();
        shared.current ??= begin().catch(forgetFailure);
        return shared.current;
      },
      async release() {
        shared.users -= 1;
        if (shared.users > 0) {
          return undefined;
        }
        // Out of the map first: whoever comes now gets a new session, not one that is about to end.
        all.delete(key);
        await shared.current?.catch(() => undefined);
        const stops = await Promise.allSettled([...shared.toStop].map((sessionId) => dialect.stopSession(sessionId)));
        const failure = stops.find((stop) => stop.status === "rejected");
        return failure === undefined
          ? undefined
          : `Restore session ${[...shared.toStop].join(", ")} could not be stopped and ends by itself later: ${messageOf(failure.reason)}`;
      },
    };

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
      const key = JSON.stringify([organizationId, options.pointInTime, options.showDeleted, options.showAllVersions]);
      return place(key, async () => (await dialect.openSession(organizationId, options)).id, true);
    },
    borrow: (sessionId) => place(`borrowed ${sessionId}`, () => Promise.resolve(sessionId), false),
  };
}

interface RunningWork extends Work {
  mailboxId: string;
  target: string | undefined;
}

function openSession(dialect: Dialect, sessionId: string, isOurs: boolean, retire: () => void): OpenSession {
  let actions = 0;
  let mailboxes: Promise<Mailbox[]> | undefined;
  const begun = { Restore: new Set<RunningWork>(), Export: new Set<RunningWork>() };
  const underWay = { Restore: new Set<RunningWork>(), Export: new Set<RunningWork>() };
  // Mailboxes whose action is over and left no event that was found: it may still appear, and must not be taken for another's.
  const unclaimed = { Restore: new Set<string>(), Export: new Set<string>() };
  return {
    sessionId,
    knownEvents: new Set<string>(),
    keepOpen() {
      retire();
      return { mayBeStopped: isOurs && actions === 1 };
    },
    mailboxes() {
      mailboxes ??= dialect.listMailboxes(sessionId).catch((error: unknown) => {
        mailboxes = undefined;
        throw error;
      });
      return mailboxes;
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
