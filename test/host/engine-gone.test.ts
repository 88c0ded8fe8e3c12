import assert from "node:assert/strict";
import { resolve } from "node:path";
import { type Bench, aBench, exportTo, failureOf, isAction, toSupport, urnOf } from "../helpers/bench";

describe("a provider process whose Pulumi CLI is gone", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  it("begins nothing, and ends by itself", async () => {
    bench = await aBench();
    const host = await bench.start();
    host.loseEngine();
    const { message, state } = await failureOf(host.create(toSupport()));
    assert.match(message, /CLI is gone.*nothing was sent/);
    assert.equal(state, undefined);
    await host.ended;
    assert.deepEqual([bench.simulator.writes, bench.simulator.openSessions], [[], []]);
  });

  it("finishes what was sent, begins nothing that was queued, and leaves the result for the next run", async () => {
    bench = await aBench();
    const { simulator } = bench;
    const host = await bench.start({ maxConcurrentRestores: "1" });
    const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
    const underWay = host.create(toSupport());
    await working.reached;
    const queued = failureOf(host.create(exportTo("a.pst", { __urn: urnOf("two") })));
    await host.said(/waiting for its turn/);
    host.loseEngine();
    working.release();
    assert.equal((await underWay).outputs["outcome"], "Succeeded");
    assert.match((await queued).message, /CLI is gone/);
    await host.ended;
    assert.deepEqual([simulator.writes.length, simulator.exports.length], [1, 0]);
    assert.equal(simulator.openSessions.length, 1, "nobody has stored yet what was done in it");
    const [entry, ...others] = await bench.entries();
    assert.deepEqual([entry?.stage, entry?.result?.outcome, others.length], ["answered", "Succeeded", 0]);
    const { outputs } = await (await bench.start()).create(toSupport());
    assert.equal(outputs["attemptId"], entry?.attemptId);
    assert.equal(simulator.writes.length, 1);
    assert.deepEqual(simulator.openSessions, []);
  });

  it("ends in good order by the signal that an engine on Windows sends", async () => {
    bench = await aBench();
    const preload = resolve(__dirname, "../helpers/ctrl-break.cjs");
    const host = await bench.start({}, { NODE_OPTIONS: `--require ${preload}` });
    await host.create(toSupport());
    const [session] = bench.simulator.openSessions;
    assert.ok(session !== undefined, "a session waits for the next restore");
    process.kill(host.pid, "SIGUSR2");
    await host.ended;
    assert.deepEqual(bench.simulator.openSessions, []);
  });

  it("takes a signal for no sign that its results were stored", async () => {
    bench = await aBench();
    const host = await bench.start();
    const { id } = await host.create(toSupport());
    host.loseEngine();
    await host.end();
    assert.equal((await (await bench.start()).create(toSupport())).id, id);
    assert.equal(bench.simulator.writes.length, 1);
  });
});
