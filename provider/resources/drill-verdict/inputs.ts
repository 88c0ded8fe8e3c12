import type { Digest, Objective, Totals, Verdict } from "../../../evidence/evidence";
import type { BulkFailurePolicyInput } from "../bulk-mailbox-restore/inputs";

/** What the verdict on a drill is made of: what was declared of it, and where the results of its bulk restore are. */
export interface DrillVerdictInputs {
  /** Name of the drill. */
  name: string;
  organization: string;
  pointInTime: string;
  action: "exportToPst" | "restoreTo";
  /** Pattern of the files, or address of the mailbox that was written to. */
  target: string;
  objectives: ObjectivesInput;
  /** When the clock of the objectives began; RFC 3339. Default: when the restores were begun. */
  clockStart?: string;
  /** Beyond `restored`, which always runs. */
  checks?: OptionalCheck[];
  failurePolicy?: BulkFailurePolicyInput;
  onMissed?: "fail" | "report";
  runId?: string;
  reason?: string;
  shard?: { index: number; count: number };
  evidence?: EvidenceInput;
  /** Compare the content of the files, too, and not their size and time alone. */
  hashFiles?: boolean;
  /** Outputs of the bulk restore. */
  restores: {
    resultsFile: string;
    digest: string;
    begunAt: string;
    endpoint: string;
    apiVersion: string;
    resolvedPointInTime: string | null;
  };
  __urn?: string;
}

/** Durations as text: `"4h"`. At least one of the two. */
export interface ObjectivesInput {
  /** Longest time from the start of the clock to the end of a mailbox's restore. */
  rto?: string;
  /** Oldest data that may be restored, counted back from the start of the clock. */
  rpo?: string;
}

export interface EvidenceInput {
  /** Relative to the program's folder. Default `evidence`. */
  folder?: string;
  /** Of the files, without their ending. Default: name of the drill and `runId`, or the time when it was begun, and its shard. */
  name?: string;
}

export const optionalChecks = ["notEmpty", "noFailedItems", "pstVerified"] as const;
export type OptionalCheck = (typeof optionalChecks)[number];

/** What the state remembers: the verdict, and where its evidence is. */
export interface DrillVerdictOutputs extends DrillVerdictInputs {
  verdict: Verdict;
  /** Each objective against the worst mailbox, and the first mailboxes that missed it. */
  results: Objective[];
  totals: Totals;
  evidenceFiles: { json: string; markdown: string; junit: string; html: string };
  evidenceDigest: Digest["value"];
  /** Was the evidence there, unchanged, when last looked at? */
  evidencePresent: boolean;
  stateVersion: 1;
}
