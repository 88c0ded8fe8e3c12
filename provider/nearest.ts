import { distance } from "fastest-levenshtein";

/** The candidate that somebody most likely meant; undefined when none is near. */
export function nearestOf(written: string, candidates: readonly string[]): string | undefined {
  return nearestFirst(written, candidates).find((candidate) => isNear(written, candidate));
}

/**
 * Candidates by their likeness to what was written, the nearest first.
 *
 * @param likenessOf - the part of a candidate that somebody would write; default: all of it
 */
export function nearestFirst(
  written: string,
  candidates: readonly string[],
  likenessOf = (candidate: string) => candidate,
): string[] {
  return candidates
    .map((candidate) => ({ candidate, steps: stepsBetween(written, likenessOf(candidate)) }))
    .sort((a, b) => a.steps - b.steps)
    .map(({ candidate }) => candidate);
}

/** Another case is no difference, and up to a third of the letters may be wrong. */
const stepsBetween = (a: string, b: string) => distance(a.toLowerCase(), b.toLowerCase());
const isNear = (a: string, b: string) => stepsBetween(a, b) <= Math.max(2, Math.floor(a.length / 3));
