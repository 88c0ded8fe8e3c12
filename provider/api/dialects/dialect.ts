import type { Readable } from "node:stream";

/** What the rest of the provider knows of the server, the same for every API version. */

export interface Organization {
  id: string;
  name: string;
  officeName: string | undefined;
  /** ISO 8601 UTC; undefined when nothing was backed up yet, or the server did not say. */
  firstBackupTime: string | undefined;
  lastBackupTime: string | undefined;
}

/** A mailbox of a backup, as a restore session lists it. */
export interface Mailbox {
  /** Valid inside its restore session only. */
  id: string;
  name: string;
  email: string;
  isArchive: boolean;
}

/** A restore session, as the server describes it. */
export interface RestoreSession {
  id: string;
  state: "Working" | "Stopped";
  /** As the server names it; may be empty. */
  name: string;
  /** Organisation, as the session names it; may be empty. */
  organization: string;
  /** Account that opened it; may be empty. */
  initiatedBy: string;
  /** ISO 8601, as the server wrote it. */
  createdAt: string;
  endedAt: string | undefined;
  /** Success, Warning or Failed; means something once it has stopped. */
  result: string;
}

export interface SessionEvent {
  id: string;
  /** None, Save, Export, Send, Restore or View. */
  type: string;
  /** Running, Success, Warning, Failed; later versions add Cancelled and Skipped. */
  status: string;
  title: string;
  message: string;
  startTime: string;
  endTime: string | undefined;
}

/** What was counted by the server; null = it did not say. */
export interface Counts {
  created: number | null;
  merged: number | null;
  failed: number | null;
  skipped: number | null;
  failedFolders: number | null;
}

/** What a restore answered with. An empty body leaves `counts` undefined: unknown, which is not "0 failed". */
export interface RestoreAnswer {
  counts: Counts | undefined;
  warnings: string[];
  exceptions: string[];
  cannotContinueError: string | undefined;
}

export interface ExportAnswer {
  body: Readable;
  /** From Content-Length; undefined when the server did not say. */
  bytes: number | undefined;
}

export interface SessionOptions {
  /** ISO 8601 UTC. */
  pointInTime: string;
  showDeleted: boolean;
  showAllVersions: boolean;
}

/** Account that the server uses against Exchange. */
export interface ExchangeAccess {
  userName: string;
  userPassword: string;
}

/** What a restore to another mailbox brings along; see the table in the README for each flag's meaning. */
export interface RestoreToOptions {
  casServer: string;
  mailbox: string;
  changedItems: boolean;
  deletedItems: boolean;
  markRestoredAsUnread: boolean;
  excludeDrafts: boolean;
  excludeDeletedItems: boolean;
  excludeInPlaceHoldItems: boolean;
  excludeLitigationHoldItems: boolean;
}

/** Limits of one action, in milliseconds; undefined = none. What is left out is as everywhere. */
export interface ActionLimits {
  firstByte?: number | undefined;
  idle?: number | undefined;
  restore?: number | undefined;
}

/** One API version, spoken. Nothing above this interface knows which. */
export interface Dialect {
  readonly apiVersion: string;
  listOrganizations(): Promise<Organization[]>;
  /** Opens a restore session for Exchange ("explore" in the reference). Never repeated by itself. */
  openSession(organizationId: string, options: SessionOptions): Promise<RestoreSession>;
  getSession(sessionId: string): Promise<RestoreSession>;
  /** Restore sessions of the current login; the server shows nobody else's (pages for v1 to v3). */
  listSessions(): Promise<RestoreSession[]>;
  /** Stops a restore session; one that is gone already counts as stopped. */
  stopSession(sessionId: string): Promise<void>;
  listMailboxes(sessionId: string): Promise<Mailbox[]>;
  listEvents(sessionId: string): Promise<SessionEvent[]>;
  /** The three actions below are sent once and never repeated, whatever happens to the answer. */
  exportToPst(
    sessionId: string,
    mailboxId: string,
    options: { contentKeywords?: string | undefined },
    limits?: ActionLimits,
  ): Promise<ExportAnswer>;
  restoreToOriginalLocation(
    sessionId: string,
    mailboxId: string,
    access: ExchangeAccess,
    limits?: ActionLimits,
  ): Promise<RestoreAnswer>;
  restoreTo(
    sessionId: string,
    mailboxId: string,
    options: RestoreToOptions,
    access: ExchangeAccess,
    limits?: ActionLimits,
  ): Promise<RestoreAnswer>;
}
