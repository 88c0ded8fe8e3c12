import type { CheckName, CheckSummary, DeclaredDrill, DrilledMailbox, Evidence, Objective } from "./evidence";
import { counted, durationText, timeText, unknownText } from "./text";

/** The verdict in one sentence. */
export function headline({ verdict, mailboxes }: Evidence): string {
  const all = counted(mailboxes.length, "mailbox", "mailboxes");
  const failed = mailboxes.filter(({ passed }) => !passed).length;
  if (verdict === "Passed") {
    return `${mailboxes.length === 1 ? "The mailbox" : `All ${all}`} came back, met every objective and passed every check.`;
  }
  if (mailboxes.length === 0) {
    return "No mailbox was restored, and that is no success.";
  }
  return failed === 0
    ? `${mailboxes.length === 1 ? "The mailbox" : `All ${all}`} passed, and that is not the whole drill.`
    : `${failed === mailboxes.length ? all : `${failed.toLocaleString("en-US")} of ${all}`} did not pass.`;
}

export const objectiveTitles = {
  rto: "Recovery time (RTO)",
  rpo: "Age of the data (RPO)",
} as const satisfies Record<Objective["name"], string>;

export const checkTitles = {
  restored: "Restored",
  notEmpty: "Not empty",
  noFailedItems: "No failed items",
  pstVerified: "PST verified",
} as const satisfies Record<CheckName, string>;

/** What each check asks, for readers who see it for the first time. */
export const checkMeanings = {
  restored: "The restore ended well by the policy that was declared.",
  notEmpty: "At least one item was restored, or the PST holds at least one.",
  noFailedItems: "The server counted no failed item, or its event says that all went well.",
  pstVerified: "The file passed its checks when it arrived, and is still there, unchanged.",
} as const satisfies Record<CheckName, string>;

/** `met`, or how many missed it. */
export function objectiveResult({ met, missedCount }: Objective): string {
  return met ? "met" : `missed by ${counted(missedCount, "mailbox", "mailboxes")}`;
}

/** A check is passed where it is for every mailbox. */
export const isCheckPassed = ({ failed, unknown }: CheckSummary) => failed + unknown === 0;

/** Outcomes that say that nobody knows the result, or that there is none. */
export const hasNoResult = ({ outcome }: DrilledMailbox) => ["Unknown", "NeverSent", "Unfinished"].includes(outcome);

/** What a mailbox came to, in a word or two: its outcome, or what it failed although it was restored. */
export function resultText(mailbox: DrilledMailbox): string {
  if (mailbox.passed || !isRestored(mailbox)) {
    return mailbox.outcome;
  }
  return mailbox.missed.length > 0
    ? `Missed ${mailbox.missed.map((name) => name.toUpperCase()).join(", ")}`
    : "Failed a check";
}

/** Why a mailbox did not pass; empty for one that did. */
export function reasonsOf(mailbox: DrilledMailbox, objectives: readonly Objective[]): string[] {
  if (mailbox.passed) {
    return [];
  }
  const failedChecks = mailbox.checks.filter(({ name, result }) => result !== "passed" && name !== "restored");
  const missed = mailbox.missed.flatMap((name) => {
    const limit = objectives.find((objective) => objective.name === name)?.limitSeconds ?? null;
    const seconds = name === "rto" ? mailbox.recoveryTimeSeconds : mailbox.recoveryPointSeconds;
    const isWorse = seconds !== null && limit !== null && seconds > limit;
    // One without a good result misses every objective, and its outcome says so already.
    return isRestored(mailbox) || isWorse
      ? [`${objectiveTitles[name]} ${durationText(seconds)}, limit ${durationText(limit)}`]
      : [];
  });
  return [
    ...(isRestored(mailbox) ? [] : [mailbox.outcome]),
    ...missed,
    ...failedChecks.map(({ name, result }) => `${checkTitles[name]}: ${result}`),
  ];
}

const isRestored = ({ checks }: DrilledMailbox) =>
  checks.every(({ name, result }) => name !== "restored" || result === "passed");

/** What was done to the mailboxes. */
export function actionText({ action, target }: DeclaredDrill): string {
  return action === "exportToPst" ? `Export to PST, ${target}` : `Restore to ${target}`;
}

/** What was declared, line by line. */
export function declaredLines({ drill, clockStartedAt }: Evidence): [label: string, value: string][] {
  return [
    ["Drill", drill.name],
    ["Project and stack", `${drill.project}, ${drill.stack}`],
    ["Run", drill.runId ?? unknownText],
    ["Reason", drill.reason ?? unknownText],
    ["Declared by", drill.declaredBy ?? unknownText],
    ["Action", actionText(drill)],
    ["Organization", drill.organization],
    ["Point in time", pointInTimeText(drill)],
    ["Clock started", timeText(clockStartedAt)],
    ...(drill.shard === null
      ? []
      : [["Shard", `${drill.shard.index + 1} of ${drill.shard.count}`] satisfies [string, string]]),
  ];
}

/** With what it was done, line by line. */
export function softwareLines({ software, createdAt }: Evidence): [label: string, value: string][] {
  return [
    ["Server", `${software.endpoint}${software.server === null ? "" : `, ${software.server}`}`],
    ["REST API", software.apiVersion],
    ["pulumi-vb365", software.package],
    ["Node.js", software.node],
    ["Evidence made", timeText(createdAt)],
  ];
}

function pointInTimeText({ pointInTime, resolvedPointInTime }: DeclaredDrill): string {
  return pointInTime === resolvedPointInTime || resolvedPointInTime === null
    ? pointInTime
    : `${pointInTime}, which was ${timeText(resolvedPointInTime)}`;
}
