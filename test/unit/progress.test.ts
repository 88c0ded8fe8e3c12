import assert from "node:assert/strict";
import { describeActivity, openEngine } from "../../provider/host/progress";

describe("what a row says while it lasts", () => {
  for (const [elapsedMs, bytes, text] of [
    [0, undefined, "restoring"],
    [1_999, undefined, "restoring"],
    [42_000, undefined, "restoring 42 s"],
    [130_000, undefined, "restoring 2 m 10 s"],
    [7_500_000, undefined, "restoring 2 h 5 m"],
    [
      25_000,
      { done: 1_200_000_000, from: 0, total: 3_400_000_000 },
      "restoring 1.2 GB of 3.4 GB (35 %), 48.0 MB/s, 45 s left",
    ],
    [
      10_000,
      { done: 1_200_000_000, from: 1_100_000_000, total: 3_400_000_000 },
      "restoring 1.2 GB of 3.4 GB (35 %), 10.0 MB/s, 3 m 40 s left",
    ],
    [25_000, { done: 3_400_000_000, from: 0, total: 3_400_000_000 }, "restoring 3.4 GB of 3.4 GB (100 %), 136 MB/s"],
    [0, { done: 0, from: 0, total: 0 }, "restoring 0 B of 0 B (0 %)"],
    [500, { done: 950, from: 0, total: undefined }, "restoring 950 B"],
    [10_000, { done: 123_456_789, from: 0, total: undefined }, "restoring 123 MB, 12.3 MB/s"],
  ] as const) {
    it(`after ${elapsedMs} ms${bytes === undefined ? "" : ` and ${bytes.done} bytes`}: ${text}`, () => {
      assert.equal(describeActivity("restoring", elapsedMs, bytes), text);
    });
  }

  it("goes nowhere, and fails nowhere, where no engine listens", async () => {
    const line = { urn: "", severity: 1, message: "restoring", ephemeral: true };
    await openEngine(undefined).log(line);
    await openEngine("--require").log(line);
    await openEngine("127.0.0.1:1").log(line);
  });

  it("knows an engine that is gone from one that was never named", async () => {
    assert.equal(await openEngine("127.0.0.1:1").isGone(), true);
    assert.equal(await openEngine(undefined).isGone(), false);
  });
});
