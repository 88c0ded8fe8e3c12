import assert from "node:assert/strict";
import type { WirePage, WireRestoreSession, WireSessionEvent } from "../../provider/api/wire/v3";
import { bearer, simulators, stoppedClock } from "./rig";
import { checked, checkedEmpty, checkedError } from "./schemas";

describe("simulator v3: restore sessions", () => {
  const start = simulators();

  it("gives a session by id", async () => {
    const { call, openSession } = await start();
    const path = await openSession();
    const session = checked<WireRestoreSession>(await call("GET", path), 200, "session");
    assert.equal(path.endsWith(session.id), true);
  });

  it("lists the sessions of this login only, in pages", async () => {
    const other = { username: "VEEAM\\auditor", password: "Ex%mple-Audit-1" };
    const { ask, call, logIn, openSession } = await start({ otherLogins: [other] });
    await openSession();
    await openSession();
    const own = checked<WirePage<WireRestoreSession>>(await call("GET", "/v3/RestoreSessions"), 200, "sessions");
    const headers = bearer(await logIn(other.username, other.password));
    const others = await ask("GET", "/v3/RestoreSessions", { headers });
    assert.equal(own.results.length, 2);
    assert.deepEqual(checked<WirePage<WireRestoreSession>>(others, 200, "sessions").results, []);
    checkedError(await ask("GET", `/v3/RestoreSessions/${own.results[0]?.id}`, { headers }), 404);
  });

  it("answers 404 to an unknown session", async () => {
    const { call } = await start();
    checkedError(await call("GET", "/v3/RestoreSessions/00000000-0000-4000-8000-000000000000"), 404);
  });

  it("gives the organization of a working session", async () => {
    const { call, openSession } = await start();
    checked(await call("GET", `${await openSession()}/Organization`), 200, "sessionOrganization");
  });

  it("stops a session with an empty 200, as often as it is asked", async () => {
    const time = stoppedClock();
    const { simulator, call, openSession } = await start({ clock: time.clock });
    const path = await openSession();
    time.advance(60);
    checkedEmpty(await call("POST", `${path}/Action`, { stop: null }), 200);
    time.advance(60);
    checkedEmpty(await call("POST", `${path}/Action`, { stop: null }), 200);
    const session = checked<WireRestoreSession>(await call("GET", path), 200, "session");
    assert.deepEqual([session.state, session.result], ["Stopped", "Success"]);
    assert.equal(session.endTime, "2026-11-23T08:01:00.0000000Z");
    assert.equal(simulator.sessions[0]?.stoppedBy, "client");
    assert.deepEqual(simulator.openSessions, []);
  });

  for (const below of ["Organization", "Organization/Mailboxes"]) {
    it(`answers 500 to ${below} of a stopped session`, async () => {
      const { call, openSession } = await start();
      const path = await openSession();
      await call("POST", `${path}/Action`, { stop: null });
      checkedError(await call("GET", `${path}/${below}`), 500);
    });
  }

  it("stops a session that nobody asks anything of", async () => {
    const time = stoppedClock();
    const { simulator, call, openSession } = await start({ clock: time.clock, sessionIdleSeconds: 600 });
    const path = await openSession();
    time.advance(599);
    assert.equal((await call("GET", `${path}/Organization`)).status, 200);
    time.advance(599);
    assert.equal((await call("GET", `${path}/Organization`)).status, 200);
    time.advance(600);
    checkedError(await call("GET", `${path}/Organization`), 500);
    assert.equal(checked<WireRestoreSession>(await call("GET", path), 200, "session").state, "Stopped");
    assert.equal(simulator.sessions[0]?.stoppedBy, "idle");
  });

  it("begins its events with the start of the session, times with an offset", async () => {
    const { call, openSession } = await start({ clock: stoppedClock().clock });
    const path = await openSession();
    const page = checked<WirePage<WireSessionEvent>>(await call("GET", `${path}/Events`), 200, "events");
    const [first] = page.results;
    assert.equal(page.results.length, 1);
    assert.deepEqual(
      [first?.type, first?.status, first?.message, first?.order],
      ["None", "Success", "Restore session started", 0],
    );
    assert.equal(first?.startTime, "2026-11-23T08:00:00.0000000+00:00");
    assert.deepEqual(checked(await call("GET", `${path}/Events/${first?.id}`), 200, "event"), first);
    checkedError(await call("GET", `${path}/Events/00000000-0000-4000-8000-000000000000`), 404);
  });

  it("gives the same ids for the same calls", async () => {
    const one = await (await start()).openSession();
    const other = await (await start()).openSession();
    assert.equal(one, other);
  });
});
