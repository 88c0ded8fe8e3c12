/** An engine that was there so short a time ago is there, in milliseconds. */
const freshMs = 100;

/**
 * The same question, asked no more than ten times a second: each restore asks three times, and thousands of answers cost more than what they
 * tell. An answer is never older than that, counted from the question.
 */
export function asSeldom(
  isGone: () => Promise<boolean>,
  now: () => number = () => performance.now(),
): () => Promise<boolean> {
  let last: { askedAt: number; answer: Promise<boolean> } | undefined;
  return () => {
    if (last === undefined || now() - last.askedAt >= freshMs) {
      last = { askedAt: now(), answer: isGone() };
    }
    return last.answer;
  };
}
