import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SimulatorOptions } from "../../simulator";
import {
  type Bench,
  aBench,
  exportTo,
  failureOf,
  isAction,
  isStop,
  stateOf,
  toSupport,
  urnOf,
  warningsOf,
} from "../helpers/bench";
import type { Host } from "../helpers/host";

describe("a run that was broken off", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  /** A process that was killed while the server restored; `ends`: the server has ended that restore since. */
  const killedAtWork = async (options: SimulatorOptions = {}, { ends = true } = {}) => {
    bench = await aBench(options);
    const killed = await bench.killAtWork(toSupport());
    if (ends) {
      killed.working.release();
    }
    return { ...killed, simulator: bench.simulator };
  };

  describe("after a kill in the middle of a restore", () => {
    it("takes over what became of it, and sends nothing", async () => {
      const { entry, simulator } = await killedAtWork();
      const host = await bench.start();
      const { id, outputs } = await host.create(toSupport());
      assert.equal(outputs["adoptedFrom"], "journal");
      assert.deepEqual([id, outputs["attemptId"]], [entry.attemptId, entry.attemptId]);
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(simulator.writes.length, 1);
      assert.match(warningsOf(host), /carried out already, and never recorded: its result is taken over/);
      assert.deepEqual(simulator.openSessions, []);
    });

    it("waits for a lease that nobody renews to run out, and then for the server to end", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const first = await bench.start();
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      void first.create(toSupport()).catch(() => undefined);
      await working.reached;
      await first.kill();
      const second = await bench.start();
      const result = second.create(toSupport());
      await second.said(/waiting for an earlier run of this restore/);
      await second.said(/waiting for the restore to end on the server/);
      working.release();
      assert.equal((await result).outputs["outcome"], "Succeeded");
      assert.equal(simulator.writes.length, 1);
    });

    it("keeps it as unknown when the server tells nothing, and a new runId restores again", async () => {
      const { simulator } = await killedAtWork({ restoreEvents: "none" });
      const host = await bench.start();
      const { id, properties, reasons } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "Unknown");
      assert.match(reasons.join(), /nobody can tell.*onUnknown.*runId/);
      assert.equal(simulator.writes.length, 1);
      assert.equal(simulator.openSessions.length, 1, "it holds the evidence");
      // As the engine goes on: it shows the state, and asks for another run.
      assert.deepEqual((await host.diff(properties, toSupport({ runId: "2" }))).replaces, ["runId"]);
      const again = await host.create(toSupport({ runId: "2" }));
      await host.delete(id, properties);
      assert.equal(again.outputs["adoptedFrom"], undefined);
      assert.equal(simulator.writes.length, 2);
    });

    it("does not take the event of a mailbox's archive, which carries its address, for the mailbox's own", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const [{ mailboxes } = assert.fail()] = simulator.organizations;
      const [owner, archive] = mailboxes.filter(({ email }) => email === "finance@contoso.example");
      assert.ok(owner && archive?.isArchive);
      const into = (target: string, difference: object) =>
        toSupport({ restoreTo: { mailbox: target }, ...difference }) as Record<string, unknown>;
      const ofOwner = into("support@contoso.example", { mailbox: { email: owner.email } });
      const ofArchive = into("legal@contoso.example", {
        mailbox: { email: owner.email, archive: true },
        __urn: urnOf("archive"),
      });
      const actionOn = ({ id }: { id: string }) => ({ method: "POST", path: new RegExp(`${id}/action$`, "i") });
      // Noted as sent, and lost on its way; the archive's is carried out, and its answer is lost.
      simulator.faults.next({ match: actionOn(owner), effect: { resetBeforeWork: true } });
      const lost = simulator.faults.hold({ match: actionOn(owner), when: "beforeWork" });
      const done = simulator.faults.hold({ match: actionOn(archive), when: "afterWork" });
      const first = await bench.start();
      const failed = Promise.all([failureOf(first.create(ofOwner)), failureOf(first.create(ofArchive))]);
      await Promise.all([lost.reached, done.reached]);
      await first.kill();
      await failed;
      lost.release();
      done.release();
      await bench.expireLeases();
      const next = await bench.start();
      const { properties } = await stateOf(next.create(ofOwner));
      assert.equal(properties["outcome"], "Unknown");
      assert.equal((await next.create(ofArchive)).outputs["outcome"], "Succeeded");
      assert.equal(simulator.writes.length, 1);
    });

    it("adopts a partial failure as what it is", async () => {
      bench = await aBench();
      bench.simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 3 } } });
      (await bench.killAtWork(toSupport())).working.release();
      const { properties } = await stateOf((await bench.start()).create(toSupport()));
      assert.equal(properties["outcome"], "PartiallyFailed");
      assert.equal(properties["adoptedFrom"], "journal");
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("takes over a result that was answered, and never came into the state", async () => {
      bench = await aBench({ restoreAnswer: "counters" });
      const first = await bench.start();
      const { outputs: lost } = await first.create(toSupport());
      await first.kill();
      const { outputs } = await (await bench.start()).create(toSupport());
      assert.deepEqual(outputs, { ...lost, adoptedFrom: "journal" });
      assert.equal(bench.simulator.writes.length, 1);
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    it("sends what was not sent before the kill", async () => {
      bench = await aBench();
      const first = await bench.start();
      const opening = bench.simulator.faults.hold({
        match: { path: /organizations\/[^/]+\/action$/i },
        when: "beforeWork",
      });
      void first.create(toSupport()).catch(() => undefined);
      await opening.reached;
      await first.kill();
      assert.deepEqual(await bench.entries(), []);
      opening.release();
      const { outputs } = await (await bench.start()).create(toSupport());
      assert.equal(outputs["adoptedFrom"], undefined);
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("does not look it up on another server", async () => {
      const { simulator } = await killedAtWork();
      const elsewhere = await aBench();
      try {
        const { endpoint, caCert } = elsewhere.simulator;
        const host = await bench.start({ endpoint, caCert });
        const { message, state } = await failureOf(host.create(toSupport()));
        assert.ok(message.includes(simulator.endpoint), message);
        assert.match(message, /vb365:endpoint.*vb365 journal resolve/);
        assert.equal(state, undefined);
        assert.deepEqual(elsewhere.simulator.writes, []);
      } finally {
        await elsewhere.stop();
      }
    });
  });

  describe("when another intent of the resource was broken off", () => {
    const another = toSupport({ runId: "2" });

    it("sends, and warns of the one that was never recorded, when the server says how that ended", async () => {
      const { simulator } = await killedAtWork();
      const host = await bench.start();
      const { outputs } = await host.create(another);
      assert.equal(outputs["adoptedFrom"], undefined);
      assert.match(
        warningsOf(host),
        /earlier restore of this resource was never recorded: .*support@contoso.example.*Succeeded/,
      );
      assert.equal(simulator.writes.length, 2);
    });

    it("is refused when nobody can tell, and names the command that settles it", async () => {
      const { entry, simulator } = await killedAtWork({ restoreEvents: "none" });
      const { message, state } = await failureOf((await bench.start()).create(another));
      assert.match(message, /nobody can tell/);
      assert.ok(message.includes(`vb365 journal resolve ${entry.attemptId}`), message);
      assert.ok(message.includes(entry.sessionId), message);
      assert.equal(state, undefined);
      assert.equal(simulator.writes.length, 1);
    });

    it("waits for one that still runs on the server, though its limit had passed and a result was noted", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const first = await bench.start();
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { properties } = await stateOf(first.create(toSupport({ timeouts: { restore: "1s" } })));
      assert.equal(properties["outcome"], "Unfinished");
      await first.kill();
      const second = await bench.start();
      const result = second.create(another);
      await Promise.race([result, second.said(/waiting for the restore to end on the server/)]);
      assert.equal(simulator.writes.length, 1, "it was sent beside the one that still runs");
      working.release();
      await result;
      assert.equal(simulator.writes.length, 2);
    });

    it("is refused when that result is unknown, and no person has seen it", async () => {
      bench = await aBench({ restoreEvents: "none" });
      const first = await bench.start();
      bench.simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const { id } = await stateOf(first.create(toSupport()));
      await first.kill();
      const { message, state } = await failureOf((await bench.start()).create(another));
      assert.ok(message.includes(`vb365 journal resolve ${id}`), message);
      assert.equal(state, undefined);
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("is refused while the other one runs longer than it may be waited for", async () => {
      const { simulator } = await killedAtWork({}, { ends: false });
      const host = await bench.start();
      const { message, state } = await failureOf(host.create({ ...another, timeouts: { restore: "1s" } }));
      assert.match(message, /still runs on the server/);
      assert.equal(state, undefined);
      assert.equal(simulator.writes.length, 1);
    });
  });

  describe("when the resource was renamed after its run was broken off", () => {
    it("asks, and takes the result over under the old name; another stack is not held up", async () => {
      const { entry, simulator } = await killedAtWork();
      const host = await bench.start();
      const { message, state } = await failureOf(host.create(toSupport({ __urn: urnOf("renamed") })));
      assert.match(
        message,
        /Resource one of this stack carried out the very same restore.*aliases: \[\{ name: "one" \}\].*Nothing was sent/,
      );
      assert.equal(state, undefined);
      assert.equal(simulator.writes.length, 1);
      await host.create(toSupport({ __urn: urnOf("renamed").replace("urn:pulumi:test::", "urn:pulumi:other::") }));
      assert.equal(simulator.writes.length, 2);
      assert.equal((await host.create(toSupport())).outputs["attemptId"], entry.attemptId);
      assert.equal(simulator.writes.length, 2);
    });

    it("takes nothing over from a neighbour that declares the very same in this run", async () => {
      bench = await aBench();
      const host = await bench.start();
      const [first, second] = await Promise.all([
        host.create(toSupport()),
        host.create(toSupport({ __urn: urnOf("two") })),
      ]);
      assert.notEqual(first.outputs["attemptId"], second.outputs["attemptId"]);
      assert.equal((await bench.entries()).length, 2, "both are open until the state has them");
    });
  });

  describe("when another resource left a restore into the same mailbox", () => {
    const ofLegal = (target: string) =>
      toSupport({
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: target },
        __urn: urnOf("two"),
      });

    it("lets the server say how that ended, sends, and leaves the result to its own resource", async () => {
      const { entry, simulator } = await killedAtWork();
      const host = await bench.start();
      assert.equal((await host.create(ofLegal("Support@Contoso.example"))).outputs["outcome"], "Succeeded");
      assert.equal(simulator.writes.length, 2);
      assert.equal((await host.create(toSupport())).outputs["attemptId"], entry.attemptId);
      assert.equal(simulator.writes.length, 2);
    });

    it("is refused when nobody can tell; other targets and exports are not", async () => {
      const { entry, simulator } = await killedAtWork({ restoreEvents: "none" });
      const host = await bench.start();
      const { message, state } = await failureOf(host.create(ofLegal("support@contoso.example")));
      assert.match(message, /support@contoso.example.* of resource one .*nobody can tell/);
      assert.ok(message.includes(`vb365 journal resolve ${entry.attemptId}`), message);
      assert.equal(state, undefined);
      assert.equal(simulator.writes.length, 1);
      await host.create(ofLegal("finance@contoso.example"));
      await host.create(exportTo("a.pst", { __urn: urnOf("three") }));
      assert.deepEqual([simulator.writes.length, simulator.exports.length], [2, 1]);
    });

    it("waits for the server while that one still runs", async () => {
      const { working, simulator } = await killedAtWork({}, { ends: false });
      const host = await bench.start();
      const result = host.create(ofLegal("support@contoso.example"));
      await host.said(/waiting for the restore to end on the server/);
      assert.equal(simulator.writes.length, 1);
      working.release();
      await result;
      assert.equal(simulator.writes.length, 2);
    });
  });

  describe("with two processes at once", () => {
    it("lets the second wait for the first, and takes its result over", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const [first, second] = [await bench.start(), await bench.start()];
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const made = first.create(toSupport());
      await working.reached;
      const adopted = second.create(toSupport());
      await second.said(/waiting for an earlier run of this restore/);
      working.release();
      assert.equal((await adopted).outputs["adoptedFrom"], "journal");
      assert.equal((await adopted).id, (await made).id);
      assert.equal(simulator.writes.length, 1);
    });

    it("lets a restore of another resource into the same mailbox wait its turn", async () => {
      bench = await aBench();
      const { simulator } = bench;
      const [first, second] = [await bench.start(), await bench.start()];
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const made = first.create(toSupport());
      await working.reached;
      const other = toSupport({ mailbox: { email: "legal@contoso.example" }, __urn: urnOf("two") });
      const result = second.create(other);
      await second.said(/waiting for another restore into support@contoso.example/);
      assert.equal(simulator.writes.length, 1);
      working.release();
      await Promise.all([made, result]);
      assert.equal(simulator.writes.length, 2);
    });
  });

  describe("for an export", () => {
    const filesOf = async (name: string) =>
      (await readdir(bench.folder)).filter((file) => file.startsWith(name)).sort();
    const whole = ["a.pst", "a.pst.owner.json"];

    const killedAt = async (hold: { match: { method: string; path: RegExp }; when: "beforeWork" | "duringWork" }) => {
      bench = await aBench({ pst: { sizeBytes: 300_000 } });
      const host = await bench.start();
      const held = bench.simulator.faults.hold(hold);
      void host.create(exportTo("a.pst")).catch(() => undefined);
      await held.reached;
      await host.kill();
      await bench.expireLeases();
      held.release();
      return bench.start();
    };

    it("makes it again, and removes what was received of it", async () => {
      const host = await killedAt({ match: isAction, when: "duringWork" });
      assert.match((await filesOf("a.pst")).join(), /^a\.pst\..*\.part$/);
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(outputs["adoptedFrom"], undefined);
      assert.deepEqual(await filesOf("a.pst"), whole);
      assert.equal(bench.simulator.exports.length, 2);
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    it("makes it again when it was killed before the whole file was kept", async () => {
      const host = await killedAt({ match: { method: "GET", path: /events$/i }, when: "beforeWork" });
      await host.create(exportTo("a.pst"));
      assert.deepEqual(await filesOf("a.pst"), whole);
      assert.equal(bench.simulator.exports.length, 2);
    });

    it("takes a file over that was kept", async () => {
      const host = await killedAt({ match: isStop, when: "beforeWork" });
      const [entry] = await bench.entries();
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.equal(outputs["adoptedFrom"], "journal");
      assert.equal(outputs["attemptId"], entry?.attemptId);
      assert.equal((outputs["pst"] as { present: boolean }).present, true);
      assert.equal(bench.simulator.exports.length, 1);
    });

    it("makes it again when that file is gone", async () => {
      const host = await killedAt({ match: isStop, when: "beforeWork" });
      await rm(join(bench.folder, "a.pst"));
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.equal(outputs["adoptedFrom"], undefined);
      assert.deepEqual(await filesOf("a.pst"), whole);
      assert.equal(bench.simulator.exports.length, 2);
    });

    it("writes another file when the intent is another one", async () => {
      const host = await killedAt({ match: isAction, when: "duringWork" });
      await host.create(exportTo("b.pst"));
      assert.deepEqual(await filesOf("a.pst"), []);
      assert.deepEqual(await filesOf("b.pst"), ["b.pst", "b.pst.owner.json"]);
    });
  });

  describe("when the state has the result", () => {
    const cases: [string, (host: Host, done: { id: string; outputs: Record<string, unknown> }) => Promise<unknown>][] =
      [
        ["diff shows it", (host, { outputs }) => host.diff(outputs, toSupport())],
        ["update shows it", (host, { id, outputs }) => host.update(id, outputs, toSupport())],
        ["read shows it", (host, { id, outputs }) => host.read(id, outputs)],
        ["delete shows it", (host, { id, outputs }) => host.delete(id, outputs)],
      ];
    for (const [what, close] of cases) {
      it(`closes the entry, so that a new create sends again: ${what}`, async () => {
        bench = await aBench();
        const first = await bench.start();
        const done = await first.create(toSupport());
        assert.equal((await bench.entries()).length, 1);
        await close(first, done);
        await first.kill();
        assert.deepEqual(await bench.entries(), []);
        const { outputs } = await (await bench.start()).create(toSupport());
        assert.equal(outputs["adoptedFrom"], undefined);
        assert.equal(bench.simulator.writes.length, 2);
      });
    }

    it("closes the entry for the create that runs it again, where the engine shows inputs of the same intent alone", async () => {
      bench = await aBench();
      const first = await bench.start();
      const { id } = await first.create(toSupport());
      await first.kill();
      const second = await bench.start();
      await second.check(toSupport(), toSupport());
      const { id: again, outputs } = await second.create(toSupport());
      assert.notEqual(again, id);
      assert.equal(outputs["adoptedFrom"], undefined);
      assert.equal(bench.simulator.writes.length, 2);
    });

    it("leaves open, and tells of, what a --replace that was broken off has sent, and the next one takes it over", async () => {
      bench = await aBench();
      const first = await bench.start();
      const { outputs } = await first.create(toSupport());
      await first.diff(outputs, toSupport());
      await first.end();
      // The engine shows nothing of the state.
      const { entry, working } = await bench.killAtWork(toSupport());
      working.release();
      await bench.until(() => bench.simulator.writes.length === 2);
      const settling = await bench.start();
      await settling.create(toSupport()).then(() => settling.kill());
      const plain = await bench.start();
      await plain.check(toSupport(), toSupport());
      assert.deepEqual((await plain.diff(outputs, toSupport())).replaces, []);
      const told = plain.log.map(({ message }) => message).join("\n");
      assert.match(
        told,
        /run again at .*that run was broken off, or still goes on.*Succeeded.*--replace takes that over/,
      );
      assert.ok(told.includes(entry.attemptId));
      await plain.end();
      const next = await (await bench.start()).create(toSupport());
      assert.deepEqual([next.id, next.outputs["adoptedFrom"]], [entry.attemptId, "journal"]);
      assert.equal(bench.simulator.writes.length, 2);
    });

    it("leaves it open when the process ends in good order: an engine that could not save its state does that, too", async () => {
      bench = await aBench();
      const first = await bench.start();
      const { id } = await first.create(toSupport());
      await first.end();
      const second = await bench.start();
      assert.equal((await second.create(toSupport())).id, id);
      assert.equal(bench.simulator.writes.length, 1);
      const warnings = second.log.filter(({ ephemeral }) => !ephemeral).map(({ message }) => message);
      assert.match(warnings.join(), /If you took its record out of the state to have it done again, set a new runId/);
    });

    it("closes what came in the place of another one, when the engine deletes that", async () => {
      bench = await aBench();
      const host = await bench.start();
      const first = await host.create(toSupport());
      await host.diff(first.outputs, toSupport());
      const second = await host.create(toSupport({ runId: "2" }));
      assert.notEqual(second.id, first.id);
      await host.delete(first.id, first.outputs);
      assert.deepEqual(await bench.entries(), []);
    });

    it("leaves open what a run on purpose has sent since: the state has only the first run of that intent", async () => {
      bench = await aBench();
      const first = await bench.start();
      const { outputs } = await first.create(toSupport());
      await first.diff(outputs, toSupport());
      // `--replace`: the engine checks against the stored inputs and then creates the same intent.
      await first.check(toSupport(), toSupport());
      const { id } = await first.create(toSupport());
      await first.kill();
      const second = await bench.start();
      await second.check(toSupport(), toSupport());
      assert.equal((await second.create(toSupport())).id, id);
      assert.equal(bench.simulator.writes.length, 2);
    });
  });
});
