import assert from "node:assert/strict";
import type { Counts, RestoreAnswer, SessionEvent } from "../../provider/api/dialects/dialect";
import {
  type FailurePolicy,
  type Outcome,
  isAcceptable,
  judge,
  unknownCounts,
  withFailures,
} from "../../provider/restore/outcome";

const counts = (difference: Partial<Counts> = {}): Counts => ({
  created: 10,
  merged: 2,
  failed: 0,
  skipped: 5,
  failedFolders: null,
  ...difference,
});
const answer = (difference: Partial<RestoreAnswer> = {}): RestoreAnswer => ({
  counts: counts(),
  warnings: [],
  exceptions: [],
  cannotContinueError: undefined,
  ...difference,
});
const empty = answer({ counts: undefined });
const event = (status: string, difference: Partial<SessionEvent> = {}): SessionEvent => ({
  id: "e-1",
  type: "Restore",
  status,
  title: "",
  message: "Restoring Finance",
  startTime: "2026-11-20T10:00:00+00:00",
  endTime: undefined,
  ...difference,
});

/** What is seen of a restore: its own event, or none. */
const ours = (status: string, difference: Partial<SessionEvent> = {}) => ({
  kind: "ours" as const,
  event: event(status, difference),
});
const none = { kind: "none" as const };

describe("judging a restore", () => {
  it("calls an answer with counters and no failure a success", () => {
    assert.equal(judge(answer(), ours("Success")).outcome, "Succeeded");
  });

  it("calls it a success when every item was skipped because it is there already", () => {
    const allSkipped = answer({ counts: counts({ created: 0, merged: 0, skipped: 40 }) });
    assert.equal(judge(allSkipped, none).outcome, "Succeeded");
  });

  it("tells a restore that found nothing from one that skipped everything", () => {
    const nothing = answer({ counts: counts({ created: 0, merged: 0, skipped: 0 }) });
    assert.equal(judge(nothing, ours("Success")).outcome, "NothingToRestore");
  });

  it("calls it partly failed when some items failed and others were handled", () => {
    assert.equal(judge(answer({ counts: counts({ failed: 3 }) }), ours("Success")).outcome, "PartiallyFailed");
  });

  it("takes an exception for a failure even when no item is counted as failed", () => {
    const judgement = judge(answer({ exceptions: ["Failed to restore item"] }), none);
    assert.equal(judgement.outcome, "PartiallyFailed");
    assert.deepEqual(judgement.failures, ["Failed to restore item"]);
  });

  it("calls it failed when the server could not continue, whatever it had written", () => {
    assert.equal(judge(answer({ cannotContinueError: "mailbox is full" }), ours("Success")).outcome, "Failed");
  });

  it("believes the event when it says Failed and the counters look well", () => {
    assert.equal(judge(answer(), ours("Failed")).outcome, "PartiallyFailed");
  });

  it("takes a warning beside counters without a failure for a warning, in the event's words", () => {
    const judgement = judge(answer(), ours("Warning", { message: "two items were too large" }));
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.deepEqual(judgement.warnings, ["two items were too large"]);
  });

  for (const [status, outcome] of [
    ["Success", "Succeeded"],
    ["Warning", "PartiallyFailed"],
    ["Failed", "Failed"],
    ["Running", "Unfinished"],
    ["Cancelled", "Failed"],
    ["Skipped", "Unknown"],
    ["SomethingNew", "Unknown"],
  ] as const) {
    it(`lets the event decide when the answer is empty: ${status} means ${outcome}`, () => {
      const judgement = judge(empty, ours(status));
      assert.equal(judgement.outcome, outcome);
      assert.equal(judgement.counts.failed, null, "an empty answer never means 0 failed");
    });
  }

  it("warns when there is neither a count nor an event", () => {
    const judgement = judge(empty, none);
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.match(judgement.warnings.join(), /neither counts nor an event/);
  });

  describe("when several events could be the one", () => {
    const unclear = (...statuses: string[]) => ({
      kind: "unclear" as const,
      events: statuses.map((status) => event(status)),
    });

    it("believes that ours ended well when the server answered and all of them did", () => {
      assert.equal(judge(empty, unclear("Success", "Success")).outcome, "Succeeded");
    });

    it("knows nothing when one of them did not", () => {
      assert.equal(judge(empty, unclear("Success", "Warning")).outcome, "Unknown");
    });

    it("knows nothing when there was no answer, however well they all ended", () => {
      assert.equal(judge(undefined, unclear("Success", "Success")).outcome, "Unknown");
    });

    it("lets no neighbour overrule the counters of our own answer", () => {
      assert.equal(judge(answer(), unclear("Success", "Failed")).outcome, "Succeeded");
    });
  });

  it("never calls a warning without counts a success, because it may be the word for items that failed", () => {
    const judgement = judge(empty, ours("Warning", { message: "3 items failed" }));
    assert.equal(judgement.outcome, "PartiallyFailed");
    assert.equal(
      isAcceptable(judgement.outcome, judgement.counts, 0, { maxFailedItems: 1000, onNothingToRestore: "accept" }),
      false,
    );
    assert.deepEqual(judgement.warnings, ["3 items failed"]);
  });

  it("says unknown when there was no answer and there is no event", () => {
    assert.equal(judge(undefined, none).outcome, "Unknown");
  });

  it("knows nothing when the server did not say how many items failed, or whether any was handled", () => {
    assert.equal(judge(answer({ counts: counts({ failed: null }) }), none).outcome, "Unknown");
    const half = counts({ created: 0, merged: 0, skipped: null });
    assert.equal(judge(answer({ counts: half }), none).outcome, "Unknown");
  });

  it("knows nothing when the answer is empty and the events could not be read", () => {
    assert.equal(judge(empty, { kind: "unclear", events: [] }).outcome, "Unknown");
  });

  describe("proof that nothing was written", () => {
    const isProved = (of: RestoreAnswer, seen: Parameters<typeof judge>[1]) =>
      judge(of, seen).provesNothingWritten === true;
    const failedAll = counts({ created: 0, merged: 0, skipped: 0, failed: 7 });
    const statistics = (difference: Partial<Counts>) =>
      answer({ counts: { ...failedAll, ...difference }, isOfStatistics: true });

    it("is an answer that counts nothing created and nothing merged, and no less", () => {
      assert.equal(isProved(answer({ counts: failedAll }), none), true);
      assert.equal(isProved(empty, ours("Failed")), false);
      assert.equal(isProved(answer({ cannotContinueError: "full" }), none), false);
    });

    it("is no session whose statistics are zero, because they may not be filled in yet", () => {
      assert.equal(isProved(statistics({ failed: 7 }), ours("Failed")), true);
      assert.equal(isProved(statistics({ failed: 0 }), ours("Failed")), false);
    });

    it("is nothing that somebody cancelled", () => {
      assert.equal(isProved(answer({ counts: failedAll }), ours("Cancelled")), false);
    });
  });

  it("does not count with statistics that contradict themselves", () => {
    const judgement = judge(answer({ isInconsistent: true }), ours("Success"));
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.deepEqual(judgement.counts, unknownCounts);
    assert.match(judgement.warnings.join(), /do not add up/);
  });

  it("tells of items that the statistics have in their total and in no counter", () => {
    const judgement = judge(answer({ uncounted: 7 }), ours("Success"));
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.deepEqual([judgement.counts, judgement.warnings.length], [counts(), 1]);
    assert.match(judgement.warnings.join(), /nothing of 7 items/);
  });
});

describe("an end that was seen later", () => {
  const end = (outcome: Outcome) => ({ outcome, counts: unknownCounts, failures: ["of the end"], warnings: [] });

  it("is no success where the answer told of a failure, and forgets none", () => {
    for (const [seen, outcome] of [
      ["Succeeded", "PartiallyFailed"],
      ["SucceededWithWarnings", "PartiallyFailed"],
      ["NothingToRestore", "Failed"],
      ["PartiallyFailed", "PartiallyFailed"],
      ["Failed", "Failed"],
      ["Unknown", "Unknown"],
    ] as const) {
      const judgement = withFailures(end(seen), ["of the answer"]);
      assert.equal(judgement.outcome, outcome);
      assert.deepEqual(judgement.failures, ["of the answer", "of the end"]);
    }
    assert.deepEqual(withFailures(end("Succeeded"), []), end("Succeeded"));
  });

  it("proves nothing where the answer told of a failure of its own", () => {
    const proof = { ...end("Failed"), provesNothingWritten: true as const };
    assert.equal(withFailures(proof, ["of the answer"]).provesNothingWritten, undefined);
  });
});

describe("accepting a result", () => {
  const policy = (difference: Partial<FailurePolicy> = {}): FailurePolicy => ({
    maxFailedItems: 0,
    onNothingToRestore: "fail",
    ...difference,
  });

  it("accepts a partial failure up to the number of items that may fail", () => {
    const three = counts({ failed: 3 });
    assert.equal(isAcceptable("PartiallyFailed", three, 3, policy({ maxFailedItems: 2 })), false);
    assert.equal(isAcceptable("PartiallyFailed", three, 3, policy({ maxFailedItems: 3 })), true);
  });

  it("never takes an unknown number of failures for a small one", () => {
    assert.equal(isAcceptable("PartiallyFailed", counts({ failed: null }), 0, policy({ maxFailedItems: 1000 })), false);
  });

  it("never accepts a folder that failed as a number of items", () => {
    const folder = counts({ failed: 1, failedFolders: 1 });
    assert.equal(isAcceptable("PartiallyFailed", folder, 1, policy({ maxFailedItems: 1000 })), false);
  });

  it("accepts an empty restore only where the program says so", () => {
    assert.equal(isAcceptable("NothingToRestore", counts(), 0, policy()), false);
    assert.equal(isAcceptable("NothingToRestore", counts(), 0, policy({ onNothingToRestore: "accept" })), true);
  });

  for (const outcome of ["Failed", "Unfinished", "Unknown"] as const) {
    it(`accepts ${outcome} under no policy`, () => {
      const widest = policy({ maxFailedItems: 1_000_000, onNothingToRestore: "accept" });
      assert.equal(isAcceptable(outcome, counts(), 0, widest), false);
    });
  }
});

describe("what a judgement keeps of an answer", () => {
  it("is everything that the server named as failed, or the event's words where it named nothing", () => {
    const named = answer({ cannotContinueError: "quota", exceptions: ["item"] });
    assert.deepEqual(judge(named, ours("Failed")).failures, ["quota", "item"]);
    assert.deepEqual(judge(undefined, ours("Failed")).failures, ["Restoring Finance"]);
    for (const seen of [none, ours("Success"), ours("Warning")]) {
      assert.deepEqual(judge(answer(), seen).failures, [], seen.kind);
    }
  });

  it("is every warning, or the event's words where it warned of nothing", () => {
    assert.deepEqual(judge(answer({ warnings: ["slow"] }), ours("Warning")).warnings, ["slow"]);
    assert.deepEqual(judge(answer(), ours("Warning")).warnings, ["Restoring Finance"]);
    assert.deepEqual(judge(answer(), ours("Success")).warnings, []);
  });
});

describe("an answer without counts", () => {
  it("that tells of a failure is unknown where the events could not be read", () => {
    const told = answer({ counts: undefined, cannotContinueError: "quota" });
    assert.equal(judge(told, { kind: "unclear", events: [] }).outcome, "Unknown");
    assert.equal(judge(told, { kind: "unclear", events: [event("Failed")] }).outcome, "Failed");
  });

  it("that tells of a failure is a failure, in part where the event tells of a good end", () => {
    for (const broken of [{ exceptions: ["item"] }, { cannotContinueError: "quota" }]) {
      const told = answer({ counts: undefined, ...broken });
      assert.equal(judge(told, none).outcome, "Failed");
      assert.equal(judge(told, ours("Failed")).outcome, "Failed");
      assert.equal(judge(told, ours("Success")).outcome, "PartiallyFailed");
      assert.equal(judge(told, ours("Warning")).outcome, "PartiallyFailed");
      assert.equal(judge(told, ours("Running")).outcome, "Unfinished");
      assert.equal(judge(told, ours("Skipped")).outcome, "Unknown");
    }
  });
});

describe("an answer with counts", () => {
  it("has not ended while its event runs, whatever failed until then", () => {
    for (const told of [answer({ counts: counts({ failed: 3 }) }), answer({ cannotContinueError: "quota" })]) {
      assert.equal(judge(told, ours("Running")).outcome, "Unfinished");
      assert.equal(judge(told, ours("Running")).failures.length, 1);
    }
  });

  it("has not ended while its event runs, and is unknown where that says nothing", () => {
    assert.equal(judge(answer(), ours("Running")).outcome, "Unfinished");
    assert.equal(judge(answer(), ours("Skipped")).outcome, "Unknown");
  });

  it("is partly failed for a folder alone, and where items were skipped beside those that failed", () => {
    assert.equal(judge(answer({ counts: counts({ failedFolders: 2 }) }), none).outcome, "PartiallyFailed");
    const skipped = counts({ created: 0, merged: 0, skipped: 4, failed: 1 });
    assert.equal(judge(answer({ counts: skipped }), none).outcome, "PartiallyFailed");
  });

  it("counts as handled what is known of half of it", () => {
    const half = counts({ created: null, merged: 3, skipped: null, failed: 1 });
    assert.equal(judge(answer({ counts: half }), none).outcome, "PartiallyFailed");
    const other = counts({ created: 3, merged: null, skipped: null, failed: 1 });
    assert.equal(judge(answer({ counts: other }), none).outcome, "PartiallyFailed");
  });

  it("that counts nothing as written is a restore of nothing only where all was counted", () => {
    const half = counts({ created: null, merged: null, skipped: 0 });
    assert.equal(judge(answer({ counts: half }), none).outcome, "Unknown");
    assert.equal(judge(answer({ counts: { ...half, restored: 0 } }), none).outcome, "NothingToRestore");
    assert.equal(judge(answer({ counts: { ...half, restored: 5 } }), none).outcome, "Succeeded");
    assert.equal(judge(answer({ counts: counts({ skipped: null }) }), none).outcome, "Succeeded");
  });

  it("that does not count what failed is no success by itself", () => {
    assert.equal(judge(answer({ counts: counts({ failed: null }) }), none).outcome, "Unknown");
    assert.equal(judge(answer({ counts: counts({ failed: null }) }), ours("Success")).outcome, "Succeeded");
  });
});

describe("the proof that nothing was written", () => {
  const proves = (...args: Parameters<typeof judge>) => judge(...args).provesNothingWritten === true;
  const nothing = counts({ created: 0, merged: 0, skipped: 0 });

  it("is a failure that counted nothing as written, with what failed or without", () => {
    assert.ok(proves(answer({ counts: { ...nothing, failed: 3 } }), none));
    assert.ok(proves(answer({ counts: nothing, cannotContinueError: "quota" }), none));
    assert.ok(proves(answer({ counts: { ...nothing, failed: 3 }, isOfStatistics: true }), ours("Failed")));
  });

  it("is no restore that found nothing, and none that wrote something", () => {
    assert.ok(!proves(answer({ counts: nothing }), ours("Success")));
    assert.ok(!proves(answer({ counts: counts({ created: 1, merged: 1 }) }), ours("Failed")));
    assert.ok(!proves(answer({ counts: counts({ created: 2, merged: 2 }), cannotContinueError: "quota" }), none));
  });

  it("is none without whole counts, and none from statistics that may not be filled in", () => {
    assert.ok(!proves(undefined, ours("Failed")));
    assert.ok(!proves(answer({ counts: { ...nothing, created: null, failed: 3 } }), none));
    assert.ok(!proves(answer({ counts: nothing, isOfStatistics: true, cannotContinueError: "x" }), none));
  });

  it("is none from statistics that leave items of their total out, whatever the event says", () => {
    const partly = answer({ counts: { ...nothing, failed: 2 }, isOfStatistics: true, uncounted: 70 });
    const judgement = judge(partly, ours("Failed"));
    assert.equal(judgement.provesNothingWritten, undefined);
    assert.equal(judgement.outcome, "Failed");
    assert.match(judgement.warnings.join(), /nothing of 70 items/);
  });

  it("is none where the event of the restore tells something else", () => {
    const stopped = answer({ counts: nothing, cannotContinueError: "premature session shutdown" });
    const failedAll = answer({ counts: { ...nothing, failed: 7 } });
    for (const told of [stopped, answer({ counts: nothing, exceptions: ["item"] }), failedAll]) {
      for (const [status, outcome] of [
        ["Running", "Unfinished"],
        ["Skipped", "Unknown"],
        ["Success", "PartiallyFailed"],
        ["Warning", "PartiallyFailed"],
      ] as const) {
        const judgement = judge(told, ours(status));
        assert.equal(judgement.provesNothingWritten, undefined, status);
        assert.equal(judgement.outcome, outcome, status);
        assert.equal(judgement.failures.length, 1, `what failed is not forgotten: ${status}`);
      }
      assert.ok(proves(told, ours("Failed")));
      assert.ok(proves(told, none));
    }
    const { counts: known, warnings } = judge(stopped, ours("Success"));
    assert.deepEqual(known, unknownCounts, "no counter holds where nobody knows which of the two is right");
    assert.match(warnings.join(), /nothing as written.*look into the mailbox/);
  });

  it("is none where the events could not be read, or could be of others, unless all of them failed", () => {
    const unclear = (...statuses: string[]) => ({
      kind: "unclear" as const,
      events: statuses.map((status) => event(status)),
    });
    for (const told of [
      answer({ counts: { ...nothing, failed: 3 } }),
      answer({ counts: nothing, exceptions: ["x"] }),
    ]) {
      for (const seen of [unclear(), unclear("Failed", "Success"), unclear("Failed", "Running")]) {
        const judgement = judge(told, seen);
        assert.equal(judgement.provesNothingWritten, undefined);
        assert.equal(judgement.outcome, "Unknown");
        assert.equal(judgement.failures.length, 1);
      }
      assert.ok(proves(told, unclear("Failed", "Failed")));
      assert.ok(!proves(told, unclear("Failed", "Cancelled")));
    }
  });

  it("is none where a person has ended it", () => {
    assert.ok(!proves(answer({ counts: { ...nothing, failed: 3 } }), ours("Cancelled")));
  });
});
