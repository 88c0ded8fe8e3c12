import assert from "node:assert/strict";
import type { SimulatorOptions } from "../../simulator";
import { type Bench, aBench, exportTo, failureOf, isAction, stateOf, toSupport, urnOf } from "../helpers/bench";
import { type Operator, anOperator } from "../helpers/by-hand";

describe("adopting a restore that was done by hand", () => {
  let bench: Bench;
  let operator: Operator;
  let sessionId: string;

  const start = async (options: SimulatorOptions = {}) => {
    bench = await aBench(options);
    operator = await anOperator(bench.simulator);
    sessionId = await operator.openSession();
    return bench.start();
  };
  afterEach(() => bench.stop());

  const fromSession = (difference: Record<string, unknown> = {}) =>
    toSupport({ adopt: { restoreSessionId: sessionId }, ...difference });
  const note = "restored by hand on a Sunday, 62 items, seen in the mailbox";
  const byNote = (difference: Record<string, unknown> = {}) => toSupport({ adopt: { note }, ...difference });
  const restoreByHand = () => operator.restore(sessionId, "sales@contoso.example", "support@contoso.example");

  /** An organisation whose one source mailbox has this name, which the events of the server tell. */
  const named = (name: string) => ({
    name: "contoso.example",
    firstBackupTime: "2026-01-05T21:00:00Z",
    mailboxes: [
      { name, email: "sales@contoso.example", items: [{ count: 3, subject: "Offer" }] },
      { name: "Support", email: "support@contoso.example", items: [] },
    ],
  });

  describe("by its session", () => {
    it("records what the session tells, sends nothing, and stops nothing", async () => {
      const host = await start();
      await restoreByHand();
      const posts = bench.asked(/^POST .*action$/i);
      const { id, outputs } = await host.create(fromSession());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
      assert.equal(outputs["adoptedFrom"], `restore session ${sessionId}`);
      assert.deepEqual([outputs["sessionId"], outputs["attemptId"]], [sessionId, id]);
      assert.equal(outputs["mailboxEmail"], "sales@contoso.example");
      await host.end();
      assert.equal(bench.asked(/^POST .*action$/i), posts);
      assert.equal(bench.simulator.writes.length, 1);
      assert.equal(bench.simulator.openSessions.length, 1);
    });

    it("works when the session is over", async () => {
      const host = await start();
      await restoreByHand();
      await operator.stop(sessionId);
      const { outputs } = await host.create(fromSession());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
    });

    it("says what it could not see: the target, the file and the time", async () => {
      const host = await start();
      await restoreByHand();
      const pointInTime = "2026-11-20T18:00:00Z";
      const { outputs } = await host.create(fromSession({ pointInTime }));
      assert.match(String(outputs["warnings"]), /does not say that the mail went into support@contoso.example/);
      assert.equal(outputs["resolvedPointInTime"], null);
      const inPlace = { restoreTo: undefined, restoreToOriginalLocation: {}, __urn: urnOf("two") };
      const { warnings } = (await host.create(fromSession(inPlace))).outputs;
      assert.match(String(warnings), /does not say that the mail went to its original location/);
    });

    it("succeeds without a doubt where the event names the target", async () => {
      const host = await start({ organizations: [named("Sales to support@contoso.example")] });
      await operator.restore(sessionId, "sales@contoso.example", "support@contoso.example");
      const { outputs } = await host.create(fromSession());
      assert.deepEqual([outputs["outcome"], outputs["warnings"]], ["Succeeded", []]);
    });

    it("is refused when the session is one of another organization", async () => {
      const host = await start({ organizations: [named("Sales"), { ...named("Sales"), name: "fabrikam.example" }] });
      await restoreByHand();
      const { message, state } = await failureOf(host.create(fromSession({ organization: "fabrikam.example" })));
      assert.match(message, /is one of organization "contoso.example", and this resource declares "fabrikam.example"/);
      assert.equal(state, undefined);
    });

    it("judges a partial failure like one of its own", async () => {
      const host = await start();
      bench.simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 3 } } });
      await restoreByHand();
      const { properties, reasons } = await stateOf(host.create(fromSession()));
      assert.equal(properties["outcome"], "PartiallyFailed");
      assert.match(reasons.join(), /3 items failed/);
    });

    it("keeps one that still runs as unfinished, and sees its end later, but never stops its session", async () => {
      const host = await start();
      const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const restoring = restoreByHand();
      await working.reached;
      const { id, properties } = await stateOf(host.create(fromSession()));
      assert.equal(properties["outcome"], "Unfinished");
      const waiting = host.update(id, properties, fromSession());
      await host.said(/waiting for the restore to end on the server/);
      working.release();
      const ended = await waiting;
      assert.equal(ended["outcome"], "SucceededWithWarnings");
      assert.match(String(ended["warnings"]), /does not say that the mail went/);
      await restoring;
      await host.end();
      assert.equal(bench.simulator.openSessions.length, 1);
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("is refused when the session tells of no such restore", async () => {
      const host = await start();
      await operator.restore(sessionId, "legal@contoso.example", "support@contoso.example");
      const { message, state } = await failureOf(host.create(fromSession()));
      assert.ok(message.includes(sessionId), message);
      assert.match(message, /sales@contoso.example.*Restoring mailbox Legal.*Nothing was recorded.*adopt: { note:/);
      assert.equal(state, undefined);
    });

    it("is refused when the session is not there, or tells of two", async () => {
      const host = await start();
      const nowhere = fromSession({ adopt: { restoreSessionId: "0b51f6a2-7c0e-4f6c-9a55-3b9d5f7f0c11" } });
      assert.equal((await failureOf(host.create(nowhere))).state, undefined);
      await restoreByHand();
      await restoreByHand();
      const { message, state } = await failureOf(host.create(fromSession()));
      assert.match(message, /does not tell of one restore of sales@contoso.example alone/);
      assert.equal(state, undefined);
    });

    it("takes no export for a restore", async () => {
      const host = await start();
      await restoreByHand();
      const { message } = await failureOf(host.create(exportTo("a.pst", { adopt: { restoreSessionId: sessionId } })));
      assert.match(message, /does not tell of one export/);
    });
  });

  describe("by a note", () => {
    it("records that a person says so, and asks the server nothing", async () => {
      const host = await start();
      const before = bench.simulator.requests.length;
      const { outputs } = await host.create(byNote());
      assert.equal(outputs["outcome"], "Accepted");
      assert.equal(outputs["adoptedFrom"], "note");
      assert.equal(outputs["sessionId"], null);
      assert.ok((outputs["warnings"] as string[]).join().includes(note));
      assert.equal(bench.simulator.requests.length, before);
    });
  });

  it("is forgotten, edited and refreshed without the server", async () => {
    const host = await start();
    const { id, outputs } = await host.create(byNote());
    const before = bench.simulator.requests.length;
    assert.deepEqual(await host.read(id, outputs), outputs);
    // The adopt input may go when the record is there: it is no part of the intent.
    assert.deepEqual(await host.diff(outputs, toSupport()), { changes: "unknown", replaces: [] });
    const edited = await host.update(id, outputs, toSupport());
    assert.deepEqual([edited["outcome"], edited["adopt"]], ["Accepted", undefined]);
    await host.delete(id, edited);
    assert.equal(bench.simulator.requests.length, before);
  });

  it("is a mistake when both are given, or neither", async () => {
    const host = await start();
    for (const adopt of [{ restoreSessionId: sessionId, note }, {}]) {
      const { failures } = await host.check({}, toSupport({ adopt }));
      assert.deepEqual(
        failures.map(({ reason }) => reason),
        ["adopt give either adopt.restoreSessionId or adopt.note"],
      );
    }
  });

  it("needs no account, no confirmation and no journal", async () => {
    await start();
    const journalDir = "/dev/null/journal";
    const host = await bench.start({ exchangeUserName: "", exchangeUserPassword: "", journalDir });
    const inPlace = byNote({ restoreTo: undefined, restoreToOriginalLocation: {} });
    assert.deepEqual((await host.check({}, inPlace)).failures, []);
    assert.equal((await host.create(inPlace)).outputs["outcome"], "Accepted");
  });

  describe("settles what a run left that was broken off", () => {
    const brokenOff = async () => {
      bench = await aBench({ restoreEvents: "none" });
      (await bench.killAtWork(toSupport())).working.release();
      return bench.start();
    };

    it("so that a new runId restores again", async () => {
      const host = await brokenOff();
      const { outputs } = await host.create(byNote());
      await host.diff(outputs, byNote({ runId: "2" }));
      await host.create(toSupport({ runId: "2" }));
      assert.equal(bench.simulator.writes.length, 2);
    });

    it("so that another resource may write to that mailbox", async () => {
      const host = await brokenOff();
      await host.create(byNote());
      await host.create(toSupport({ mailbox: { email: "legal@contoso.example" }, __urn: urnOf("two") }));
      assert.equal(bench.simulator.writes.length, 2);
    });
  });

  it("explains its session to the restores that come after it", async () => {
    const host = await start();
    await restoreByHand();
    const news = toSupport({ restoreTo: { mailbox: "finance@contoso.example" }, __urn: urnOf("two") });
    assert.match((await failureOf(host.create(news))).message, new RegExp(`restoreSessionId: "${sessionId}"`));
    const { outputs } = await host.create(fromSession());
    // The next up: the engine shows what the state has, then creates what is new.
    const next = await bench.start();
    await next.diff(outputs, fromSession());
    await next.create(news);
    assert.equal(bench.simulator.writes.length, 2);
  });
});
