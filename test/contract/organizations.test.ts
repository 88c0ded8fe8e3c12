import assert from "node:assert/strict";
import type { WireOrganization, WireRestoreSession } from "../../provider/api/wire/v3";
import type { Rig } from "./rig";
import { defaultExplore, simulators } from "./rig";
import { checked, checkedError } from "./schemas";

describe("simulator v3: organizations", () => {
  const start = simulators();

  it("lists organizations as an array, some flags as text", async () => {
    const { call } = await start();
    const list = checked<WireOrganization[]>(await call("GET", "/v3/Organizations"), 200, "organizations");
    assert.deepEqual(
      list.map(({ name, firstBackuptime, lastBackuptime, isExchangeOnline }) => [
        name,
        firstBackuptime,
        lastBackuptime,
        isExchangeOnline,
      ]),
      [["contoso.example", "2026-01-05T21:00:00Z", "2026-11-20T21:04:11Z", "true"]],
    );
  });

  it("gives one organization by id, its flags as booleans", async () => {
    const { simulator, call } = await start();
    const answer = await call("GET", `/v3/Organizations/${simulator.organizations[0]?.id}`);
    assert.equal(checked<WireOrganization>(answer, 200, "organization").isExchangeOnline, true);
  });

  it("has no backup times for an organization that was never backed up", async () => {
    const { call } = await start({ organizations: [{ name: "new.example", mailboxes: [] }] });
    const [organization] = checked<WireOrganization[]>(await call("GET", "/v3/Organizations"), 200, "organizations");
    assert.equal(organization?.isBackedup, false);
    assert.equal("firstBackuptime" in organization, false);
  });

  it("answers 404 to an unknown organization", async () => {
    const { call } = await start();
    checkedError(await call("GET", "/v3/Organizations/00000000-0000-4000-8000-000000000000"), 404);
  });

  describe("explore", () => {
    const explore = async ({ simulator, call }: Rig, body: unknown): ReturnType<Rig["call"]> =>
      call("POST", `/v3/Organizations/${simulator.organizations[0]?.id}/Action`, body);

    it("starts a session that works", async () => {
      const rig = await start();
      const session = checked<WireRestoreSession>(await explore(rig, { explore: defaultExplore }), 201, "session");
      assert.equal(session.state, "Working");
      assert.equal(session.name, "Exchange restore (Entire organization - 11/20/2026 9:04:11 PM)");
      assert.equal("endTime" in session, false);
    });

    for (const [datetime, meant] of [
      ["2026-05-20 21:04:11.250", "2026-05-20T21:04:11.250Z"],
      ["2026.05.20 21:04:11", "2026-05-20T21:04:11.000Z"],
      ["2026-05-20T21:04:11Z", "2026-05-20T21:04:11.000Z"],
      ["2026-05-20T23:04:11+02:00", "2026-05-20T21:04:11.000Z"],
      ["2026.05.20 21:04", "2026-05-20T21:04:00.000Z"],
    ]) {
      it(`understands the time ${datetime}`, async () => {
        const rig = await start();
        checked(await explore(rig, { explore: { ...defaultExplore, datetime } }), 201, "session");
        assert.equal(rig.simulator.sessions[0]?.dateTime, meant);
      });
    }

    for (const datetime of ["yesterday", "2026-02-31 10:00:00.000", "2026-13-01T00:00:00Z", 7]) {
      it(`refuses the time ${datetime} with 400`, async () => {
        const rig = await start();
        checkedError(await explore(rig, { explore: { ...defaultExplore, datetime } }), 400);
      });
    }

    it("takes flags as booleans and as words, and names in any case", async () => {
      const rig = await start();
      const words = { DateTime: defaultExplore.datetime, TYPE: "Vex", ShowDeleted: "True", showallversions: true };
      checked(await explore(rig, { Explore: words }), 201, "session");
      assert.equal(rig.simulator.sessions[0]?.showDeleted, true);
      assert.equal(rig.simulator.sessions[0]?.showAllVersions, true);
      assert.deepEqual(rig.simulator.unknown, []);
    });

    it("names what is missing", async () => {
      const rig = await start();
      assert.equal(
        checkedError(await explore(rig, { explore: {} }), 500),
        "Missing mandatory parameters: Datetime, Type",
      );
    });
  });
});
