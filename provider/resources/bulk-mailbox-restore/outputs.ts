import { createHash } from "node:crypto";
import { isAbsolute, relative } from "node:path";
import { type FailurePolicy, isAcceptable, writtenOf } from "../../restore/outcome";
import { isOpen, shorten } from "../../restore/record";
import type { MailboxResult, ResultsHeader } from "../../restore/results";
import { withoutAccess, withoutDefaults } from "../mailbox-restore/inputs";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { type Marks, marksOf } from "./marks";

/** What the state remembers of a bulk restore: what was declared without access and lists, totals, and a mark a mailbox. */
export interface BulkMailboxRestoreOutputs extends Omit<BulkMailboxRestoreInputs, "mailboxes" | "confirmInPlace"> {
  /** One run of what is declared; also the resource's id. A UUID. */
  attemptId: string;
  endpoint: string;
  apiVersion: string;
  /** These three are null where the backup could not be opened so far. */
  organizationId: string | null;
  resolvedPointInTime: string | null;
  /** Age of the data when the bulk restore began. */
  dataAgeSeconds: number | null;
  /** When it was begun, before the first request; ISO 8601 UTC. */
  begunAt: string;
  intentHash: string;
  /** Of the names of the mailboxes, in their order. */
  selectionHash: string;
  totals: BulkTotals;
  /** The first 20 mailboxes whose result is not good enough. */
  failures: BulkFailure[];
  /** Mailboxes whose result is not good enough. */
  failureCount: number;
  /** The first warnings, each with its mailbox. */
  warnings: string[];
  /** Of what became of each mailbox. */
  digest: string;
  /** JSON Lines; relative to the program's folder. */
  resultsFile: string;
  marks: Marks;
  /** Begin of the first restore and end of the last one, ISO 8601 UTC; null where none was begun. */
  startedAt: string | null;
  finishedAt: string | null;
  durationSeconds: number;
  /** Mailboxes whose file was not there or not the same when last looked at. */
  pstMissing?: number;
  adoptedFrom?: string;
  stateVersion: 1;
}

export interface BulkTotals {
  mailboxes: number;
  /** Mailboxes by how they ended; `NeverSent` are those that nothing was sent for yet. */
  outcomes: Record<string, number>;
  /** Items of all mailboxes; null where none was counted. */
  items: { written: number | null; skipped: number | null; failed: number | null };
  /** Of all exported files. */
  pstBytes: number;
}

export interface BulkFailure {
  mailbox: string;
  outcome: string;
  reason: string;
}

/** What a mailbox came to, in the terms of one restore. */
export function outcomeOf(result: MailboxResult | undefined): string {
  switch (result?.type) {
    case undefined:
    case "neverSent":
      return "NeverSent";
    case "sent":
      return "Unknown";
    case "failed":
      return "Failed";
    case "ended":
      return result.record.outcome;
  }
}

export const policyOf = ({ failurePolicy }: Pick<BulkMailboxRestoreInputs, "failurePolicy">): FailurePolicy => ({
  maxFailedItems: failurePolicy?.maxFailedItems ?? 0,
  onNothingToRestore: failurePolicy?.onNothingToRestore ?? "fail",
});

/** Is it a result that the program accepts? */
export const isGood = (result: MailboxResult | undefined, policy: FailurePolicy): boolean =>
  result?.type === "ended" &&
  isAcceptable(result.record.outcome, result.record.counts, result.record.failureCount, policy);

/** Is there something that the next `up` goes on with: never sent, or not seen to its end? */
export const isUndone = (outcome: string): boolean => outcome === "NeverSent" || outcome === "Unfinished";

/** Is there anything left that the next `up` goes on with? */
export const hasUndone = ({ totals, organizationId }: BulkMailboxRestoreOutputs): boolean =>
  organizationId === null || Object.keys(totals.outcomes).some(isUndone);

/** Why a result is not good enough. */
export function reasonOf(result: MailboxResult | undefined): string {
  switch (result?.type) {
    case undefined:
      return "not begun yet";
    case "neverSent":
    case "failed":
      return result.reason;
    case "sent":
      return "it was sent, and nobody can tell what became of it";
    case "ended": {
      const { outcome, failures, warnings } = result.record;
      return [...failures, ...warnings][0] ?? (isOpen(outcome) ? "its end was not seen" : outcome);
    }
  }
}

/** Puts together what is stored: plain JSON, no credentials, nothing undefined. */
export function outputsOf(
  inputs: BulkMailboxRestoreInputs,
  run: Pick<
    BulkMailboxRestoreOutputs,
    "endpoint" | "apiVersion" | "organizationId" | "resolvedPointInTime" | "dataAgeSeconds" | "begunAt" | "adoptedFrom"
  > & {
    header: Pick<ResultsHeader, "attemptId" | "intentHash">;
    path: string;
    names: readonly string[];
    resultOf(name: string): MailboxResult | undefined;
    /** What is known of one that the results do not have. */
    markedOf?(name: string): string | undefined;
  },
): BulkMailboxRestoreOutputs {
  const { header, path, names, resultOf, markedOf = () => undefined, ...known } = run;
  const {
    mailboxes: _list,
    confirmInPlace: _said,
    ...declared
  } = withoutDefaults(withoutAccess(inputs)) as BulkMailboxRestoreInputs;
  const outcomes = names.map((name): [string, string] => {
    const result = resultOf(name);
    return [name, result === undefined ? (markedOf(name) ?? "NeverSent") : outcomeOf(result)];
  });
  const policy = policyOf(inputs);
  const bad = outcomes.filter(([name, outcome]) => {
    const result = resultOf(name);
    return result === undefined ? !isSuccess(outcome) : !isGood(result, policy);
  });
  const records = names.flatMap((name) => {
    const result = resultOf(name);
    return result?.type === "ended" ? [result.record] : [];
  });
  const begun = records.map(({ startedAt }) => startedAt).sort();
  const ended = records.map(({ finishedAt }) => finishedAt).sort();
  const [startedAt = null, finishedAt = null] = [begun[0], ended.at(-1)];
  return plain({
    ...declared,
    ...known,
    attemptId: header.attemptId,
    intentHash: header.intentHash,
    selectionHash: selectionHashOf(names),
    totals: {
      mailboxes: names.length,
      outcomes: counted(outcomes.map(([, outcome]) => outcome)),
      items: {
        written: sum(records.map(({ counts }) => writtenOf(counts))),
        skipped: sum(records.map(({ counts }) => counts.skipped)),
        failed: sum(records.map(({ counts }) => counts.failed)),
      },
      pstBytes: records.reduce((bytes, { pst }) => bytes + (pst?.bytes ?? 0), 0),
    },
    failures: bad.slice(0, shownFailures).map(([mailbox, outcome]) => {
      const [reason = ""] = shorten([reasonOf(resultOf(mailbox))]);
      return { mailbox, outcome, reason };
    }),
    failureCount: bad.length,
    warnings: shorten(
      records.flatMap(({ mailboxEmail, warnings }) => warnings.map((warning) => `${mailboxEmail}: ${warning}`)),
    ),
    digest: digestOf(outcomes, resultOf),
    resultsFile: shownPath(path),
    marks: marksOf(outcomes),
    startedAt,
    finishedAt,
    durationSeconds:
      startedAt === null || finishedAt === null
        ? 0
        : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
    stateVersion: 1 as const,
  });
}

const shownFailures = 20;

/** Relative to the program's folder where it is in there: the next run may have the program elsewhere, and a shared journal has not moved. */
function shownPath(absolute: string): string {
  const path = relative(process.cwd(), absolute);
  return path.startsWith("..") || isAbsolute(path) ? absolute : path;
}

export function selectionHashOf(names: readonly string[]): string {
  const sha256 = createHash("sha256");
  names.forEach((name) => sha256.update(`${name}\n`));
  return sha256.digest("hex");
}

/** Changes whenever something of a result does. */
export function digestOf(outcomes: [string, string][], resultOf: (name: string) => MailboxResult | undefined): string {
  const sha256 = createHash("sha256");
  for (const [name, outcome] of outcomes) {
    const result = resultOf(name);
    const { at: _at, ...told } = result ?? { at: "" };
    sha256.update(`${JSON.stringify([name, outcome, told])}\n`);
  }
  return sha256.digest("hex");
}

/** Of a mailbox that only its mark is left of. */
const isSuccess = (outcome: string) =>
  outcome === "Succeeded" || outcome === "SucceededWithWarnings" || outcome === "Accepted";

function counted(outcomes: string[]): Record<string, number> {
  const counts = new Map<string, number>();
  outcomes.forEach((outcome) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Null where nobody counted. */
function sum(numbers: (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length === 0 ? null : known.reduce((total, number) => total + number, 0);
}

function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
