import { createHash } from "node:crypto";

/**
 * How each mailbox ended, as short as it can be said, for the state: by outcome, eight characters of the digest of each name, one behind the
 * other. Ten thousand mailboxes are 80 kB.
 */
export type Marks = Record<string, string>;

const length = 8;

export const markOf = (name: string): string => createHash("sha256").update(name).digest("base64url").slice(0, length);

export function marksOf(outcomes: Iterable<[name: string, outcome: string]>): Marks {
  const marks = new Map<string, string[]>();
  for (const [name, outcome] of outcomes) {
    const some = marks.get(outcome);
    if (some === undefined) {
      marks.set(outcome, [markOf(name)]);
    } else {
      some.push(markOf(name));
    }
  }
  return Object.fromEntries([...marks].map(([outcome, some]) => [outcome, some.sort().join("")]));
}

/** The outcome of each marked name. */
export function readMarks(marks: Marks): (name: string) => string | undefined {
  const outcomes = new Map<string, string>();
  for (const [outcome, some] of Object.entries(marks)) {
    for (let at = 0; at < some.length; at += length) {
      outcomes.set(some.slice(at, at + length), outcome);
    }
  }
  return (name) => outcomes.get(markOf(name));
}
