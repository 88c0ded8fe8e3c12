import assert from "node:assert/strict";
import fc from "fast-check";
import { isDigestRight, withDigest } from "../../evidence/digest";
import type { Evidence } from "../../evidence/evidence";
import { mergeEvidence } from "../../evidence/merge";
import { parseEvidence } from "../../evidence/parse";
import { aFailedMailbox, aMailbox, aShard, anEvidence, limits } from "../helpers/evidence";

const now = "2026-11-21T03:00:00Z";
const merge = (...documents: Evidence[]) => mergeEvidence(documents, now);
const changed = (evidence: Evidence, difference: Partial<Evidence>) => {
  const { digest: _digest, ...document } = { ...evidence, ...difference };
  return withDigest(document);
};
const drillOf = (evidence: Evidence, difference: Partial<Evidence["drill"]>) =>
  changed(evidence, { drill: { ...evidence.drill, ...difference } });

describe("evidence of several shards", () => {
  it("becomes one document, in the order of the shards, with the digest of each", () => {
    const shards = [aShard(0, 3), aShard(1, 3), aShard(2, 3)];
    const [first, second, third] = shards as [Evidence, Evidence, Evidence];
    const merged = merge(third, first, second);
    assert.equal(merged.verdict, "Passed");
    assert.deepEqual(
      merged.mailboxes.map(({ mailboxId }) => mailboxId),
      [0, 1, 2].map((index) => aMailbox(index).mailboxId),
    );
    assert.deepEqual(
      merged.mergedFrom.map(({ digest }) => digest),
      shards.map(({ digest }) => digest),
    );
    assert.deepEqual(merged.remarks, []);
    assert.equal(merged.drill.shard, null);
    assert.equal(merged.drill.stack, "drills-0; drills-1; drills-2");
    assert.equal(merged.createdAt, now);
    assert.ok(isDigestRight(parseEvidence(JSON.stringify(merged))));
  });

  it("does not depend on the order in which the documents are named", () => {
    const shards = [0, 1, 2, 3].map((index) => aShard(index, 4));
    const expected = merge(...shards);
    fc.assert(
      fc.property(fc.shuffledSubarray(shards, { minLength: 4 }), (order) => {
        assert.deepEqual(merge(...order), expected);
      }),
    );
  });

  it("sums up anew, from the mailboxes", () => {
    const merged = merge(
      aShard(0, 2, [aMailbox(0), aFailedMailbox(1)]),
      aShard(1, 2, [aMailbox(2), aFailedMailbox(3, "Unknown")]),
    );
    assert.equal(merged.verdict, "Failed");
    assert.deepEqual(merged.totals.outcomes, { Succeeded: 2, Failed: 1, Unknown: 1 });
    assert.deepEqual(merged.checks[0], { name: "restored", passed: 2, failed: 1, unknown: 1 });
    assert.equal(merged.objectives[0]?.missedCount, 2);
  });

  it("fails when a shard is missing, and says which", () => {
    const merged = merge(aShard(0, 4), aShard(3, 4));
    assert.equal(merged.verdict, "Failed");
    assert.match(
      merged.remarks[0] ?? "",
      /^2 shards of 4 are missing \(2, 3\): what became of their mailboxes is not known/,
    );
  });

  it("measures by the clock that started first, which may miss the recovery time", () => {
    const late = aMailbox(1, { recoveryTimeSeconds: 3 * 3600 });
    const merged = merge(aShard(0, 2), changed(aShard(1, 2, [late]), { clockStartedAt: "2026-11-21T00:00:00Z" }));
    assert.equal(merged.clockStartedAt, "2026-11-20T22:00:00Z");
    assert.equal(merged.mailboxes[1]?.recoveryTimeSeconds, 5 * 3600);
    assert.deepEqual([merged.mailboxes[1]?.missed, merged.mailboxes[1]?.passed], [["rto"], false]);
    assert.equal(merged.verdict, "Failed");
    assert.match(merged.remarks[0] ?? "", /began up to 2h apart; .* 1 mailbox misses the RTO besides\.$/);
  });

  it("is never milder than its parts", () => {
    const offsets = fc.integer({ min: 0, max: 6 * 3600 });
    fc.assert(
      fc.property(offsets, offsets, fc.boolean(), (a, b, isBad) => {
        const clock = (seconds: number) => new Date(Date.parse("2026-11-20T22:00:00Z") + seconds * 1000).toISOString();
        const parts = [
          changed(aShard(0, 2, [isBad ? aFailedMailbox(0) : aMailbox(0)]), { clockStartedAt: clock(a) }),
          changed(aShard(1, 2, [aMailbox(1)]), { clockStartedAt: clock(b) }),
        ];
        const merged = merge(...parts);
        assert.ok(!isBad || merged.verdict === "Failed");
        parts
          .flatMap(({ mailboxes }) => mailboxes)
          .forEach((mailbox, index) => {
            const now = merged.mailboxes[index];
            assert.ok((now?.recoveryTimeSeconds ?? 0) >= (mailbox.recoveryTimeSeconds ?? 0));
            assert.ok(!(now?.passed ?? true) || mailbox.passed);
          });
      }),
    );
  });

  it("keeps the remarks of its parts, and says where their software differs", () => {
    const other = changed(aShard(1, 2), {
      remarks: ["A note."],
      software: { ...anEvidence().software, package: "0.2.0" },
    });
    const { remarks } = merge(aShard(0, 2), other);
    assert.match(remarks[0] ?? "", /different software: pulumi-vb365 0\.1\.0, .*; pulumi-vb365 0\.2\.0, /);
    assert.equal(remarks[1], "Shard 2 of 2: A note.");
  });

  for (const [what, other, message] of [
    ["another drill", drillOf(aShard(1, 2), { name: "yearly" }), /its name is "yearly", not "quarterly"/],
    ["another project", drillOf(aShard(1, 2), { project: "x" }), /its project is "x"/],
    ["another run", drillOf(aShard(1, 2), { runId: null }), /its runId is null, not "2026-Q4"/],
    ["another action", drillOf(aShard(1, 2), { action: "restoreTo" }), /its action is "restoreTo"/],
    ["another number of shards", drillOf(aShard(1, 2), { shard: { index: 1, count: 3 } }), /its number of shards is 3/],
    [
      "other limits",
      changed(aShard(1, 2), { objectives: anEvidence([], {}).objectives.slice(0, 1) }),
      /its objectives is "rto 14400 s"/,
    ],
    ["no shard", drillOf(aShard(1, 2), { shard: null }), /does not say which shard it is/],
    [
      "a shard that cannot be",
      drillOf(aShard(1, 2), { shard: { index: 2, count: 2 } }),
      /is shard 3 of 2, and there is none/,
    ],
    ["the same shard", aShard(0, 2, [aMailbox(7)]), /Shard 1 is there twice/],
    [
      "the same mailbox",
      aShard(1, 2, [aMailbox(0, { mailbox: "renamed@contoso.example" })]),
      /Mailbox renamed@contoso\.example is there twice/,
    ],
    [
      "a mailbox of that name without an id",
      aShard(1, 2, [aMailbox(0, { mailboxId: null })]),
      /Mailbox mailbox-00001@contoso\.example is there twice/,
    ],
    ["a changed document", { ...aShard(1, 2), verdict: "Failed" as const }, /was changed after it was written/],
    ["what is merged already", merge(aShard(0, 1)), /is merged already: merge the 1 documents/],
  ] as const) {
    it(`is not joined with ${what}`, () => {
      assert.throws(() => merge(aShard(0, 2), other), message);
    });
  }

  it("is joined where the archive of a mailbox lies in another shard", () => {
    const archive = aMailbox(0, { mailbox: "mailbox-00001@contoso.example (archive)" });
    assert.equal(merge(aShard(0, 2), aShard(1, 2, [archive])).totals.mailboxes, 2);
  });

  it("has the limits that were declared", () => {
    const { objectives } = merge(aShard(0, 1));
    assert.deepEqual(
      objectives.map(({ name, limitSeconds }) => ({ name, limitSeconds })),
      [...limits],
    );
  });

  it("is refused where there is none", () => {
    assert.throws(() => merge(), /There is no evidence to merge/);
  });
});
