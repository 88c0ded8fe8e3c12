import assert from "node:assert/strict";
import { setImmediate as turnOver } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Dialect, Mailbox, RestoreSession, SessionEvent } from "../../provider/api/dialects/dialect";
import { NotFoundError } from "../../provider/errors";
import { type OpenSession, createSessionPool } from "../../provider/restore/session-pool";

const mailbox = (id: string): Mailbox => ({
  id,
  name: id,
  email: `${id}@contoso.example`,
  isArchive: false,
  isPublic: false,
});
const backup = { pointInTime: "2026-11-20T21:00:00Z", showDeleted: false, showAllVersions: false };

/** A server that counts what it is asked, and whose sessions are named by their number. */
function aServer(difference: Partial<Record<keyof Dialect, unknown>> = {}) {
  const asked: string[] = [];
  let opened = 0;
  const dialect = {
    openSession: () => {
      opened += 1;
      asked.push(`open s-${opened}`);
      return Promise.resolve({ id: `s-${opened}` });
    },
    stopSession: (id: string) => {
      asked.push(`stop ${id}`);
      return Promise.resolve();
    },
    getSession: (id: string) => Promise.resolve({ id, state: "Working" } as RestoreSession),
    listMailboxes: (id: string) => {
      asked.push(`list ${id}`);
      return Promise.resolve(["a", "b"].map(mailbox));
    },
    getMailbox: (_: string, id: string) => Promise.resolve(mailbox(id)),
    listEvents: () => Promise.resolve([{ id: "e-before" } as SessionEvent]),
    ...difference,
  } as unknown as Dialect;
  return { dialect, asked };
}
const first = (all: Mailbox[]) => all[0] ?? assert.fail("no mailbox");

describe("restore sessions that are shared", () => {
  it("are opened once for all who want the same, and stopped when the last one leaves", async () => {
    const { dialect, asked } = aServer();
    const pool = createSessionPool(dialect);
    const leases = [pool.reserve("o-1", backup), pool.reserve("o-1", { ...backup })];
    const [one, two] = await Promise.all(leases.map((lease) => lease.open()));
    assert.equal(one?.sessionId, two?.sessionId);
    await leases[0]?.release();
    assert.deepEqual(asked, ["open s-1"]);
    await leases[1]?.release();
    assert.deepEqual(asked, ["open s-1", "stop s-1"]);
  });

  it("are others for another organization, time, repository or flag", async () => {
    const { dialect } = aServer();
    const pool = createSessionPool(dialect);
    const leases = [
      pool.reserve("o-1", backup),
      pool.reserve("o-2", backup),
      pool.reserve("o-1", { ...backup, pointInTime: "2026-11-19T21:00:00Z" }),
      pool.reserve("o-1", { ...backup, showDeleted: true }),
      pool.reserve("o-1", { ...backup, showAllVersions: true }),
      pool.reserve("o-1", { ...backup, repositoryId: "r-1" }),
    ];
    const ids = (await Promise.all(leases.map((lease) => lease.open()))).map(({ sessionId }) => sessionId);
    assert.equal(new Set(ids).size, leases.length);
  });

  it("are known as opened here, and no others are", async () => {
    const { dialect } = aServer();
    const pool = createSessionPool(dialect);
    await pool.reserve("o-1", backup).open();
    await pool.borrow("s-9", dialect).open();
    assert.deepEqual([pool.opened("s-1"), pool.opened("s-9")], [true, false]);
  });

  it("are asked for again by the next one when one could not be opened", async () => {
    let tries = 0;
    const { dialect } = aServer({
      openSession: () => (++tries === 1 ? Promise.reject(new Error("busy")) : Promise.resolve({ id: "s-2" })),
    });
    const lease = createSessionPool(dialect).reserve("o-1", backup);
    await assert.rejects(lease.open(), /busy/);
    assert.equal((await lease.open()).sessionId, "s-2");
  });

  it("are told of, and not thrown, when they cannot be stopped", async () => {
    const { dialect } = aServer({ stopSession: () => Promise.reject(new Error("no rights")) });
    const lease = createSessionPool(dialect).reserve("o-1", backup);
    await lease.open();
    assert.match((await lease.release()) ?? "", /s-1 could not be stopped .*no rights/);
  });

  it("are not stopped when somebody else opened them, and their events of before are known", async () => {
    const { dialect, asked } = aServer();
    const lease = createSessionPool(dialect).borrow("S-9", dialect);
    const session = await lease.open();
    assert.deepEqual([session.isOurs, [...session.knownEvents]], [false, ["e-before"]]);
    await lease.release();
    assert.deepEqual(asked, []);
  });

  it("are refused when somebody else opened them and they have ended", async () => {
    const { dialect } = aServer({ getSession: (id: string) => Promise.resolve({ id, state: "Stopped" }) });
    await assert.rejects(
      createSessionPool(dialect).borrow("s-9", dialect).open(),
      /s-9 has ended on the server.*Nothing was sent/,
    );
  });

  it("are nobody else's when one is wanted alone", async () => {
    const { dialect } = aServer();
    const pool = createSessionPool(dialect);
    const [one, two] = [await pool.reserveAlone("o-1", backup).open(), await pool.reserveAlone("o-1", backup).open()];
    assert.notEqual(one.sessionId, two.sessionId);
  });

  it("are stopped, too, when one was wanted alone, or when nobody waited until it was open", async () => {
    let open: (session: { id: string }) => void = () => undefined;
    const { dialect, asked } = aServer();
    const alone = createSessionPool(dialect).reserveAlone("o-1", backup);
    await alone.open();
    await alone.release();
    assert.deepEqual(asked, ["open s-1", "stop s-1"]);
    const isStopped = new Promise<string>((stopped) => {
      const slow = aServer({
        openSession: () => new Promise((opened) => (open = opened)),
        stopSession: (id: string) => Promise.resolve(stopped(id)),
      });
      const lease = createSessionPool(slow.dialect).reserve("o-1", backup);
      void lease.open();
      setImmediate(() => {
        void lease.release();
        open({ id: "s-late" });
      });
    });
    assert.equal(await isStopped, "s-late");
  });

  it("are told of, too, when nobody waited until one was open and it cannot be stopped", async () => {
    let open: (session: { id: string }) => void = () => undefined;
    const { dialect } = aServer({
      openSession: () => new Promise((opened) => (open = opened)),
      stopSession: () => Promise.reject(new Error("no rights")),
    });
    const told = new Promise<string>((notice) => {
      const lease = createSessionPool(dialect, { notice }).reserve("o-1", backup);
      void lease.open();
      setImmediate(() => {
        void lease.release();
        open({ id: "s-late" });
      });
    });
    assert.match(await told, /s-late could not be stopped .*no rights/);
  });

  it("take 250 restores, and the next one gets another", async () => {
    const { dialect } = aServer();
    const pool = createSessionPool(dialect);
    const ids: string[] = [];
    for (let number = 0; number < 251; number += 1) {
      ids.push((await pool.reserve("o-1", backup).open()).sessionId);
    }
    assert.deepEqual([ids.at(248), ids.at(249), ids.at(250)], ["s-1", "s-1", "s-2"]);
  });

  describe("that hold evidence", () => {
    it("are told of at the end when they cannot be stopped, and not before", async () => {
      const told: string[] = [];
      const { dialect } = aServer({ stopSession: () => Promise.reject(new Error("no rights")) });
      const pool = createSessionPool(dialect, { notice: (text) => void told.push(text) });
      const lease = pool.reserve("o-1", backup);
      (await lease.open()).keepForNow();
      assert.equal(await lease.release(), undefined);
      assert.deepEqual(told, []);
      await pool.end();
      assert.match(told.join(), /^Restore session s-1 could not be stopped .*no rights/);
    });

    it("are kept when the last one leaves, and stopped at the end, when all is stored", async () => {
      const { dialect, asked } = aServer();
      const pool = createSessionPool(dialect);
      const lease = pool.reserve("o-1", backup);
      (await lease.open()).keepForNow();
      await lease.release();
      assert.deepEqual(asked, ["open s-1"]);
      await pool.end();
      assert.deepEqual(asked, ["open s-1", "stop s-1"]);
    });

    it("stay open where nobody is left to store what was done in them", async () => {
      const { dialect, asked } = aServer();
      const pool = createSessionPool(dialect, { mayStop: () => Promise.resolve(false) });
      const lease = pool.reserve("o-1", backup);
      (await lease.open()).keepForNow();
      await lease.release();
      await pool.end();
      assert.deepEqual(asked, ["open s-1"]);
    });

    it("of a restore whose end was not seen stay open for good, and nothing new begins in them", async () => {
      const { dialect, asked } = aServer();
      const pool = createSessionPool(dialect);
      const [lease, other] = [pool.reserve("o-1", backup), pool.reserve("o-1", backup)];
      const session = await lease.open();
      session.begin("Restore", "a");
      assert.deepEqual(session.keepOpen(), { mayBeStopped: true });
      assert.equal(session.isRetired, true);
      assert.equal((await other.open()).sessionId, "s-2");
      await lease.release();
      await other.release();
      await pool.end();
      assert.deepEqual(asked, ["open s-1", "open s-2", "stop s-2"]);
    });

    it("of a restore whose end was not seen are not kept in memory, however long others restore", async () => {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const pool = createSessionPool(aServer().dialect);
      const other = pool.reserve("o-1", backup);
      const leaveOne = async () => {
        const lease = pool.reserve("o-1", backup);
        const session = await lease.open();
        session.begin("Restore", "a");
        session.keepOpen();
        await lease.release();
        return new WeakRef(session);
      };
      const left = [await leaveOne(), await leaveOne()];
      const isThere = (one: WeakRef<OpenSession>) => one.deref() !== undefined;
      // What a WeakRef was asked for stays until the end of a turn of the event loop, and what a stack held last for some more.
      for (let turns = 0; turns < 20 && left.some(isThere); turns += 1) {
        await turnOver();
        collect();
      }
      assert.deepEqual(left.map(isThere), [false, false]);
      assert.equal((await other.open()).sessionId, "s-3");
    });

    it("may be stopped later only where they are ours and nothing else ran in them", async () => {
      const { dialect } = aServer();
      const pool = createSessionPool(dialect);
      const shared = await pool.reserve("o-1", backup).open();
      shared.begin("Restore", "a");
      shared.begin("Export", "b");
      assert.equal(shared.keepOpen().mayBeStopped, false);
      const borrowed = await pool.borrow("s-9", dialect).open();
      borrowed.begin("Restore", "a");
      assert.equal(borrowed.keepOpen().mayBeStopped, false);
    });

    it("are stopped with those that the server made for their restores", async () => {
      const { dialect, asked } = aServer();
      const lease = createSessionPool(dialect).reserve("o-1", backup);
      (await lease.open()).stopToo("s-of-server");
      await lease.release();
      assert.deepEqual(asked.slice(1).sort(), ["stop s-1", "stop s-of-server"]);
    });
  });

  describe("that have rested for long", () => {
    const hourMs = 3_600_000;
    const afterAnHour = async (getSession: (id: string) => Promise<unknown>) => {
      let nowMs = 0;
      const { dialect } = aServer({ getSession });
      const pool = createSessionPool(dialect, { now: () => nowMs });
      await pool.reserve("o-1", backup).open();
      nowMs += hourMs;
      return (await pool.reserve("o-1", backup).open()).sessionId;
    };
    const gone = new NotFoundError("gone", { method: "GET", path: "", status: 404 });

    it("are opened anew where the server says that they are over", async () => {
      assert.equal(await afterAnHour((id) => Promise.resolve({ id, state: "Stopped" })), "s-2");
      assert.equal(await afterAnHour(() => Promise.reject(gone)), "s-2");
    });

    it("are used again where they work, and where nobody can tell", async () => {
      assert.equal(await afterAnHour((id) => Promise.resolve({ id, state: "Working" })), "s-1");
      assert.equal(await afterAnHour(() => Promise.reject(new Error("busy"))), "s-1");
    });
  });
});

describe("the mailboxes of a session", () => {
  it("are read once however many ask, and again after a failure", async () => {
    let tries = 0;
    const { dialect } = aServer({
      listMailboxes: () => (++tries === 1 ? Promise.reject(new Error("busy")) : Promise.resolve([mailbox("a")])),
    });
    const session = await createSessionPool(dialect).reserve("o-1", backup).open();
    await assert.rejects(session.mailboxes(), /busy/);
    await Promise.all([session.mailboxes(), session.find(first)]);
    assert.equal(tries, 2);
  });

  it("are looked up by id where another session of the same backup has shown them, and it is the same one", async () => {
    const { dialect, asked } = aServer();
    const pool = createSessionPool(dialect);
    const one = await pool.reserveAlone("o-1", backup).open();
    await one.find(first);
    const two = await pool.reserveAlone("o-1", backup).open();
    assert.equal((await two.find(first)).mailbox.id, "a");
    assert.deepEqual(
      asked.filter((what) => what.startsWith("list")),
      ["list s-1"],
    );
  });

  for (const [what, getMailbox] of [
    ["is another mailbox here", () => Promise.resolve({ ...mailbox("a"), email: "z@contoso.example" })],
    ["is its archive here", () => Promise.resolve({ ...mailbox("a"), isArchive: true })],
    ["has another id here", () => Promise.resolve({ ...mailbox("a"), id: "z" })],
    ["is not there", () => Promise.reject(new Error("no such mailbox"))],
  ] as const) {
    it(`are all read where what was found by id ${what}`, async () => {
      const { dialect, asked } = aServer({ getMailbox });
      const pool = createSessionPool(dialect);
      await (await pool.reserveAlone("o-1", backup).open()).find(first);
      const two = await pool.reserveAlone("o-1", backup).open();
      assert.equal((await two.find(first)).mailbox.email, "a@contoso.example");
      assert.deepEqual(
        asked.filter((one) => one.startsWith("list")),
        ["list s-1", "list s-2"],
      );
    });
  }
});

describe("actions in one session", () => {
  let session: OpenSession;
  beforeEach(async () => {
    session = await createSessionPool(aServer().dialect).reserve("o-1", backup).open();
  });
  const state = ({ alone, aloneOnMailbox }: ReturnType<OpenSession["begin"]>) => [alone, aloneOnMailbox];

  it("are alone until another one of their type begins beside them", () => {
    const one = session.begin("Restore", "a");
    session.begin("Export", "a");
    assert.deepEqual(state(one), [true, true]);
    const two = session.begin("Restore", "b");
    assert.deepEqual(
      [state(one), state(two)],
      [
        [false, true],
        [false, true],
      ],
    );
    const three = session.begin("Restore", "a");
    assert.deepEqual(
      [state(one), state(two), state(three)],
      [
        [false, false],
        [false, true],
        [false, false],
      ],
    );
  });

  it("are alone again when those before them are over and their events were found", () => {
    session.begin("Restore", "a").end(true);
    assert.deepEqual(state(session.begin("Restore", "a")), [true, true]);
  });

  it("are not alone where one before them left no event that was found: it may still appear", () => {
    session.begin("Restore", "a").end(false);
    assert.deepEqual(state(session.begin("Export", "a")), [true, true]);
    assert.deepEqual(state(session.begin("Restore", "a")), [false, false]);
    assert.deepEqual(state(session.begin("Restore", "b")), [false, true]);
  });

  it("are never alone in a session that somebody else opened", async () => {
    const { dialect } = aServer();
    const borrowed = await createSessionPool(dialect).borrow("s-9", dialect).open();
    assert.deepEqual(state(borrowed.begin("Restore", "a")), [false, false]);
  });

  it("have the others of their type on other mailboxes for neighbours, be they over or not", () => {
    session.begin("Restore", "b", "target@contoso.example").end(true);
    session.begin("Export", "c");
    const one = session.begin("Restore", "a");
    session.begin("Restore", "a");
    session.begin("Restore", "d");
    assert.deepEqual(
      one.neighbours().map(({ mailboxId, target }) => [mailboxId, target]),
      [
        ["b", "target@contoso.example"],
        ["d", undefined],
      ],
    );
  });

  it("on one mailbox have their turn one after the other, where they ask for it", async () => {
    const order: string[] = [];
    const leave = await session.turnOf("a");
    const second = session.turnOf("a").then((end) => (order.push("second"), end()));
    (await session.turnOf("b"))();
    order.push("first is over");
    leave();
    await second;
    assert.deepEqual(order, ["first is over", "second"]);
  });
});
