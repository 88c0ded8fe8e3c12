import type { Evidence, Objective } from "../evidence";
import { type Markup, markup } from "../markup";
import { bytesText, countText, durationText, timeText, unknownText } from "../text";
import {
  checkMeanings,
  checkTitles,
  declaredLines,
  headline,
  isCheckPassed,
  objectiveResult,
  objectiveTitles,
  softwareLines,
} from "../words";

/** A sign and a word: whoever sees no colours reads the same. */
export function badge(isGood: boolean, word: string): Markup {
  const path = isGood ? "M4 8.5 7 11.5 12 5" : "M5 5 11 11 M11 5 5 11";
  return markup`<span class="badge ${isGood ? "good" : "bad"}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>${word}</span>`;
}

/** What a manager reads, and may stop after. */
export function verdict(evidence: Evidence): Markup {
  const { drill, remarks, startedAt, finishedAt } = evidence;
  const facts = [
    drill.organization,
    ...(drill.runId === null ? [] : [`run ${drill.runId}`]),
    startedAt === null ? "nothing was begun" : `${timeText(startedAt)} to ${timeText(finishedAt)}`,
  ];
  return markup`<header class="${evidence.verdict === "Passed" ? "passed" : "failed"}">
<div>
<p class="kind">Recovery drill</p>
<h1><bdi>${drill.name}</bdi> ${badge(evidence.verdict === "Passed", evidence.verdict)}</h1>
<p class="headline">${headline(evidence)}</p>
${remarks.length === 0 ? "" : markup`<ul class="remarks">${remarks.map((remark) => markup`<li>${remark}</li>`)}</ul>`}
<ul class="facts">${facts.map((fact) => markup`<li>${fact}</li>`)}</ul>
</div>
</header>`;
}

export function objectives({ objectives: all }: Evidence): Markup {
  return all.length === 0
    ? markup``
    : markup`<section aria-labelledby="objectives">
<h2 id="objectives">Objectives</h2>
<ul class="cards">${all.map(objectiveCard)}</ul>
</section>`;
}

function objectiveCard(objective: Objective): Markup {
  const { name, limitSeconds, worstSeconds, met } = objective;
  const isWithin = (worstSeconds ?? 0) <= limitSeconds;
  const why = !met && isWithin ? markup` Those that missed it have no good result.` : "";
  return markup`<li class="card">
<h3>${objectiveTitles[name]} ${badge(met, objectiveResult(objective))}</h3>
<p class="big">${durationText(worstSeconds)}</p>
<p>worst mailbox; the limit is <strong>${durationText(limitSeconds)}</strong>.${why}</p>
${meter(worstSeconds, limitSeconds)}
</li>`;
}

/** The worst mailbox against the limit; the line is the limit. What it says stands beside it in words. */
function meter(worstSeconds: number | null, limitSeconds: number): Markup {
  const full = Math.max(worstSeconds ?? 0, limitSeconds) * 1.1 || 1;
  const width = (seconds: number) => ((Math.max(0, seconds) / full) * 1000).toFixed(1);
  return markup`<svg class="meter" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
<rect class="track" width="1000" height="10"/>
<rect class="${(worstSeconds ?? 0) <= limitSeconds ? "good" : "bad"}" width="${width(worstSeconds ?? 0)}" height="10"/>
<line class="limit" x1="${width(limitSeconds)}" x2="${width(limitSeconds)}" y1="0" y2="10"/>
</svg>`;
}

export function totals({ totals: all, mailboxes, startedAt, finishedAt }: Evidence): Markup {
  const passed = mailboxes.filter((mailbox) => mailbox.passed).length;
  const seconds =
    startedAt === null || finishedAt === null ? null : (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const numbers: [string, string][] = [
    ["Mailboxes", countText(all.mailboxes)],
    ["Passed", countText(passed)],
    ["Did not pass", countText(mailboxes.length - passed)],
    ["Items written", countText(all.items.written)],
    ["Items skipped", countText(all.items.skipped)],
    ["Items failed", countText(all.items.failed)],
    ["Exported", all.pstBytes === 0 ? unknownText : bytesText(all.pstBytes)],
    ["First to last", durationText(seconds)],
  ];
  const outcomes = Object.entries(all.outcomes).map(([outcome, count]) => `${countText(count)} ${outcome}`);
  return markup`<section aria-labelledby="totals">
<h2 id="totals">Totals</h2>
<dl class="numbers">${numbers.map(([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
<p class="note">Outcomes: ${outcomes.length === 0 ? "none" : outcomes.join(", ")}. ${unknownText} stands where nothing is known.</p>
</section>`;
}

export function checks({ checks: all }: Evidence): Markup {
  const rows = all.map(
    (check) => markup`<tr>
<th scope="row">${checkTitles[check.name]}<span class="meaning">${checkMeanings[check.name]}</span></th>
<td>${badge(isCheckPassed(check), isCheckPassed(check) ? "passed" : "not passed")}</td>
<td class="number">${countText(check.passed)}</td>
<td class="number">${countText(check.failed)}</td>
<td class="number">${countText(check.unknown)}</td>
</tr>`,
  );
  return all.length === 0
    ? markup``
    : markup`<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
<div class="scroll" role="group" aria-label="Table of the checks" tabindex="0">
<table>
<caption>Mailboxes by the result of each check</caption>
<thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col" class="number">Passed</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Unknown</th></tr></thead>
<tbody>${rows}</tbody>
</table>
</div>
</section>`;
}

/** What the drill rests on: declaration, software, digest. */
export function background(evidence: Evidence): Markup {
  const { mergedFrom, digest } = evidence;
  const merged = mergedFrom.map(
    ({ stack, shard, digest: { value } }) =>
      markup`<li>${shard === null ? "" : `Shard ${shard.index + 1} of ${shard.count}, `}stack ${stack}<br>SHA-256 <code>${value}</code></li>`,
  );
  return markup`<div class="columns">
<section aria-labelledby="declared">
<h2 id="declared">Declared</h2>
${lines(declaredLines(evidence))}
</section>
<section aria-labelledby="software">
<h2 id="software">Software</h2>
${lines(softwareLines(evidence))}
</section>
</div>
<section aria-labelledby="proof">
<h2 id="proof">Proof</h2>
<p>SHA-256 of the evidence (its canonical JSON, RFC 8785, without this digest):</p>
<p><code>${digest.value}</code></p>
<p class="note">The JSON beside this page is the record. <code>vb365 report EVIDENCE.json --verify</code> proves its digest and every exported file.
A digest shows that something was changed; it does not show by whom.</p>
${merged.length === 0 ? "" : markup`<h3>Merged from</h3><ul class="plain">${merged}</ul>`}
</section>`;
}

const lines = (all: [string, string][]) =>
  markup`<dl class="lines">${all.map(([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
