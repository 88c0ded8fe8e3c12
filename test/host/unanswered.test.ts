import assert from "node:assert/strict";
import { type FaultEffect, type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { aBench } from "../helpers/bench";
import { configOf } from "../helpers/engine";
import { type Host, type HostFailure, startHost } from "../helpers/host";

type Bag = Record<string, unknown>;

const urn = "urn:pulumi:test::vb365-test::pulumi-nodejs:dynamic/vb365:MailboxRestore::one";
const toSupport = (access: Bag = {}, difference: Bag = {}): Bag => ({
  organization: "contoso.example",
  mailbox: { email: "sales@contoso.example" },
  pointInTime: "latest",
  restoreTo: { mailbox: "support@contoso.example", ...access },
  __urn: urn,
  ...difference,
});
const isAction = { method: "POST", path: /mailboxes\/[^/]+\/(action|restoreto)$/i };
const ownWords = (status: number, message: string): FaultEffect => ({ status, json: { message } });

describe("a restore that was not answered for", () => {
  let simulator: Simulator;
  let host: Host;

  const start = async (options: SimulatorOptions = {}, config: Record<string, string> = {}) => {
    simulator = await startSimulator(options);
    const all = { ...configOf(simulator), ...config };
    host = await startHost(Object.fromEntries(Object.entries(all).map(([key, value]) => [`vb365:${key}`, value])));
  };
  afterEach(async () => {
    await host.stop();
    await simulator.stop();
  });
  const failureOf = async (inputs: Bag): Promise<HostFailure> => {
    try {
      await host.create(inputs);
    } catch (error) {
      return error as HostFailure;
    }
    throw new assert.AssertionError({ message: "the create was expected to fail" });
  };

  describe("refused: the server's own words, of a kind that comes before the start", () => {
    const refusals: [string, FaultEffect][] = [
      ["a parameter is missing", ownWords(400, "Missing mandatory parameters: mailbox")],
      ["no right", ownWords(403, "Access denied")],
      ["no such mailbox in the session", ownWords(404, "Resource cannot be found")],
      [
        "the account may not impersonate",
        ownWords(500, "The account does not have permission to impersonate the requested user."),
      ],
      ["the mailbox cannot be opened", ownWords(500, "Cannot open user mailbox")],
      ["the account is refused", ownWords(500, "Invalid credential: user name or password is incorrect")],
    ];
    for (const [what, effect] of refusals) {
      it(`leaves no state, and the next up sends it: ${what}`, async () => {
        await start();
        simulator.faults.next({ match: isAction, effect });
        const failure = await failureOf(toSupport());
        assert.match(failure.message, /The server refused the restore and nothing was written/);
        assert.equal(failure.state, undefined);
        assert.deepEqual(simulator.openSessions, []);
        assert.equal((await host.create(toSupport())).outputs["adoptedFrom"], undefined);
        assert.equal(simulator.writes.length, 1);
      });
    }

    it("is mended by the right Exchange password", async () => {
      await start({}, { exchangeUserPassword: "", exchangeUserName: "" });
      const { userName, userPassword } = simulator.exchange;
      const failure = await failureOf(toSupport({ userName, userPassword: "a wrong one" }));
      assert.equal(failure.state, undefined);
      assert.deepEqual(simulator.writes, []);
      await host.create(toSupport({ userName, userPassword }));
      assert.equal(simulator.writes.length, 1);
    });

    it("is no refusal when the session has an event that may be this restore's", async () => {
      await start();
      simulator.faults.next({
        match: isAction,
        effect: { ...ownWords(400, "Bad request"), afterWork: true },
      });
      const { outputs } = await host.create(toSupport());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
      assert.equal(simulator.writes.length, 1);
    });
  });

  describe("unknown: anything else after it was sent", () => {
    const silences: [string, FaultEffect][] = [
      ["the line is lost with the work done", { resetBeforeAnswer: true }],
      ["the line is lost before the work", { resetBeforeWork: true }],
      ["a proxy's 502", { status: 502, html: "<h1>bad gateway</h1>", afterWork: true }],
      ["a proxy's 503", { status: 503, html: "<h1>unavailable</h1>", afterWork: true }],
      ["a proxy's 504", { status: 504, html: "<h1>timeout</h1>", afterWork: true }],
      ["a proxy's 504 that looks like the server's", { ...ownWords(504, "Gateway timeout"), afterWork: true }],
      ["a page with status 200", { status: 200, html: "<h1>sign in</h1>", afterWork: true }],
      ["a 401 in the middle", { status: 401, text: "", afterWork: true }],
      ["a 500 of any other text", { ...ownWords(500, "The operation has timed out"), afterWork: true }],
      [
        "a redirect",
        { status: 302, headers: { Location: "https://elsewhere.example.test/" }, text: "", afterWork: true },
      ],
      ["an answer that breaks off", { cutAfterBytes: 5 }],
    ];
    for (const [what, effect] of silences) {
      it(`is remembered, named, and never sent again by itself: ${what}`, async () => {
        await start({ restoreEvents: "none", restoreAnswer: "counters" });
        simulator.faults.next({ match: isAction, effect });
        const { state } = await failureOf(toSupport());
        assert.equal(state?.properties["outcome"], "Unknown");
        assert.match(state?.reasons.join() ?? "", /sales@contoso.example.*nobody can tell.*onUnknown.*runId/);
        const actions = () => simulator.requests.filter(({ path }) => isAction.path.test(path)).length;
        assert.equal(actions(), 1);
        assert.equal((await host.diff(state?.properties ?? {}, toSupport())).changes, "some");
        await assert.rejects(host.update(state?.id ?? "", state?.properties ?? {}, toSupport()), /nobody can tell/);
        assert.equal(actions(), 1);
      });
    }

    it("is settled by the session's event, when that is there later", async () => {
      await start({ restoreAnswer: "counters" });
      const gate = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const failing = failureOf(toSupport());
      await gate.reached;
      gate.cut();
      const { state } = await failing;
      assert.equal(state?.properties["outcome"], "Unfinished");
      gate.release();
      const outputs = await host.update(state?.id ?? "", state?.properties ?? {}, toSupport());
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(outputs["pending"], undefined);
      assert.equal(simulator.writes.length, 1);
      assert.deepEqual(simulator.openSessions, [], "it held the evidence, and is stopped now");
    });
  });

  describe("answered with zeros and a failure, while its event tells something else", () => {
    const cut = {
      createdItemsCount: 0,
      mergedItemsCount: 0,
      failedItemsCount: 0,
      skippedItemsCount: 0,
      failedFoldersCount: 0,
      cannotContinueError: "The server did not provide a meaningful reply; premature session shutdown",
    };
    const isEvents = { method: "GET", path: /\/events$/i };
    const asRunning = (body: unknown) =>
      JSON.parse(JSON.stringify(body).replace(/("type":"Restore"[^}]*"status":)"Success"/g, '$1"Running"')) as unknown;
    const answerCut = () =>
      simulator.faults.next({ match: isAction, effect: { status: 200, json: cut, afterWork: true } });

    for (const version of ["v3", "v7"] as const) {
      it(`${version}: is not sent again when it ended well, and is accepted by a person alone`, async () => {
        await start({ apiVersions: [version] }, { apiVersion: version });
        answerCut();
        const { state, message } = await failureOf(toSupport());
        assert.equal(state?.properties["outcome"], "PartiallyFailed", message);
        assert.match(message, /meaningful reply.*nothing as written.*onUnknown/);
        const [id, olds] = [state?.id ?? "", state?.properties ?? {}];
        const policy = toSupport({}, { failurePolicy: { maxFailedItems: 1000 } });
        await assert.rejects(host.update(id, olds, policy), /meaningful reply/);
        const accept = { accept: "all of it is in the mailbox" };
        assert.equal((await host.update(id, olds, toSupport({}, { onUnknown: accept })))["outcome"], "Accepted");
        assert.equal(simulator.writes.length, 1);
      });
    }

    it("still runs, and is looked after to its end, which does not make the failure good", async () => {
      let isEnded = false;
      await start({ reshape: (body, { path }) => (!isEnded && isEvents.path.test(path) ? asRunning(body) : body) });
      answerCut();
      const { state, message } = await failureOf(toSupport());
      assert.equal(state?.properties["outcome"], "Unfinished", message);
      assert.equal(simulator.openSessions.length, 1, "it is not stopped under a restore that runs");
      isEnded = true;
      await assert.rejects(host.update(state?.id ?? "", state?.properties ?? {}, toSupport()), /meaningful reply/);
      assert.equal(simulator.writes.length, 1);
    });

    it("is taken over as what it was when the state is lost meanwhile", async () => {
      let isEnded = false;
      const bench = await aBench({
        reshape: (body, { path }) => (!isEnded && isEvents.path.test(path) ? asRunning(body) : body),
      });
      ({ simulator } = bench);
      host = await bench.start();
      answerCut();
      assert.equal((await failureOf(toSupport())).state?.properties["outcome"], "Unfinished");
      await host.kill();
      isEnded = true;
      host = await bench.start();
      const { state, message } = await failureOf(toSupport());
      assert.equal(state?.properties["outcome"], "PartiallyFailed", message);
      assert.match(message, /meaningful reply/);
      assert.equal(simulator.writes.length, 1);
      await bench.stop();
    });

    it("is unknown when the events cannot be read, and looked at again", async () => {
      await start();
      answerCut();
      simulator.faults.next({ match: isEvents, effect: ownWords(403, "Access denied") });
      const { state, message } = await failureOf(toSupport());
      assert.equal(state?.properties["outcome"], "Unknown", message);
      assert.match(message, /meaningful reply.*events could not be read/);
      await assert.rejects(host.update(state?.id ?? "", state?.properties ?? {}, toSupport()), /meaningful reply/);
      assert.equal(simulator.writes.length, 1);
    });

    it("is refused, and sent again, where no event tells something else", async () => {
      await start();
      const failed = { ...cut, cannotContinueError: "The mailbox is full" };
      simulator.faults.next({ match: isAction, effect: { status: 200, json: failed } });
      const { state, message } = await failureOf(toSupport());
      assert.equal(state, undefined);
      assert.match(message, /refused the restore and nothing was written.*mailbox is full/);
      await host.create(toSupport());
      assert.equal(simulator.writes.length, 1);
    });
  });
});
