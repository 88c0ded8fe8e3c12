import fc from "fast-check";
import type { ServerMood, Step } from "./model";

const moods: ServerMood[] = ["well", "well", "well", "line cut before", "line cut after", "504", "refused", "partly failed"];

/** An `up`; half of them are killed at some step to the outside: there are about thirty in one that restores. */
const up: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("up" as const),
  replace: fc.constantFrom(false, false, false, true),
  crashAt: fc.option(fc.integer({ min: 1, max: 36 }), { nil: undefined }),
  server: fc.constantFrom(...moods),
});

const edit: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("edit" as const),
  what: fc.constantFrom("runId" as const, "target" as const, "reason" as const, "policy" as const, "accept" as const),
});

const other: fc.Arbitrary<Step> = fc
  .constantFrom("refresh" as const, "destroy" as const, "delete from state" as const)
  .map((name) => ({ do: name }));

/** A life of a stack: most of it `up`s. */
export const lives: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: up }, { weight: 3, arbitrary: edit }, { weight: 2, arbitrary: other }),
  { minLength: 2, maxLength: 8 },
);
