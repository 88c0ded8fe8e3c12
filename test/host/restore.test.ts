import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";
import { type Host, type HostFailure, startHost } from "../helpers/host";

type Bag = Record<string, unknown>;

const urn = "urn:pulumi:test::vb365-test::pulumi-nodejs:dynamic/vb365:MailboxRestore::one";
const inputs = (action: Bag, difference: Bag = {}): Bag => ({
  organization: "contoso.example",
  mailbox: { email: "sales@contoso.example" },
  pointInTime: "latest",
  __urn: urn,
  ...action,
  ...difference,
});
const toSupport = (difference: Bag = {}) => inputs({ restoreTo: { mailbox: "support@contoso.example" } }, difference);
const exportTo = (path: string, difference: Bag = {}) => inputs({ exportToPst: { path } }, difference);

describe("the provider process", () => {
  let simulator: Simulator;
  let host: Host;

  const start = async (options: SimulatorOptions = {}, config: Record<string, string> = {}) => {
    simulator = await startSimulator(options);
    host = await startHost({ ...prefixed(configOf(simulator)), ...prefixed(config) });
  };
  afterEach(async () => {
    await host.stop();
    await simulator.stop();
  });

  const prefixed = (config: Record<string, string>) =>
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`vb365:${key}`, value]));
  const refusedBy = async (news: Bag): Promise<HostFailure> => {
    try {
      await host.create(news);
    } catch (error) {
      return error as HostFailure;
    }
    throw new assert.AssertionError({ message: "the create was expected to fail" });
  };
  const isAction = { method: "POST", path: /mailboxes\/[^/]+\/action$/i };
  const nothingLeftOpen = async () => {
    await host.end();
    assert.deepEqual(simulator.openSessions, []);
  };

  describe("sharing", () => {
    it("shares one login and one restore session between restores that run at the same time", async () => {
      await start();
      await Promise.all([host.create(toSupport()), host.create(exportTo("a.pst")), host.create(exportTo("b.pst"))]);
      assert.equal(simulator.logins, 1);
      assert.equal(simulator.sessions.length, 1);
      await nothingLeftOpen();
    });

    it("asks for organisations and mailboxes once, however many restores need them", async () => {
      await start();
      await Promise.all([host.create(toSupport()), host.create(exportTo("a.pst")), host.create(exportTo("b.pst"))]);
      const lists = simulator.requests.filter(
        ({ method, path }) => method === "GET" && /(organizations|mailboxes)$/i.test(path),
      );
      assert.equal(lists.length, 2);
    });

    it("opens another session for another point in time", async () => {
      await start();
      await Promise.all([
        host.create(toSupport()),
        host.create(exportTo("a.pst", { pointInTime: "2026-06-01T00:00:00Z" })),
      ]);
      assert.equal(simulator.sessions.length, 2);
      await nothingLeftOpen();
    });

    it("runs no more actions at a time than maxConcurrentRestores allows", async () => {
      await start({}, { maxConcurrentRestores: "1" });
      const first = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const both = Promise.all([host.create(exportTo("a.pst")), host.create(exportTo("b.pst"))]);
      await first.reached;
      const actions = () => simulator.requests.filter(({ path }) => isAction.path.test(path)).length;
      const underWay = actions();
      first.release();
      await both;
      assert.ok(underWay <= 1, `${underWay} actions were under way at once`);
      assert.equal(actions(), 2);
    });
  });

  describe("a session opened elsewhere", () => {
    it("is used by its id and never stopped", async () => {
      await start();
      const first = await host.create(toSupport());
      const { sessionId, mailboxId } = first.outputs;
      // The session of the first restore is over; a second one is opened by hand, as an operator would.
      const held = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const running = host.create(exportTo("a.pst", { pointInTime: "2026-06-01T00:00:00Z" }));
      await held.reached;
      const open = simulator.openSessions.find(({ id }) => id !== sessionId)?.id;
      assert.ok(open !== undefined && open !== sessionId);
      const byId = await host.create({
        restoreSessionId: open,
        mailboxId,
        exportToPst: { path: "b.pst" },
        __urn: `${urn}2`,
      });
      held.release();
      await running;
      await host.end();
      assert.equal(byId.outputs["sessionId"], open);
      assert.equal(byId.outputs["resolvedPointInTime"], null);
      const stops = simulator.requests.filter(
        ({ body }) => typeof body === "object" && body !== null && "stop" in body,
      );
      assert.equal(stops.length, 2, "each of our own sessions once");
    });
  });

  describe("when something is wrong before the action", () => {
    const cases: [string, Bag, RegExp][] = [
      [
        "an organization that is not there",
        { organization: "fabrikam.example" },
        /no organization "fabrikam.example".*contoso.example/,
      ],
      [
        "a mailbox that is not in the backup",
        { mailbox: { email: "nobody@contoso.example" } },
        /no mailbox nobody@contoso.example/,
      ],
      ["a time before the first backup", { pointInTime: "2001-01-01T00:00:00Z" }, /before the first backup/],
    ];
    for (const [what, difference, message] of cases) {
      it(`sends nothing and leaves no session open: ${what}`, async () => {
        await start();
        const failure = await refusedBy(toSupport(difference));
        assert.match(failure.message, message);
        assert.equal(failure.state, undefined);
        assert.deepEqual(simulator.writes, []);
        await nothingLeftOpen();
      });
    }

    it("says who was refused when the password is wrong, and never the password", async () => {
      await start({}, { password: "wrong-password-marker" });
      const failure = await refusedBy(toSupport());
      assert.match(failure.message, /Login as .* was refused/);
      assert.doesNotMatch(failure.message + host.printed.join(), /wrong-password-marker/);
    });

    it("trusts no certificate of a CA that it was not given, and sends it no credentials", async () => {
      await start({}, { caCert: "" });
      const failure = await refusedBy(toSupport());
      assert.match(failure.message, /is not trusted: .*caCert/);
      assert.equal(simulator.requests.length, 0);
    });

    it("refuses to write in place when only the server can tell that it is in place", async () => {
      await start();
      const seen = await host.create(exportTo("a.pst"));
      const byId = toSupport({
        mailbox: { id: seen.outputs["mailboxId"] },
        restoreTo: { mailbox: "sales@contoso.example" },
      });
      const failure = await refusedBy(byId);
      assert.match(failure.message, /confirmInPlace: "sales@contoso.example"/);
      assert.deepEqual(simulator.writes, []);
      await nothingLeftOpen();
    });
  });

  describe("when the server refuses", () => {
    it("keeps no state, so that the next up tries again: a wrong Exchange password", async () => {
      await start({}, { exchangeUserPassword: "wrong-exchange-marker" });
      const failure = await refusedBy(toSupport());
      assert.match(failure.message, /refused the restore and nothing was written/);
      assert.equal(failure.state, undefined);
      assert.doesNotMatch(failure.message, /wrong-exchange-marker/);
      assert.deepEqual(simulator.writes, []);
      await nothingLeftOpen();
    });
  });

  describe("when no clear answer comes back", () => {
    it("sees by the session's event that the restore went well, and sends nothing again", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const { outputs } = await host.create(toSupport());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
      assert.equal(simulator.writes.length, 1);
      await nothingLeftOpen();
    });

    it("keeps the state and the session when nobody can tell, and repeats nothing", async () => {
      await start({ restoreEvents: "none" });
      simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const failure = await refusedBy(toSupport());
      assert.equal(failure.state?.properties["outcome"], "Unknown");
      assert.match(failure.state?.reasons.join() ?? "", /nobody can tell.*onUnknown.*runId/);
      assert.equal(simulator.writes.length, 1);
      assert.equal(simulator.openSessions.length, 1, "it holds the evidence");
    });

    for (const status of [401, 502, 503, 504]) {
      it(`never takes a ${status} for a refusal`, async () => {
        await start({ restoreEvents: "none" });
        simulator.faults.next({ match: isAction, effect: { status, html: "<h1>gateway</h1>" } });
        const failure = await refusedBy(toSupport());
        assert.equal(failure.state?.properties["outcome"], "Unknown");
      });
    }

    it("accepts the unknown when a person has said so, and then sends nothing", async () => {
      await start({ restoreEvents: "none" });
      simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const { state } = await refusedBy(toSupport());
      assert.ok(state);
      const before = simulator.writes.length;
      const outputs = await host.update(
        state.id,
        state.properties,
        toSupport({ onUnknown: { accept: "looked into the mailbox" } }),
      );
      assert.equal(outputs["outcome"], "Accepted");
      assert.equal(simulator.writes.length, before);
    });
  });

  describe("partial failure", () => {
    it("is remembered with its counts, and judged again without sending anything", async () => {
      await start({ restoreAnswer: "counters" });
      simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 3 } } });
      const { state } = await refusedBy(toSupport());
      assert.equal(state?.properties["outcome"], "PartiallyFailed");
      assert.equal((state?.properties["counts"] as { failed: number }).failed, 3);
      assert.match(state?.reasons.join() ?? "", /maxFailedItems: 3.*runId/);
      const requests = simulator.requests.length;
      const news = toSupport({ failurePolicy: { maxFailedItems: 3 } });
      assert.equal((await host.diff(state?.properties ?? {}, toSupport())).changes, "some");
      const outputs = await host.update(state?.id ?? "", state?.properties ?? {}, news);
      assert.equal(outputs["outcome"], "PartiallyFailed");
      assert.equal((await host.diff(outputs, news)).changes, "unknown");
      assert.equal(simulator.requests.length, requests);
      await nothingLeftOpen();
    });
  });

  describe("exports", () => {
    it("keeps no file when the line is always cut, and makes the export again at the next try", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 100_000 }, times: 3 });
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /The export to a.pst was not kept/);
      assert.equal(failure.state, undefined);
      await assert.rejects(readFile(join(host.folder, "a.pst")), /ENOENT/);
      assert.deepEqual(
        (await readdir(host.folder)).filter((name) => name.startsWith("a.pst")),
        [],
      );
      assert.deepEqual(simulator.openSessions, []);
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.deepEqual((outputs["pst"] as { verified: string[] }).verified, [
        "content-length",
        "magic",
        "format",
        "header-checksum",
        "header-size",
        "root-tables",
      ]);
    });

    it("never takes an error page with status 200 for a PST", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { status: 200, html: "<h1>maintenance</h1>" } });
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /is not a PST/);
      await nothingLeftOpen();
    });

    it("never overwrites a file that is not its own", async () => {
      await start();
      await writeFile(join(host.folder, "a.pst"), "somebody else's");
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /not an export of this resource/);
      assert.equal(await readFile(join(host.folder, "a.pst"), "utf8"), "somebody else's");
      assert.equal(simulator.requests.length, 0);
    });

    it("never overwrites a file that appears while the server builds the export", async () => {
      await start();
      const building = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const failure = refusedBy(exportTo("a.pst"));
      await building.reached;
      await writeFile(join(host.folder, "a.pst"), "somebody else's");
      building.release();
      assert.match((await failure).message, /not overwritten/);
      assert.equal(await readFile(join(host.folder, "a.pst"), "utf8"), "somebody else's");
      assert.deepEqual(
        (await readdir(host.folder)).filter((name) => name.startsWith("a.pst")),
        ["a.pst"],
      );
    });

    it("refuses two exports to one path at the same time, and sends only one", async () => {
      await start();
      const first = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const kept = host.create(exportTo("a.pst"));
      await first.reached;
      const failure = await refusedBy(exportTo("a.pst", { __urn: `${urn}2` }));
      first.release();
      assert.match(failure.message, /being written by another export/);
      const { outputs } = await kept;
      const bytes = await readFile(join(host.folder, "a.pst"));
      assert.equal((outputs["pst"] as { sha256: string }).sha256, createHash("sha256").update(bytes).digest("hex"));
      assert.equal(simulator.exports.length, 1);
    });

    it("keeps a file that somebody put in the place of its own", async () => {
      await start();
      const { id, outputs } = await host.create(exportTo("a.pst", { onDestroy: "deletePst" }));
      await writeFile(join(host.folder, "a.pst"), "somebody else's");
      await host.delete(id, outputs);
      assert.equal(await readFile(join(host.folder, "a.pst"), "utf8"), "somebody else's");
    });

    it("removes only its own file, and only when told to", async () => {
      await start();
      const first = await host.create(exportTo("a.pst", { onDestroy: "deletePst" }));
      const second = await host.create(exportTo("a.pst", { onDestroy: "deletePst", runId: "2" }));
      await host.delete(first.id, first.outputs);
      assert.equal((await readFile(join(host.folder, "a.pst"))).toString("latin1", 0, 4), "!BDN");
      await host.delete(second.id, second.outputs);
      await assert.rejects(readFile(join(host.folder, "a.pst")), /ENOENT/);
    });
  });

  describe("seeing only what is one's own", () => {
    const other = { mailbox: { email: "legal@contoso.example" }, __urn: `${urn}2` };
    const settled = (outcome: PromiseSettledResult<{ outputs: Bag }>) =>
      outcome.status === "fulfilled"
        ? outcome.value.outputs
        : ((outcome.reason as HostFailure).state?.properties ?? {});

    it("borrows no neighbour's success when its own line broke before the server began", async () => {
      await start();
      const first = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const neighbour = host.create(toSupport(other));
      await first.reached;
      simulator.faults.next({ match: isAction, effect: { resetBeforeWork: true } });
      const [mine] = await Promise.allSettled([host.create(toSupport())]);
      first.release();
      await neighbour;
      assert.equal(settled(mine)["outcome"], "Unknown");
      assert.equal(simulator.writes.length, 1);
    });

    it("borrows none later either, when it looks again", async () => {
      await start({}, { maxConcurrentRestores: "1" });
      const first = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const neighbour = host.create(toSupport(other));
      await first.reached;
      const mine = host.create(toSupport());
      simulator.faults.next({ match: isAction, effect: { resetBeforeWork: true } });
      first.release();
      await neighbour;
      const state = await mine.then(
        () => assert.fail("it was never carried out"),
        (error: HostFailure) => error.state,
      );
      assert.equal(state?.properties["outcome"], "Unknown");
      await assert.rejects(host.update(state?.id ?? "", state?.properties ?? {}, toSupport()), /nobody can tell/);
    });

    it("knows nothing of a second restore of the same mailbox that was refused beside the first", async () => {
      await start();
      const first = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const neighbour = host.create(toSupport());
      await first.reached;
      simulator.faults.next({
        match: isAction,
        effect: { status: 500, json: { message: "cannot open user mailbox" } },
      });
      const again = toSupport({ restoreTo: { mailbox: "finance@contoso.example" }, __urn: `${urn}2` });
      const [second] = await Promise.allSettled([host.create(again)]);
      first.release();
      await neighbour;
      assert.notEqual(settled(second)["outcome"], "SucceededWithWarnings");
      assert.equal(simulator.writes.length, 1);
    });

    it("calls it unknown when the server broke off in the middle, and shows no events", async () => {
      await start({ restoreEvents: "none" });
      const message = "The server did not provide a meaningful reply; this might be caused by a contract mismatch.";
      simulator.faults.next({ match: isAction, effect: { status: 500, json: { message }, afterWork: true } });
      assert.equal((await refusedBy(toSupport())).state?.properties["outcome"], "Unknown");
      assert.equal(simulator.writes.length, 1);
    });

    it("does not call three failed items a success when the server gives no counts", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 3 } } });
      const { state } = await refusedBy(toSupport());
      assert.equal(state?.properties["outcome"], "PartiallyFailed");
      assert.match(state?.reasons.join() ?? "", /items may have failed.*onUnknown/);
      const outputs = await host.update(
        state?.id ?? "",
        state?.properties ?? {},
        toSupport({ onUnknown: { accept: "looked" } }),
      );
      assert.equal(outputs["outcome"], "Accepted");
    });
  });

  describe("what the server says", () => {
    const emoji = `${"x".repeat(299)}😀 tail`;

    it("reaches the state whole, even when half a character is cut off", async () => {
      await start({ restoreAnswer: "counters" });
      simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 0, warnings: [emoji] } } });
      assert.equal((await host.create(toSupport())).outputs["outcome"], "SucceededWithWarnings");
      simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 1, exceptions: [emoji] } } });
      assert.equal((await refusedBy(toSupport())).state?.properties["outcome"], "PartiallyFailed");
      simulator.faults.next({ match: isAction, effect: { status: 400, json: { message: `${"x".repeat(1999)}😀` } } });
      assert.match((await refusedBy(toSupport())).message, /refused/);
    });

    it("is shown without the secrets that it repeats, in outputs, reasons and the log alike", async () => {
      await start({ restoreAnswer: "counters" });
      const said = `logged on with ${simulator.exchange.userPassword} and ${simulator.password}`;
      simulator.faults.next({
        match: isAction,
        effect: { restoreResult: { failedItems: 1, warnings: [said], exceptions: [said] } },
      });
      const failure = await refusedBy(toSupport());
      const everything = JSON.stringify([failure, failure.message, host.log, host.printed]);
      assert.match(everything, /logged on with \[secret\] and \[secret\]/);
      assert.ok(!everything.includes(simulator.exchange.userPassword) && !everything.includes(simulator.password));
    });
  });

  describe("sessions that hold evidence", () => {
    const breakLine = () => simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });

    it("are left to end by themselves when the restore is accepted, for it may still run", async () => {
      await start({ restoreEvents: "none" });
      breakLine();
      const { state } = await refusedBy(toSupport());
      await host.update(state?.id ?? "", state?.properties ?? {}, toSupport({ onUnknown: { accept: "looked" } }));
      assert.equal(simulator.openSessions.length, 1);
    });

    it("are stopped when the only restore in them is forgotten", async () => {
      await start({ restoreEvents: "none" });
      breakLine();
      const { state } = await refusedBy(toSupport());
      await host.delete(state?.id ?? "", state?.properties ?? {});
      await nothingLeftOpen();
    });

    it("are not stopped for one restore while another one still needs them", async () => {
      await start({ restoreEvents: "none" });
      breakLine();
      breakLine();
      const legal = toSupport({ mailbox: { email: "legal@contoso.example" }, __urn: `${urn}2` });
      const [first, second] = await Promise.all([refusedBy(toSupport()), refusedBy(legal)]);
      assert.equal(simulator.sessions.length, 1);
      await host.delete(first.state?.id ?? "", first.state?.properties ?? {});
      assert.equal(simulator.openSessions.length, 1);
      assert.ok(second.state);
    });

    it("do not keep a stack from being destroyed when the server is gone", async () => {
      await start({ restoreEvents: "none" });
      breakLine();
      const { state } = await refusedBy(toSupport());
      await simulator.stop();
      await host.delete(state?.id ?? "", state?.properties ?? {});
      assert.match(
        host.log
          .filter(({ ephemeral }) => !ephemeral)
          .map(({ message }) => message)
          .join(),
        /could not be stopped/,
      );
    });

    it("are opened when their turn has come, not all at once", async () => {
      await start({}, { maxConcurrentRestores: "1" });
      const first = simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const times = ["2026-05-01", "2026-06-01", "2026-07-01"].map((day) => `${day}T00:00:00Z`);
      const all = times.map((pointInTime, index) => host.create(exportTo(`${index}.pst`, { pointInTime })));
      await first.reached;
      assert.equal(simulator.sessions.length, 1);
      first.release();
      await Promise.all(all);
      assert.equal(simulator.sessions.length, 3);
      await nothingLeftOpen();
    });
  });

  describe("the row of the resource", () => {
    it("says what it is doing, and ends with outcome and counts", async () => {
      await start({ restoreAnswer: "counters" });
      await host.create(toSupport());
      const lines = host.log.filter((line) => line.urn === urn);
      assert.ok(lines.every(({ ephemeral }) => ephemeral));
      const text = lines.map(({ message }) => message);
      for (const expected of ["logging in", "opening a restore session", "restoring"]) {
        assert.ok(text.includes(expected), `"${expected}" is not among ${text.join(" | ")}`);
      }
      assert.match(
        text.at(-1) ?? "",
        /^Succeeded: sales@contoso.example, \d+ created, \d+ merged, \d+ skipped, 0 failed/,
      );
    });

    it("keeps a warning as a diagnostic", async () => {
      await start({ restoreAnswer: "counters" });
      simulator.faults.next({
        match: isAction,
        effect: { restoreResult: { failedItems: 0, warnings: ["two items were too large"] } },
      });
      await host.create(toSupport());
      const kept = host.log.filter(({ ephemeral }) => !ephemeral);
      assert.deepEqual(
        kept.map(({ message, severity }) => [message, severity]),
        [["two items were too large", 2]],
      );
    });
  });
});
