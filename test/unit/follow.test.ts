import assert from "node:assert/strict";
import type { Dialect, RestoreSession, SessionEvent } from "../../provider/api/dialects/dialect";
import {
  ApiError,
  AuthenticationError,
  ConnectionError,
  MailboxRestoreError,
  NotFoundError,
} from "../../provider/errors";
import { type SentRestore, follow, isRefusedForGood, look, stopPending } from "../../provider/restore/follow";

const event = (id: string, status: string, message = "Restoring mailbox Sales"): SessionEvent => ({
  id,
  type: "Restore",
  status,
  title: "",
  message,
  startTime: "2026-11-20T10:00:00+00:00",
  endTime: undefined,
});

/** A server whose session holds these events. */
const reading = (events: SessionEvent[], session?: Partial<RestoreSession>) =>
  ({
    listEvents: () => Promise.resolve(events),
    getSession: () =>
      session === undefined
        ? Promise.reject(new NotFoundError("gone", { method: "GET", path: "", status: 404 }))
        : Promise.resolve({ id: "s-2", name: "", createdAt: "", endedAt: undefined, result: "", ...session }),
    countsOf: () => Promise.resolve(undefined),
  }) as unknown as Dialect;

/** A restore of Sales in a session that somebody else opened. */
const sent = (pending: Partial<SentRestore["pending"]> = {}): SentRestore => ({
  sessionId: "s-1",
  mailboxId: "m-3",
  mailboxEmail: "sales@contoso.example",
  pending: {
    mailboxName: "Sales",
    ignoredEvents: [],
    alone: false,
    aloneOnMailbox: false,
    mayStopSession: false,
    hasBegun: true,
    ...pending,
  },
});
const kindOf = async (events: SessionEvent[], pending?: Partial<SentRestore["pending"]>) => {
  const sight = await look(reading(events), sent(pending));
  return sight.kind === "ended" ? sight.judgement.outcome : sight.kind;
};

describe("a restore in a session where others may work", () => {
  it("has ended as all that name its mailbox have, once the server has answered that it began", async () => {
    assert.equal(await kindOf([event("1", "Success")]), "Succeeded");
    assert.equal(await kindOf([event("1", "Success"), event("2", "Success")]), "Succeeded");
    assert.equal(await kindOf([event("1", "Failed"), event("2", "Failed")]), "Failed");
  });

  it("is unknown when those ended differently, and runs while one of them does", async () => {
    assert.equal(await kindOf([event("1", "Success"), event("2", "Failed")]), "unknown");
    assert.equal(await kindOf([event("1", "Success"), event("2", "Running")]), "running");
  });

  it("is unknown when none of them names its mailbox", async () => {
    assert.equal(await kindOf([event("1", "Success", "Restoring mailbox")]), "unknown");
    assert.equal(await kindOf([event("1", "Success", "Restoring mailbox Legal")]), "unknown");
    assert.equal(await kindOf([]), "unknown");
  });

  it("is unknown when nobody knows whether it began", async () => {
    const [{ pending }] = [sent()];
    const { hasBegun: _, ...unanswered } = pending;
    const sight = await look(reading([event("1", "Success")]), { ...sent(), pending: unanswered });
    assert.equal(sight.kind, "unknown");
  });

  it("does not take the event of an archive, which carries its address, for its own", async () => {
    const ofArchive = event("1", "Success", "Restoring mailbox In-Place Archive - Sales (sales@contoso.example)");
    const namesakes = [{ id: "m-4", name: "In-Place Archive - Sales", email: "sales@contoso.example" }];
    assert.equal(await kindOf([ofArchive], { namesakes }), "unknown");
  });
});

describe("a restore in a session that the server made for it", () => {
  it("has ended with that session, where that has no events", async () => {
    const sight = await look(reading([], { state: "Stopped", result: "Success" }), sent({ runsIn: "s-2" }));
    assert.equal(sight.kind === "ended" && sight.judgement.outcome, "Succeeded");
  });

  it("is unknown when that session is gone without a trace", async () => {
    assert.equal((await look(reading([]), sent({ runsIn: "s-2" }))).kind, "unknown");
  });
});

describe("what a restore that was sent has come to", () => {
  const counted = (counts: object | undefined, more: object = {}) =>
    ({
      ...reading([event("1", "Success")]),
      countsOf: () => Promise.resolve({ counts, warnings: [], exceptions: [], ...more }),
    }) as unknown as Dialect;
  const counts = { created: 3, merged: 0, failed: 0, skipped: 0, failedFolders: 0 };
  const inOurs = { alone: true, aloneOnMailbox: true, mayStopSession: true };
  const judged = async (dialect: Dialect, pending: Partial<SentRestore["pending"]> = inOurs) => {
    const sight = await look(dialect, sent(pending));
    assert.ok(sight.kind === "ended");
    return sight;
  };

  it("is counted by the session's statistics where nothing else was done in it, and nowhere else", async () => {
    assert.equal((await judged(counted(counts))).judgement.counts.created, 3);
    for (const difference of [{ alone: false }, { mayStopSession: false }]) {
      const { judgement } = await judged(counted(counts), { ...inOurs, ...difference });
      assert.equal(judgement.counts.created, null);
    }
  });

  it("is a partial failure where the statistics name one, though the event tells of success", async () => {
    const { judgement } = await judged(counted(undefined, { exceptions: ["folder"] }));
    assert.deepEqual([judgement.outcome, judgement.failures], ["PartiallyFailed", ["folder"]]);
  });

  it("stands by its event where statistics tell nothing, or cannot be read", async () => {
    assert.equal((await judged(counted(undefined))).judgement.outcome, "Succeeded");
    const unread = { ...counted(counts), countsOf: () => Promise.reject(new Error("busy")) } as unknown as Dialect;
    assert.equal((await judged(unread)).judgement.outcome, "Succeeded");
  });

  it("is looked at again where statistics may not be filled in yet", async () => {
    assert.equal((await judged(counted(counts))).isEarly, undefined);
    const none = { ...counts, created: 0 };
    assert.equal((await judged(counted(none))).isEarly, true);
    for (const more of [{ isInconsistent: true }, { uncounted: 2 }]) {
      assert.equal((await judged(counted(counts, more))).isEarly, true);
    }
    for (const some of [{ failed: 1 }, { skipped: 1 }]) {
      assert.equal((await judged(counted({ ...none, ...some }))).isEarly, undefined);
    }
  });

  it("ended when its event says so", async () => {
    const at = "2026-11-20T11:00:00.000Z";
    const dialect = reading([{ ...event("1", "Success"), endTime: at }]);
    assert.equal((await judged(dialect)).finishedAt, at);
  });

  it("ended at that time of UTC where the server names no zone, wherever this machine stands", async () => {
    const { TZ } = process.env;
    process.env["TZ"] = "America/New_York";
    try {
      const dialect = reading([{ ...event("1", "Success"), endTime: "2026-11-20T11:00:00" }]);
      assert.equal((await judged(dialect)).finishedAt, "2026-11-20T11:00:00.000Z");
    } finally {
      // Undefined would become a text, and no zone at all is the machine's own.
      if (TZ === undefined) {
        delete process.env["TZ"];
      } else {
        process.env["TZ"] = TZ;
      }
    }
  });

  it("is unknown for a status that is not known, and where its session's events are gone with it", async () => {
    assert.equal(await kindOf([event("1", "Skipped")]), "unknown");
    const gone = {
      ...reading([]),
      listEvents: () => Promise.reject(new NotFoundError("gone", { method: "GET", path: "", status: 404 })),
    } as unknown as Dialect;
    assert.equal((await look(gone, sent())).kind, "unknown");
  });

  it("is a failure to look while its session works, and the server refuses to tell", async () => {
    const refused = new ApiError("no", { method: "GET", path: "", status: 500 });
    const server = (state: RestoreSession["state"]) =>
      ({ ...reading([], { state }), listEvents: () => Promise.reject(refused) }) as unknown as Dialect;
    await assert.rejects(look(server("Working"), sent()), (error) => error === refused);
    assert.equal((await look(server("Stopped"), sent())).kind, "unknown");
  });

  it("leaves the session open to be stopped that the server made for it, while that works", async () => {
    const leftOpen = async (state: RestoreSession["state"]) => {
      const sight = await look(reading([event("1", "Success")], { state }), sent({ runsIn: "s-2" }));
      return sight.kind === "ended" ? sight.leftOpen : sight.kind;
    };
    assert.equal(await leftOpen("Working"), "s-2");
    assert.equal(await leftOpen("Stopped"), undefined);
  });
});

describe("a server that does not tell how a restore ended", () => {
  const api = (status: number) => new ApiError("no", { method: "GET", path: "", status });

  it("never will where it refuses the question, and may later in all other cases", () => {
    for (const error of [api(400), api(403), new MailboxRestoreError("not-served", "no such route")]) {
      assert.ok(isRefusedForGood(error), error.message);
    }
    for (const error of [
      ...[api(429), api(500), api(503), new Error("a mistake")],
      new ConnectionError("reset", { notSent: false }),
      new AuthenticationError("no", { method: "POST", path: "", status: 401 }),
    ]) {
      assert.ok(!isRefusedForGood(error), error.message);
    }
  });
});

describe("stopping the session of a restore that is settled", () => {
  const stopped = async (pending: { mayStopSession: boolean; runsIn?: string }, fails = false) => {
    const ids: string[] = [];
    const stopSession = (id: string) => {
      ids.push(id);
      return fails ? Promise.reject(new Error("no rights")) : Promise.resolve();
    };
    const warning = await stopPending({ stopSession }, { sessionId: "s-1", pending });
    return { ids, warning };
  };

  it("stops what is ours, and what the server made for it, and nothing else", async () => {
    assert.deepEqual((await stopped({ mayStopSession: true, runsIn: "s-2" })).ids, ["s-1", "s-2"]);
    assert.deepEqual((await stopped({ mayStopSession: false, runsIn: "s-2" })).ids, ["s-2"]);
    assert.deepEqual(await stopped({ mayStopSession: false }), { ids: [], warning: undefined });
  });

  it("warns where that fails", async () => {
    const { warning } = await stopped({ mayStopSession: true }, true);
    assert.match(warning ?? "", /s-1 could not be stopped .*: no rights/);
  });
});

describe("waiting for the end of a restore", () => {
  const patience = { limitMs: 0, report: () => undefined, isPointless: () => Promise.resolve(false) };
  const working = (...looks: SessionEvent[][]) => server({ state: "Working" }, looks);
  const over = (...looks: SessionEvent[][]) => server({ state: "Stopped" }, looks);
  /** What its events are at each look; the last ones stay. */
  function server(session: Partial<RestoreSession>, looks: SessionEvent[][]) {
    const listEvents = () => Promise.resolve((looks.length > 1 ? looks.shift() : looks[0]) ?? []);
    return { ...reading([], session), listEvents } as unknown as Dialect;
  }
  const seen = async (dialect: Dialect, more: object = {}) => {
    const sight = await follow(dialect, sent(), { ...patience, ...more });
    return sight.kind === "ended" ? sight.judgement.outcome : sight.kind;
  };
  const [running, success] = [[event("1", "Running")], [event("1", "Success")]];

  it("answers at once when it has ended, or when its session shows nothing of it", async () => {
    assert.equal(await seen(working(success)), "Succeeded");
    assert.equal(await seen(working([])), "unknown");
  });

  it("looks once more when the session is over: it may have ended between the two questions", async () => {
    assert.equal(await seen(over(running, success)), "Succeeded");
  });

  it("is over with its session: what runs there still, nobody will end", async () => {
    assert.equal(await seen(over(running), { limitMs: undefined }), "unknown");
  });

  it("ends with patience, and where nobody is left who waits", async () => {
    assert.equal(await seen(working(running)), "running");
    const isPointless = () => Promise.resolve(true);
    assert.equal(await seen(working(running), { limitMs: undefined, isPointless }), "running");
  });

  it("fails with a look that fails at the end of patience, or that never will succeed", async () => {
    const failing = (error: Error) => ({ ...working(), listEvents: () => Promise.reject(error) }) as unknown as Dialect;
    const reset = new ConnectionError("reset", { notSent: false });
    await assert.rejects(seen(failing(reset)), (error) => error === reset);
    const refused = new ApiError("no", { method: "GET", path: "", status: 403 });
    await assert.rejects(seen(failing(refused), { limitMs: undefined }), (error) => error === refused);
  });
});

describe("a restore beside others that are known", () => {
  it("does not take the event of a neighbour's archive, which carries its address, for its own", async () => {
    const archive = { id: "m-4", name: "In-Place Archive - Sales", email: "sales@contoso.example" };
    const ofArchive = [event("1", "Success", "Restoring mailbox In-Place Archive - Sales (sales@contoso.example)")];
    const alone = { alone: true, aloneOnMailbox: true };
    const beside = (pending: object) => ({ ...sent(pending), neighbours: [{ mailboxId: "m-4", mailbox: archive }] });
    assert.equal((await look(reading(ofArchive), sent(alone))).kind, "ended");
    assert.equal((await look(reading(ofArchive), beside(alone))).kind, "unknown");
    assert.equal((await look(reading(ofArchive), beside({ ...alone, namesakes: [archive] }))).kind, "unknown");
  });
});
