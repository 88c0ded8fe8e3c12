import { VendorError } from "./errors";
import { uuidFrom } from "./ids";
import type { OpenPoints } from "./open-points";
import type { SeededMailbox, SeededOrganization } from "./seed";
import { restorePointsOf } from "./seed";
import { ticksBeyond } from "./times";

/** An event of a restore session. */
export interface SessionEvent {
  readonly id: string;
  readonly type: "None" | "Export" | "Restore";
  status: "Running" | "Success" | "Warning" | "Failed";
  readonly startTime: Date;
  endTime: Date | undefined;
  readonly title: string;
  message: string;
  readonly order: number;
  /** What some servers say in fields of their own (v6 on). */
  readonly about?: { itemName: string; source: string; target: string } | undefined;
  /** It appears in lists when it has ended. */
  readonly isLate?: boolean;
}

/** A restore session as the server keeps it. */
export interface SessionRecord {
  readonly id: string;
  readonly organizationId: string;
  /** The login that opened it. */
  readonly user: string;
  readonly state: "Working" | "Stopped";
  /** Who ended it: a request, the idle limit, or the end of the restore that it was made for; undefined while it works. */
  readonly stoppedBy: "client" | "idle" | "server" | undefined;
  /** The point in time that was asked for, ISO 8601 in UTC. */
  readonly dateTime: string;
  readonly showDeleted: boolean;
  readonly showAllVersions: boolean;
  readonly creationTime: Date;
  readonly endTime: Date | undefined;
  /** The time asked for is before the first backup: no mailboxes. [D] */
  readonly isEmpty: boolean;
  /** Only what this backup repository holds (v8). */
  readonly repositoryId: string | undefined;
  readonly events: readonly Readonly<SessionEvent>[];
}

/** The same as the server works on it. */
export interface Session extends SessionRecord {
  readonly organization: SeededOrganization;
  state: "Working" | "Stopped";
  stoppedBy: "client" | "idle" | "server" | undefined;
  endTime: Date | undefined;
  readonly events: SessionEvent[];
  /** What its statistics name (v8). */
  readonly warnings: string[];
  readonly errors: string[];
  /** Its statistics as they were before restores that have ended since, and how often they are still told so. */
  formerStatistics: { left: number; restores: number } | undefined;
  /** Set for a session that the server made for one restore. */
  result: "Success" | "Warning" | "Failed" | undefined;
  lastUsed: Date;
  /** Restores and exports that run. */
  running: number;
}

/** What an explore request asks for. */
export interface ExploreRequest {
  organization: SeededOrganization;
  user: string;
  time: Date;
  /** Of 100 ns each, beyond the milliseconds of `time`; default 0. */
  ticks?: number;
  showDeleted: boolean;
  showAllVersions: boolean;
  repositoryId?: string | undefined;
}

/**
 * Opens, finds and ends restore sessions.
 *
 * A session that nobody asks anything of is stopped by the server [D]; after how long is not documented [inf]. Work
 * that runs in it counts as being asked [inf].
 */
export class Sessions {
  readonly #all: Session[] = [];

  constructor(
    private readonly points: Pick<OpenPoints, "sessionIdleSeconds" | "endedSession" | "endedEvents" | "eventAppears">,
    private readonly clock: () => Date,
  ) {}

  get all(): readonly Session[] {
    this.#stopIdle();
    return this.#all;
  }

  /**
   * A time before the first backup gives an empty session [D], by however little [inf]; later than the last one means the last one [D].
   */
  open(request: ExploreRequest): Session {
    const now = this.clock();
    const { organization, repositoryId, time, ticks = 0 } = request;
    const isThere = restorePointsOf(organization, repositoryId).some(({ backupTime }) => {
      const later = Date.parse(backupTime) - time.getTime();
      return later < 0 || (later === 0 && ticksBeyond(backupTime) <= ticks);
    });
    const session: Session = {
      id: uuidFrom("session", this.#all.length + 1),
      organizationId: organization.id,
      organization,
      user: request.user,
      state: "Working",
      stoppedBy: undefined,
      dateTime: time.toISOString(),
      showDeleted: request.showDeleted,
      showAllVersions: request.showAllVersions,
      creationTime: now,
      endTime: undefined,
      isEmpty: !isThere,
      repositoryId,
      events: [],
      warnings: [],
      errors: [],
      formerStatistics: undefined,
      result: undefined,
      lastUsed: now,
      running: 0,
    };
    this.#all.push(session);
    const started = this.beginEvent(session, "None", "Restore session started");
    this.endEvent(started, "Success", started.message);
    return session;
  }

  /**
   * The session of this id if this login opened it; being asked for keeps it from idling.
   *
   * @throws VendorError `notFound`
   */
  find(id: string, user: string): Session {
    const session = this.all.find((candidate) => candidate.id === id.toLowerCase() && candidate.user === user);
    if (session === undefined) {
      throw new VendorError("notFound");
    }
    session.lastUsed = session.state === "Working" ? this.clock() : session.lastUsed;
    return session;
  }

  /**
   * The same, and it must not have ended.
   *
   * @throws VendorError `notFound` or `sessionEnded`
   */
  findWorking(id: string, user: string): Session {
    const session = this.find(id, user);
    if (session.state === "Stopped") {
      throw new VendorError(this.points.endedSession === 404 ? "notFound" : "sessionEnded");
    }
    return session;
  }

  /**
   * The session's events as they are listed.
   *
   * @throws VendorError where a session that has ended does not tell them any more
   */
  eventsOf(session: Session): SessionEvent[] {
    if (session.state === "Stopped" && this.points.endedEvents === "refused") {
      throw new VendorError(this.points.endedSession === 404 ? "notFound" : "sessionEnded");
    }
    return session.events.filter(({ isLate, status }) => isLate !== true || status !== "Running");
  }

  /** Ends a session; one that has ended stays as it is. Work that runs in it goes on to its end. [inf] */
  stop(session: Session, stoppedBy: "client" | "idle" | "server", endTime = this.clock()): void {
    if (session.state === "Working") {
      session.state = "Stopped";
      session.stoppedBy = stoppedBy;
      session.endTime = endTime;
    }
  }

  /** Appends an event, Running from now. */
  beginEvent(session: Session, type: SessionEvent["type"], text: string, about?: SessionEvent["about"]): SessionEvent {
    const order = session.events.length;
    const event: SessionEvent = {
      id: uuidFrom("event", session.id, order),
      type,
      status: "Running",
      startTime: this.clock(),
      endTime: undefined,
      title: text,
      message: text,
      order,
      about,
      isLate: type === "Restore" && this.points.eventAppears === "atEnd",
    };
    session.events.push(event);
    return event;
  }

  /** Ends an event now. */
  endEvent(event: SessionEvent, status: "Success" | "Warning" | "Failed", message: string): void {
    event.status = status;
    event.message = message;
    event.endTime = this.clock();
  }

  /** Runs something in a session; the session does not idle meanwhile. */
  async work<T>(session: Session, run: () => Promise<T>): Promise<T> {
    session.running += 1;
    try {
      return await run();
    } finally {
      session.running -= 1;
      session.lastUsed = this.clock();
    }
  }

  #stopIdle(): void {
    const idleMs = this.points.sessionIdleSeconds * 1000;
    for (const session of this.#all) {
      const idleEnd = session.lastUsed.getTime() + idleMs;
      if (session.running === 0 && idleEnd <= this.clock().getTime()) {
        this.stop(session, "idle", new Date(idleEnd));
      }
    }
  }
}

/** The mailboxes that a session shows. */
export function mailboxesOf(session: Session): readonly SeededMailbox[] {
  return session.isEmpty ? [] : session.organization.mailboxes;
}
