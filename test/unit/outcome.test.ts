import assert from "node:assert/strict";
import type { Counts, RestoreAnswer, SessionEvent } from "../../provider/api/dialects/dialect";
import {
  type FailurePolicy,
  findEvent,
  isAcceptable,
  judge,
  provesNothingWritten,
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

describe("judging a restore", () => {
  it("calls an answer with counters and no failure a success", () => {
    assert.equal(judge(answer(), event("Success")).outcome, "Succeeded");
  });

  it("calls it a success when every item was skipped because it is there already", () => {
    const allSkipped = answer({ counts: counts({ created: 0, merged: 0, skipped: 40 }) });
    assert.equal(judge(allSkipped, undefined).outcome, "Succeeded");
  });

  it("tells a restore that found nothing from one that skipped everything", () => {
    const nothing = answer({ counts: counts({ created: 0, merged: 0, skipped: 0 }) });
    assert.equal(judge(nothing, event("Success")).outcome, "NothingToRestore");
  });

  it("calls it partly failed when some items failed and others were handled", () => {
    assert.equal(judge(answer({ counts: counts({ failed: 3 }) }), event("Success")).outcome, "PartiallyFailed");
  });

  it("takes an exception for a failure even when no item is counted as failed", () => {
    const judgement = judge(answer({ exceptions: ["Failed to restore item"] }), undefined);
    assert.equal(judgement.outcome, "PartiallyFailed");
    assert.deepEqual(judgement.failures, ["Failed to restore item"]);
  });

  it("calls it failed when the server could not continue, whatever it had written", () => {
    assert.equal(judge(answer({ cannotContinueError: "mailbox is full" }), event("Success")).outcome, "Failed");
  });

  it("believes the event when it says Failed and the counters look well", () => {
    assert.equal(judge(answer(), event("Failed")).outcome, "PartiallyFailed");
  });

  it("keeps the event's words when it warns", () => {
    const judgement = judge(answer(), event("Warning", { message: "two items were too large" }));
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.deepEqual(judgement.warnings, ["two items were too large"]);
  });

  for (const [status, outcome] of [
    ["Success", "Succeeded"],
    ["Warning", "SucceededWithWarnings"],
    ["Failed", "Failed"],
    ["Running", "Unfinished"],
    ["Cancelled", "Failed"],
    ["Skipped", "Unknown"],
    ["SomethingNew", "Unknown"],
  ] as const) {
    it(`lets the event decide when the answer is empty: ${status} means ${outcome}`, () => {
      const judgement = judge(empty, event(status));
      assert.equal(judgement.outcome, outcome);
      assert.equal(judgement.counts.failed, null, "an empty answer never means 0 failed");
    });
  }

  it("warns when there is neither a count nor an event", () => {
    const judgement = judge(empty, undefined);
    assert.equal(judgement.outcome, "SucceededWithWarnings");
    assert.match(judgement.warnings.join(), /neither counts nor an event/);
  });

  it("says unknown when there was no answer and there is no event", () => {
    assert.equal(judge(undefined, undefined).outcome, "Unknown");
  });

  it("warns when the server did not say how many items failed", () => {
    assert.equal(judge(answer({ counts: counts({ failed: null }) }), undefined).outcome, "SucceededWithWarnings");
  });

  it("takes it as proved that nothing was written only when created and merged are counted as zero", () => {
    const failedAll = counts({ created: 0, merged: 0, skipped: 0, failed: 7 });
    assert.equal(provesNothingWritten(judge(answer({ counts: failedAll }), undefined)), true);
    assert.equal(provesNothingWritten(judge(empty, event("Failed"))), false);
    assert.equal(provesNothingWritten(judge(answer({ cannotContinueError: "full" }), undefined)), false);
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

describe("finding a restore's own event", () => {
  const query = {
    type: "Restore" as const,
    names: ["finance@contoso.example", "Finance"],
    ignore: new Set<string>(),
    alone: true,
  };

  it("takes the only one of its type when nothing else ran", () => {
    const events = [event("Success", { id: "start", type: "None" }), event("Success", { message: "done" })];
    assert.equal(findEvent(events, query)?.id, "e-1");
  });

  it("takes the one that names the mailbox among several", () => {
    const events = [event("Failed", { id: "other", message: "Restoring Sales" }), event("Success")];
    assert.equal(findEvent(events, { ...query, alone: false })?.id, "e-1");
  });

  it("leaves out events that were there before", () => {
    assert.equal(findEvent([event("Success")], { ...query, ignore: new Set(["e-1"]) }), undefined);
  });

  it("lets several speak together when they all ended alike", () => {
    const events = [event("Success", { message: "a" }), event("Success", { id: "e-2", message: "b" })];
    assert.equal(findEvent(events, { ...query, alone: false })?.status, "Success");
  });

  it("knows nothing when several could be it and they ended differently", () => {
    const events = [event("Success", { message: "a" }), event("Failed", { id: "e-2", message: "b" })];
    assert.equal(judge(empty, findEvent(events, { ...query, alone: false })).outcome, "Unknown");
  });
});
