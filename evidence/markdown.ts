import { escapeText } from "entities/escape";
import { markdownTable } from "markdown-table";
import type { DrilledMailbox, Evidence } from "./evidence";
import { writtenOf } from "./summary";
import { bytesText, countText, counted, durationText, shown, timeText, unknownText } from "./text";
import {
  checkTitles,
  declaredLines,
  headline,
  objectiveResult,
  objectiveTitles,
  reasonsOf,
  softwareLines,
} from "./words";

/** Every mailbox that did not pass is listed, and at most so many that did: the JSON has all of them. */
const passedAtMost = 200;

/** Evidence as a page for pull requests and tickets: the verdict first, then what it rests on. */
export function toMarkdown(evidence: Evidence): string {
  const { drill, verdict, remarks, mailboxes, digest } = evidence;
  const failed = mailboxes.filter(({ passed }) => !passed);
  const passed = mailboxes.filter((mailbox) => mailbox.passed);
  return [
    `# Recovery drill ${escaped(drill.name)}: ${verdict}`,
    `**${escaped(headline(evidence))}**`,
    ...(remarks.length > 0 ? [remarks.map((remark) => `- **Note:** ${escaped(remark)}`).join("\n")] : []),
    ...section("Objectives", objectivesTable(evidence)),
    ...section("Checks", checksTable(evidence)),
    ...section("Declared", table(["", ""], declaredLines(evidence))),
    ...section("Totals", table(["", ""], totalsLines(evidence))),
    ...(failed.length > 0
      ? section(`Did not pass: ${countText(failed.length)}`, failedTable(failed, evidence.objectives))
      : []),
    ...(passed.length > 0 ? section(`Passed: ${countText(passed.length)}`, passedTable(passed)) : []),
    ...(passed.length > passedAtMost
      ? [
          `And ${counted(passed.length - passedAtMost, "mailbox", "mailboxes")} more that passed; the JSON has them all.`,
        ]
      : []),
    ...section("Software", table(["", ""], softwareLines(evidence))),
    ...section("Merged from", mergedTable(evidence)),
    `SHA-256 of the evidence without this line: \`${digest.value}\``,
  ]
    .join("\n\n")
    .concat("\n");
}

/** Words of others as text of Markdown: nothing in them is markup, ends a cell of a table, or becomes a link. */
export function escaped(text: string): string {
  return escapeText(shown(text))
    .replace(/[\\`*[\]|~$#]/g, "\\$&")
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/:\/\//g, ":\\//")
    .replace(/\bwww\./gi, (start) => `${start.slice(0, -1)}\\.`);
}

const section = (title: string, content: string) => (content === "" ? [] : [`## ${title}`, content]);

function table(head: string[], rows: string[][]): string {
  return rows.length === 0
    ? ""
    : markdownTable([head, ...rows.map((row) => row.map(escaped))], { alignDelimiters: false });
}

function objectivesTable({ objectives }: Evidence): string {
  return table(
    ["Objective", "Limit", "Worst mailbox", "Result"],
    objectives.map((objective) => [
      objectiveTitles[objective.name],
      durationText(objective.limitSeconds),
      durationText(objective.worstSeconds),
      objectiveResult(objective),
    ]),
  );
}

function checksTable({ checks }: Evidence): string {
  return table(
    ["Check", "Passed", "Failed", "Unknown"],
    checks.map(({ name, passed, failed, unknown }) => [
      checkTitles[name],
      ...[passed, failed, unknown].map((count) => countText(count)),
    ]),
  );
}

function totalsLines({ totals, startedAt, finishedAt }: Evidence): string[][] {
  return [
    ["Mailboxes", countText(totals.mailboxes)],
    ...Object.entries(totals.outcomes).map(([outcome, count]) => [outcome, countText(count)]),
    ["Items written", countText(totals.items.written)],
    ["Items skipped", countText(totals.items.skipped)],
    ["Items failed", countText(totals.items.failed)],
    ["Exported", bytesText(totals.pstBytes)],
    ["First restore begun", timeText(startedAt)],
    ["Last restore ended", timeText(finishedAt)],
  ];
}

function failedTable(mailboxes: DrilledMailbox[], objectives: Evidence["objectives"]): string {
  return table(
    ["Mailbox", "Outcome", "Why", "Words of the server", "Restore session", "Files"],
    mailboxes.map((mailbox) => [
      mailbox.mailbox,
      mailbox.outcome,
      reasonsOf(mailbox, objectives).join("; "),
      failuresText(mailbox),
      mailbox.restoreSessionId ?? unknownText,
      filesText(mailbox),
    ]),
  );
}

function passedTable(mailboxes: DrilledMailbox[]): string {
  return table(
    ["Mailbox", "Outcome", "Recovery time", "Age of the data", "Items written", "Files"],
    mailboxes
      .slice(0, passedAtMost)
      .map((mailbox) => [
        mailbox.mailbox,
        mailbox.outcome,
        durationText(mailbox.recoveryTimeSeconds),
        durationText(mailbox.recoveryPointSeconds),
        countText(writtenOf(mailbox)),
        filesText(mailbox),
      ]),
  );
}

function mergedTable({ mergedFrom }: Evidence): string {
  return table(
    ["Shard", "Drill", "Stack", "SHA-256"],
    mergedFrom.map(({ name, stack, shard, digest }) => [
      shard === null ? unknownText : `${shard.index + 1} of ${shard.count}`,
      name,
      stack,
      digest.value,
    ]),
  );
}

function failuresText({ failures, failureCount }: DrilledMailbox): string {
  const more = failureCount - failures.length;
  return [...failures, ...(more > 0 ? [`and ${countText(more)} more`] : [])].join("; ");
}

const filesText = ({ pst }: DrilledMailbox) =>
  pst.map(({ path, bytes, sha256 }) => `${path}, ${countText(bytes)} bytes, SHA-256 ${sha256}`).join("; ");
