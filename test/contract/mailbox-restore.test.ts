import assert from "node:assert/strict";
import type { WireRestoreStatistics } from "../../provider/api/wire/v3";
import type { ItemSeed, OrganizationSeed, RestoreResult } from "../../simulator";
import type { Rig } from "./rig";
import { restoreToBody, simulators, stoppedClock } from "./rig";
import { checked, checkedEmpty, checkedError } from "./schemas";

/** One mailbox, Finance, with these items. */
function financeWith(...items: ItemSeed[]): OrganizationSeed[] {
  const mailboxes = [{ name: "Finance", email: "finance@contoso.example", items }];
  return [{ name: "contoso.example", firstBackupTime: "2026-01-05T21:00:00Z", mailboxes }];
}

async function finance({ openSession, mailboxPath }: Rig, explore?: Record<string, unknown>): Promise<string> {
  return mailboxPath(await openSession(explore), "Finance");
}

function sessionOf(mailboxPath: string): string {
  return mailboxPath.replace(/\/Organization.*/, "");
}

/** Created, merged, failed, skipped. */
async function countsOf(answer: ReturnType<Rig["call"]>): Promise<unknown[]> {
  const body = checked<WireRestoreStatistics>(await answer, 200, "restored");
  return [body.createdItemsCount, body.mergedItemsCount, body.failedItemsCount, body.skippedItemsCount];
}

describe("simulator v3: mailbox restore", () => {
  const start = simulators();

  it("answers with an empty body unless counters are switched on", async () => {
    const rig = await start();
    checkedEmpty(await rig.restoreTo(await finance(rig)), 200);
  });

  it("counts missing items as created, changed ones as merged and the rest as skipped", async () => {
    const rig = await start({ restoreAnswer: "counters" });
    assert.deepEqual(await countsOf(rig.restoreTo(await finance(rig))), [134, 7, 0, 40]);
  });

  for (const [flag, value, counts] of [
    ["changedItems", "false", [134, 0, 0, 40]],
    ["deletedItems", "false", [0, 7, 0, 40]],
    ["excludeDrafts", "true", [131, 7, 0, 40]],
    ["excludeDeletedItems", "true", [129, 7, 0, 40]],
    ["excludeInPlaceHoldItems", "true", [132, 7, 0, 40]],
    ["excludeLitigationHoldItems", "true", [130, 7, 0, 40]],
    ["excludeLitigationHoldItems", true, [130, 7, 0, 40]],
  ] as const) {
    it(`counts otherwise with ${flag} ${JSON.stringify(value)}`, async () => {
      const rig = await start({ restoreAnswer: "counters" });
      assert.deepEqual(await countsOf(rig.restoreTo(await finance(rig), { [flag]: value })), counts);
    });
  }

  it("marks what it wrote as unread when it is asked to", async () => {
    const rig = await start();
    await rig.restoreTo(await finance(rig), { markRestoredAsUnread: "true" });
    assert.equal(rig.simulator.writes[0]?.markedAsUnread, 141);
  });

  it("restores what the session shows: deleted items and all versions on demand", async () => {
    const rig = await start({ restoreAnswer: "counters" });
    const path = await finance(rig, { showDeleted: "true", showAllVersions: "true" });
    assert.deepEqual(await countsOf(rig.restoreTo(path)), [140, 15, 0, 40]);
  });

  it("skips everything when the same is restored a second time", async () => {
    const rig = await start({ restoreAnswer: "counters" });
    const path = await finance(rig);
    await rig.restoreTo(path);
    assert.deepEqual(await countsOf(rig.restoreTo(path)), [0, 0, 0, 181]);
    assert.deepEqual(await countsOf(rig.restoreTo(path, { mailbox: "other@contoso.example" })), [134, 7, 0, 40]);
    assert.equal(rig.simulator.writes.length, 3);
  });

  it("writes missing and changed items of an archive to its original place, apart from the primary mailbox", async () => {
    const rig = await start({ restoreAnswer: "counters" });
    const archive = await rig.mailboxPath(await rig.openSession(), "In-Place Archive - Finance");
    const body = { restoretoOriginallocation: rig.simulator.exchange };
    assert.deepEqual(await countsOf(rig.call("POST", `${archive}/Action`, body)), [300, 0, 0, 0]);
    const [write] = rig.simulator.writes;
    assert.deepEqual([write?.targetEmail, write?.targetIsArchive], ["finance@contoso.example", true]);
  });

  it("treats the source mailbox named as target like its original place", async () => {
    const rig = await start({ restoreAnswer: "counters" });
    const path = await finance(rig);
    await rig.call("POST", `${path}/Action`, { restoretoOriginallocation: rig.simulator.exchange });
    assert.deepEqual(await countsOf(rig.restoreTo(path, { mailbox: "FINANCE@contoso.example" })), [0, 0, 0, 181]);
  });

  it("counts items that Exchange refuses as failed, each time, and warns in the event", async () => {
    const organizations = financeWith({ count: 5 }, { count: 2, restoreFails: true });
    const rig = await start({ restoreAnswer: "counters", organizations });
    const path = await finance(rig);
    assert.deepEqual(await countsOf(rig.restoreTo(path)), [5, 0, 2, 0]);
    assert.deepEqual(await countsOf(rig.restoreTo(path)), [0, 0, 2, 5]);
    assert.equal((await rig.events(sessionOf(path)))[1]?.status, "Warning");
  });

  for (const [title, result, counts, status] of [
    ["failed items", { failedItems: 4 }, [130, 7, 4, 40], "Warning"],
    ["nothing but failed items", { failedItems: 500 }, [0, 0, 500, 40], "Warning"],
    ["a fixed number created", { created: 10 }, [10, 7, 0, 40], "Success"],
  ] as [string, RestoreResult, number[], string][]) {
    it(`lets a fault set ${title}`, async () => {
      const rig = await start({ restoreAnswer: "counters" });
      const path = await finance(rig);
      rig.simulator.faults.next({ match: { path: /Action$/ }, effect: { restoreResult: result } });
      assert.deepEqual(await countsOf(rig.restoreTo(path)), counts);
      assert.equal((await rig.events(sessionOf(path)))[1]?.status, status);
    });
  }

  it("writes nothing and fails the event when it cannot continue, and still answers 200", async () => {
    const rig = await start();
    const path = await finance(rig);
    const effect = { restoreResult: { cannotContinueError: "The mailbox is full.", answer: "counters" as const } };
    rig.simulator.faults.next({ match: { path: /Action$/ }, effect });
    const answer = await rig.restoreTo(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.json<WireRestoreStatistics>().cannotContinueError, "The mailbox is full.");
    assert.equal(answer.json<WireRestoreStatistics>().createdItemsCount, 0);
    const [, event] = await rig.events(sessionOf(path));
    assert.equal(event?.status, "Failed");
    assert.match(event.message, /The mailbox is full\./);
  });

  describe("refusals", () => {
    it("names the flags that are missing, and writes nothing", async () => {
      const rig = await start();
      const path = await finance(rig);
      const one = await rig.restoreTo(path, { excludeDrafts: undefined });
      assert.equal(checkedError(one, 500), "Missing mandatory parameters: ExcludeDrafts");
      const two = await rig.restoreTo(path, { excludeDrafts: undefined, markRestoredAsUnread: undefined });
      assert.match(checkedError(two, 500), /MarkRestoredAsUnread/);
      assert.match(checkedError(two, 500), /ExcludeDrafts/);
      assert.deepEqual(rig.simulator.writes, []);
      assert.equal((await rig.events(sessionOf(path))).length, 1);
    });

    for (const [title, wrong, status] of [
      ["a wrong password", { userPassword: "wrong" }, 500],
      ["a wrong user", { userName: "nobody@contoso.example" }, 500],
      ["one credential of two", { userPassword: undefined }, 500],
      ["no credentials", { userName: undefined, userPassword: undefined }, 400],
      ["a flag that is no flag", { excludeDrafts: "maybe" }, 400],
    ] as [string, Record<string, unknown>, number][]) {
      it(`refuses ${title} with ${status}, and writes nothing`, async () => {
        const rig = await start();
        checkedError(await rig.restoreTo(await finance(rig), wrong), status);
        assert.deepEqual(rig.simulator.writes, []);
      });
    }

    it("cannot open an unreachable mailbox, be it the target or the original place", async () => {
      const organizations = financeWith({ count: 5 });
      organizations[0]?.mailboxes.push({ name: "Locked", email: "locked@contoso.example", unreachable: true });
      const rig = await start({ organizations });
      const session = await rig.openSession();
      const finance = await rig.mailboxPath(session, "Finance");
      const locked = await rig.mailboxPath(session, "Locked");
      const target = await rig.restoreTo(finance, { mailbox: "locked@contoso.example" });
      assert.equal(checkedError(target, 500), "cannot open user mailbox");
      const body = { restoretoOriginallocation: rig.simulator.exchange };
      checkedError(await rig.call("POST", `${locked}/Action`, body), 500);
    });

    for (const [title, body] of [
      ["two actions", { restoretoOriginallocation: {}, exporttoPst: {} }],
      ["no action", {}],
      ["an unknown action", { restoreAll: {} }],
      ["a list", []],
    ] as [string, unknown][]) {
      it(`refuses ${title} in the envelope with 400`, async () => {
        const rig = await start();
        checkedError(await rig.call("POST", `${await finance(rig)}/Action`, body), 400);
      });
    }

    it("refuses a body that is no JSON with 400", async () => {
      const rig = await start();
      const path = await finance(rig);
      const token = await rig.logIn();
      const headers = { Authorization: `Bearer ${token.access_token}` };
      checkedError(await rig.ask("POST", `${path}/Action`, { headers, text: '{"exporttoPst":{},}' }), 400);
    });

    it("answers 500 in a session that was stopped", async () => {
      const rig = await start();
      const path = await finance(rig);
      await rig.call("POST", `${sessionOf(path)}/Action`, { stop: null });
      checkedError(await rig.restoreTo(path), 500);
      assert.deepEqual(rig.simulator.writes, []);
    });
  });

  it("takes actions and properties in any case", async () => {
    const rig = await start();
    const fields = Object.entries(restoreToBody(rig.simulator)).map(([name, value]) => [name.toUpperCase(), value]);
    const answer = await rig.call("POST", `${await finance(rig)}/Action`, {
      RESTORETO: Object.fromEntries(fields) as unknown,
    });
    checkedEmpty(answer, 200);
    assert.deepEqual(rig.simulator.unknown, []);
  });

  it("shows a restore as Running and then as ended in the session's events", async () => {
    const time = stoppedClock();
    const rig = await start({ clock: time.clock });
    const path = await finance(rig);
    const session = sessionOf(path);
    const gate = rig.simulator.faults.hold({ match: { path: /Action$/ }, when: "duringWork" });
    const answer = rig.restoreTo(path);
    await gate.reached;
    const [, running] = await rig.events(session);
    assert.deepEqual([running?.type, running?.status, running?.endTime], ["Restore", "Running", undefined]);
    assert.match(String(running?.title), /Finance/);
    assert.equal(rig.simulator.writes[0]?.finishedAt, undefined);
    time.advance(75);
    gate.release();
    checkedEmpty(await answer, 200);
    const [, ended] = await rig.events(session);
    assert.deepEqual([ended?.status, ended?.duration], ["Success", "00:01:15"]);
    assert.equal(ended?.endTime, "2026-11-23T08:01:15.0000000+00:00");
    assert.equal(rig.simulator.writes[0]?.finishedAt, "2026-11-23T08:01:15.000Z");
  });

  it("runs two restores of one session at once, and the session does not idle meanwhile", async () => {
    const time = stoppedClock();
    const rig = await start({ clock: time.clock, sessionIdleSeconds: 600 });
    const session = await rig.openSession();
    const mailboxes = [await rig.mailboxPath(session, "Finance"), await rig.mailboxPath(session, "Sales")];
    const gate = rig.simulator.faults.hold({ match: { path: /Action$/ }, when: "duringWork", times: 2 });
    const answers = mailboxes.map((path) => rig.restoreTo(path));
    await gate.reachedBy(2);
    assert.equal(gate.waiting, 2);
    time.advance(3000);
    assert.equal(rig.simulator.openSessions.length, 1);
    gate.release();
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => answer.status),
      [200, 200],
    );
  });

  it("goes on to the end when the client hangs up", async () => {
    const rig = await start();
    const path = await finance(rig);
    const gate = rig.simulator.faults.hold({ match: { path: /Action$/ }, when: "duringWork" });
    const answer = assert.rejects(rig.restoreTo(path));
    await gate.reached;
    gate.cut();
    await answer;
    gate.release();
    const [, event] = await rig.events(sessionOf(path));
    assert.equal(event?.status, "Success");
    assert.equal(rig.simulator.writes[0]?.counts.created, 134);
  });

  it("leaves the name out of events, or the event altogether, on demand", async () => {
    const unnamed = await start({ restoreEvents: "unnamed" });
    const none = await start({ restoreEvents: "none" });
    const [path, other] = [await finance(unnamed), await finance(none)];
    await unnamed.restoreTo(path);
    await none.restoreTo(other);
    const [, event] = await unnamed.events(sessionOf(path));
    assert.doesNotMatch(`${event?.title} ${event?.message}`, /finance/i);
    assert.equal((await none.events(sessionOf(other))).length, 1);
  });
});
