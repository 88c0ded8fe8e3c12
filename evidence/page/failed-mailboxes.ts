import type { DrilledMailbox, Evidence, Objective } from "../evidence";
import { type Markup, markup } from "../markup";
import { countText, durationText, timeText } from "../text";
import { reasonsOf, resultText } from "../words";

/** More than these get a frame of their own to scroll in, so that what follows stays within reach. Paper has no frame. */
const framedFrom = 20;
/** More than these are laid out when they come into view. */
const lazyFrom = 500;

/** Every mailbox that did not pass, in plain HTML: it is there without scripts and on paper. */
export function failedMailboxes({ mailboxes, objectives }: Evidence): Markup {
  const failed = mailboxes.filter(({ passed }) => !passed);
  if (failed.length === 0) {
    return markup``;
  }
  const list = markup`<ol class="failed-list">${failed.map((mailbox) => entry(mailbox, objectives))}</ol>`;
  return markup`<section aria-labelledby="failed">
<h2 id="failed">Did not pass: ${countText(failed.length)}</h2>
${failed.length < framedFrom ? list : markup`<div class="frame${failed.length < lazyFrom ? "" : " lazy"}" role="group" aria-label="List of those that did not pass" tabindex="0">${list}</div>`}
</section>`;
}

function entry(mailbox: DrilledMailbox, objectives: readonly Objective[]): Markup {
  const { failures, failureCount, warnings, restoreSessionId, startedAt, durationSeconds, pst } = mailbox;
  const more = failureCount - failures.length;
  const words = [
    ...failures.map((text) => markup`<li>${text}</li>`),
    ...(more > 0 ? [markup`<li>and ${countText(more)} more</li>`] : []),
    ...warnings.map((text) => markup`<li>Warning: ${text}</li>`),
  ];
  const facts = [
    startedAt === null ? "not begun" : `begun ${timeText(startedAt)}, took ${durationText(durationSeconds)}`,
    ...(restoreSessionId === null ? [] : [`restore session ${restoreSessionId}`]),
    ...pst.map(({ path }) => `file ${path}`),
  ];
  return markup`<li>
<p><strong><bdi>${mailbox.mailbox}</bdi></strong> <span class="outcome">${resultText(mailbox)}</span></p>
<p>${reasonsOf(mailbox, objectives).join("; ")}</p>
${words.length === 0 ? "" : markup`<ul class="words">${words}</ul>`}
<p class="note">${facts.join("; ")}</p>
</li>
`;
}
