import { withDigest } from "../../evidence/digest";
import type { CheckName, DrilledMailbox, Evidence } from "../../evidence/evidence";
import { summaryOf } from "../../evidence/summary";

/** When the clock of every example starts. */
export const clockStartedAt = "2026-11-20T22:00:00Z";

/** Words that break whatever does not escape them: tags, quotes, ends of elements, tables and lines, directions, control characters. */
export const hostileWords = [
  "</script><img src=x onerror=alert(1)>",
  `"><svg onload='alert(1)'>`,
  "]]> <!-- --> &amp; &lt;",
  "a | b\n| c | `d` **e** [f](https://example.test/)",
  "\u202Egnp.exe\u202C \u0000\u0007\u001B[31m \u2066\uFFFE \uD800",
  "__proto__",
] as const;

/** Limits of the example drill. */
export const limits = [
  { name: "rto", limitSeconds: 4 * 3600 },
  { name: "rpo", limitSeconds: 24 * 3600 },
] as const;

/** A mailbox with a good result, but for what a test states. */
export function aMailbox(index = 0, difference: Partial<DrilledMailbox> = {}): DrilledMailbox {
  const name = `mailbox-${String(index + 1).padStart(5, "0")}`;
  const begin = 5 + Math.floor(index / 8) * 7 + (index % 8);
  const duration = 6 + ((index * 37) % 41) / 2;
  const hash = (index + 1).toString(16).padStart(8, "0").repeat(8);
  const good: DrilledMailbox = {
    mailbox: `${name}@contoso.example`,
    mailboxId: `id-${name}`,
    outcome: "Succeeded",
    passed: true,
    startedAt: at(begin),
    finishedAt: at(begin + duration),
    durationSeconds: duration,
    pointInTime: "2026-11-20T18:00:00Z",
    recoveryTimeSeconds: begin + duration,
    recoveryPointSeconds: 4 * 3600,
    missed: [],
    checks: checks({}),
    counts: { created: null, merged: null, skipped: 0, failed: 0, restored: 100 + ((index * 7919) % 5000) },
    failures: [],
    failureCount: 0,
    warnings: [],
    restoreSessionId: `session-${Math.floor(index / 50) + 1}`,
    pst: [
      {
        path: `exports/${name}.pst`,
        bytes: 1_000_000 + ((index * 104_729) % 50_000_000),
        sha256: hash,
        verified: ["size", "header"],
        items: null,
      },
    ],
  };
  return { ...good, ...difference };
}

/** A mailbox without a good result: it misses every objective. */
export function aFailedMailbox(index: number, outcome = "Failed", difference: Partial<DrilledMailbox> = {}) {
  const isSeen = outcome !== "NeverSent" && outcome !== "Unknown" && outcome !== "Unfinished";
  const wasBegun = outcome !== "NeverSent";
  return aMailbox(index, {
    outcome,
    passed: false,
    missed: ["rto", "rpo"],
    checks: checks({
      restored: isSeen ? "failed" : "unknown",
      notEmpty: "unknown",
      noFailedItems: isSeen ? "failed" : "unknown",
      pstVerified: "unknown",
    }),
    counts: { created: null, merged: null, skipped: null, failed: isSeen ? 3 : null, restored: null },
    failures: isSeen ? ["The operation timed out.", "Access is denied."] : [],
    failureCount: isSeen ? 3 : 0,
    pst: [],
    recoveryPointSeconds: null,
    ...(isSeen ? {} : { finishedAt: null, durationSeconds: null, recoveryTimeSeconds: null }),
    ...(wasBegun ? {} : { startedAt: null, restoreSessionId: null, pointInTime: null }),
    ...difference,
  });
}

/** Results of all checks: passed, but for what a test states. */
export function checks(results: Partial<Record<CheckName, "passed" | "failed" | "unknown">>) {
  const names: CheckName[] = ["restored", "notEmpty", "noFailedItems", "pstVerified"];
  return names.map((name) => ({ name, result: results[name] ?? ("passed" as const) }));
}

/** Evidence of a drill of these mailboxes, summed up and with its digest, but for what a test states. */
export function anEvidence(mailboxes: DrilledMailbox[] = [aMailbox()], difference: Partial<Evidence> = {}): Evidence {
  const times = (field: "startedAt" | "finishedAt") =>
    mailboxes.flatMap(({ [field]: time }) => time ?? []).sort((a, b) => Date.parse(a) - Date.parse(b));
  return withDigest({
    evidenceVersion: 1,
    ...summaryOf(mailboxes, limits),
    drill: {
      name: "quarterly",
      project: "recovery",
      stack: "drills",
      runId: "2026-Q4",
      reason: "Quarterly recovery drill",
      declaredBy: "pipeline 4711",
      action: "exportToPst",
      target: "exports/{email}.pst",
      organization: "contoso.example",
      pointInTime: "latest",
      resolvedPointInTime: "2026-11-20T18:00:00Z",
      shard: null,
    },
    software: {
      package: "0.1.0",
      node: "v20.19.0",
      endpoint: "https://vb365.example.test:4443",
      apiVersion: "v8",
      server: "8.1.0.305",
    },
    createdAt: "2026-11-21T02:00:00Z",
    clockStartedAt,
    startedAt: times("startedAt")[0] ?? null,
    finishedAt: times("finishedAt").at(-1) ?? null,
    mailboxes,
    remarks: [],
    mergedFrom: [],
    ...difference,
  });
}

/** Evidence as a large drill leaves it: archives, split exports, failures of every kind, counts that nobody knows, hostile words. */
export function aMixedEvidence(count: number): Evidence {
  return anEvidence(Array.from({ length: count }, (_, index) => inThreeHours(aMixedMailbox(index), index / count)));
}

/** A shard of a drill, `index` of `count`, with mailboxes of its own. */
export function aShard(
  index: number,
  count: number,
  mailboxes = [aMailbox(index)],
  difference: Partial<Evidence> = {},
) {
  const whole = anEvidence(mailboxes, difference);
  const { digest: _digest, ...document } = whole;
  return withDigest({ ...document, drill: { ...whole.drill, stack: `drills-${index}`, shard: { index, count } } });
}

function aMixedMailbox(index: number): DrilledMailbox {
  const outcomes = ["Failed", "PartiallyFailed", "Unknown", "NeverSent", "Unfinished", "NothingToRestore"];
  if (index % 41 === 7) {
    return aFailedMailbox(index, outcomes[Math.floor(index / 41) % outcomes.length]);
  }
  if (index % 97 === 3) {
    return aMailbox(index, { passed: false, missed: ["rto"] });
  }
  if (index % 211 === 5) {
    const words = [...hostileWords];
    return aFailedMailbox(index, "Failed", {
      mailbox: words[index % words.length] ?? "",
      failures: words,
      failureCount: 40,
    });
  }
  const name = `mailbox-${String(index + 1).padStart(5, "0")}@contoso.example`;
  if (index % 13 === 1) {
    return aMailbox(index, { mailbox: `${name} (archive)` });
  }
  if (index % 29 === 2) {
    const parts = aMailbox(index).pst.flatMap((file) => [file, { ...file, path: file.path.replace(".pst", ".2.pst") }]);
    return aMailbox(index, { pst: parts, outcome: "SucceededWithWarnings", warnings: ["The server gave no counts."] });
  }
  if (index % 31 === 4) {
    return aMailbox(index, { counts: { created: null, merged: null, skipped: null, failed: null, restored: null } });
  }
  return aMailbox(index);
}

/** Spreads the restores over three hours; those that miss the recovery time end half an hour after its limit. */
function inThreeHours(mailbox: DrilledMailbox, share: number): DrilledMailbox {
  if (mailbox.startedAt === null) {
    return mailbox;
  }
  const begin = Math.round(20 + share * 3 * 3600);
  const startedAt = at(begin);
  if (mailbox.durationSeconds === null) {
    return { ...mailbox, startedAt };
  }
  const isLate = mailbox.missed.join() === "rto";
  const durationSeconds = isLate ? 4.5 * 3600 - begin : Math.round(mailbox.durationSeconds * 25 * (1 - 0.6 * share));
  const recoveryTimeSeconds = begin + durationSeconds;
  return { ...mailbox, startedAt, finishedAt: at(recoveryTimeSeconds), durationSeconds, recoveryTimeSeconds };
}

const at = (seconds: number) => new Date(Date.parse(clockStartedAt) + seconds * 1000).toISOString();

/** Evidence in which whatever can be words is words that mean harm. */
export function aHostileEvidence(): Evidence {
  const all = hostileWords.join(" ");
  const pst = [{ path: all, bytes: 1, sha256: "0".repeat(64), verified: [all], items: 1 }];
  const { digest: _digest, ...evidence } = anEvidence([
    ...hostileWords.map((word, index) =>
      aFailedMailbox(index, "Failed", { mailbox: word, failures: [...hostileWords] }),
    ),
    aMailbox(20, { mailbox: all, mailboxId: all, restoreSessionId: all, warnings: [all], pst }),
    aMailbox(21, { pst }),
  ]);
  const { drill, software } = evidence;
  const words = { name: all, project: all, stack: all, runId: all, reason: all, declaredBy: all, target: all };
  return withDigest({
    ...evidence,
    drill: { ...drill, ...words, organization: all, pointInTime: all },
    software: { ...software, package: all, node: all, endpoint: all, apiVersion: all, server: all },
    remarks: [all],
    mergedFrom: [{ name: all, stack: all, shard: null, digest: { algorithm: "sha256", value: "0".repeat(64) } }],
  });
}
