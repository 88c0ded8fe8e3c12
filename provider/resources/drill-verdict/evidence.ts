import { userInfo } from "node:os";
import type { CheckName, DrilledMailbox, Evidence, ExportedFile } from "../../../evidence/evidence";
import { summaryOf } from "../../../evidence/summary";
import { counted, timeText } from "../../../evidence/text";
import type { Owner } from "../../../evidence/whose";
import { MailboxRestoreError } from "../../errors";
import { isPstPresent } from "../../pst/presence";
import { writtenOf } from "../../restore/outcome";
import type { RestoreRecord } from "../../restore/record";
import { type MailboxResult, type Results, openResults } from "../../restore/results";
import { parseAge } from "../../timeouts";
import { digestOf, isGood, outcomeOf, policyOf, reasonOf } from "../bulk-mailbox-restore/outputs";
import type { DrillVerdictInputs, OptionalCheck } from "./inputs";

export const folderOf = ({ evidence }: Pick<DrillVerdictInputs, "evidence">): string => evidence?.folder ?? "evidence";

/** `NAME-RUN`, and which shard it is of, without what a file's name cannot hold. */
export function fileNameOf({ evidence, name, runId, restores, shard }: DrillVerdictInputs): string {
  const run = runId ?? restores.begunAt.replace(/\.\d+/, "");
  const part = shard === undefined ? "" : `-shard-${shard.index + 1}-of-${shard.count}`;
  return evidence?.name ?? `${name}-${run}${part}`.replace(/[^\p{L}\p{N}._-]+/gu, "-");
}

/** Whose evidence it is: names of project and stack are read off the URN. */
export function ownerOf({ name, shard, __urn }: DrillVerdictInputs): Owner {
  const [, stack = "", project = ""] = /^urn:pulumi:(.*?)::(.*?)::/.exec(__urn ?? "") ?? [];
  return { name, project, stack, shard: shard ?? null };
}

/** What is said of the software that ran it. */
export type Told = Pick<Evidence["software"], "package" | "server">;

/**
 * The evidence of a drill, from the results of its bulk restore as they are now: they may be newer than the state, when a run was killed before
 * it was written, or a process that outlived its engine has added to them. That is remarked, and no mistake.
 *
 * @throws MailboxRestoreError (`journal`) when the results cannot be read
 */
export async function evidenceOf(inputs: DrillVerdictInputs, told: Told): Promise<Omit<Evidence, "digest">> {
  const { restores, objectives } = inputs;
  const results = await openResults(restores.resultsFile);
  await results.close();
  const clockStartedAt = new Date(inputs.clockStart ?? restores.begunAt).toISOString();
  const judged = { ...inputs, clockStartMs: Date.parse(clockStartedAt), limits: limitsOf(objectives) };
  const mailboxes: DrilledMailbox[] = [];
  for (const name of results.declared) {
    mailboxes.push(await judge(name, results.known.get(name), judged));
  }
  const records = [...results.declared].flatMap((name) => {
    const result = results.known.get(name);
    return result?.type === "ended" ? [result.record] : [];
  });
  return {
    evidenceVersion: 1,
    ...summaryOf(mailboxes, judged.limits),
    remarks: [
      ...remarksOn(mailboxes, inputs),
      ...clockRemarks(mailboxes, judged),
      ...(isOfState(results, restores.digest) ? [] : [otherResults]),
    ],
    drill: {
      ...ownerOf(inputs),
      runId: inputs.runId ?? null,
      reason: inputs.reason ?? null,
      declaredBy: declaredBy(),
      action: inputs.action,
      target: inputs.target,
      organization: inputs.organization,
      pointInTime: inputs.pointInTime,
      resolvedPointInTime: restores.resolvedPointInTime,
    },
    software: { ...told, node: process.version, endpoint: restores.endpoint, apiVersion: restores.apiVersion },
    createdAt: new Date().toISOString(),
    clockStartedAt,
    startedAt: records.map(({ startedAt }) => startedAt).sort()[0] ?? null,
    finishedAt:
      records
        .map(({ finishedAt }) => finishedAt)
        .sort()
        .at(-1) ?? null,
    mailboxes,
    mergedFrom: [],
  };
}

function remarksOn(mailboxes: DrilledMailbox[], { action }: DrillVerdictInputs): string[] {
  const isCounted = ({ counts }: DrilledMailbox) => Object.values(counts).some((count) => count !== null);
  const isRestored = ({ checks }: DrilledMailbox) =>
    checks.some(({ name, result }) => name === "restored" && result === "passed");
  const uncounted = action === "exportToPst" ? 0 : mailboxes.filter((one) => isRestored(one) && !isCounted(one)).length;
  return [
    ...(mailboxes.length === 0 ? ["No mailbox was restored: it is not known which ones there are."] : []),
    ...(uncounted === 0
      ? []
      : [
          `The totals lack the items of ${uncounted} restored mailboxes: the server's event says that all went well, and nobody has a count.`,
        ]),
  ];
}

/**
 * Clocks of machines that ask a time server differ by less, and some servers tell whole seconds. What is further apart is no measure: a
 * restore that began before the clock did is none of this recovery, and one cannot end before it was sent.
 */
const clocksDifferByMs = 5_000;

const isAfter = (moment: string, startMs: number) => Date.parse(moment) >= startMs - clocksDifferByMs;

const endedAfterItBegan = ({ startedAt, finishedAt }: Pick<RestoreRecord, "startedAt" | "finishedAt">) =>
  isAfter(finishedAt, Date.parse(startedAt));

/** From the start of the clock to the end of a restore; null where that was not seen. Never less than the restore itself took. */
function recoveryTimeOf(record: RestoreRecord, clockStartMs: number): number | null {
  const { startedAt, finishedAt } = record;
  if (!isAfter(startedAt, clockStartMs) || !endedAfterItBegan(record)) {
    return null;
  }
  const begin = Date.parse(startedAt);
  return (Math.max(begin, Date.parse(finishedAt)) - Math.min(begin, clockStartMs)) / 1000;
}

/** Why recovery times of restores that ended well are not known, and what to do. */
function clockRemarks(
  mailboxes: DrilledMailbox[],
  { clockStart, clockStartMs }: Pick<DrillVerdictInputs, "clockStart"> & { clockStartMs: number },
): string[] {
  const times = mailboxes.flatMap(({ startedAt, finishedAt, recoveryTimeSeconds, checks }) =>
    startedAt !== null && finishedAt !== null && recoveryTimeSeconds === null && checks[0]?.result === "passed"
      ? { startedAt, finishedAt }
      : [],
  );
  const early = times.filter(({ startedAt }) => !isAfter(startedAt, clockStartMs));
  const ended = early.filter(({ finishedAt }) => Date.parse(finishedAt) < clockStartMs).length;
  const turned = times.filter((one) => !endedAfterItBegan(one)).length;
  const clock = timeText(new Date(clockStartMs).toISOString());
  return [
    ...(early.length === 0
      ? []
      : [
          `${counted(early.length, "restore")} began before the clock started (${clock}), and ${ended} had ended by then: they ` +
            `do not show how long a recovery takes from there, so they meet no RTO. ` +
            (clockStart === undefined
              ? `Another run began them, or the clocks of the machines differ. For another drill set a new runId.`
              : `For another drill set a new runId; to judge these restores, set clockStart to that of the run that restored.`),
        ]),
    ...(turned === 0
      ? []
      : [
          `${counted(turned, "restore")} ended before it was sent: the end is the server's word, and its clock differs from that of the ` +
            `machine that sent. How long that took is not known, so no RTO is met. Set both clocks by the same time server.`,
        ]),
  ];
}

const otherResults =
  "The results are not those that the state of the stack has: something was added or changed after it was written. This is judged by what they say now.";

function isOfState({ declared, known }: Results, digest: string): boolean {
  const resultOf = (name: string) => known.get(name);
  return (
    digest ===
    digestOf(
      declared.map((name) => [name, outcomeOf(resultOf(name))]),
      resultOf,
    )
  );
}

type Limits = Parameters<typeof summaryOf>[1];

function limitsOf({ rto, rpo }: DrillVerdictInputs["objectives"]): Limits {
  return [
    { name: "rto" as const, limit: rto },
    { name: "rpo" as const, limit: rpo },
  ].flatMap(({ name, limit }) => {
    const ms = limit === undefined ? undefined : parseAge(limit);
    if (limit !== undefined && ms === undefined) {
      throw new MailboxRestoreError("config", `objectives.${name} is no duration.`);
    }
    return ms === undefined ? [] : [{ name, limitSeconds: ms / 1000 }];
  });
}

/** One mailbox against objectives and checks. What is not known of it is no success. */
async function judge(
  mailbox: string,
  result: MailboxResult | undefined,
  drill: DrillVerdictInputs & { clockStartMs: number; limits: Limits },
): Promise<DrilledMailbox> {
  const record = result?.type === "ended" ? result.record : undefined;
  const isRestored = isGood(result, policyOf(drill));
  const recoveryTimeSeconds = record === undefined ? null : recoveryTimeOf(record, drill.clockStartMs);
  const recoveryPointSeconds = ageAt(drill.clockStartMs, record);
  const measured = { rto: recoveryTimeSeconds, rpo: recoveryPointSeconds };
  const missed = drill.limits
    .filter(({ name, limitSeconds }) => !isRestored || (measured[name] ?? Infinity) > limitSeconds)
    .map(({ name }) => name);
  const checks: DrilledMailbox["checks"] = [{ name: "restored", result: isRestored ? "passed" : "failed" }];
  for (const name of checksOf(drill)) {
    checks.push({ name, result: await resultOf(name, record, drill.hashFiles ?? false) });
  }
  const { counts, failures = [], failureCount = 0, warnings = [] } = record ?? {};
  const reason = isRestored || record !== undefined ? [] : [reasonOf(result)];
  return {
    mailbox,
    mailboxId: record === undefined || record.mailboxId === "" ? null : record.mailboxId,
    outcome: outcomeOf(result),
    passed: missed.length === 0 && checks.every(({ result: found }) => found === "passed"),
    ...timesOf(result),
    pointInTime: record?.resolvedPointInTime ?? null,
    recoveryTimeSeconds,
    recoveryPointSeconds,
    missed,
    checks,
    counts: {
      created: counts?.created ?? null,
      merged: counts?.merged ?? null,
      skipped: counts?.skipped ?? null,
      failed: counts?.failed ?? null,
      restored: counts?.restored ?? null,
    },
    failures: [...reason, ...failures].slice(0, shownTexts),
    failureCount: failureCount + reason.length,
    warnings: warnings.slice(0, shownTexts),
    restoreSessionId: record?.sessionId ?? null,
    pst: filesOf(record),
  };
}

const shownTexts = 5;

type Times = Pick<DrilledMailbox, "startedAt" | "finishedAt" | "durationSeconds">;

function timesOf(result: MailboxResult | undefined): Times {
  switch (result?.type) {
    case "ended": {
      const { startedAt, finishedAt, durationSeconds } = result.record;
      return { startedAt, finishedAt, durationSeconds: endedAfterItBegan(result.record) ? durationSeconds : null };
    }
    case "failed": {
      const { startedAt, at: finishedAt } = result;
      return { startedAt, finishedAt, durationSeconds: secondsFrom(Date.parse(startedAt), finishedAt) };
    }
    default:
      return { startedAt: null, finishedAt: null, durationSeconds: null };
  }
}

/** Those that are declared, or the one that can be told of every restore of this kind, also of one whose answer was lost. */
function checksOf({ checks, action }: DrillVerdictInputs): OptionalCheck[] {
  return checks ?? (action === "exportToPst" ? ["pstVerified"] : ["noFailedItems"]);
}

async function resultOf(
  name: Exclude<CheckName, "restored">,
  record: RestoreRecord | undefined,
  hash: boolean,
): Promise<"passed" | "failed" | "unknown"> {
  const told = (isSo: boolean | undefined) => (isSo === undefined ? "unknown" : isSo ? "passed" : "failed");
  if (record === undefined) {
    return "failed";
  }
  const { counts, pst, outcome } = record;
  switch (name) {
    case "notEmpty": {
      const items = pst === undefined ? writtenAtLeast(counts) : pst.contents?.items;
      return told(items === undefined ? undefined : items > 0);
    }
    case "noFailedItems":
      // Where nobody counted, the restore's own event has said that all went well: it knows success, warning and failure.
      return told(counts.failed === null ? (outcome === "Succeeded" ? true : undefined) : counts.failed === 0);
    case "pstVerified":
      return told(pst !== undefined && pst.verified.length > 0 && (await isPstPresent(pst, { hash })));
  }
}

/** Items that were there already count: the mailbox is not empty. */
function writtenAtLeast(counts: RestoreRecord["counts"]): number | undefined {
  const known = [writtenOf(counts), counts.skipped].filter((count) => count !== null);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

function filesOf(record: RestoreRecord | undefined): ExportedFile[] {
  const { pst } = record ?? {};
  if (pst === undefined) {
    return [];
  }
  const items = pst.contents?.items ?? null;
  return (pst.files ?? [pst]).map(({ path, bytes, sha256 }) => ({
    path,
    bytes,
    sha256,
    verified: pst.verified,
    items: pst.files === undefined ? items : null,
  }));
}

const secondsFrom = (startMs: number, end: string) => Math.max(0, Date.parse(end) - startMs) / 1000;

/** Age of the data at a moment: it was measured when the restore was sent. */
function ageAt(clockStartMs: number, record: RestoreRecord | undefined): number | null {
  return record === undefined || record.dataAgeSeconds === null
    ? null
    : Math.max(0, record.dataAgeSeconds - (Date.parse(record.startedAt) - clockStartMs) / 1000);
}

/** The account of the pipeline that runs it, or of the machine. */
function declaredBy(): string | null {
  const { GITHUB_ACTOR, GITLAB_USER_LOGIN, BUILD_REQUESTEDFOR } = process.env;
  try {
    return GITHUB_ACTOR ?? GITLAB_USER_LOGIN ?? BUILD_REQUESTEDFOR ?? userInfo().username;
  } catch {
    // A container may run as a user that nobody has named.
    return null;
  }
}
