/**
 * The REST API v6 to v8 in the vendor's own spelling: one URL an action, flat bodies, real booleans. Types only: the client and the
 * simulator share these shapes and not a line of code, so that a misreading on one side cannot hide a misreading on the other.
 *
 * Source: the vendor's OpenAPI documents of v6, v7 and v8. What only some of them have is marked.
 */

/** Relative, `/v8/RestoreSessions/…`. */
export type WireLinks = Record<string, { href: string }>;

export interface WireToken {
  access_token: string;
  token_type: string;
  /** Seconds; a number or a numeral. */
  expires_in: number | string;
  refresh_token: string;
  /** Optional from v8 on. */
  userName?: string;
  ".issued"?: string;
  ".expires"?: string;
}

/** v7 adds `errorCode`, v8 also `stackTrace`. */
export interface WireError {
  message: string;
  errorCode?: string | null;
  stackTrace?: string | null;
}

export interface WireServiceInstance {
  installationId: string;
  /** Build of the product. */
  version: string;
}

export interface WirePage<T> {
  offset: number;
  limit: number;
  setId?: string;
  /** Not in v8. */
  totalCount?: number;
  results: T[];
  _links?: WireLinks;
}

/** `GET Organizations`: an array in v6 and v7, a page in v8. The last three only with `extendedView=true`. */
export interface WireOrganization {
  id: string;
  type: string;
  name: string;
  officeName?: string;
  region?: string;
  isExchangeOnline?: boolean;
  isSharePointOnline?: boolean;
  isTeamsOnline?: boolean;
  isBackedup?: boolean;
  /** Spelled with this casing by the server. UTC. */
  firstBackuptime?: string | null;
  lastBackuptime?: string | null;
  _links?: WireLinks;
}

/** `POST Organizations/{id}/explore`, or `Organization/Explore` for a tenant. */
export interface WireExplore {
  dateTime: string;
  type: "Vex";
  showDeleted: boolean;
  showAllVersions: boolean;
  /** v8. */
  repositoryId?: string;
}

export interface WireRestoreSession {
  id: string;
  name: string;
  organization: string;
  type: string;
  creationTime: string;
  endTime?: string | null;
  /** Working or Stopped. */
  state: string;
  /** Success, Warning or Failed. */
  result: string;
  initiatedBy: string;
  details?: string;
  scopeName?: string;
  clientHost?: string;
  reason?: string;
  /** v8. */
  eTag?: number;
  _links?: WireLinks;
}

export interface WireMailbox {
  id: string;
  name: string;
  email: string;
  isArchive: boolean;
  isPublic?: boolean;
  _links?: WireLinks;
}

export interface WireSessionEvent {
  id: string;
  type?: string;
  /** Running, Success, Warning, Failed, Cancelled, Skipped. */
  status: string;
  startTime: string;
  endTime?: string | null;
  duration?: string;
  title?: string;
  message: string;
  order: number;
  itemName?: string;
  itemType?: string;
  itemSizeBytes?: number;
  source?: string;
  target?: string;
}

/** One of three variants; two at once are not documented. */
export interface WireExchangeAccess {
  userName?: string;
  userPassword?: string;
  userCode?: string;
  applicationId?: string;
  /** Base64 of a certificate with its private key. */
  applicationCertificate?: string;
  applicationCertificatePassword?: string;
  /** Required with the certificate, and valid only with it. */
  impersonationAccountName?: string;
}

/** `POST …/organization/mailboxes/{id}/exportToPst` */
export interface WireExportToPst {
  contentKeyword?: string;
  enablePstSizeLimit?: boolean;
  /** 1 to 49 GB, in bytes. */
  pstSizeLimitBytes?: number;
}

/** `POST …/organization/mailboxes/{id}/restoreTo`; `…/restore` takes the access alone. */
export interface WireRestoreTo extends WireExchangeAccess {
  casServer: string;
  mailbox: string;
  folder?: string;
  changedItems: boolean;
  deletedItems: boolean;
  markRestoredAsUnread: boolean;
  excludeDrafts: boolean;
  excludeDeletedItems: boolean;
  excludeInPlaceHoldItems: boolean;
  excludeLitigationHoldItems: boolean;
  /** Worldwide, Germany, China, USDefence, USGovernment. */
  officeRegion?: string;
  officeOrganizationName?: string;
}

/** `POST …/organization/restoreDeviceCode`, v4 to v8. */
export interface WireDeviceCodeRequest {
  targetApplicationId: string;
  targetRegion?: string;
  targetOrganizationName?: string;
}

export interface WireDeviceCode {
  userCode: string;
  verificationUrl: string;
  /** Seconds. */
  expiresIn: number;
  message: string;
}

/** `POST DeviceCode/check` */
export interface WireDeviceCodeCheck {
  userCode: string;
}

export interface WireDeviceCodeChecked {
  /** A person has entered it and logged in. */
  authenticated: boolean;
}

/** Answer of a restore in v6 and v7, which have ended by then. */
export interface WireRestoreStatistics {
  createdItemsCount?: number;
  mergedItemsCount?: number;
  failedItemsCount?: number;
  skippedItemsCount?: number;
  failedFoldersCount?: number;
  cannotContinueError?: string | null;
  warnings?: string[] | null;
  exceptions?: string[] | null;
}

/** Answer of a restore in v8, which has only begun. Whether it is the session in the path or a new one is not documented. */
export interface WireAsyncRestore {
  sessionId: string;
}

/** `GET RestoreSessions/{id}/Statistics`, v8. */
export interface WireSessionStatistics {
  totalItemsCount: number;
  restoredItemsCount: number;
  failedItemsCount: number;
  skippedItemsCount: number;
  warnings?: string[] | null;
  errors?: string[] | null;
  /** What was restored; optional, and also other types than this one. */
  items: WireRestoredMailbox[];
}

/** A mailbox in the statistics of a session, v8. */
export interface WireRestoredMailbox {
  id: string;
  itemRestoreDetailsType: "BulkMailbox";
  itemType: string;
  name: string;
  /** Success, Warning, Failed, …. */
  status: string;
  error?: string;
  warnings?: string[];
  mailboxEmail: string;
  mailboxIsArchive: boolean;
  mailboxIsPublic: boolean;
  createdMailboxItemsCount: number;
  mergedMailboxItemsCount: number;
  failedMailboxItemsCount: number;
  skippedMailboxItemsCount: number;
  cannotContinueMailboxError?: string;
}

/** `GET RestorePoints?organizationId&repositoryId`: an array in v6, pages from v7 on. What it holds is told by the flags. */
export interface WireRestorePoint {
  id: string;
  backupTime: string;
  organizationId?: string;
  repositoryId?: string;
  jobId?: string;
  isExchange?: boolean;
  isSharePoint?: boolean;
  isOneDrive?: boolean;
  isTeams?: boolean;
  isLongTermCopy?: boolean;
  isRetrieved?: boolean;
}
