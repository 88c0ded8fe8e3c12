import fc from "fast-check";
import { edits } from "./declarations";
import { stages, victims } from "./crashes";
import type { EngineStep } from "./engine-life";
import type { ServerMood, Step } from "./model";

/** Most servers are well most of the time. */
const moods: ServerMood[] = [
  "well",
  "well",
  "well",
  "line cut before",
  "line cut after",
  "504",
  "refused",
  "partly failed",
];

/** An `up`; half of them are killed at some step to the outside: there are about thirty in one that restores. */
const up = fc.record({
  do: fc.constant("up" as const),
  replace: fc.constantFrom(false, false, false, true),
  crashAt: fc.option(fc.integer({ min: 1, max: 36 }), { nil: undefined }),
  server: fc.constantFrom(...moods),
});

const edit = fc.record({
  do: fc.constant("edit" as const),
  what: fc.constantFrom(...edits),
});

const other = fc
  .constantFrom("refresh" as const, "destroy" as const, "delete from state" as const)
  .map((name) => ({ do: name }));

/** A life of a stack: most of it `up`s. */
export const lives: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: up }, { weight: 3, arbitrary: edit }, { weight: 2, arbitrary: other }),
  { minLength: 2, maxLength: 8 },
);

/** The same on the real engine, where a kill is one of a process, at a stage. */
export const engineLives: fc.Arbitrary<EngineStep[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("killed up" as const),
        replace: fc.constantFrom(false, false, false, true),
        stage: fc.constantFrom(...stages.filter((stage) => stage !== "after the result was journaled")),
        victim: fc.constantFrom(...victims),
      }),
    },
    { weight: 4, arbitrary: up.map(({ crashAt: _none, ...step }) => step) },
    { weight: 3, arbitrary: edit },
    { weight: 2, arbitrary: other },
  ),
  { minLength: 2, maxLength: 6 },
);
