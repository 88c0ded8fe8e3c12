import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimulatorOptions } from "../../simulator";
import { type Bench, aBench, exportTo, failureOf, isAction, toSupport, urnOf, warningsOf } from "../helpers/bench";
import { anOperator } from "../helpers/by-hand";

describe("the journal's folder", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  describe("with an entry that cannot be read", () => {
    const name = "0123456789abcdef-5e7d3a52-0000-4000-8000-000000000001.json";
    const damages: [string, (path: string) => Promise<unknown>, RegExp][] = [
      ["is cut off", (path) => writeFile(path, '{"version":1,"stage":"se'), /./],
      ["is empty", (path) => writeFile(path, ""), /./],
      ["holds something else", (path) => writeFile(path, '{"version":1}'), /identity is missing/],
      ["was written by a newer version", (path) => writeFile(path, '{"version":2}'), /another version of pulumi-vb365/],
      ["is a folder", (path) => mkdir(path), /EISDIR/],
    ];
    for (const [what, damage, reason] of damages) {
      it(`sends nothing, and names the file and the way on: one that ${what}`, async () => {
        bench = await aBench();
        await mkdir(bench.journalDir, { recursive: true });
        const path = join(bench.journalDir, name);
        await damage(path);
        const host = await bench.start();
        const { message, state } = await failureOf(host.create(toSupport()));
        assert.match(message, reason);
        assert.ok(message.includes(`vb365 journal resolve ${path}`), message);
        assert.equal(state, undefined);
        assert.deepEqual([bench.simulator.writes.length, bench.simulator.sessions.length], [0, 0]);
        await rm(path, { recursive: true });
        assert.equal((await host.create(toSupport())).outputs["outcome"], "Succeeded");
      });
    }

    it("does not mind files of others in its folder, nor what a crash left half written", async () => {
      bench = await aBench();
      await mkdir(bench.journalDir, { recursive: true });
      await writeFile(join(bench.journalDir, "notes.txt"), "call the server team");
      await writeFile(join(bench.journalDir, `${name}.0b51f6a2.tmp`), '{"version":1,"sta');
      const { outputs } = await (await bench.start()).create(toSupport());
      assert.equal(outputs["outcome"], "Succeeded");
    });
  });

  describe("that cannot be written", () => {
    it("is a mistake at preview, and sends nothing at create", async () => {
      bench = await aBench();
      const journalDir = join(bench.folder, "a-file");
      await writeFile(journalDir, "");
      const host = await bench.start({ journalDir });
      const { failures } = await host.check({}, toSupport());
      assert.equal(failures.length, 1);
      assert.ok(failures[0]?.reason.includes(journalDir), failures[0]?.reason);
      assert.match(failures[0]?.reason ?? "", /vb365:journalDir/);
      for (const news of [toSupport(), exportTo("a.pst")]) {
        const { message, state } = await failureOf(host.create(news));
        assert.ok(message.includes(journalDir), message);
        assert.match(message, /vb365:journalDir/);
        assert.equal(state, undefined);
      }
      assert.deepEqual([bench.simulator.writes, bench.simulator.exports], [[], []]);
    });

    it("sends nothing, and stops the session, when that shows only when it is written to", async () => {
      bench = await aBench();
      await mkdir(bench.journalDir, { recursive: true });
      await writeFile(join(bench.journalDir, "closed"), "a file where a folder belongs");
      const { message, state } = await failureOf((await bench.start()).create(toSupport()));
      assert.match(message, /journal .*nothing is sent.*vb365:journalDir/);
      assert.equal(state, undefined);
      assert.deepEqual(bench.simulator.writes, []);
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    it("keeps a result all the same, and says that it could not be noted", async () => {
      bench = await aBench();
      const host = await bench.start();
      const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const result = host.create(toSupport());
      await working.reached;
      await rm(bench.journalDir, { recursive: true });
      await writeFile(bench.journalDir, "a file where a folder was");
      working.release();
      const { outputs } = await result;
      assert.equal(outputs["outcome"], "Succeeded");
      assert.match((outputs["warnings"] as string[]).join(), /could not be noted/);
    });
  });

  describe("that was lost, while a session of this login tells of a restore", () => {
    const afterLoss = async (options: SimulatorOptions = {}) => {
      bench = await aBench(options);
      const { entry, working } = await bench.killAtWork(toSupport());
      working.release();
      await rm(bench.journalDir, { recursive: true });
      return { entry, simulator: bench.simulator };
    };
    const ofLegal = toSupport({ mailbox: { email: "legal@contoso.example" }, __urn: urnOf("two") });

    it("refuses a restore of the same mailbox, and names the session and the ways on", async () => {
      const { entry, simulator } = await afterLoss();
      const { message, state } = await failureOf((await bench.start()).create(toSupport()));
      assert.match(message, /Restoring mailbox Sales/);
      for (const way of ["adopt: { restoreSessionId:", "vb365 journal resolve", "vb365 stop"]) {
        assert.ok(message.includes(way), `"${way}" is not in: ${message}`);
      }
      assert.equal(message.split(entry.sessionId).length, 5, "the session itself, and each way on");
      assert.equal(state, undefined);
      assert.equal(simulator.writes.length, 1);
      assert.deepEqual(
        simulator.openSessions.map(({ id }) => id),
        [entry.sessionId],
        "our own is stopped again, that one stays",
      );
    });

    it("refuses every restore when the event names nobody", async () => {
      const { simulator } = await afterLoss({ restoreEvents: "unnamed" });
      await failureOf((await bench.start()).create(ofLegal));
      assert.equal(simulator.writes.length, 1);
    });

    it("holds up no export, and no restore of a mailbox that the session does not name", async () => {
      const { simulator } = await afterLoss();
      const host = await bench.start();
      await host.create(exportTo("a.pst", { __urn: urnOf("three") }));
      await host.create(ofLegal);
      assert.deepEqual([simulator.writes.length, simulator.exports.length], [2, 1]);
    });

    it("sends when that session is over", async () => {
      const { entry, simulator } = await afterLoss();
      await (await anOperator(simulator)).stop(entry.sessionId);
      await (await bench.start()).create(toSupport());
      assert.equal(simulator.writes.length, 2);
    });

    it("looks around once a process, and not for exports", async () => {
      bench = await aBench();
      const host = await bench.start();
      const looks = () => bench.asked(/^GET \/v3\/RestoreSessions$/i);
      await host.create(exportTo("a.pst", { __urn: urnOf("three") }));
      assert.equal(looks(), 0);
      await Promise.all([host.create(toSupport()), host.create(ofLegal)]);
      await host.create(toSupport({ runId: "2", __urn: urnOf("four") }));
      assert.equal(looks(), 1);
      assert.equal(bench.simulator.writes.length, 3);
    });
  });

  describe("on disk", () => {
    it("is for its owner alone, holds no secret, and is no part of a repository", async () => {
      const exchange = { userName: "restore-account@contoso.example", userPassword: "Marker%Exchange-1" };
      const sent = toSupport({ restoreTo: { mailbox: "support@contoso.example", ...exchange } });
      bench = await aBench({ exchange });
      const { simulator } = bench;
      const { entry } = await bench.killAtWork(sent);
      const permissions = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
      assert.equal(await permissions(bench.journalDir), "700");
      const files = (await readdir(bench.journalDir)).filter((name) => name !== "closed");
      assert.equal(files.length, 3, files.join());
      const texts: string[] = [];
      for (const file of files) {
        const path = join(bench.journalDir, file);
        texts.push(await readFile(path, "utf8"));
        if (file !== ".gitignore") {
          assert.equal(await permissions(path), "600", file);
        }
      }
      assert.equal(await readFile(join(bench.journalDir, ".gitignore"), "utf8"), "*\n");
      assert.ok(texts.join().includes(entry.attemptId));
      for (const secret of [simulator.password, simulator.exchange.userPassword, "AQAA", "Bearer"]) {
        assert.ok(!texts.join().includes(secret), secret);
      }
    });

    it("warns in CI, once, that it is gone with the runner, unless somebody chose its folder", async () => {
      bench = await aBench();
      const host = await bench.start({}, { CI: "true" });
      await Promise.all([host.create(exportTo("a.pst")), host.create(exportTo("b.pst", { __urn: urnOf("two") }))]);
      assert.equal(warningsOf(host).split("vb365:journalDir").length, 2);
      const told = await bench.start({ journalDir: join(bench.folder, "kept") }, { CI: "true" });
      await told.create(exportTo("c.pst", { __urn: urnOf("three") }));
      assert.equal(warningsOf(told), "");
    });
  });
});
