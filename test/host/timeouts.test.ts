import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { type Bench, aBench, exportTo, failureOf, isAction, stateOf, toSupport } from "../helpers/bench";
import { aStallingLine } from "../helpers/stalling-line";

describe("limits in time", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  describe("of a restore", () => {
    it("leave it unfinished, with its session open; the next update waits on and sends nothing", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const host = await bench.start();
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id, properties, reasons } = await stateOf(host.create(toSupport({ timeouts: { restore: "1s" } })));
      assert.equal(properties["outcome"], "Unfinished");
      assert.match(reasons.join(), /still runs on the server.*Run pulumi up again.*nothing is sent again/);
      assert.equal(simulator.openSessions.length, 1);
      assert.equal((await host.diff(properties, toSupport())).changes, "some");
      const waiting = host.update(id, properties, toSupport());
      await host.said(/waiting for the restore to end on the server/);
      working.release();
      const outputs = await waiting;
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(outputs["pending"], undefined);
      assert.equal(simulator.writes.length, 1);
      assert.deepEqual(simulator.openSessions, []);
    });

    it("end the wait of an update, too, and keep what is known", async () => {
      bench = await aBench();
      const host = await bench.start();
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const news = toSupport({ timeouts: { restore: "1s" } });
      const { id, properties } = await stateOf(host.create(news));
      const { properties: later } = await stateOf(host.update(id, properties, news));
      assert.deepEqual([later["outcome"], later["attemptId"]], ["Unfinished", properties["attemptId"]]);
      assert.equal(bench.simulator.openSessions.length, 1);
    });

    it("end the silence before its answer: firstByte", async () => {
      bench = await aBench();
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const news = toSupport({ timeouts: { firstByte: "1s" } });
      const { properties } = await stateOf((await bench.start()).create(news));
      assert.equal(properties["outcome"], "Unfinished");
    });

    it("may stand in the configuration for all", async () => {
      bench = await aBench();
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const host = await bench.start({ timeouts: '{"restore":"1s"}' });
      const { properties } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "Unfinished");
    });

    it("let a new process see the end of what a killed one had given up", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const first = await bench.start();
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id } = await stateOf(first.create(toSupport({ timeouts: { restore: "1s" } })));
      await first.kill();
      working.release();
      const second = await bench.start();
      // The state was never stored. What is adopted is unfinished still; the update that follows sees the end.
      const kept = await second.create(toSupport()).then(
        ({ id, outputs }) => ({ id, properties: outputs }),
        (error: { state: { id: string; properties: Record<string, unknown> } }) => error.state,
      );
      assert.equal(kept.id, id);
      const outputs = await second.update(id, kept.properties, toSupport());
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(simulator.writes.length, 1);
    });
  });

  describe("before anything is sent", () => {
    const cases: [string, "login" | "session", { method: string; path: RegExp }][] = [
      ["the login", "login", { method: "POST", path: /token$/i }],
      ["the list of organisations", "session", { method: "GET", path: /organizations$/i }],
      ["the opening of a session", "session", { method: "POST", path: /organizations\/[^/]+\/action$/i }],
      ["the list of mailboxes", "session", { method: "GET", path: /mailboxes$/i }],
    ];
    for (const [what, name, match] of cases) {
      it(`name the limit, and send nothing: ${what}`, async () => {
        bench = await aBench();
        const { simulator } = bench;
        const host = await bench.start();
        const silent = simulator.faults.hold({ match, when: "beforeWork", times: Number.POSITIVE_INFINITY });
        const { message, state } = await failureOf(host.create(toSupport({ timeouts: { [name]: "1s" } })));
        assert.ok(message.includes(`timeouts.${name}`), message);
        assert.match(message, /Nothing was sent/);
        assert.equal(state, undefined);
        assert.deepEqual(await bench.entries(), []);
        silent.release();
        // Patience alone was at an end: the process goes on working.
        assert.equal((await host.create(toSupport())).outputs["outcome"], "Succeeded");
        assert.equal(simulator.writes.length, 1);
        await host.end();
        assert.deepEqual(simulator.openSessions, []);
      });
    }
  });

  describe("of an export", () => {
    const nothingKept = async () => {
      const files = (await readdir(bench.folder)).filter((name) => name.startsWith("a.pst"));
      assert.deepEqual(files, []);
      assert.deepEqual(await bench.entries(), []);
      assert.deepEqual(bench.simulator.openSessions, []);
    };

    for (const name of ["firstByte", "restore"]) {
      it(`name the limit, and keep no file: ${name}`, async () => {
        bench = await aBench();
        bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        const host = await bench.start();
        const { message, state } = await failureOf(host.create(exportTo("a.pst", { timeouts: { [name]: "1s" } })));
        assert.ok(message.includes(`timeouts.${name}`), message);
        assert.equal(state, undefined);
        await nothingKept();
      });
    }

    it("name the limit, and keep no file: idle, in the middle of the answer", async () => {
      bench = await aBench();
      const line = await aStallingLine(bench.simulator.endpoint, 1_000_000);
      try {
        const host = await bench.start({ endpoint: line.endpoint });
        const { message, state } = await failureOf(host.create(exportTo("a.pst", { timeouts: { idle: "1s" } })));
        assert.ok(message.includes("timeouts.idle"), message);
        assert.equal(state, undefined);
        await nothingKept();
      } finally {
        await line.close();
      }
    });
  });
});
