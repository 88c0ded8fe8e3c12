import assert from "node:assert/strict";
import type { WireRestoreSession, WireSessionEvent, WireToken } from "../../provider/api/wire/v3";
import { type ApiVersionName, type SimulatorOptions } from "../../simulator";
import { openPointsOf } from "../../simulator/open-points";
import { routesOf } from "../../simulator/routes";
import { matchRoute } from "../../simulator/routes/route";
import { versions } from "../../simulator/versions";
import { type Rig, bearer, simulators } from "./rig";
import { checked, checkedEmpty, checkedError } from "./schemas";

const everything: SimulatorOptions = {
  restoreAnswer: "counters",
  restoreEvents: "fields",
  statistics: "items",
  otherLogins: [
    {
      username: "tenant@contoso.example",
      password: "Ex%mple-Tenant",
      tenantOf: "contoso.example",
      assertion: { clientId: "contoso.example", assertion: "Ex%mple-Assertion" },
    },
  ],
};

describe("simulator: the answers of each version", () => {
  const start = simulators();

  for (const { name: version, number, exploreStatus, stopStatus, logoutStatus } of versions) {
    const isFlat = number >= 6;
    const is = <T>(answer: Awaited<ReturnType<Rig["call"]>>, shape: Parameters<typeof checked>[2], status = 200) =>
      checked<T>(answer, status, shape, version);

    /** Asks every route of the version once, and holds each answer against its documents. */
    const askEverything = async (rig: Rig) => {
      const { simulator, ask, call } = rig;
      const root = `/${version}`;
      const form = (fields: Record<string, string>) => ({
        form: { ...fields, ...(number >= 7 ? { disable_antiforgery_token: "true" } : {}) },
      });
      const { username, password } = simulator;
      const logIn = form({ grant_type: "password", username, password });
      const token = is<WireToken>(await ask("POST", `${root}/Token`, logIn), "token");
      const renewal = form({ grant_type: "refresh_token", refresh_token: token.refresh_token });
      is(await ask("POST", `${root}/Token`, renewal), "token");
      is(await ask("POST", `${root}/Token`, renewal), "tokenError", 400);

      const list = is<unknown>(
        await call("GET", `${root}/Organizations?${isFlat ? "extendedView=true" : ""}`),
        "organizations",
      );
      assert.equal(Array.isArray(list), number < 8);
      is(await call("GET", `${root}/Organizations/${simulator.organizations[0]?.id}`), "organization");
      const session = is<WireRestoreSession>(await rig.explore(), "session", exploreStatus);
      const path = `${root}/RestoreSessions/${session.id}`;
      is(await call("GET", path), "session");
      is(await call("GET", `${root}/RestoreSessions`), "sessions");
      is(await call("GET", `${path}/Organization`), "sessionOrganization");
      is(await call("GET", `${path}/Organization/Mailboxes`), "mailboxes");
      const mailbox = await rig.mailboxPath(path, "Sales");
      is(await call("GET", mailbox), "mailbox");

      const restored = number >= 8 ? "begun" : "restored";
      is(await rig.restoreTo(mailbox), restored);
      is(await rig.act(mailbox, "restoretoOriginallocation", { ...simulator.exchange }), restored);
      assert.equal((await rig.act(mailbox, "exporttoPst", {})).bytes.toString("latin1", 0, 4), "!BDN");
      const events = is<{ results: WireSessionEvent[] }>(await call("GET", `${path}/Events`), "events");
      assert.equal(events.results.length, 4);
      is(await call("GET", `${path}/Events/${events.results[1]?.id}`), "event");

      const tenant = bearer(await rig.logIn("tenant@contoso.example", "Ex%mple-Tenant"));
      is(await ask("GET", `${root}/Organization`, { headers: tenant }), "ownOrganization");
      is(await ask("GET", `${root}/Organizations`, { headers: tenant }), "error", 403);
      const explore = { datetime: "2026-11-20T21:04:11Z", type: "vex" };
      const exploring = isFlat
        ? ask("POST", `${root}/Organization/Explore`, { headers: tenant, json: explore })
        : ask("POST", `${root}/Organization/Action`, { headers: tenant, json: { explore } });
      is(await exploring, "session", exploreStatus);

      if (number >= 4) {
        const assertion = { client_id: "contoso.example", assertion: "Ex%mple-Assertion" };
        const grant = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", ...assertion };
        is(await ask("POST", `${root}/Token`, form(grant)), "token");
        const request = { targetApplicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013" };
        is(await call("POST", `${path}/Organization/RestoreDeviceCode`, request), "deviceCode");
      }
      if (number >= 6) {
        is(await call("POST", `${root}/DeviceCode/check`, { userCode: "DEVICE001" }), "codeCheck");
        is(await call("GET", `${root}/ServiceInstance`), "serviceInstance");
        is(
          await call("GET", `${root}/RestorePoints?organizationId=${simulator.organizations[0]?.id}`),
          "restorePoints",
        );
      }
      if (number >= 8) {
        is(await call("GET", `${path}/Statistics`), "statistics");
      }
      const unknown = "00000000-0000-4000-8000-000000000000";
      checkedError(await call("GET", `${root}/RestoreSessions/${unknown}`), 404, version);
      checkedEmpty(await rig.stopSession(path), stopStatus);
      checkedError(await call("GET", `${path}/Organization`), 500, version);
      checkedEmpty(await ask("GET", `${root}/Organizations`), 401);
      if (logoutStatus !== undefined) {
        checkedEmpty(await ask("POST", `${root}/Token/Logout`, { headers: tenant }), logoutStatus);
        checkedEmpty(await ask("GET", `${root}/Organization`, { headers: tenant }), 401);
      }
    };

    it(`${version}: every route answers as its documents say`, async () => {
      const rig = await start(everything, version);
      await askEverything(rig);
      const routes = routesOf({ ...versionOf(version) }, openPointsOf({}));
      const asked = new Set(rig.simulator.requests.map(({ method, path }) => matchRoute(routes, method, path)?.route));
      assert.deepEqual(
        routes.filter((route) => !asked.has(route)).map(({ method, path }) => `${method} ${path}`),
        [],
        "routes that were not asked",
      );
      assert.deepEqual(rig.simulator.unknown, []);
    });
  }
});

function versionOf(name: ApiVersionName) {
  const traits = versions.find((candidate) => candidate.name === name);
  assert.ok(traits);
  return traits;
}
