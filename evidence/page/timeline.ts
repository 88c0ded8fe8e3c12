import type { DrilledMailbox, Evidence } from "../evidence";
import { type Markup, markup } from "../markup";
import { countText, counted, durationText } from "../text";
import { type Axis, axisOf } from "./axis";

/** As many restores get a line each; more are drawn as a whole. */
const linesAtMost = 40;
/** Columns of the picture of many. */
const columns = 200;

/** A restore in seconds from the start of the clock. */
interface Span {
  mailbox: DrilledMailbox;
  begin: number;
  end: number;
}

/** When the restores ran, from the start of the clock on. */
export function timeline({ clockStartedAt, mailboxes, objectives }: Evidence): Markup {
  const spans = mailboxes.flatMap((mailbox) => spanOf(mailbox, Date.parse(clockStartedAt)));
  const last = spans.reduce((latest, { end }) => Math.max(latest, end), 0);
  if (spans.length === 0) {
    return markup``;
  }
  const limit = objectives.find(({ name }) => name === "rto")?.limitSeconds;
  // A limit far away would press all that happened into a corner.
  const isNear = limit !== undefined && limit <= last * 4;
  const axis = axisOf(isNear ? Math.max(limit, last) : last);
  const absent = mailboxes.length - spans.length;
  const notes = [
    `Time counts from the start of the clock.`,
    ...(limit === undefined ? [] : [limitNote(limit, isNear)]),
    ...(absent > 0
      ? [
          `${counted(absent, "mailbox", "mailboxes")} without begin and end on this clock ${absent === 1 ? "is" : "are"} not drawn.`,
        ]
      : []),
  ];
  return markup`<section aria-labelledby="timeline">
<h2 id="timeline">Timeline</h2>
${spans.length > linesAtMost ? curve(spans, axis, isNear ? limit : undefined) : bars(spans, axis, isNear ? limit : undefined)}
<p class="note">${notes.join(" ")}</p>
</section>`;
}

const limitNote = (limit: number, isNear: boolean) =>
  isNear
    ? `The dashed line is the RTO, ${durationText(limit)}.`
    : `The RTO, ${durationText(limit)}, lies far to the right of the picture.`;

function spanOf(mailbox: DrilledMailbox, clock: number): Span[] {
  const { startedAt, finishedAt, recoveryTimeSeconds } = mailbox;
  if (startedAt === null || finishedAt === null) {
    return [];
  }
  const [begin, end] = [startedAt, finishedAt].map((time) => (Date.parse(time) - clock) / 1000) as [number, number];
  if (recoveryTimeSeconds === null && (begin < 0 || end < begin)) {
    // Drawn at the edge it would look as if it had taken no time.
    return [];
  }
  return [{ mailbox, begin: Math.max(0, begin), end: Math.max(0, begin, end) }];
}

/** A line for each restore, with its time in words. */
function bars(spans: readonly Span[], axis: Axis, limit: number | undefined): Markup {
  const lines = spans.map(({ mailbox, begin, end }) => {
    const width = Math.max(4, axis.x(end) - axis.x(begin));
    return markup`<li><span class="name"><bdi>${mailbox.mailbox}</bdi></span>
<svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="16"/><rect class="${mailbox.passed ? "good" : "bad"}" x="${Math.min(996, axis.x(begin))}" width="${width}" height="16"/>${limitLine(axis, limit, 16)}</svg>
<span class="took">${durationText(mailbox.durationSeconds)}${mailbox.passed ? "" : markup`<span class="visually-hidden">,</span> <strong>did not pass</strong>`}</span></li>
`;
  });
  return markup`<ol class="bars">${lines}</ol>
<div class="bars-axis">${axisLabels(axis)}</div>`;
}

/** How many had ended, and how many ran at the same time. */
function curve(spans: readonly Span[], axis: Axis, limit: number | undefined): Markup {
  const edges = Array.from({ length: columns + 1 }, (_, index) => (axis.end * index) / columns);
  const ended = (all: readonly Span[]) => countUntil(all.map(({ end }) => end).sort(ascending), edges);
  const begun = countUntil(spans.map(({ begin }) => begin).sort(ascending), edges);
  const all = ended(spans);
  const bad = ended(spans.filter(({ mailbox }) => !mailbox.passed));
  const running = begun.map((count, index) => count - (all[index] ?? 0));
  const most = Math.max(1, ...running);
  const failed = bad.at(-1) ?? 0;
  const text = `After ${durationText(half(spans))} half of the restores had ended, after ${durationText(spans.reduce((latest, { end }) => Math.max(latest, end), 0))} all of them. At most ${countText(most)} ran at the same time.`;
  return markup`<p>${text}</p>
<ul class="legend"><li class="good">ended and passed</li>${failed > 0 ? markup`<li class="bad">ended and did not pass</li>` : ""}<li class="running">running</li></ul>
<div class="chart">
<span class="scale"><span>${countText(spans.length)}</span><span>ended</span><span>0</span></span>
<svg viewBox="0 0 1000 200" preserveAspectRatio="none" aria-hidden="true">${axis.grid(200)}<path class="good" d="${area(all, spans.length, 200)}"/><path class="bad" d="${area(bad, spans.length, 200)}"/>${limitLine(axis, limit, 200)}</svg>
<span class="scale"><span>${countText(most)}</span><span>running</span><span>0</span></span>
<svg class="low" viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">${axis.grid(60)}<path class="running" d="${area(running, most, 60)}"/>${limitLine(axis, limit, 60)}</svg>
<span></span>${axisLabels(axis)}
</div>`;
}

const ascending = (a: number, b: number) => a - b;

/** How many of the sorted values lie at or before each edge. */
function countUntil(sorted: readonly number[], edges: readonly number[]): number[] {
  let count = 0;
  return edges.map((edge) => {
    while (count < sorted.length && (sorted[count] ?? Infinity) <= edge) {
      count += 1;
    }
    return count;
  });
}

function half(spans: readonly Span[]): number {
  return spans.map(({ end }) => end).sort(ascending)[Math.ceil(spans.length / 2) - 1] ?? 0;
}

/** An area below a line that goes up and down in steps. */
function area(values: readonly number[], most: number, height: number): string {
  const y = (value: number) => (height - (value / most) * height).toFixed(1);
  const steps = values.map((value, index) => `H${((index / columns) * 1000).toFixed(1)}V${y(value)}`);
  return `M0,${height}${steps.join("")}H1000V${height}Z`;
}

function limitLine(axis: Axis, limit: number | undefined, height: number): Markup {
  return limit === undefined
    ? markup``
    : markup`<line class="limit" x1="${axis.x(limit)}" x2="${axis.x(limit)}" y1="0" y2="${height}"/>`;
}

const axisLabels = ({ labels }: Axis) =>
  markup`<ol class="axis" aria-hidden="true">${labels.map((label) => markup`<li>${label}</li>`)}</ol>`;
