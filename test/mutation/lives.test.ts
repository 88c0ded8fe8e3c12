import assert from "node:assert/strict";
import fc from "fast-check";
import { liveThrough } from "../exactly-once/model";
import { lives } from "../exactly-once/sequences";

describe("lives of a stack, the same at every run", () => {
  it("send once what is declared, where nothing is in the way", async () => {
    // A world in which nothing is ever sent would hold all that the others ask for.
    assert.equal((await liveThrough([{ do: "up" }, { do: "refresh" }, { do: "up" }], "named")).sends, 1);
  });

  // A test each, so that a mutant meets those alone that pass it, and the first that is broken ends it.
  const drawn = fc.sample(lives, { numRuns: 20, seed: 1 });
  for (const [index, steps] of drawn.entries()) {
    it(`send at most once an attempt, and exactly once what is green: life ${index + 1}`, async () => {
      await liveThrough(steps, index % 2 === 0 ? "named" : "none");
    });
  }
});
