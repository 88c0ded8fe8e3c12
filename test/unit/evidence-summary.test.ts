import assert from "node:assert/strict";
import { summaryOf } from "../../evidence/summary";
import { aFailedMailbox, aMailbox, checks, limits } from "../helpers/evidence";

const unknown = { created: null, merged: null, skipped: null, failed: null, restored: null };

describe("the summary of a drill", () => {
  it("passes when every mailbox passed", () => {
    const { verdict, objectives, totals } = summaryOf([aMailbox(0), aMailbox(1)], limits);
    assert.equal(verdict, "Passed");
    assert.deepEqual(
      objectives.map(({ met }) => met),
      [true, true],
    );
    assert.deepEqual(totals.outcomes, { Succeeded: 2 });
  });

  it("fails without a mailbox: nothing was seen", () => {
    const { verdict, objectives } = summaryOf([], limits);
    assert.equal(verdict, "Failed");
    assert.deepEqual(
      objectives.map(({ met, worstSeconds }) => [met, worstSeconds]),
      [
        [false, null],
        [false, null],
      ],
    );
  });

  it("fails when one mailbox did not pass, and when a check could not be told", () => {
    assert.equal(summaryOf([aMailbox(0), aMailbox(1, { passed: false })], limits).verdict, "Failed");
    const untold = aMailbox(1, { checks: checks({ notEmpty: "unknown" }) });
    const summary = summaryOf([aMailbox(0), untold], limits);
    assert.equal(summary.verdict, "Failed");
    assert.deepEqual(summary.checks[1], { name: "notEmpty", passed: 1, failed: 0, unknown: 1 });
  });

  it("says which mailboxes missed an objective, at most the first hundred, and how many they are", () => {
    const late = Array.from({ length: 120 }, (_, index) =>
      aMailbox(index, { missed: ["rto"], recoveryTimeSeconds: 20_000 + index }),
    );
    const [rto, rpo] = summaryOf([aMailbox(200), ...late], limits).objectives;
    assert.deepEqual([rto?.met, rto?.missedCount, rto?.missedBy.length, rto?.worstSeconds], [false, 120, 100, 20_119]);
    assert.deepEqual([rpo?.met, rpo?.missedCount], [true, 0]);
  });

  it("counts as passed those with a good result, also when they were late", () => {
    const late = aMailbox(1, { passed: false, missed: ["rto"] });
    assert.equal(summaryOf([aMailbox(0), late, aFailedMailbox(2)], limits).totals.passed, 2);
  });

  it("adds up what is known, and knows nothing where nothing was counted", () => {
    const counted = aMailbox(0, { counts: { ...unknown, created: 3, merged: 4, failed: 1 } });
    const restored = aMailbox(1, { counts: { ...unknown, restored: 5, failed: 0 } });
    assert.deepEqual(summaryOf([counted, restored, aMailbox(2, { counts: unknown })], limits).totals.items, {
      written: 12,
      skipped: null,
      failed: 1,
    });
  });
});
