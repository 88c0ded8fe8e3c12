import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
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
  const nothingLeftOpen = () => assert.deepEqual(simulator.openSessions, []);

  describe("sharing", () => {
    it("shares one login and one restore session between restores that run at the same time", async () => {
      await start();
      await Promise.all([host.create(toSupport()), host.create(exportTo("a.pst")), host.create(exportTo("b.pst"))]);
      assert.equal(simulator.logins, 1);
      assert.equal(simulator.sessions.length, 1);
      nothingLeftOpen();
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
      nothingLeftOpen();
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
      const running = host.create(exportTo("a.pst"));
      await held.reached;
      const open = simulator.openSessions[0]?.id;
      assert.ok(open !== undefined && open !== sessionId);
      held.release();
      const byId = await host.create({
        restoreSessionId: open,
        mailboxId,
        exportToPst: { path: "b.pst" },
        __urn: `${urn}2`,
      });
      await running;
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
        nothingLeftOpen();
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
      nothingLeftOpen();
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
      nothingLeftOpen();
    });
  });

  describe("when no clear answer comes back", () => {
    it("sees by the session's event that the restore went well, and sends nothing again", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const { outputs } = await host.create(toSupport());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
      assert.equal(simulator.writes.length, 1);
      nothingLeftOpen();
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
      nothingLeftOpen();
    });
  });

  describe("exports", () => {
    it("keeps no file when the line is cut, and makes the export again at the next try", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 100_000 } });
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /The export to a.pst was not kept/);
      assert.equal(failure.state, undefined);
      await assert.rejects(readFile(join(host.folder, "a.pst")), /ENOENT/);
      await assert.rejects(readFile(join(host.folder, "a.pst.part")), /ENOENT/);
      nothingLeftOpen();
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.deepEqual((outputs["pst"] as { verified: string[] }).verified, ["content-length", "magic", "header-size"]);
    });

    it("never takes an error page with status 200 for a PST", async () => {
      await start();
      simulator.faults.next({ match: isAction, effect: { status: 200, html: "<h1>maintenance</h1>" } });
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /is not a PST/);
      nothingLeftOpen();
    });

    it("never overwrites a file that is not its own", async () => {
      await start();
      await writeFile(join(host.folder, "a.pst"), "somebody else's");
      const failure = await refusedBy(exportTo("a.pst"));
      assert.match(failure.message, /not an export of this resource/);
      assert.equal(await readFile(join(host.folder, "a.pst"), "utf8"), "somebody else's");
      assert.equal(simulator.requests.length, 0);
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
