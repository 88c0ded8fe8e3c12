import assert from "node:assert/strict";
import type { RestoreSession } from "../../provider/api/dialects/dialect";
import { readConnectionSettings } from "../../provider/config";
import { connect } from "../../provider/restore/connection";
import { type Rig, pathsWithoutProbe, rigs } from "./command";

const strangerId = "00000000-0000-4000-8000-000000000000";

/** Opens restore sessions with the login of the rig, as a program would, and leaves them open. */
async function openSessions({ env, simulator }: Rig, count: number, login: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const result = readConnectionSettings(() => undefined, { ...env, ...login });
  assert.ok("settings" in result);
  const connection = connect(result.settings);
  const options = { pointInTime: "2026-11-20T18:00:00.000Z", showDeleted: false, showAllVersions: false };
  const ids: string[] = [];
  for (let opened = 0; opened < count; opened += 1) {
    ids.push((await connection.dialect.openSession(simulator.organizations[0]?.id ?? "", options)).id);
  }
  connection.close();
  return ids;
}

describe("vb365 sessions and vb365 stop", () => {
  const aRig = rigs();

  it("lists and stops two restore sessions", async () => {
    const rig = await aRig();
    const [first = "", second = ""] = await openSessions(rig, 2);

    const before = await rig.vb365(["sessions"]);
    assert.match(before.stdout, /^ID +STATE +RESULT +OPENED +ORGANIZATION +NAME$/m);
    assert.match(before.stdout, new RegExp(`^${first} +Working +`, "m"));
    assert.match(before.stderr, /^2 restore sessions, 2 working\.$/m);

    const stop = await rig.vb365(["stop", first, second]);
    assert.equal(stop.code, 0, stop.stderr);
    assert.match(stop.stdout, new RegExp(`^${first} +stopped$`, "m"));
    assert.match(stop.stdout, new RegExp(`^${second} +stopped$`, "m"));
    assert.deepEqual(rig.simulator.openSessions, []);

    const after = (await rig.vb365(["sessions", "--json"])).json<{ endpoint: string; sessions: RestoreSession[] }>();
    assert.equal(after.endpoint, rig.simulator.endpoint);
    assert.deepEqual(
      after.sessions.map(({ id, state }) => [id, state]).sort(),
      [first, second].sort().map((id) => [id, "Stopped"]),
    );
    const fields = ["createdAt", "endedAt", "id", "initiatedBy", "name", "organization", "result", "state", "type"];
    assert.deepEqual(Object.keys(after.sessions[0] ?? {}).sort(), fields);
  });

  it("takes one that is over already for fine", async () => {
    const rig = await aRig();
    const [id = ""] = await openSessions(rig, 1);
    await rig.vb365(["stop", id]);
    const again = await rig.vb365(["stop", id]);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /over already +ended at /);
  });

  it("ends with 1 for one that this login does not see, and stops the others", async () => {
    const other = { username: "VEEAM\\other", password: "Ex%mple-Other-1" };
    const rig = await aRig({ otherLogins: [other] });
    const [theirs = ""] = await openSessions(rig, 1, {
      VB365_USERNAME: other.username,
      VB365_PASSWORD: other.password,
    });
    const [ours = ""] = await openSessions(rig, 1);
    const result = await rig.vb365(["stop", theirs, strangerId, ours, "--json"]);
    assert.equal(result.code, 1);
    const { sessions } = result.json<{ sessions: { id: string; outcome: string; detail: string }[] }>();
    assert.deepEqual(
      sessions.map(({ id, outcome }) => [id, outcome]),
      [
        [theirs, "notFound"],
        [strangerId, "notFound"],
        [ours, "stopped"],
      ],
    );
    assert.deepEqual(
      rig.simulator.openSessions.map(({ id }) => id),
      [theirs],
    );
  });

  it("tries no further when the login is refused, and ends with 3", async () => {
    const rig = await aRig();
    const result = await rig.vb365(["stop", strangerId, "another"], { VB365_PASSWORD: "wrong" });
    assert.equal(result.code, 3);
    assert.match(result.stdout, /failed +Login as .* was refused/);
    assert.match(result.stdout, /^another +not tried +/m);
    assert.deepEqual(pathsWithoutProbe(rig.simulator), ["/v3/Token"]);
  });

  it("needs an id", async () => {
    const { code, stderr } = await (await aRig()).vb365(["stop"]);
    assert.equal(code, 2);
    assert.match(stderr, /missing required argument/);
  });
});
