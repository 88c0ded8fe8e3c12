import assert from "node:assert/strict";
import type { RestoreResult, SimulatorOptions } from "../../simulator";
import { type Bench, aBench, failureOf, isAction, stateOf, toSupport, urnOf } from "../helpers/bench";
import type { Host } from "../helpers/host";

type Bag = Record<string, unknown>;
/** A page of events, as the server is made to tell them. */
type Page = { results: { type?: string; message: string; status: string }[] };

const isEvents = /\/events$/i;
const second = urnOf("two");

/** A restore of v8 answers when it has begun; its session tells how it ends. */
describe("a restore that ends after its answer", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  const start = async (options: SimulatorOptions = {}) => {
    bench = await aBench({ apiVersions: ["v8"], ...options });
    return bench.start({ apiVersion: "v8" });
  };
  const openElsewhere = async (host: Host) => {
    const session = { organization: "contoso.example", pointInTime: "latest" };
    return (await host.create(session, "RestoreSession")).outputs["restoreSessionId"] as string;
  };
  /** Restores in a session that was opened elsewhere, where others with this login may work, too. */
  const elsewhere = async (host: Host, spelled = (id: string) => id) => {
    const restoreSessionId = spelled(await openElsewhere(host));
    const [{ mailboxes } = assert.fail()] = bench.simulator.organizations;
    const idOf = (name: string) => mailboxes.find((mailbox) => mailbox.name === name)?.id ?? assert.fail();
    return (difference: Bag = {}, name = "Sales") =>
      toSupport({
        organization: undefined,
        mailbox: undefined,
        pointInTime: undefined,
        restoreSessionId,
        mailboxId: idOf(name),
        ...difference,
      });
  };
  const into = (mailbox: string) => ({ restoreTo: { mailbox } });
  const fail = (result: RestoreResult, target = "support@contoso.example") =>
    bench.simulator.faults.next({
      match: { ...isAction, body: (body) => (body as { mailbox?: string }).mailbox === target },
      effect: { restoreResult: result },
    });
  const outcomeOf = async (call: Promise<{ outputs: Bag }>) =>
    call.then(
      ({ outputs }) => outputs["outcome"],
      ({ state }: { state?: { properties: Bag } }) => state?.properties["outcome"],
    );
  const brokenOff = toSupport({ timeouts: { restore: "1s" } });
  const countsIn = ({ outputs }: { outputs: Bag }) => outputs["counts"] as Record<string, number | null>;

  describe("is seen to its end", () => {
    for (const asyncSession of ["same", "new", "newStaysOpen"] as const) {
      for (const asyncSessionId of ["plain", "upperCase", "braces"] as const) {
        it(`whatever session it names (${asyncSession}), and however it spells that (${asyncSessionId})`, async () => {
          const host = await start({ asyncSession, asyncSessionId });
          const { outputs } = await host.create(toSupport());
          assert.equal(outputs["outcome"], "Succeeded");
          await host.end();
          assert.deepEqual(bench.simulator.openSessions, []);
          assert.equal(bench.simulator.writes.length, 1);
        });
      }

      it(`in a session that was opened elsewhere, with a word of doubt where others may work: ${asyncSession}`, async () => {
        const host = await start({ asyncSession });
        const restore = await elsewhere(host);
        const doubtful = asyncSession === "same" ? "SucceededWithWarnings" : "Succeeded";
        assert.equal(await outcomeOf(host.create(restore())), doubtful);
        fail({ exceptions: ["The mailbox is full"] });
        const { properties } = await stateOf(host.create(restore({ runId: "2" })));
        assert.ok(["Failed", "PartiallyFailed"].includes(String(properties["outcome"])));
      });
    }

    for (const eventAppears of ["atBegin", "atEnd"] as const) {
      it(`by an event that appears ${eventAppears}`, async () => {
        const host = await start({ eventAppears });
        const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        const created = host.create(toSupport());
        await working.reached;
        await bench.until(() => bench.asked(isEvents) > 1);
        working.release();
        assert.equal(await outcomeOf(created), "Succeeded");
      });
    }

    for (const restoreEvents of ["named", "fields"] as const) {
      it(`in a session of the program, by an event whose mailbox is ${restoreEvents}`, async () => {
        const host = await start({ restoreEvents });
        const restoreSessionId = await openElsewhere(host);
        const session = { restoreSessionId, organization: "contoso.example", pointInTime: "latest" };
        const inSession = toSupport({ session, organization: undefined, pointInTime: undefined });
        assert.equal(await outcomeOf(host.create(inSession)), "Succeeded");
      });
    }

    it("by the result of a session of its own, where that has no events, or tells none any more", async () => {
      const host = await start({ asyncSession: "new", restoreEvents: "none" });
      assert.equal(await outcomeOf(host.create(toSupport())), "Succeeded");
      await bench.stop();
      const other = await start({ asyncSession: "new", endedEvents: "refused" });
      assert.equal(await outcomeOf(other.create(toSupport())), "Succeeded");
    });

    it("when its answer was lost", async () => {
      const host = await start();
      bench.simulator.faults.next({ match: isAction, effect: { resetBeforeAnswer: true } });
      const { outputs } = await host.create(toSupport());
      assert.equal(outputs["outcome"], "SucceededWithWarnings");
      assert.match(JSON.stringify(outputs["warnings"]), /After the action was sent/);
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("when some looks fail meanwhile", async () => {
      const host = await start();
      const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const created = host.create(toSupport());
      await working.reached;
      bench.simulator.faults.next({ match: { path: isEvents }, effect: { status: 503 }, times: 8 });
      await bench.until(() => bench.simulator.faults.pending.length === 0);
      working.release();
      assert.equal(await outcomeOf(created), "Succeeded");
    });

    it("and not before: the first event of a session is no restore's, whatever it says", async () => {
      let looks = 0;
      const host = await start({
        statistics: "none",
        reshape(body, { path }) {
          if (!isEvents.test(path)) {
            return body;
          }
          looks += 1;
          const results = (body as Page).results.map(({ type, ...event }) =>
            type === "None" ? { ...event, message: "Wiederherstellungssitzung gestartet" } : event,
          );
          return { ...(body as Page), results: looks < 4 ? results.slice(0, 1) : results };
        },
      });
      fail({ failedItems: 2 });
      const { properties } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "PartiallyFailed");
    });

    it("is unknown where nothing tells of it, and never a success", async () => {
      const host = await start({ restoreEvents: "none" });
      const { properties } = await stateOf(host.create(brokenOff));
      assert.equal(properties["outcome"], "Unknown");
      assert.equal(bench.simulator.openSessions.length, 1, "it holds the evidence");
    });
  });

  describe("is counted", () => {
    it("by its session's statistics, in as much detail as they have", async () => {
      const host = await start({ statistics: "counts" });
      const { restored, created } = countsIn(await host.create(toSupport()));
      assert.deepEqual([typeof restored, created], ["number", null]);
      await bench.stop();

      const detailed = await start({ statistics: "items" });
      const counts = countsIn(await detailed.create(toSupport()));
      const [write] = bench.simulator.writes;
      assert.deepEqual(
        [counts["created"], counts["merged"], counts["skipped"], counts["restored"]],
        [write?.counts.created, write?.counts.merged, write?.counts.skipped, undefined],
      );
      await bench.stop();

      const silent = await start({ statistics: "none" });
      assert.deepEqual([...new Set(Object.values(countsIn(await silent.create(toSupport()))))], [null]);
    });

    for (const statistics of ["counts", "items"] as const) {
      it(`also where they are filled in late: ${statistics}`, async () => {
        const host = await start({ statistics, statisticsLag: 2 });
        const { restored, created, merged } = countsIn(await host.create(toSupport()));
        const [write] = bench.simulator.writes;
        assert.equal(
          restored ?? (created ?? 0) + (merged ?? 0),
          write === undefined ? 0 : write.counts.created + write.counts.merged,
        );
        fail({ failedItems: 2 });
        const { properties } = await stateOf(
          host.create(toSupport({ runId: "2", ...into("support@contoso.example") })),
        );
        assert.equal(properties["outcome"], "PartiallyFailed");
      });
    }

    it("with what its answer says beside the session", async () => {
      const host = await start({
        reshape: (body, { path }) =>
          /restoreTo$/i.test(path) ? { ...(body as Bag), exceptions: ["The folder Drafts was left out"] } : body,
      });
      const { properties } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "PartiallyFailed");
      assert.match(JSON.stringify(properties["failures"]), /Drafts/);
    });

    it("as nothing written where its statistics count what failed: then it may be tried again", async () => {
      const host = await start();
      fail({ failedItems: 1000, created: 0, merged: 0 });
      const { state, message } = await failureOf(
        host.create(toSupport({ mailbox: { email: "legal@contoso.example" } })),
      );
      assert.equal(state, undefined, message);
    });

    it("as failed where they leave items of their total out: it is not sent again", async () => {
      const counted = { totalItemsCount: 72, restoredItemsCount: 0, failedItemsCount: 2, skippedItemsCount: 0 };
      const host = await start({
        reshape: (body, { path }) => (/statistics$/i.test(path) ? { ...(body as Bag), ...counted } : body),
      });
      fail({ cannotContinueError: "The connection to Exchange was lost", created: 60, failedItems: 2 });
      const { id, properties } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "Failed");
      assert.match(JSON.stringify(properties["warnings"]), /nothing of 70 items/);
      await failureOf(host.update(id, properties, toSupport()));
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("as failed where they are zero, which may mean that they were never filled in: it is not sent again", async () => {
      const host = await start({ statisticsLag: 1000 });
      fail({ cannotContinueError: "The mailbox is gone", created: 3, merged: 0 });
      const { id, properties } = await stateOf(host.create(toSupport()));
      assert.equal(properties["outcome"], "Failed");
      await failureOf(host.update(id, properties, toSupport()));
      assert.equal(bench.simulator.writes.length, 1);
    });
  });

  describe("is told from others", () => {
    it("of the same mailbox in a session that was opened elsewhere, where one fails", async () => {
      const host = await start();
      const restore = await elsewhere(host, (id) => id.toUpperCase());
      fail({ cannotContinueError: "The mailbox is full", created: 3, merged: 0 }, "legal@contoso.example");
      const targets = ["support@contoso.example", "legal@contoso.example"];
      const outcomes = await Promise.all(
        targets.map((target) => outcomeOf(host.create(restore({ ...into(target), __urn: urnOf(target) })))),
      );
      assert.deepEqual(outcomes, ["SucceededWithWarnings", "Failed"]);
    });

    it("of another mailbox there, whose event is seen first", async () => {
      let looks = 0;
      const host = await start({
        reshape(body, { path }) {
          const { results = [] } = body as Partial<Page>;
          if (!isEvents.test(path) || !results.some(({ message }) => message.includes("Sales"))) {
            return body;
          }
          looks += 1;
          return {
            ...(body as Page),
            results: looks < 4 ? results.filter(({ message }) => !message.includes("Sales")) : results,
          };
        },
      });
      const restore = await elsewhere(host, (id) => id.toUpperCase());
      fail({ exceptions: ["The mailbox is full"], created: 3, merged: 0 });
      const ofLegal = restore({ ...into("finance@contoso.example"), __urn: second }, "Legal");
      const outcomes = await Promise.all([host.create(restore()), host.create(ofLegal)].map(outcomeOf));
      assert.deepEqual(outcomes, ["Failed", "SucceededWithWarnings"]);
    });

    it("of this state, in sessions that the server made for them", async () => {
      const host = await start({ asyncSession: "new" });
      const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { properties } = await stateOf(host.create(brokenOff));
      await host.end();
      const next = await bench.start({ apiVersion: "v8" });
      await next.diff(properties, brokenOff);
      const other = toSupport({ __urn: second, ...into("legal@contoso.example") });
      assert.equal(await outcomeOf(next.create(other)), "Succeeded");
      working.release();
    });
  });

  describe("that was not seen to its end", () => {
    for (const asyncSession of ["same", "new"] as const) {
      it(`goes on at the next update: ${asyncSession}`, async () => {
        const host = await start({ asyncSession });
        const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        const { id, properties } = await stateOf(host.create(brokenOff));
        working.release();
        const outputs = await host.update(id, properties, toSupport());
        assert.equal(outputs["outcome"], "Succeeded");
        await host.end();
        assert.deepEqual([bench.simulator.writes.length, bench.simulator.openSessions], [1, []]);
      });

      it(`is asked after where the state was lost, too: ${asyncSession}`, async () => {
        const host = await start({ asyncSession });
        const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        await stateOf(host.create(brokenOff));
        await host.end();
        working.release();
        const { outputs } = await (await bench.start({ apiVersion: "v8" })).create(toSupport());
        assert.equal(outputs["outcome"], "Succeeded");
        assert.deepEqual([bench.simulator.writes.length, bench.simulator.openSessions], [1, []]);
      });

      it(`is taken over after a kill: ${asyncSession}`, async () => {
        bench = await aBench({ apiVersions: ["v8"], asyncSession });
        const host = await bench.start({ apiVersion: "v8" });
        const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        const failed = failureOf(host.create(toSupport()));
        await working.reached;
        await bench.until(async () => (await bench.entries()).some(({ hasBegun }) => hasBegun));
        await host.kill();
        await failed;
        await bench.expireLeases();
        working.release();
        assert.equal(await outcomeOf((await bench.start({ apiVersion: "v8" })).create(toSupport())), "Succeeded");
        assert.deepEqual([bench.simulator.writes.length, bench.simulator.openSessions], [1, []]);
      });
    }

    it("is unknown when the server will never tell, and can be accepted", async () => {
      const host = await start();
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id, properties } = await stateOf(host.create(brokenOff));
      const refused = { status: 403, json: { message: "Access is denied." } };
      bench.simulator.faults.next({ match: { path: isEvents }, effect: refused, times: Infinity });
      const { properties: unknown } = await stateOf(host.update(id, properties, toSupport()));
      assert.equal(unknown["outcome"], "Unknown");
      const outputs = await host.update(id, unknown, toSupport({ onUnknown: { accept: "I looked" } }));
      assert.equal(outputs["outcome"], "Accepted");
      assert.equal(bench.simulator.writes.length, 1);
    });

    it("can be accepted when its server is not the declared one any more", async () => {
      const host = await start();
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id, properties } = await stateOf(host.create(brokenOff));
      const elsewhereNow = { ...properties, endpoint: "https://old.example:4443" };
      const { message } = await failureOf(host.update(id, elsewhereNow, toSupport()));
      assert.match(message, /begun on https:\/\/old.example:4443.*onUnknown/);
      const outputs = await host.update(id, elsewhereNow, toSupport({ onUnknown: { accept: "I looked" } }));
      assert.equal(outputs["outcome"], "Accepted");
    });

    it("can be accepted when the server does not speak its version any more", async () => {
      bench = await aBench({ apiVersions: ["v5", "v6"] });
      const host = await bench.start({ apiVersion: "v5" });
      bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id, properties } = await stateOf(host.create(brokenOff));
      const gone = { status: 404, json: { message: "no" } };
      bench.simulator.faults.next({ match: { path: /^\/v5\//i }, effect: gone, times: Infinity });
      const next = await bench.start();
      const outputs = await next.update(id, properties, toSupport({ onUnknown: { accept: "I looked" } }));
      assert.equal(outputs["outcome"], "Accepted");
    });
  });
});
