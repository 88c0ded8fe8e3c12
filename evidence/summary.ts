import type { CheckSummary, DrilledMailbox, Evidence, Objective, Totals } from "./evidence";

/** What every mailbox together came to. */
export type Summary = Pick<Evidence, "verdict" | "objectives" | "checks" | "totals">;

/** Limit of an objective, as declared. */
export type Limit = Pick<Objective, "name" | "limitSeconds">;

/** A list of those that missed an objective says who to look at first; the mailboxes themselves say the rest. */
const missedByAtMost = 100;

/** Sums up. What was not seen is no success: a drill without a mailbox fails, and so does a check that could not be told. */
export function summaryOf(mailboxes: readonly DrilledMailbox[], limits: readonly Limit[]): Summary {
  const objectives = limits.map((limit) => objectiveOf(mailboxes, limit));
  const checks = checksOf(mailboxes);
  const isPassed =
    mailboxes.length > 0 &&
    mailboxes.every(({ passed }) => passed) &&
    objectives.every(({ met }) => met) &&
    checks.every(({ failed, unknown }) => failed + unknown === 0);
  return { verdict: isPassed ? "Passed" : "Failed", objectives, checks, totals: totalsOf(mailboxes) };
}

/** Items that were written; null where the server did not say. */
export function writtenOf({ counts }: Pick<DrilledMailbox, "counts">): number | null {
  return counts.restored ?? sumOfKnown([counts.created, counts.merged]);
}

function objectiveOf(mailboxes: readonly DrilledMailbox[], { name, limitSeconds }: Limit): Objective {
  const field = name === "rto" ? "recoveryTimeSeconds" : "recoveryPointSeconds";
  const missed = mailboxes.filter((mailbox) => mailbox.missed.includes(name));
  return {
    name,
    limitSeconds,
    worstSeconds: mailboxes.reduce<number | null>((worst, { [field]: seconds }) => maximum(worst, seconds), null),
    met: mailboxes.length > 0 && missed.length === 0,
    missedCount: missed.length,
    missedBy: missed.slice(0, missedByAtMost).map(({ mailbox }) => mailbox),
  };
}

/** In the order in which the mailboxes name them. */
function checksOf(mailboxes: readonly DrilledMailbox[]): CheckSummary[] {
  const summaries = new Map<string, CheckSummary>();
  for (const { name, result } of mailboxes.flatMap(({ checks }) => checks)) {
    const summary = summaries.get(name) ?? { name, passed: 0, failed: 0, unknown: 0 };
    summary[result] += 1;
    summaries.set(name, summary);
  }
  return [...summaries.values()];
}

function totalsOf(mailboxes: readonly DrilledMailbox[]): Totals {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of mailboxes) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return {
    mailboxes: mailboxes.length,
    passed: mailboxes.filter(isRestored).length,
    outcomes,
    items: {
      written: sumOfKnown(mailboxes.map(writtenOf)),
      skipped: sumOfKnown(mailboxes.map(({ counts }) => counts.skipped)),
      failed: sumOfKnown(mailboxes.map(({ counts }) => counts.failed)),
    },
    pstBytes: mailboxes.flatMap(({ pst }) => pst).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** A good result by the policy that was declared: what the check `restored` says. */
const isRestored = ({ checks }: DrilledMailbox) =>
  checks.some(({ name, result }) => name === "restored" && result === "passed");

const maximum = (a: number | null, b: number | null) => (a === null || b === null ? (a ?? b) : Math.max(a, b));

function sumOfKnown(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}
