import assert from "node:assert/strict";
import type { FaultEffect } from "../../simulator";
import { bearer, simulators } from "./rig";
import { checkedEmpty, checkedError } from "./schemas";

const list = "/v3/Organizations";
const action = { method: "POST", path: /Mailboxes\/[^/]+\/Action$/i };

describe("simulator: faults", () => {
  const start = simulators();

  for (const [effect, type, body] of [
    [{ status: 503, json: { message: "busy" } }, /^application\/json/, '{"message":"busy"}'],
    [{ status: 502, html: "<h1>Bad Gateway</h1>" }, /^text\/html/, "<h1>Bad Gateway</h1>"],
    [{ status: 500, text: "broken" }, /^text\/plain/, "broken"],
    [{ status: 403 }, /^undefined$/, ""],
  ] as [Extract<FaultEffect, { status: number }>, RegExp, string][]) {
    it(`answers ${JSON.stringify(effect)} once`, async () => {
      const { simulator, call } = await start();
      simulator.faults.next({ match: { path: /Organizations$/ }, effect });
      const answer = await call("GET", list);
      assert.deepEqual([answer.status, answer.text], [effect.status, body]);
      assert.match(String(answer.headers["content-type"]), type);
      assert.equal((await call("GET", list)).status, 200);
    });
  }

  it("sends headers of its own, as often as it is told", async () => {
    const { simulator, call } = await start();
    const effect = { status: 429, headers: { "Retry-After": "7" } };
    simulator.faults.next({ match: { path: /Organizations$/ }, effect, times: 2 });
    const answers = [await call("GET", list), await call("GET", list), await call("GET", list)];
    assert.deepEqual(
      answers.map((answer) => [answer.status, answer.headers["retry-after"]]),
      [
        [429, "7"],
        [429, "7"],
        [200, undefined],
      ],
    );
    assert.deepEqual(simulator.faults.pending, []);
  });

  it("meets only what it is for, by method, path and body", async () => {
    const { simulator, call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    const isExport = (body: unknown): boolean => "exporttoPst" in (body as object);
    simulator.faults.next({ match: { ...action, body: isExport }, effect: { status: 500 } });
    const restore = { restoretoOriginallocation: simulator.exchange };
    assert.equal((await call("POST", `${path}/Action`, restore)).status, 200);
    assert.equal((await call("GET", path)).status, 200);
    assert.equal((await call("POST", `${path}/Action`, { exporttoPst: {} })).status, 500);
  });

  it("is forgotten when faults are cleared", async () => {
    const { simulator, call } = await start();
    simulator.faults.next({ effect: { status: 500 } });
    simulator.faults.clear();
    assert.equal((await call("GET", list)).status, 200);
  });

  it("throws the answer away after the work when a proxy gives up", async () => {
    const { simulator, restoreTo, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    simulator.faults.next({ match: action, effect: { status: 504, html: "<p>timeout</p>", afterWork: true } });
    assert.equal((await restoreTo(path)).status, 504);
    assert.equal(simulator.writes.length, 1);
  });

  for (const bytes of [0, 1, 2_000_000]) {
    it(`cuts an export after ${bytes} bytes`, async () => {
      const { simulator, call, openSession, mailboxPath } = await start();
      const path = await mailboxPath(await openSession(), "Sales");
      simulator.faults.next({ match: action, effect: { cutAfterBytes: bytes } });
      const answer = await call("POST", `${path}/Action`, { exporttoPst: {} });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["content-length"], "3000000");
      assert.equal(answer.bytes.length, bytes);
      assert.equal(answer.isBroken, true);
    });
  }

  it("cuts the line without an answer, before or after the work", async () => {
    const { simulator, restoreTo, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    simulator.faults.next({ match: action, effect: { resetBeforeWork: true } });
    await assert.rejects(restoreTo(path));
    assert.equal(simulator.writes.length, 0);
    simulator.faults.next({ match: action, effect: { resetBeforeAnswer: true } });
    await assert.rejects(restoreTo(path));
    assert.equal(simulator.writes.length, 1);
    assert.equal(simulator.requests.at(-1)?.status, undefined);
  });

  it("promises more bytes than it sends", async () => {
    const { simulator, call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    simulator.faults.next({ match: action, effect: { contentLength: 3_000_001 } });
    const answer = await call("POST", `${path}/Action`, { exporttoPst: {} });
    assert.deepEqual([answer.headers["content-length"], answer.bytes.length], ["3000001", 3_000_000]);
    assert.equal(answer.isBroken, true);
  });

  it("promises fewer bytes than there are, and sends no more", async () => {
    const { simulator, call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    simulator.faults.next({ match: action, effect: { contentLength: 1_000_000 } });
    const answer = await call("POST", `${path}/Action`, { exporttoPst: {} });
    assert.equal(answer.bytes.length, 1_000_000);
    assert.equal(answer.isBroken, false);
  });

  it("waits before it answers, and the work is done by then", async () => {
    const { simulator, call } = await start();
    simulator.faults.next({ match: { path: /Organizations$/ }, effect: { delayMs: 1 } });
    assert.equal((await call("GET", list)).status, 200);
  });

  it("expires a token for good", async () => {
    const { simulator, ask, logIn } = await start();
    const headers = bearer(await logIn());
    simulator.faults.next({ match: { path: /Organizations$/ }, effect: { expireToken: true } });
    checkedEmpty(await ask("GET", list, { headers }), 401);
    checkedEmpty(await ask("GET", list, { headers }), 401);
    assert.equal((await ask("GET", list, { headers: bearer(await logIn()) })).status, 200);
  });

  it("expires a session, as if nobody had asked anything of it", async () => {
    const { simulator, call, openSession } = await start();
    const path = await openSession();
    simulator.faults.next({ match: { path: /Organization$/ }, effect: { expireSession: true } });
    checkedError(await call("GET", `${path}/Organization`), 500);
    checkedError(await call("GET", `${path}/Organization/Mailboxes`), 500);
    assert.equal(simulator.sessions[0]?.stoppedBy, "idle");
  });

  it("holds a request before the work", async () => {
    const { simulator, restoreTo, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    const gate = simulator.faults.hold({ match: action, when: "beforeWork" });
    const answer = restoreTo(path);
    await gate.reached;
    assert.equal(simulator.writes.length, 0);
    gate.release();
    assert.equal((await answer).status, 200);
    assert.equal(simulator.writes.length, 1);
  });

  it("holds an answer after the work, and lets other requests pass", async () => {
    const { simulator, restoreTo, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    const gate = simulator.faults.hold({ match: action, when: "afterWork" });
    const answer = restoreTo(path);
    await gate.reached;
    assert.equal(typeof simulator.writes[0]?.finishedAt, "string");
    assert.equal((await restoreTo(path)).status, 200);
    gate.release();
    assert.equal((await answer).status, 200);
  });
});
