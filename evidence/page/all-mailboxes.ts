import type { DrilledMailbox, Evidence, Objective } from "../evidence";
import { type Markup, markup, verbatim } from "../markup";
import { writtenOf } from "../summary";
import { bytesText, countText, counted, durationText, shown, timeText, unknownText } from "../text";
import { checkTitles, reasonsOf, resultText } from "../words";
import { badge } from "./sections";

/** Rows of a page of the table, and those that are there without scripts. */
const rowsAtOnce = 100;
/** More good mailboxes than these are counted on paper and not listed. */
const printedAtMost = 500;

const columns = ["Mailbox", "Result", "Recovery time", "Age of data", "Took", "Items", "Exported"];
const detailLabels = [
  "Outcome",
  "Why it did not pass",
  "Words of the server",
  "Warnings",
  "Checks",
  "Point in time",
  "Begun",
  "Ended",
  "Items",
  "Mailbox id",
  "Restore session",
];

/** A mailbox as `browser.js` takes it: texts as they are shown, and what they are sorted by. */
interface Row {
  mailbox: string;
  passed: boolean;
  /** In a word or two. */
  result: string;
  /** Of the columns from the third on. */
  texts: string[];
  keys: (number | null)[];
  /** By `detailLabels`; empty where there is nothing to say. */
  details: string[];
  files: { path: string; size: string; sha256: string }[];
}

/** The table to search and to sort. The first rows are plain HTML; the script takes over where there is one. */
export function allMailboxes(evidence: Evidence): Markup {
  const { mailboxes, objectives } = evidence;
  if (mailboxes.length === 0) {
    return markup``;
  }
  const rows = mailboxes.map((mailbox) => rowOf(mailbox, objectives));
  const passed = rows.filter((row) => row.passed).length;
  const isLong = rows.length > rowsAtOnce;
  const caption = `Mailboxes in the order in which they were declared${isLong ? `; the first ${rowsAtOnce} of ${countText(rows.length)}` : ""}`;
  return markup`<section aria-labelledby="mailboxes" id="all" class="${rows.length > printedAtMost ? "unprinted" : "printed"}">
<h2 id="mailboxes">All mailboxes</h2>
<p class="paper-only">${counted(passed, "mailbox", "mailboxes")} passed. They are too many to print: this page on a screen and the JSON beside it list every one.</p>
${isLong ? markup`<noscript><p class="note">Scripts are off, so only the first ${rowsAtOnce} are listed here; the JSON has them all.</p></noscript>` : ""}
<form class="controls" role="search" aria-label="Mailboxes" hidden>
<label>Search <input type="search" id="query" autocomplete="off" spellcheck="false" placeholder="address, outcome, file, hash"></label>
<label>Show <select id="filter"><option value="all">all</option><option value="failed">did not pass</option><option value="passed">passed</option></select></label>
</form>
<div class="scroll" role="group" aria-label="Table of all mailboxes" tabindex="0">
<table id="table">
<caption>${caption}</caption>
<thead><tr>${columns.map((column, index) => markup`<th scope="col"${index > 1 ? markup` class="number"` : ""}>${column}</th>`)}</tr></thead>
<tbody>${rows.slice(0, rowsAtOnce).map(plainRow)}</tbody>
</table>
</div>
<div class="pages" hidden>
<p role="status" id="count"></p>
<nav aria-label="Pages of the table"><button type="button" id="previous">Previous</button> <button type="button" id="next">Next</button></nav>
</div>
<p role="status" id="copied" class="visually-hidden"></p>
<script type="application/json" id="data">${verbatim(scriptJson({ rowsAtOnce, printedAtMost, detailLabels, rows }))}</script>
</section>`;
}

/** JSON that cannot end the element that it stands in: `<` appears nowhere in it. */
export function scriptJson(value: object): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function plainRow({ mailbox, passed, result, texts }: Row): Markup {
  return markup`<tr><th scope="row"><bdi>${mailbox}</bdi></th><td>${badge(passed, result)}</td>${texts.map((text) => markup`<td class="number">${text}</td>`)}</tr>
`;
}

function rowOf(mailbox: DrilledMailbox, objectives: readonly Objective[]): Row {
  const { recoveryTimeSeconds, recoveryPointSeconds, durationSeconds, pst } = mailbox;
  const bytes = pst.length === 0 ? null : pst.reduce((sum, file) => sum + file.bytes, 0);
  const written = writtenOf(mailbox);
  return {
    mailbox: shown(mailbox.mailbox),
    passed: mailbox.passed,
    result: shown(resultText(mailbox)),
    texts: [
      ...[recoveryTimeSeconds, recoveryPointSeconds, durationSeconds].map(durationText),
      countText(written),
      bytes === null ? unknownText : bytesText(bytes),
    ],
    keys: [recoveryTimeSeconds, recoveryPointSeconds, durationSeconds, written, bytes],
    details: detailsOf(mailbox, objectives).map(shown),
    files: pst.map(({ path, bytes: size, sha256 }) => ({
      path: shown(path),
      size: `${countText(size)} bytes`,
      sha256,
    })),
  };
}

/** In the order of `detailLabels`. */
function detailsOf(mailbox: DrilledMailbox, objectives: readonly Objective[]): string[] {
  const { failures, failureCount, warnings, checks, pointInTime, startedAt, finishedAt, counts } = mailbox;
  const more = failureCount - failures.length;
  const known = Object.entries(counts).filter(([, count]) => count !== null);
  return [
    mailbox.outcome,
    reasonsOf(mailbox, objectives).join("; "),
    [...failures, ...(more > 0 ? [`and ${countText(more)} more`] : [])].join("; "),
    warnings.join("; "),
    checks.map(({ name, result }) => `${checkTitles[name]}: ${result}`).join(", "),
    pointInTime === null ? "" : timeText(pointInTime),
    startedAt === null ? "" : timeText(startedAt),
    finishedAt === null ? "" : timeText(finishedAt),
    known.map(([name, count]) => `${countText(count)} ${name}`).join(", "),
    mailbox.mailboxId ?? "",
    mailbox.restoreSessionId ?? "",
  ];
}
