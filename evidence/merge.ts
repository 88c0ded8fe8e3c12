import { MailboxRestoreError } from "../provider/errors";
import { isDigestRight, withDigest } from "./digest";
import type { DeclaredDrill, DrilledMailbox, Evidence, Shard, Software } from "./evidence";
import { summaryOf } from "./summary";
import { counted, durationText } from "./text";

/** Evidence of one shard. */
type Part = Evidence & { drill: { shard: Shard } };

/**
 * Joins the evidence of a drill that ran in shards, a stack each.
 *
 * The drill has one clock, that of the shard which began first: recovery times of the others grow by what they began later. What a missing
 * shard would have shown is not known, so the verdict is `Failed` then, and a remark says why.
 *
 * @param documents - one a shard, in any order
 * @param createdAt - ISO 8601 UTC
 * @throws {@link MailboxRestoreError} with code `file`, when the documents are not shards of the same run of the same drill
 */
export function mergeEvidence(documents: readonly Evidence[], createdAt: string): Evidence {
  const [first, ...others] = documents.map(partOf).sort((a, b) => a.drill.shard.index - b.drill.shard.index);
  if (first === undefined) {
    throw refused("There is no evidence to merge.");
  }
  others.forEach((other) => refuseAnotherDrill(first, other));
  const parts: [Part, ...Part[]] = [first, ...others];
  refuseSameShard(parts);
  const clockStartedAt = earliest(parts.map((part) => part.clockStartedAt)) ?? first.clockStartedAt;
  const mailboxes = parts.flatMap((part) => part.mailboxes.map((mailbox) => onClock(mailbox, part, clockStartedAt)));
  refuseSameMailbox(mailboxes);
  const missing = missingShards(parts);
  const summary = summaryOf(mailboxes, first.objectives);
  return withDigest({
    evidenceVersion: 1,
    ...summary,
    verdict: missing.length > 0 ? "Failed" : summary.verdict,
    drill: drillOf(parts),
    software: softwareOf(parts),
    createdAt,
    clockStartedAt,
    startedAt: earliest(parts.map(({ startedAt }) => startedAt)),
    finishedAt: latest(parts.map(({ finishedAt }) => finishedAt)),
    mailboxes,
    remarks: [
      ...missingRemark(missing, first.drill.shard.count),
      ...clockRemark(parts, mailboxes),
      ...softwareRemark(parts),
      ...parts.flatMap(({ drill, remarks }) =>
        remarks.map((remark) => `Shard ${drill.shard.index + 1} of ${drill.shard.count}: ${remark}`),
      ),
    ],
    mergedFrom: parts.map(({ drill: { name, stack, shard }, digest }) => ({ name, stack, shard, digest })),
  });
}

function partOf(document: Evidence): Part {
  const { drill, mergedFrom } = document;
  const { shard } = drill;
  const what = `The evidence of drill ${drill.name}, stack ${drill.stack},`;
  if (!isDigestRight(document)) {
    throw refused(`${what} was changed after it was written: its digest is not that of what it says.`);
  }
  if (mergedFrom.length > 0) {
    throw refused(`${what} is merged already: merge the ${mergedFrom.length} documents that it was made from.`);
  }
  if (shard === null) {
    throw refused(`${what} does not say which shard it is, so nobody could tell whether one is missing.`);
  }
  if (shard.index >= shard.count) {
    throw refused(`${what} is shard ${shard.index + 1} of ${shard.count}, and there is none.`);
  }
  return { ...document, drill: { ...drill, shard } };
}

function refuseAnotherDrill(first: Part, other: Part): void {
  const same: [what: string, of: (part: Part) => unknown][] = [
    ["name", ({ drill }) => drill.name],
    ["project", ({ drill }) => drill.project],
    ["runId", ({ drill }) => drill.runId],
    ["action", ({ drill }) => drill.action],
    ["organization", ({ drill }) => drill.organization],
    ["number of shards", ({ drill }) => drill.shard.count],
    ["objectives", limitsOf],
  ];
  const different = same.find(([, of]) => of(first) !== of(other));
  if (different !== undefined) {
    const [what, of] = different;
    throw refused(
      `The evidence of stack ${other.drill.stack} is not of the same drill as that of stack ${first.drill.stack}: ` +
        `its ${what} is ${JSON.stringify(of(other))}, not ${JSON.stringify(of(first))}.`,
    );
  }
}

const limitsOf = ({ objectives }: Evidence) =>
  objectives
    .map(({ name, limitSeconds }) => `${name} ${limitSeconds} s`)
    .sort()
    .join(", ");

/** Measured by the clock of the whole drill. Never milder than its own run said: the age of its data stays what it was. */
function onClock(mailbox: DrilledMailbox, part: Part, clockStartedAt: string): DrilledMailbox {
  const laterSeconds = (Date.parse(part.clockStartedAt) - Date.parse(clockStartedAt)) / 1000;
  if (mailbox.recoveryTimeSeconds === null || laterSeconds === 0) {
    return mailbox;
  }
  const recoveryTimeSeconds = Number((mailbox.recoveryTimeSeconds + laterSeconds).toFixed(3));
  const limit = part.objectives.find(({ name }) => name === "rto")?.limitSeconds ?? Infinity;
  const isMissed = recoveryTimeSeconds > limit;
  return {
    ...mailbox,
    recoveryTimeSeconds,
    missed: isMissed && !mailbox.missed.includes("rto") ? ["rto", ...mailbox.missed] : mailbox.missed,
    passed: mailbox.passed && !isMissed,
  };
}

/** The same mailbox in two shards would be counted twice, and one of its results hidden behind the other. */
function refuseSameMailbox(mailboxes: readonly DrilledMailbox[]): void {
  const isArchive = (mailbox: string) => mailbox.endsWith(" (archive)");
  const withId = mailboxes.filter(({ mailboxId }) => mailboxId !== null);
  const names = new Set(withId.map(({ mailbox }) => mailbox));
  const seen = new Set<string>();
  for (const { mailbox, mailboxId } of mailboxes) {
    const key = mailboxId === null ? mailbox : JSON.stringify([mailboxId, isArchive(mailbox)]);
    // One of which only the name is known could be any mailbox of that name.
    if (seen.has(key) || (mailboxId === null && names.has(mailbox))) {
      throw refused(`Mailbox ${mailbox} is there twice.`);
    }
    seen.add(key);
  }
}

function refuseSameShard(parts: readonly Part[]): void {
  const twice = parts.find(({ drill }, index) => parts[index - 1]?.drill.shard.index === drill.shard.index);
  if (twice !== undefined) {
    throw refused(`Shard ${twice.drill.shard.index + 1} is there twice.`);
  }
}

function missingShards(parts: readonly Part[]): number[] {
  const count = parts[0]?.drill.shard.count ?? 0;
  const there = new Set(parts.map(({ drill }) => drill.shard.index));
  return Array.from({ length: count }, (_, index) => index).filter((index) => !there.has(index));
}

function missingRemark(missing: readonly number[], count: number): string[] {
  const named = missing.slice(0, 20).map((index) => index + 1);
  const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : "";
  const [are, their] = missing.length === 1 ? ["is", "its"] : ["are", "their"];
  return missing.length === 0
    ? []
    : [
        `${counted(missing.length, "shard")} of ${count} ${are} missing (${named.join(", ")}${more}): what became of ${their} ` +
          `mailboxes is not known, so the drill did not pass.`,
      ];
}

function clockRemark(parts: readonly Part[], mailboxes: readonly DrilledMailbox[]): string[] {
  const clocks = parts.map(({ clockStartedAt }) => Date.parse(clockStartedAt));
  const apart = (Math.max(...clocks) - Math.min(...clocks)) / 1000;
  const missedAlone = parts.flatMap((part) => part.mailboxes).filter(({ missed }) => missed.includes("rto")).length;
  const later = mailboxes.filter(({ missed }) => missed.includes("rto")).length - missedAlone;
  const miss = later === 0 ? "" : ` By that, ${counted(later, "mailbox misses", "mailboxes miss")} the RTO besides.`;
  return apart === 0
    ? []
    : [
        `The shards began up to ${durationText(apart)} apart; recovery times count from the one that began first.${miss}`,
      ];
}

function softwareRemark(parts: readonly Part[]): string[] {
  const described = parts.map(({ software: { package: version, node, endpoint, apiVersion, server } }) =>
    [`pulumi-vb365 ${version}`, `Node.js ${node}`, endpoint, apiVersion, server ?? "server unknown"].join(", "),
  );
  const different = [...new Set(described)];
  return different.length === 1 ? [] : [`The shards ran with different software: ${different.join("; ")}.`];
}

function drillOf(parts: readonly [Part, ...Part[]]): DeclaredDrill {
  const [first] = parts;
  const joined = (of: (drill: DeclaredDrill) => string | null) => {
    const values = [...new Set(parts.map(({ drill }) => of(drill)))].filter((value) => value !== null);
    return values.length === 0 ? null : values.join("; ");
  };
  const resolved = [...new Set(parts.map(({ drill }) => drill.resolvedPointInTime))];
  return {
    ...first.drill,
    stack: joined(({ stack }) => stack) ?? first.drill.stack,
    reason: joined(({ reason }) => reason),
    declaredBy: joined(({ declaredBy }) => declaredBy),
    target: joined(({ target }) => target) ?? first.drill.target,
    pointInTime: joined(({ pointInTime }) => pointInTime) ?? first.drill.pointInTime,
    // Where they differ there is none of the whole; every mailbox names its own.
    resolvedPointInTime: resolved.length === 1 ? (resolved[0] ?? null) : null,
    shard: null,
  };
}

/** Of the first shard; a remark says where others differ. */
const softwareOf = ([first]: readonly [Part, ...Part[]]): Software => first.software;

const byTime = (times: readonly (string | null)[]) =>
  times.filter((time) => time !== null).sort((a, b) => Date.parse(a) - Date.parse(b));
const earliest = (times: readonly (string | null)[]) => byTime(times)[0] ?? null;
const latest = (times: readonly (string | null)[]) => byTime(times).at(-1) ?? null;

const refused = (message: string) => new MailboxRestoreError("file", message);
