import type { MailboxInput, MailboxRestoreInputs } from "../mailbox-restore/inputs";

/** What a program declares, resolved to plain values: many mailboxes, and one action as the template for each. */
export interface BulkMailboxRestoreInputs extends Pick<
  MailboxRestoreInputs,
  | "organization"
  | "pointInTime"
  | "showDeleted"
  | "showAllVersions"
  | "repositoryId"
  | "maxRestorePointAge"
  | "exportToPst"
  | "restoreToOriginalLocation"
  | "restoreTo"
  | "runId"
  | "confirmInPlace"
  | "reason"
  | "verify"
  | "onDestroy"
  | "timeouts"
  | "__urn"
> {
  /** E-mail addresses, or what names a mailbox otherwise. */
  mailboxes?: (string | MailboxInput)[];
  /** CSV or JSON file with the same; relative to the program's folder. */
  mailboxesFile?: string;
  allMailboxes?: AllMailboxesInput;
  /** Only this part of the mailboxes: `index` from 0, of `count`. */
  shard?: { index: number; count: number };
  /** Mailboxes at the same time; the provider's own limit holds, too. */
  maxConcurrentRestores?: number;
  failurePolicy?: BulkFailurePolicyInput;
  /** Fail the update when the result is not good enough (default), or only report it in the outputs. */
  onFailed?: "fail" | "report";
  /** Any text; another one sends the failed mailboxes again, and those alone. */
  retryFailed?: string;
  /** What the file held when it was looked at, put in by `check`: an edit of it is an edit of the program. */
  __mailboxes?: { count: number; sha256: string };
}

/** The whole organisation. Patterns are of addresses, with `*` and `?`; one without a pattern takes all. */
export interface AllMailboxesInput {
  include?: string[];
  exclude?: string[];
  /** In-place archives, too. Default false. */
  archives?: boolean;
}

export interface BulkFailurePolicyInput {
  /** Mailboxes that may fail. Default 0. */
  maxFailedMailboxes?: number;
  /** Items of a mailbox that may fail. Default 0. */
  maxFailedItems?: number;
  onNothingToRestore?: "fail" | "accept";
}

export const selectionNames = ["mailboxes", "mailboxesFile", "allMailboxes"] as const;
