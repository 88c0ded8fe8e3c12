import assert from "node:assert/strict";
import type { SessionEvent } from "../../provider/api/dialects/dialect";
import { isOpen, recordOf, shorten, shownEvent } from "../../provider/restore/record";
import { isSameId, normalId } from "../../provider/restore/same-id";
import { anEntry } from "../helpers/journal";

const counts = { created: 1, merged: 0, failed: 0, skipped: 0, failedFolders: 0 };
const judgement = (failures: string[] = []) => ({ outcome: "Succeeded" as const, counts, failures, warnings: [] });
const event: SessionEvent = {
  id: "e-1",
  type: "Restore",
  status: "Success",
  title: "a title",
  message: "x".repeat(1000),
  startTime: "2026-11-20T19:00:01.000Z",
  endTime: undefined,
};

describe("the record of a restore", () => {
  const entry = anEntry({ startedAt: "2026-11-20T19:00:00.000Z" });

  it("says how long it took, in seconds, and never less than nothing", () => {
    assert.equal(recordOf(entry, judgement(), "2026-11-20T19:01:30.500Z").durationSeconds, 90.5);
    assert.equal(recordOf(entry, judgement(), "2026-11-20T18:59:00.000Z").durationSeconds, 0);
  });

  it("has its own event where there is one, cut short", () => {
    assert.deepEqual(recordOf(entry, judgement(), entry.startedAt).events, []);
    const [shown] = recordOf(entry, judgement(), entry.startedAt, event).events;
    assert.deepEqual([shown?.type, shown?.status], ["Restore", "Success"]);
    assert.ok((shown?.message.length ?? 0) <= 301, String(shown?.message.length));
    assert.deepEqual(shownEvent(event), shown);
  });

  it("keeps the first twenty of many texts, each cut short, and counts all failures", () => {
    const many = Array.from({ length: 25 }, (_, index) => `${index} ${"y".repeat(1000)}`);
    const { failures, failureCount } = recordOf(entry, judgement(many), entry.startedAt);
    assert.deepEqual([failures.length, failureCount], [20, 25]);
    assert.ok(failures.every((text, index) => text.startsWith(`${index} y`) && text.length <= 301));
    assert.deepEqual(shorten(["short"]), ["short"]);
  });

  it("is open where nobody has seen the end, and only there", () => {
    const outcomes = ["Unfinished", "Unknown", "Succeeded", "Failed", "PartiallyFailed", "Accepted"] as const;
    assert.deepEqual(outcomes.map(isOpen), [true, true, false, false, false, false]);
  });
});

describe("ids of the server", () => {
  it("are the same in any case, in braces or without", () => {
    assert.ok(isSameId("{7C1E-A}", "7c1e-a"));
    assert.ok(!isSameId("7c1e-a", "7c1e-b"));
    assert.equal(normalId("{AB}"), "ab");
  });

  it("lose braces around the whole alone", () => {
    assert.deepEqual(["a{b}", "{a}b"].map(normalId), ["a{b}", "{a}b"]);
  });
});
