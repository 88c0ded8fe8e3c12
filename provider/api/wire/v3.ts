/**
 * The REST API v3 in the vendor's own spelling. Types only: the client and the simulator share these shapes and not a
 * line of code, so that a misreading on one side cannot hide a misreading on the other.
 *
 * Source: "Veeam Backup for Microsoft Office 365 RESTful API Reference" 3.0. Where the reference's own samples
 * disagree (a flag printed as `"false"`, a page drawn as an array), the type admits both.
 */

/** A flag as v3 prints it: a JSON boolean or the words `"true"` and `"false"`. */
export type WireBoolean = boolean | "true" | "false";

export interface WireToken {
  access_token: string;
  token_type: string;
  /** Seconds; a number or a numeral. */
  expires_in: number | string;
  refresh_token: string;
  userName?: string;
  ".issued"?: string;
  ".expires"?: string;
}

/** The body of a refused token request. */
export interface WireTokenError {
  error: string;
  error_description?: string;
}

/** The body of any other refused request. */
export interface WireError {
  message: string;
}

export type WireLinks = Record<string, { href: string }>;

export interface WirePage<T> {
  offset: number;
  limit: number;
  results: T[];
  _links?: WireLinks;
}

export interface WireOrganization {
  id: string;
  type: string;
  name: string;
  officeName?: string;
  region?: string;
  isExchangeOnline?: WireBoolean;
  isSharePointOnline?: WireBoolean;
  isBackedup?: WireBoolean;
  /** Spelled with this casing by the server. UTC. */
  firstBackuptime?: string;
  lastBackuptime?: string;
  _links?: WireLinks;
}

export interface WireExploreRequest {
  explore: {
    datetime: string;
    type: "vex";
    showDeleted: WireBoolean;
    showAllVersions: WireBoolean;
  };
}

export interface WireRestoreSession {
  id: string;
  type: string;
  creationTime: string;
  endTime?: string | null;
  state: string;
  result: string;
  name?: string;
  organization?: string;
  initiatedBy?: string;
  _links?: WireLinks;
}

export interface WireMailbox {
  id: string;
  name: string;
  email: string;
  isArchive: WireBoolean;
  _links?: WireLinks;
}

export interface WireSessionEvent {
  id: string;
  type: string;
  status: string;
  startTime: string;
  endTime?: string | null;
  duration?: string;
  title?: string;
  message: string;
  order: number;
}

export interface WireExportToPst {
  contentKeywords?: string;
  /** v4 on. */
  enablePstSizeLimit?: WireBoolean;
  /** v4 on; 1 to 49 GB, in bytes. */
  pstSizeLimitBytes?: number;
}

/** How the server gets into Exchange; alone, it is the body of a restore to the original location. */
export interface WireExchangeAccess {
  userName?: string;
  userPassword?: string;
  /** v4 on, instead of the other two. */
  userCode?: string;
}

export interface WireRestoreTo extends WireExchangeAccess {
  casServer: string;
  mailbox: string;
  /** v4 on. */
  folder?: string;
  changedItems: WireBoolean;
  deletedItems: WireBoolean;
  markRestoredAsUnread: WireBoolean;
  excludeDrafts: WireBoolean;
  excludeDeletedItems: WireBoolean;
  excludeInPlaceHoldItems: WireBoolean;
  excludeLitigationHoldItems: WireBoolean;
}

/** `POST …/Organization/Mailboxes/{mailboxId}/Action`: exactly one key, spelled as the reference's body examples are. */
export type WireMailboxAction =
  { exporttoPst: WireExportToPst } | { restoretoOriginallocation: WireExchangeAccess } | { restoreTo: WireRestoreTo };

/** What a restore answers with, when it answers with anything: v3's page says "body: none". */
export interface WireRestoreStatistics {
  createdItemsCount?: number | string;
  mergedItemsCount?: number | string;
  failedItemsCount?: number | string;
  skippedItemsCount?: number | string;
  failedFoldersCount?: number | string;
  cannotContinueError?: string | null;
  warnings?: string[] | null;
  exceptions?: string[] | null;
}
