import type { Readable } from "node:stream";

/** What the rest of the provider knows of the server, the same for every API version. */

export interface Organization {
  id: string;
  name: string;
  officeName: string | undefined;
  /** ISO 8601 UTC; undefined when nothing was backed up yet, or the server did not say. */
  firstBackupTime: string | undefined;
  lastBackupTime: string | undefined;
  /** How the server was let into Exchange Online when the organisation was added; undefined when it does not say. */
  exchangeAccess?: ExchangeAccessKind | undefined;
}

/** By an application's certificate or a device code, or by user and password. */
export type ExchangeAccessKind = "modern" | "basic";

/** Which product answers (v6 on). */
export interface ServiceInstance {
  installationId: string | undefined;
  /** Build, as `8.0.0.0`. */
  productVersion: string | undefined;
}

/** A mailbox of a backup, as a restore session lists it. */
export interface Mailbox {
  /** Valid inside its restore session only. */
  id: string;
  name: string;
  email: string;
  isArchive: boolean;
  /** A mailbox of public folders; told from v6 on. Public folders go back to their original place only, and not with a certificate. */
  isPublic: boolean;
}

/** A restore session, as the server describes it. */
export interface RestoreSession {
  id: string;
  /** Vex for Exchange, Veod, Vesp, Vet; empty when the server did not say. */
  type: string;
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
  /** None, Save, Export, Send, Restore or View; empty when the server did not say. */
  type: string;
  /** Running, Success, Warning, Failed; later versions add Cancelled and Skipped. */
  status: string;
  title: string;
  message: string;
  startTime: string;
  endTime: string | undefined;
  /** What was restored, from where, and to where, as the server names them; told from v6 on. */
  itemName?: string | undefined;
  source?: string | undefined;
  target?: string | undefined;
}

/** What was counted by the server; null = it did not say. */
export interface Counts {
  created: number | null;
  merged: number | null;
  failed: number | null;
  skipped: number | null;
  failedFolders: number | null;
  /** Created and merged together, where the server tells no more (v8). */
  restored?: number;
}

/** What a restore answered with. An empty body leaves `counts` undefined: unknown, which is not "0 failed". */
export interface RestoreAnswer {
  /** The restore has only begun, and this session tells of it (v8). */
  runsIn?: string;
  counts: Counts | undefined;
  /** Told by the session's statistics, which may not be filled in yet (v8). */
  isOfStatistics?: true;
  /** The counters contradict each other: they are not filled in yet, or tell of something else. */
  isInconsistent?: boolean;
  /** Items of the total that no counter has: left alone, or not counted yet. */
  uncounted?: number;
  warnings: string[];
  exceptions: string[];
  cannotContinueError: string | undefined;
}

export interface ExportAnswer {
  body: Readable;
  /** Size of the whole file; undefined when the server did not say. */
  bytes: number | undefined;
  /** Position of the body's first byte in the file. */
  first: number;
  /** Names this very file, should the server make it anew. */
  tag: string | undefined;
  /** Takes secrets out of a text that came in place of the file: it may repeat what the server was sent. Default: nothing is taken out. */
  redact?: (text: string) => string;
}

/** From where on a file is wanted. */
export interface ExportStart {
  first: number;
  /** Only if it is still this very file. */
  tag?: string | undefined;
}

export interface SessionOptions {
  /** ISO 8601 UTC. */
  pointInTime: string;
  showDeleted: boolean;
  showAllVersions: boolean;
  /** Only this backup repository (v8). */
  repositoryId?: string | undefined;
}

/** A moment that can be restored, as the server lists it from v6 on. */
export interface RestorePoint {
  id: string;
  /** ISO 8601 UTC. */
  backupTime: string;
  repositoryId: string | undefined;
  /** Some hold files or sites alone, and no mailboxes. */
  holdsMail: boolean;
}

/** How the server gets into Exchange; the variants exclude each other. */
export type ExchangeAccess =
  | { userName: string; userPassword: string }
  /** A code that a person has entered at Microsoft's page (v4 on). */
  | { userCode: string }
  /** A certificate of an application (v6 on). */
  | {
      applicationId: string;
      /** Base64 of a PFX with its private key. */
      applicationCertificate: string;
      applicationCertificatePassword?: string;
      impersonationAccountName: string;
    };

/** For whom a device code is asked. */
export interface DeviceCodeRequest {
  /** Application at Microsoft that the person logs in to. */
  targetApplicationId: string;
  /** Both for an organisation other than the backup's only. */
  targetRegion?: string;
  targetOrganizationName?: string;
}

/** A code that a person has to enter at an address. */
export interface DeviceCode {
  userCode: string;
  verificationUrl: string;
  /** Seconds. */
  expiresInSeconds: number;
  /** What the server says to that person. */
  message: string;
}

export interface ExportOptions {
  contentKeywords?: string | undefined;
  /** Split the file where it grows larger (v4 on). */
  pstSizeLimitBytes?: number | undefined;
}

/** What a restore to another mailbox brings along; see the table in the README for each flag's meaning. */
export interface RestoreToOptions {
  casServer: string;
  mailbox: string;
  /** v4 on. */
  folder?: string | undefined;
  /** Both v6 on. */
  officeRegion?: string | undefined;
  officeOrganizationName?: string | undefined;
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
  /** A restore's answer tells that it has begun, and its session tells how it ends. */
  readonly restoresEndLater: boolean;
  /** An export can be asked for from any byte on (v7 on). Whether the server grants it is told by its answer. */
  readonly exportsResume: boolean;
  listOrganizations(): Promise<Organization[]>;
  /** Opens a restore session for Exchange ("explore" in the reference). Never repeated by itself. */
  openSession(organizationId: string, options: SessionOptions): Promise<RestoreSession>;
  getSession(sessionId: string): Promise<RestoreSession>;
  /** Restore sessions of the current login; the server shows nobody else's (pages for v1 to v3). */
  listSessions(): Promise<RestoreSession[]>;
  /** Stops a restore session; one that is gone already counts as stopped. */
  stopSession(sessionId: string): Promise<void>;
  listMailboxes(sessionId: string): Promise<Mailbox[]>;
  /** One mailbox by its id, which counts in this session alone [inf]. */
  getMailbox(sessionId: string, mailboxId: string): Promise<Mailbox>;
  listEvents(sessionId: string): Promise<SessionEvent[]>;
  /** The three actions below are sent once and never repeated, whatever happens to the answer. */
  exportToPst(
    sessionId: string,
    mailboxId: string,
    options: ExportOptions,
    limits?: ActionLimits,
    start?: ExportStart,
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
  /** Asks for a code with which a person lets the server into Exchange. */
  requestDeviceCode(sessionId: string, request: DeviceCodeRequest): Promise<DeviceCode>;
  /** Has a person entered that code? Undefined where the server cannot tell (before v6). */
  isDeviceCodeEntered(userCode: string): Promise<boolean | undefined>;
  /** What the session counted; undefined where the server has no statistics. */
  countsOf(sessionId: string): Promise<RestoreAnswer | undefined>;
  /** The moments that can be restored, those of one repository if it is named; undefined where the server has no list of them. */
  listRestorePoints(organizationId: string, repositoryId?: string): Promise<RestorePoint[] | undefined>;
  /** What the server tells of itself; undefined where it has no resource for that. */
  getServiceInstance(): Promise<ServiceInstance | undefined>;
}
