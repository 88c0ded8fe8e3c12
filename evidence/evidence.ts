/**
 * The record of a recovery drill, for people and auditors: plain JSON, from which every other format is made. No secret, and nothing of any
 * mail. `schema.json` beside this file says the same for programs.
 */
export interface Evidence {
  /** Layout of this document. A reader refuses one that it does not know. */
  evidenceVersion: 1;
  /** `Passed` when every objective was met and every check passed for every mailbox. */
  verdict: Verdict;
  drill: DeclaredDrill;
  software: Software;
  /** When the evidence was put together; ISO 8601 UTC, like all times here. */
  createdAt: string;
  /** What the clock of the objectives began with. */
  clockStartedAt: string;
  /** Begin of the first restore and end of the last one. Null where none was begun. */
  startedAt: string | null;
  finishedAt: string | null;
  objectives: Objective[];
  checks: CheckSummary[];
  totals: Totals;
  /** In the order in which they were declared. */
  mailboxes: DrilledMailbox[];
  /** What else a reader must know, as a part that is missing; whole sentences. Every format shows them beside the verdict. */
  remarks: string[];
  /** The runs that this document was merged from: the digest of each, in order. Empty for a single run. */
  mergedFrom: { name: string; stack: string; shard: Shard | null; digest: Digest }[];
  /** Of this whole document without this field, see `digest.ts`. */
  digest: Digest;
}

export type Verdict = "Passed" | "Failed";

/** SHA-256, lower-case hexadecimal. */
export interface Digest {
  algorithm: "sha256";
  value: string;
}

/** Part `index` (from 0) of `count`. */
export interface Shard {
  index: number;
  count: number;
}

/** What the program declared, and for whom it ran. */
export interface DeclaredDrill {
  /** Name of the resource. */
  name: string;
  project: string;
  stack: string;
  runId: string | null;
  /** The program's own words. */
  reason: string | null;
  /** Account that ran it: of the pipeline, or of the machine. */
  declaredBy: string | null;
  action: "exportToPst" | "restoreTo";
  /** Pattern of the PST files, or address of the mailbox that was written to. */
  target: string;
  organization: string;
  /** As declared: a time, or `latest`. */
  pointInTime: string;
  resolvedPointInTime: string | null;
  shard: Shard | null;
}

export interface Software {
  /** Version of pulumi-vb365. */
  package: string;
  node: string;
  /** Server that was asked, without credentials. */
  endpoint: string;
  /** Version of the REST API, as `v8`. */
  apiVersion: string;
  /** Product version as the server tells it; null where it does not. */
  server: string | null;
}

/**
 * Recovery time objective: from the start of the clock to the end of a mailbox's restore. Recovery point objective: age of the data that was
 * restored, counted back from the start of the clock. In seconds.
 */
export interface Objective {
  name: "rto" | "rpo";
  limitSeconds: number;
  /** The worst mailbox; null where it is known of none. */
  worstSeconds: number | null;
  met: boolean;
  /** Mailboxes that missed it. One without a good result misses every objective. */
  missedCount: number;
  /** The first 100 of them. */
  missedBy: string[];
}

/** What a check that ran for every mailbox came to. */
export interface CheckSummary {
  name: CheckName;
  passed: number;
  failed: number;
  /** It could not be told. That is no pass. */
  unknown: number;
}

/**
 * - `restored`: the restore ended well by the policy that was declared.
 * - `notEmpty`: at least one item was restored, or the PST holds at least one.
 * - `noFailedItems`: the server counted no failed item, or its event says that all went well.
 * - `pstVerified`: the file passed its checks when it arrived, and is still there, unchanged.
 */
export type CheckName = "restored" | "notEmpty" | "noFailedItems" | "pstVerified";

export interface Totals {
  mailboxes: number;
  /** Mailboxes with a good result by the policy that was declared. */
  passed: number;
  /** Mailboxes by outcome; outcomes that no mailbox has are left out. */
  outcomes: Record<string, number>;
  /** Items of all mailboxes together; null where no mailbox was counted. */
  items: { written: number | null; skipped: number | null; failed: number | null };
  /** Of all exported files. */
  pstBytes: number;
}

export interface DrilledMailbox {
  /** E-mail as the backup lists it; the id where it has none. With ` (archive)` behind it for an archive. */
  mailbox: string;
  mailboxId: string | null;
  /** `Succeeded`, `SucceededWithWarnings`, `PartiallyFailed`, `Failed`, `NothingToRestore`, `Unfinished`, `Unknown`, `Accepted`, or `NeverSent`. */
  outcome: string;
  /** A good result, every objective met, every check passed. */
  passed: boolean;
  startedAt: string | null;
  finishedAt: string | null;
  /** Null where it is not known, as by two clocks that contradict each other. */
  durationSeconds: number | null;
  pointInTime: string | null;
  /** From the start of the clock to its end: what `rto` limits. Null where that was not seen, as of a restore that began before the clock did. */
  recoveryTimeSeconds: number | null;
  /** Age of its data at the start of the clock: what `rpo` limits. */
  recoveryPointSeconds: number | null;
  /** Objectives that it missed. */
  missed: ("rto" | "rpo")[];
  checks: { name: CheckName; result: "passed" | "failed" | "unknown" }[];
  counts: {
    created: number | null;
    merged: number | null;
    skipped: number | null;
    failed: number | null;
    /** Instead of the first two, where the server does not tell them apart. */
    restored: number | null;
  };
  /** The server's words, shortened; the first few. */
  failures: string[];
  failureCount: number;
  warnings: string[];
  restoreSessionId: string | null;
  /** Files that it was exported to. */
  pst: ExportedFile[];
}

export interface ExportedFile {
  /** Relative to the program's folder, where it is below it. */
  path: string;
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** Checks that it passed when it arrived. */
  verified: string[];
  /** Items in it, where it was opened. */
  items: number | null;
}
