import assert from "node:assert/strict";
import { asSeldom } from "../../provider/resources/bulk-mailbox-restore/engine-look";

describe("a bulk restore's look whether the engine is there", () => {
  it("takes an answer for no more than 100 ms, counted from the question", async () => {
    let [ms, asked] = [0, 0];
    const isGone = asSeldom(
      () => Promise.resolve((asked += 1) > 1),
      () => ms,
    );
    assert.equal(await isGone(), false);
    ms = 99;
    assert.equal(await isGone(), false);
    ms = 100;
    assert.equal(await isGone(), true);
    assert.equal(asked, 2);
  });
});
