import { isDigestRight } from "../../evidence/digest";
import type { DrilledMailbox, Evidence } from "../../evidence/evidence";
import type { MailboxWrite, RecordedRequest } from "../../simulator";

/** A sentence about a run, and whether it is so. */
export interface Claim {
  says: string;
  isSo: boolean;
  /** What was seen instead; the first few. */
  but: string[];
}

/** What the server recorded, and what the runners left. */
export interface Seen {
  /** Mailboxes that are drilled, by id: their addresses. */
  mailboxes: ReadonlyMap<string, string>;
  /** Ids of those that the server refused. */
  refused: ReadonlySet<string>;
  /** Ids of those whose restore was under way when a runner was killed: nobody heard the answer, which has the counts. */
  broken: ReadonlySet<string>;
  /** Items that each of them holds. */
  items: number;
  target: string;
  writes: readonly MailboxWrite[];
  requests: readonly RecordedRequest[];
  /** Of the runners, in their order. */
  parts: readonly Evidence[];
  /** Digest of each part's evidence, as the state in the shared backend has it. */
  stateDigests: readonly unknown[];
  merged: Evidence;
}

/** Compares the evidence with what the server recorded. */
export function claimsOf(seen: Seen): Claim[] {
  const { mailboxes, refused, broken, writes, parts, merged } = seen;
  const restored = mailboxes.size - refused.size;
  const sizes = parts.map((part) => part.mailboxes.length);
  return [
    claim(
      `every mailbox was restored exactly once: ${restored} writes for ${restored} mailboxes, and none for the ${refused.size} refused`,
      [...mailboxes].flatMap(([id, email]) => {
        const expected = refused.has(id) ? 0 : 1;
        const found = writes.filter(({ sourceMailboxId }) => sourceMailboxId === id).length;
        return found === expected ? [] : [`${email}: ${found} writes`];
      }),
    ),
    claim(`nothing was sent twice: ${mailboxes.size} restores were asked for, one for each mailbox`, twiceIn(seen)),
    claim(`nothing was written twice: ${restored * seen.items} items are new in ${seen.target}`, strangeWritesIn(seen)),
    claim(
      `the evidence of each part is proved: its digest is right, and is the one in the shared backend`,
      parts.flatMap((part, index) =>
        isDigestRight(part) && part.digest.value === seen.stateDigests[index] ? [] : [part.drill.stack],
      ),
    ),
    claim(
      `the merged evidence is proved: its digest is right, and it names those of the ${parts.length} parts`,
      isDigestRight(merged) && same(digestsIn(merged), digestsOf(parts)) ? [] : digestsIn(merged),
    ),
    claim(
      `the merged evidence has all ${mailboxes.size} mailboxes, each once: ${sizes.join(" + ")}`,
      same(merged.mailboxes.map(({ mailbox }) => mailbox).sort(), [...mailboxes.values()].sort())
        ? []
        : [`${merged.mailboxes.length} mailboxes`],
    ),
    claim(
      `each of its mailboxes is as the server recorded it: restore session, outcome, items${uncounted(seen)}`,
      merged.mailboxes.filter((one) => !isAsRecorded(one, seen)).map(wordsOf),
    ),
    claim(`the merged verdict is right: ${verdictOf(seen)}, for those that the server refused and no other`, [
      ...(merged.verdict === verdictOf(seen) ? [] : [merged.verdict]),
      ...merged.mailboxes.filter((one) => one.passed === isRefused(one, seen)).map(wordsOf),
    ]),
    claim(
      `the kill changed nothing: the ${broken.size} restores that were under way were taken over, and not sent again`,
      killIn(seen),
    ),
  ];
}

/** The answer to a restore has its counts, and a runner that is killed hears none. */
function uncounted({ merged, broken }: Seen): string {
  const found = merged.mailboxes.filter(
    ({ mailboxId, counts }) => broken.has(mailboxId ?? "") && counts.created === null,
  );
  return found.length === 0 ? "" : ` (not known of ${found.length}: the kill took their answers)`;
}

/** A restore that was under way when its runner was killed is taken over by the next run, as the server carried it out. */
function killIn(seen: Seen): string[] {
  const { merged, broken, mailboxes } = seen;
  return [...broken].flatMap((id) => {
    const one = merged.mailboxes.find(({ mailboxId }) => mailboxId === id);
    return one?.passed === true && isAsRecorded(one, seen)
      ? []
      : [one === undefined ? `${mailboxes.get(id)}` : wordsOf(one)];
  });
}

export const claim = (says: string, but: string[]): Claim => ({ says, isSo: but.length === 0, but: but.slice(0, 5) });

const verdictOf = ({ refused }: Seen) => (refused.size > 0 ? "Failed" : "Passed");

/** A refusal is no event, so such a mailbox is known by its address alone. */
const isRefused = ({ mailbox }: DrilledMailbox, { mailboxes, refused }: Seen) =>
  [...refused].some((id) => mailboxes.get(id) === mailbox);

function isAsRecorded(one: DrilledMailbox, seen: Seen): boolean {
  const { writes, items, broken } = seen;
  if (isRefused(one, seen)) {
    return one.outcome === "Failed" && one.failures.some((text) => text.includes("Access is denied"));
  }
  const write = writes.find(({ sourceMailboxId }) => sourceMailboxId === one.mailboxId);
  return (
    seen.mailboxes.get(one.mailboxId ?? "") === one.mailbox &&
    one.outcome === "Succeeded" &&
    one.restoreSessionId === write?.sessionId &&
    (one.counts.created === items || (one.counts.created === null && broken.has(one.mailboxId ?? "")))
  );
}

/** The mailbox that an action was asked for, by its path. */
const actionPath = /\/Mailboxes\/([^/]+)\/Action$/i;

function twiceIn({ mailboxes, requests }: Seen): string[] {
  const asked = requests
    .filter(({ method }) => method === "POST")
    .flatMap(({ path }) => actionPath.exec(path)?.[1]?.toLowerCase() ?? []);
  return [...mailboxes].flatMap(([id, email]) => {
    const times = asked.filter((one) => one === id).length;
    return times === 1 ? [] : [`${email}: asked for ${times} times`];
  });
}

/** A second write of the same mail would find it there, and create nothing. */
const strangeWritesIn = ({ writes, target, items }: Seen) =>
  writes
    .filter(({ targetEmail, counts }) => targetEmail !== target || counts.created !== items)
    .map(({ targetEmail, counts }) => `${counts.created} new items in ${targetEmail}`);

const digestsIn = ({ mergedFrom }: Evidence) => mergedFrom.map(({ digest }) => digest.value);
const digestsOf = (parts: readonly Evidence[]) => parts.map(({ digest }) => digest.value);
const same = (a: readonly string[], b: readonly string[]) => JSON.stringify(a) === JSON.stringify(b);
const wordsOf = (one: DrilledMailbox) =>
  [one.mailbox, one.outcome, ...one.missed, ...one.failures, ...one.warnings].join(", ");
