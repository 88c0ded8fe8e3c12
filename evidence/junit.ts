import type { DrilledMailbox, Evidence, Objective } from "./evidence";
import { type Markup, markup } from "./markup";
import { durationText } from "./text";
import { declaredLines, hasNoResult, headline, objectiveTitles, reasonsOf, softwareLines } from "./words";

/** One case of the suite. */
interface TestCase {
  /** Groups cases in what shows them. */
  group: string;
  name: string;
  seconds: number | null;
  properties: [name: string, value: string][];
  /** `failure`: it was seen and is not good. `error`: nobody knows. */
  problem: { kind: "failure" | "error"; type: string; message: string; detail: string } | null;
}

/**
 * Evidence as JUnit XML, for pipelines: a suite with a case for the verdict, for each objective and for each mailbox. A mailbox whose result
 * nobody knows is an error, one with a bad result a failure.
 */
export function toJUnit(evidence: Evidence): string {
  const { drill, digest } = evidence;
  const cases = [verdictCase(evidence), ...objectiveCases(evidence), ...mailboxCases(evidence)];
  const time = secondsText(secondsBetween(evidence.startedAt, evidence.finishedAt));
  const failures = cases.filter(({ problem }) => problem?.kind === "failure").length;
  const errors = cases.filter(({ problem }) => problem?.kind === "error").length;
  const properties: [string, string][] = [
    ...declaredLines(evidence),
    ...softwareLines(evidence),
    ...evidence.remarks.map((remark): [string, string] => ["Remark", remark]),
    ["Digest", digest.value],
  ];
  return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Recovery drill ${drill.name}" tests="${cases.length}" failures="${failures}" errors="${errors}" time="${time}">
  <testsuite name="Recovery drill ${drill.name}" tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0" time="${time}" timestamp="${evidence.startedAt ?? evidence.createdAt}">
${propertiesOf(properties, "    ")}
${cases.map(caseOf)}  </testsuite>
</testsuites>
`.markup;
}

/** It fails alone where every mailbox passed and a part of the drill is missing. */
function verdictCase(evidence: Evidence): TestCase {
  const { verdict, remarks, drill } = evidence;
  const message = headline(evidence);
  return {
    group: drill.name,
    name: "Verdict",
    seconds: secondsBetween(evidence.startedAt, evidence.finishedAt),
    properties: [],
    problem:
      verdict === "Passed"
        ? null
        : { kind: "failure", type: "Verdict", message, detail: [message, ...remarks].join(" ") },
  };
}

function objectiveCases({ drill, objectives }: Evidence): TestCase[] {
  return objectives.map((objective) => ({ ...objectiveCase(objective), group: `${drill.name}.objectives` }));
}

function objectiveCase({
  name,
  limitSeconds,
  worstSeconds,
  met,
  missedCount,
  missedBy,
}: Objective): Omit<TestCase, "group"> {
  const message = `limit ${durationText(limitSeconds)}, worst mailbox ${durationText(worstSeconds)}, missed by ${missedCount}`;
  return {
    name: objectiveTitles[name],
    seconds: null,
    properties: [
      ["limitSeconds", String(limitSeconds)],
      ["worstSeconds", worstSeconds === null ? "unknown" : String(worstSeconds)],
    ],
    problem: met ? null : { kind: "failure", type: name, message, detail: missedBy.join(", ") },
  };
}

function mailboxCases({ drill, mailboxes, objectives }: Evidence): TestCase[] {
  return mailboxes.map((mailbox) => ({
    group: `${drill.name}.mailboxes`,
    name: mailbox.mailbox,
    seconds: mailbox.durationSeconds,
    properties: mailboxProperties(mailbox),
    problem: mailbox.passed
      ? null
      : {
          kind: hasNoResult(mailbox) ? "error" : "failure",
          type: mailbox.outcome,
          message: reasonsOf(mailbox, objectives).join("; "),
          detail: mailbox.failures.join("; "),
        },
  }));
}

function mailboxProperties(mailbox: DrilledMailbox): [string, string][] {
  const { outcome, mailboxId, restoreSessionId, pointInTime, recoveryTimeSeconds, recoveryPointSeconds, pst } = mailbox;
  const known: [string, string | number | null][] = [
    ["outcome", outcome],
    ["mailboxId", mailboxId],
    ["restoreSessionId", restoreSessionId],
    ["pointInTime", pointInTime],
    ["recoveryTimeSeconds", recoveryTimeSeconds],
    ["recoveryPointSeconds", recoveryPointSeconds],
    ...pst.flatMap(({ path, sha256 }) => [
      ["pst", path] satisfies [string, string],
      ["sha256", sha256] satisfies [string, string],
    ]),
  ];
  return known.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)] satisfies [string, string]]));
}

function caseOf({ group, name, seconds, properties, problem }: TestCase): Markup {
  const inner = [
    ...(properties.length > 0 ? [markup`${propertiesOf(properties, "      ")}\n`] : []),
    ...(problem === null ? [] : [problemOf(problem)]),
  ];
  return markup`    <testcase classname="${group}" name="${name}" time="${secondsText(seconds)}">
${inner}    </testcase>
`;
}

function problemOf({ kind, type, message, detail }: NonNullable<TestCase["problem"]>): Markup {
  return kind === "failure"
    ? markup`      <failure type="${type}" message="${message}">${detail}</failure>\n`
    : markup`      <error type="${type}" message="${message}">${detail}</error>\n`;
}

function propertiesOf(properties: [string, string][], indent: string): Markup {
  const space = { markup: indent };
  return markup`${space}<properties>
${properties.map(([name, value]) => markup`${space}  <property name="${name}" value="${value}"/>\n`)}${space}</properties>`;
}

const secondsText = (seconds: number | null) => (seconds ?? 0).toFixed(3);

function secondsBetween(start: string | null, end: string | null): number | null {
  return start === null || end === null ? null : Math.max(0, Date.parse(end) - Date.parse(start)) / 1000;
}
