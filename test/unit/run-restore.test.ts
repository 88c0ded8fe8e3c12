import assert from "node:assert/strict";
import type { RestoreAnswer, SessionEvent } from "../../provider/api/dialects/dialect";
import { ApiError, ConnectionError, MailboxRestoreError } from "../../provider/errors";
import type { Attribution } from "../../provider/restore/attribution";
import type { Done, Stage } from "../../provider/restore/carry-out";
import type { Judgement } from "../../provider/restore/outcome";
import type { RestoreAction } from "../../provider/restore/request";
import { runRestore } from "../../provider/restore/run-restore";

const counts = { created: 4, merged: 0, failed: 0, skipped: 0, failedFolders: 0 };
const answer = (difference: Partial<RestoreAnswer> = {}): RestoreAnswer => ({
  counts,
  warnings: [],
  exceptions: [],
  cannotContinueError: undefined,
  ...difference,
});
const begun = answer({ counts: undefined });
const event = (status: string): Attribution => ({
  kind: "ours",
  event: { id: "e-1", type: "Restore", status, title: "", message: "Restoring mailbox Sales" } as SessionEvent,
});
const ended = (outcome: Judgement["outcome"], difference: Partial<Judgement> = {}): Done => ({
  judgement: { outcome, counts, failures: [], warnings: [], ...difference },
  seen: { kind: "none" },
});

interface World {
  /** What comes of the request: an answer, or what is thrown. */
  server: RestoreAnswer | Error;
  seen?: Attribution | Error;
  end?: Done;
  endsLater?: boolean;
  kind?: "restoreTo" | "restoreToOriginalLocation";
}

/** Runs a restore against a server that is made up. */
async function run({ server, seen = { kind: "none" }, end, endsLater = false, kind = "restoreTo" }: World) {
  const sent: string[] = [];
  const awaited: unknown[] = [];
  const answering = (name: string) => () => {
    sent.push(name);
    return server instanceof Error ? Promise.reject(server) : Promise.resolve(server);
  };
  const stage = {
    dialect: {
      restoresEndLater: endsLater,
      restoreTo: answering("restoreTo"),
      restoreToOriginalLocation: answering("restoreToOriginalLocation"),
    },
    session: { sessionId: "s-1" },
    mailbox: { id: "m-1" },
    see: () => (seen instanceof Error ? Promise.reject(seen) : Promise.resolve(seen)),
    awaitEnd: (answered: unknown) => {
      awaited.push(answered);
      return Promise.resolve(end ?? assert.fail("nobody was to wait"));
    },
    report: () => undefined,
  } as unknown as Stage;
  const action = { kind, options: {}, access: {} } as Exclude<RestoreAction, { kind: "exportToPst" }>;
  const done = await runRestore(action, stage);
  return { ...done.judgement, sent, awaited };
}

const refused = new ApiError("no", { method: "POST", path: "/", status: 403, serverMessage: "Access denied" });
const lost = new ConnectionError("the line broke", { notSent: false });
const isRefused = (error: unknown) => error instanceof MailboxRestoreError && error.code === "refused";

describe("sending a restore", () => {
  it("asks for what is declared, once, whatever comes of it", async () => {
    for (const kind of ["restoreTo", "restoreToOriginalLocation"] as const) {
      assert.deepEqual((await run({ server: answer(), kind })).sent, [kind]);
      assert.deepEqual((await run({ server: lost, kind })).sent, [kind]);
    }
  });

  it("is a success without a word where the answer counts all as written", async () => {
    const { outcome, warnings } = await run({ server: answer() });
    assert.deepEqual([outcome, warnings], ["Succeeded", []]);
  });

  it("throws what was certainly not sent, so that it may be tried again", async () => {
    const unsent = new ConnectionError("refused", { notSent: true });
    await assert.rejects(run({ server: unsent, seen: event("Success") }), (error) => error === unsent);
  });

  it("throws a refusal that left no event, and nothing else that was perhaps sent", async () => {
    await assert.rejects(run({ server: refused }), isRefused);
    const unreadable = await run({ server: refused, seen: new Error("events are gone") });
    assert.equal(unreadable.outcome, "Unknown");
    assert.equal((await run({ server: refused, seen: { kind: "unclear", events: [] } })).outcome, "Unknown");
    assert.equal((await run({ server: lost })).outcome, "Unknown");
  });

  it("believes the event of a restore whose answer was lost, and says that it was", async () => {
    const { outcome, warnings } = await run({ server: lost, seen: event("Success") });
    assert.equal(outcome, "SucceededWithWarnings");
    assert.deepEqual(warnings, ["After the action was sent: the line broke"]);
  });

  it("is unfinished where we gave up waiting, and unknown where the line broke", async () => {
    const timedOut = new ConnectionError("too long", { notSent: false, timedOut: true });
    assert.equal((await run({ server: timedOut })).outcome, "Unfinished");
    assert.equal((await run({ server: timedOut, seen: event("Success") })).outcome, "SucceededWithWarnings");
    assert.equal((await run({ server: new Error("a mistake") })).outcome, "Unknown");
  });

  it("says that events could not be read, and keeps what the answer told", async () => {
    const { outcome, warnings } = await run({ server: answer(), seen: new Error("no rights") });
    assert.equal(outcome, "SucceededWithWarnings");
    assert.deepEqual(warnings, ["The session's events could not be read: no rights"]);
  });

  it("throws where it is proved that nothing was written, with the reasons", async () => {
    const nothing = { ...counts, created: 0, failed: 3 };
    await assert.rejects(
      run({ server: answer({ counts: nothing, exceptions: ["quota", "size"] }), seen: event("Failed") }),
      (error: Error) => isRefused(error) && /quota; size/.test(error.message),
    );
    await assert.rejects(run({ server: answer({ counts: nothing }) }), /every item failed/);
  });
});

describe("sending a restore that ends after its answer", () => {
  const end = ended("Succeeded");

  it("waits for its end in the session that the answer names, or in its own", async () => {
    const named = await run({ server: { ...begun, runsIn: "s-2" }, endsLater: true, end });
    assert.deepEqual([named.outcome, named.awaited], ["Succeeded", [{ runsIn: "s-2" }]]);
    const own = await run({ server: begun, endsLater: true, end });
    assert.deepEqual([own.outcome, own.awaited], ["Succeeded", [{}]]);
  });

  it("waits too when the answer names a session and tells of a failure, and does not forget the failure", async () => {
    const broken = { ...begun, runsIn: "s-2", exceptions: ["folder"], cannotContinueError: "stopped" };
    const { outcome, failures } = await run({ server: broken, endsLater: true, end: ended("Succeeded") });
    assert.deepEqual([outcome, failures], ["PartiallyFailed", ["stopped", "folder"]]);
    const warned = await run({ server: broken, endsLater: true, end: ended("SucceededWithWarnings") });
    assert.equal(warned.outcome, "PartiallyFailed");
    const failed = ended("Failed", { failures: ["of the event"], provesNothingWritten: true });
    const both = await run({ server: broken, endsLater: true, end: failed });
    assert.deepEqual([both.outcome, both.failures], ["Failed", ["stopped", "folder", "of the event"]]);
    assert.equal((await run({ server: broken, endsLater: true, end: ended("Unknown") })).outcome, "Unknown");
  });

  it("adds the answer's warnings to a good end", async () => {
    const { outcome, warnings } = await run({ server: { ...begun, warnings: ["slow"] }, endsLater: true, end });
    assert.deepEqual([outcome, warnings], ["SucceededWithWarnings", ["slow"]]);
  });

  it("does not wait where the answer is about the end already", async () => {
    for (const server of [answer(), { ...begun, exceptions: ["x"] }, { ...begun, cannotContinueError: "x" }]) {
      assert.deepEqual((await run({ server, endsLater: true, seen: event("Success") })).awaited, []);
    }
  });

  it("waits for one whose answer was lost where it is seen, and only there", async () => {
    const seen = await run({ server: lost, endsLater: true, seen: event("Running"), end });
    assert.deepEqual([seen.outcome, seen.awaited], ["SucceededWithWarnings", [undefined]]);
    assert.deepEqual(seen.warnings, ["After the action was sent: the line broke"]);
    assert.deepEqual((await run({ server: lost, endsLater: true })).awaited, []);
    assert.deepEqual((await run({ server: lost, seen: event("Success") })).awaited, []);
  });

  it("throws where its end proves that nothing was written", async () => {
    const failed = ended("Failed", { failures: ["quota."], provesNothingWritten: true });
    await assert.rejects(run({ server: begun, endsLater: true, end: failed }), isRefused);
  });
});
