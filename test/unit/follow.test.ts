import assert from "node:assert/strict";
import type { Dialect, RestoreSession, SessionEvent } from "../../provider/api/dialects/dialect";
import { NotFoundError } from "../../provider/errors";
import { type SentRestore, look } from "../../provider/restore/follow";

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
