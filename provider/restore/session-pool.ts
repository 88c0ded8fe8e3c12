import type { Dialect, Mailbox, SessionOptions } from "../api/dialects/dialect";
import { messageOf } from "../errors";

/** A restore session in use. */
export interface SessionLease {
  readonly sessionId: string;
  readonly isOurs: boolean;
  /** Events that were there before us, or that were already found to belong to another restore. */
  readonly knownEvents: Set<string>;
  /** Marks the begin of an action in this session. */
  begin(type: "Restore" | "Export"): Work;
  /** All mailboxes, read once however many ask. */
  mailboxes(): Promise<Mailbox[]>;
  /** Keeps the session open when the last user leaves: it holds the evidence of an unfinished or unknown restore. */
  keepOpen(): void;
  /**
   * Gives the session back; the last user stops it, if we opened it.
   *
   * @returns a warning when the session could not be stopped. The restore is over by then, so this is never thrown.
   */
  release(): Promise<string | undefined>;
}

/** An action under way in a session. */
export interface Work {
  /** True while no other action of the same type has overlapped with this one. */
  alone: boolean;
  end(): void;
}

export interface SessionPool {
  /** A session of our own for this organisation, time and flags, shared with everybody who wants the same now. */
  acquire(organizationId: string, options: SessionOptions): Promise<SessionLease>;
  /** A session that somebody else opened; it is never stopped by us. */
  borrow(sessionId: string): Promise<SessionLease>;
}

interface Shared {
  users: number;
  keepOpen: boolean;
  opened: Promise<string>;
  mailboxes: Promise<Mailbox[]> | undefined;
  knownEvents: Set<string>;
  underWay: { Restore: Set<Work>; Export: Set<Work> };
}

export function createSessionPool(dialect: Dialect): SessionPool {
  const open = new Map<string, Shared>();

  const lease = (shared: Shared, sessionId: string, stop?: () => Promise<void>): SessionLease => ({
    sessionId,
    isOurs: stop !== undefined,
    knownEvents: shared.knownEvents,
    begin(type) {
      const others = shared.underWay[type];
      others.forEach((other) => (other.alone = false));
      const work: Work = { alone: others.size === 0, end: () => others.delete(work) };
      others.add(work);
      return work;
    },
    mailboxes: () =>
      (shared.mailboxes ??= dialect.listMailboxes(sessionId).catch((error: unknown) => {
        shared.mailboxes = undefined;
        throw error;
      })),
    keepOpen: () => (shared.keepOpen = true),
    async release() {
      shared.users -= 1;
      if (shared.users > 0 || stop === undefined) {
        return undefined;
      }
      try {
        await stop();
        return undefined;
      } catch (error) {
        return `Restore session ${sessionId} could not be stopped and ends by itself later: ${messageOf(error)}`;
      }
    },
  });

  return {
    async acquire(organizationId, options) {
      const key = JSON.stringify([organizationId, options.pointInTime, options.showDeleted, options.showAllVersions]);
      let shared = open.get(key);
      if (shared === undefined) {
        shared = newShared(dialect.openSession(organizationId, options).then(({ id }) => id));
        open.set(key, shared);
      }
      const current = shared;
      current.users += 1;
      const forget = () => open.get(key) === current && open.delete(key);
      let sessionId: string;
      try {
        sessionId = await current.opened;
      } catch (error) {
        forget();
        throw error;
      }
      return lease(current, sessionId, async () => {
        // Out of the map first: whoever comes now gets a new session, not one that is about to end.
        forget();
        if (!current.keepOpen) {
          await dialect.stopSession(sessionId);
        }
      });
    },

    async borrow(sessionId) {
      const key = `borrowed ${sessionId}`;
      let shared = open.get(key);
      if (shared === undefined) {
        shared = newShared(Promise.resolve(sessionId));
        open.set(key, shared);
      }
      const current = shared;
      current.users += 1;
      const events = await dialect.listEvents(sessionId);
      if (current.underWay.Restore.size + current.underWay.Export.size === 0) {
        events.forEach(({ id }) => current.knownEvents.add(id));
      }
      return lease(current, sessionId);
    },
  };
}

function newShared(opened: Promise<string>): Shared {
  return {
    users: 0,
    keepOpen: false,
    opened,
    mailboxes: undefined,
    knownEvents: new Set(),
    underWay: { Restore: new Set(), Export: new Set() },
  };
}
