import fc from "fast-check";
import { liveThrough } from "../exactly-once/model";
import { lives } from "../exactly-once/sequences";

describe("random lives of a stack: edits, ups, refreshes, crashes at any step, replaces, destroys", () => {
  it("send at most once an attempt, exactly once what is green, and never more than was declared", async function () {
    this.timeout(20 * 60_000);
    let sends = 0;
    await fc.assert(
      fc.asyncProperty(lives, fc.constantFrom("named" as const, "none" as const), async (steps, restoreEvents) => {
        sends += (await liveThrough(steps, restoreEvents)).sends;
      }),
      { numRuns: 2000 },
    );
    // A world in which nothing is ever sent would hold everything.
    if (sends < 1000) {
      throw new Error(`only ${sends} restores in 2000 lives`);
    }
  });
});
