import type { TimeoutsInput } from "../../timeouts";
import { type AccessInput, accessNames } from "./access";

/** What a program declares, resolved to plain values. Credentials are inputs only; no output carries one. */
export interface MailboxRestoreInputs {
  /** Id or name of the organisation, as the server lists it. */
  organization?: string;
  mailbox?: MailboxInput;
  /** RFC 3339 with an offset, or "latest". */
  pointInTime?: string;
  /** Show items that were deleted before that time, too. Default false. */
  showDeleted?: boolean;
  /** Show all versions of changed items. Default false. */
  showAllVersions?: boolean;

  /** A `RestoreSession` of the program, beside `mailbox`. */
  session?: SessionInput;

  /** A restore session that was opened elsewhere; it is never stopped by us. */
  restoreSessionId?: string;
  mailboxId?: string;

  exportToPst?: ExportToPstInput;
  restoreToOriginalLocation?: AccessInput;
  restoreTo?: RestoreToInput;

  /** Only what this backup repository holds (REST API v8). Id. */
  repositoryId?: string;

  /** Any text; another one runs the restore again, and that is its only purpose. */
  runId?: string;
  /** E-mail of the production mailbox that may be written to. */
  confirmInPlace?: string;
  /** Oldest data that may be restored, as a duration ("24h", "7d"): judged when the restore is to begin. */
  maxRestorePointAge?: string;
  failurePolicy?: FailurePolicyInput;
  /** What to do with a restore whose end nobody can tell: "fail" (default), or accept it, with a note that says why. */
  onUnknown?: "fail" | { accept: string };
  /** For the record; changes nothing. */
  reason?: string;
  /** What is done to prove an exported file, beyond what is always done. */
  verify?: VerifyInput;
  /** What a destroy does to the exported file. Default "keep". */
  onDestroy?: "keep" | "deletePst";
  timeouts?: TimeoutsInput;
  /** Take over a restore that was done by hand, instead of running one. */
  adopt?: AdoptInput;

  /** URN of the resource, put in by the SDK: whose restore this is, and which row shows its progress. */
  __urn?: string;
}

/** A restore that was done by hand: the session that tells of it, or a note that says what is known. */
export type AdoptInput =
  { restoreSessionId: string; note?: undefined } | { note: string; restoreSessionId?: undefined };

export interface MailboxInput {
  email?: string;
  /** The in-place archive of that address instead of the mailbox itself. Default false. */
  archive?: boolean;
  /** Id inside the restore session, instead of an e-mail. */
  id?: string;
}

/** What was declared of a restore session, and where it is now. */
export interface SessionInput {
  restoreSessionId: string;
  /** Version of the REST API that it was opened with. No part of what is declared. */
  apiVersion?: string;
  organization: string;
  pointInTime: string;
  showDeleted?: boolean;
  showAllVersions?: boolean;
  repositoryId?: string;
}

export interface ExportToPstInput {
  /** File to write; relative to the program's folder. May name `{email}`, `{mailboxId}`, `{date}` (of the run, UTC) and `{runId}`. */
  path: string;
  /** Export only items that contain this. Default: everything. */
  contentKeywords?: string;
  /** Let the server split the file where it grows larger than `pstSizeLimitBytes` (REST API v4 on). Default false. */
  enablePstSizeLimit?: boolean;
  /** 1 to 49 GB, in bytes. */
  pstSizeLimitBytes?: number;
}

export interface RestoreToInput extends AccessInput {
  /** Target mailbox. */
  mailbox: string;
  /** Client Access server, resolved by the Veeam server. Default outlook.office365.com. */
  casServer?: string;
  /** Folder of the target mailbox; made if it is not there (REST API v4 on). Default: the original folders. */
  folder?: string;
  /** Both for a target in another organisation (REST API v6 on). */
  officeRegion?: string;
  officeOrganizationName?: string;
  changedItems?: boolean;
  deletedItems?: boolean;
  markRestoredAsUnread?: boolean;
  excludeDrafts?: boolean;
  excludeDeletedItems?: boolean;
  excludeInPlaceHoldItems?: boolean;
  excludeLitigationHoldItems?: boolean;
}

export interface VerifyInput {
  /** Open it with a PST library, read every item, and count them. Default false: that takes long for a large file. */
  contents?: boolean;
  /** Compare the content at every refresh, instead of size and time. Default false. */
  hashOnRefresh?: boolean;
  /** Write `PATH.sha256` beside it, for `sha256sum -c`. Default false. */
  sha256File?: boolean;
}

export interface FailurePolicyInput {
  /** Items that may fail. Default 0. */
  maxFailedItems?: number;
  onNothingToRestore?: "fail" | "accept";
}

export const actionNames = ["exportToPst", "restoreToOriginalLocation", "restoreTo"] as const;

/** Written into the state when a resource is created, so that a later default changes no older one. Never edit a value. */
const defaults: { path: [string] | [string, string]; value: unknown }[] = [
  { path: ["showDeleted"], value: false },
  { path: ["showAllVersions"], value: false },
  { path: ["restoreTo", "casServer"], value: "outlook.office365.com" },
  { path: ["restoreTo", "changedItems"], value: true },
  { path: ["restoreTo", "deletedItems"], value: true },
  { path: ["restoreTo", "markRestoredAsUnread"], value: false },
  { path: ["restoreTo", "excludeDrafts"], value: false },
  { path: ["restoreTo", "excludeDeletedItems"], value: false },
  { path: ["restoreTo", "excludeInPlaceHoldItems"], value: false },
  { path: ["restoreTo", "excludeLitigationHoldItems"], value: false },
];

type Bag = Record<string, unknown>;
const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Inputs with every default written out.
 *
 * @param like - inputs of an older version: a default that they do not have is left out, so that an upgrade of this package
 * changes nothing in a stack's inputs
 */
export function withDefaults<T extends object>(inputs: T, like?: Bag): T {
  const filled: Bag = structuredClone(inputs) as Bag;
  const bySession = filled["restoreSessionId"] !== undefined || filled["session"] !== undefined;
  for (const { path, value } of defaults) {
    const [first, second] = path;
    const parent = second === undefined ? filled : filled[first];
    const likeParent = second === undefined ? like : like?.[first];
    const leaf = second ?? first;
    const applies = isBag(parent) && parent[leaf] === undefined && !(bySession && second === undefined);
    if (applies && (like === undefined || (isBag(likeParent) && likeParent[leaf] !== undefined))) {
      parent[leaf] = value;
    }
  }
  return filled as T;
}

/** The same inputs without defaults that were written out: for outputs, where what is not there means the same. */
export function withoutDefaults<T extends object>(inputs: T): T {
  const lean: Bag = structuredClone(inputs) as Bag;
  for (const { path, value } of defaults) {
    const [first, second] = path;
    const parent = second === undefined ? lean : lean[first];
    const leaf = second ?? first;
    if (isBag(parent) && parent[leaf] === value) {
      delete parent[leaf];
    }
  }
  return lean as T;
}

/** The same inputs without what gives access: fit for outputs. */
export function withoutAccess(inputs: MailboxRestoreInputs): MailboxRestoreInputs {
  const clean = structuredClone(inputs) as MailboxRestoreInputs & Bag;
  for (const name of actionNames) {
    const action = clean[name] as Bag | undefined;
    if (isBag(action)) {
      accessNames.forEach((access) => delete action[access]);
    }
  }
  return clean;
}
