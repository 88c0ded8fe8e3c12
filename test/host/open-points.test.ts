import assert from "node:assert/strict";
import * as vb365 from "pulumi-vb365";
import type { ApiVersionName, SimulatorOptions } from "../../simulator";
import { type OpenPoints, openPointsOf } from "../../simulator/open-points";
import { type Bench, aBench, exportTo, failureOf, isAction, stateOf, toSupport, urnOf } from "../helpers/bench";

type Positions = { [Point in keyof OpenPoints]?: readonly OpenPoints[Point][] };

const envelopes: ApiVersionName[] = ["v3", "v4", "v5"];
const flat: ApiVersionName[] = ["v6", "v7", "v8"];
const all = [...envelopes, ...flat];

/** Where a restore and an export must come to the same, whatever the server does: every position, on the versions that it concerns. */
const indifferent: { positions: Positions; on: ApiVersionName[] }[] = [
  { positions: { restoreAnswer: ["empty", "counters"] }, on: ["v3"] },
  { positions: { restoreEvents: ["named", "unnamed"] }, on: all },
  { positions: { restoreEvents: ["fields"] }, on: flat },
  { positions: { eventAppears: ["atBegin", "atEnd"] }, on: ["v3", "v8"] },
  { positions: { endedEvents: ["kept", "refused"] }, on: ["v3", "v8"] },
  { positions: { listsOfV3: ["pages", "arrays"] }, on: ["v3"] },
  { positions: { tokenDates: ["rfc1123", "iso"] }, on: envelopes },
  { positions: { severalActions: ["refused", "firstCounts"] }, on: envelopes },
  { positions: { certificateInV5: ["ignored", "accepted"] }, on: ["v5"] },
  { positions: { envelopeFromV6: ["absent", "served"] }, on: flat },
  { positions: { stringBooleans: ["accepted", "refused"] }, on: flat },
  { positions: { antiforgery: ["demanded", "ignored"] }, on: ["v7", "v8"] },
  { positions: { logout: ["token", "login"] }, on: ["v7", "v8"] },
  { positions: { unreadableRequest: ["mixed", 400, 500] }, on: ["v3", "v8"] },
  { positions: { accessVariants: ["refused", "firstCounts"] }, on: ["v3", "v8"] },
  { positions: { exportFileName: ["mailbox", "none"] }, on: ["v3", "v8"] },
];

describe("what nobody documents", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  const start = async (version: ApiVersionName, options: SimulatorOptions) => {
    bench = await aBench({ pst: { sizeBytes: 300_000 }, ...options, apiVersions: [version] });
    return bench.start({ apiVersion: version });
  };
  const restored = ["Succeeded", "SucceededWithWarnings"];

  for (const { positions, on } of indifferent) {
    for (const [point, values] of Object.entries(positions)) {
      for (const value of values) {
        for (const version of on) {
          it(`${point}: ${value}, ${version}`, async () => {
            const host = await start(version, { [point]: value });
            const { outputs } = await host.create(toSupport());
            assert.ok(restored.includes(String(outputs["outcome"])), JSON.stringify(outputs["outcome"]));
            const exported = await host.create(exportTo("sales.pst", { __urn: urnOf("two") }));
            assert.ok(restored.includes(String(exported.outputs["outcome"])));
            await host.end();
            assert.deepEqual([bench.simulator.writes.length, bench.simulator.exports.length], [1, 1]);
            assert.deepEqual([bench.simulator.openSessions, bench.simulator.unknown], [[], []]);
            assert.ok(!flat.includes(version) || bench.asked(/\/Action$/i) === 0, "an envelope was sent");
          });
        }
      }
    }
  }

  for (const keywordBinding of ["both", "contentKeywords", "contentKeyword"] as const) {
    for (const version of envelopes) {
      it(`keywordBinding: ${keywordBinding}, ${version}: no more is exported than the keyword finds`, async () => {
        const host = await start(version, { keywordBinding });
        await host.create(exportTo("x.pst", { exportToPst: { path: "x.pst", contentKeywords: "offer" } }));
        assert.equal(bench.simulator.exports[0]?.keywords, "offer");
      });
    }
  }

  for (const version of ["v3", "v8"] as const) {
    it(`emptyExport: file, ${version}: a file without items is an export`, async () => {
      const host = await start(version, { emptyExport: "file" });
      const nothing = exportTo("x.pst", { exportToPst: { path: "x.pst", contentKeywords: "no such word" } });
      assert.equal((await host.create(nothing)).outputs["outcome"], "Succeeded");
    });

    it(`emptyExport: refused, ${version}: an ordinary error with the server's words, and no file`, async () => {
      const host = await start(version, { emptyExport: "refused" });
      const nothing = exportTo("x.pst", { exportToPst: { path: "x.pst", contentKeywords: "no such word" } });
      const { message, state } = await failureOf(host.create(nothing));
      assert.match(message, /No items were found to export/);
      assert.equal(state, undefined);
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    for (const endedSession of [500, 404] as const) {
      it(`endedSession: ${endedSession}, ${version}: one that ended before the restore is an ordinary error, and tried again`, async () => {
        const host = await start(version, { endedSession });
        bench.simulator.faults.next({ match: { path: /mailboxes$/i }, effect: { expireSession: true } });
        const { state } = await failureOf(host.create(toSupport()));
        assert.equal(state, undefined);
        assert.ok(restored.includes(String((await host.create(toSupport())).outputs["outcome"])));
        assert.equal(bench.simulator.writes.length, 1);
      });
    }

    for (const unauthorizedBody of ["empty", "message"] as const) {
      it(`unauthorizedBody: ${unauthorizedBody}, ${version}: a token that ends in the middle is renewed once`, async () => {
        const host = await start(version, { unauthorizedBody });
        bench.simulator.faults.next({ match: { path: /mailboxes$/i }, effect: { expireToken: true } });
        assert.ok(restored.includes(String((await host.create(toSupport())).outputs["outcome"])));
        assert.deepEqual([bench.simulator.logins, bench.simulator.refreshes], [1, 1]);
      });
    }

    it(`a token that is taken no more when an action comes, ${version}: refused, and sent by the next up`, async () => {
      const host = await start(version, {});
      bench.simulator.faults.next({ match: isAction, effect: { expireToken: true } });
      const { message, state } = await failureOf(host.create(toSupport()));
      assert.match(message, /refused the restore and nothing was written.*status 401/);
      assert.equal(state, undefined);
      assert.ok(restored.includes(String((await host.create(toSupport())).outputs["outcome"])));
      assert.equal(bench.simulator.writes.length, 1);
    });

    for (const refreshRefusal of [400, 401] as const) {
      for (const usedRefreshToken of ["refused", "accepted"] as const) {
        it(`refreshRefusal: ${refreshRefusal}, usedRefreshToken: ${usedRefreshToken}, ${version}: a spent one is made up for by a login`, async () => {
          const host = await start(version, { refreshRefusal, usedRefreshToken, refreshTokenLifetimeSeconds: 0 });
          bench.simulator.faults.next({ match: { path: /mailboxes$/i }, effect: { expireToken: true } });
          assert.ok(restored.includes(String((await host.create(toSupport())).outputs["outcome"])));
          assert.deepEqual([bench.simulator.logins, bench.simulator.refreshes], [2, 0]);
        });
      }
    }

    for (const [tenantList, tenantRefusal] of [
      ["refused", 403],
      ["own", 403],
      ...(version === "v8" ? [["refused", 500] as const] : []),
    ] as const) {
      it(`tenantList: ${tenantList}, tenantRefusal: ${tenantRefusal}, ${version}: a tenant restores from the own organization`, async () => {
        const tenant = { username: "admin@contoso.example", password: "Ex%mple-Tenant" };
        bench = await aBench({
          apiVersions: [version],
          tenantList,
          tenantRefusal,
          otherLogins: [{ ...tenant, tenantOf: "contoso.example" }],
        });
        const host = await bench.start(tenant);
        assert.ok(restored.includes(String((await host.create(toSupport())).outputs["outcome"])));
        assert.deepEqual(bench.simulator.unknown, []);
      });
    }
  }

  for (const deviceCodeScope of ["server", "session"] as const) {
    it(`deviceCodeScope: ${deviceCodeScope}: a code that was asked for in the restore's session is good in it`, async () => {
      const host = await start("v8", { deviceCodeScope });
      const session = { organization: "contoso.example", pointInTime: "latest" };
      const { restoreSessionId } = (await host.create(session, "RestoreSession")).outputs;
      const { endpoint, caCert, username, password } = bench.simulator;
      const code = { restoreSessionId: String(restoreSessionId), targetApplicationId: "f0b7a1d2" };
      const { userCode } = await vb365.requestDeviceCode(code, { endpoint, caCert, username, password });
      bench.simulator.enterDeviceCode(userCode);
      const { outputs } = await host.create(
        toSupport({
          ...{ organization: undefined, pointInTime: undefined, session: { restoreSessionId, ...session } },
          restoreTo: { mailbox: "support@contoso.example", userCode },
        }),
      );
      assert.equal(outputs["outcome"], "Succeeded");
    });
  }

  for (const tokenRefusal of ["oauth", "message"] as const) {
    it(`tokenRefusal: ${tokenRefusal}: the server's words are told`, async () => {
      bench = await aBench({ apiVersions: ["v8"], tokenRefusal });
      const host = await bench.start({ password: "wrong" });
      const { message } = await failureOf(host.create(toSupport()));
      assert.match(message, /Login as .* was refused \(status 400\)\. The server says: Invalid credential\(s\)/);
    });
  }

  for (const version of ["v3", "v7", "v8"] as const) {
    it(`restoreEvents: none, ${version}: never a success that was not seen`, async () => {
      const host = await start(version, { restoreEvents: "none" });
      if (version === "v8") {
        // It has only begun, and nothing tells how it ends.
        const { properties } = await stateOf(host.create(toSupport({ timeouts: { restore: "1s" } })));
        assert.equal(properties["outcome"], "Unknown");
        return;
      }
      const { outputs } = await host.create(toSupport());
      // v3 gave neither counts nor an event, and the record says so; v7 gave counts.
      assert.equal(outputs["outcome"], version === "v3" ? "SucceededWithWarnings" : "Succeeded");
    });
  }

  describe("limits of the server", () => {
    it("maxOpenSessions: one more is a clear error, nothing is sent, and the next up sends", async () => {
      const host = await start("v8", { maxOpenSessions: 1 });
      const other = toSupport({ mailbox: { email: "legal@contoso.example" }, __urn: urnOf("two"), runId: "2" });
      const gate = bench.simulator.faults.hold({ match: { path: /mailboxes$/i }, when: "beforeWork" });
      const first = host.create(toSupport());
      await gate.reached;
      const { message, state } = await failureOf(host.create(other));
      assert.match(message, /maximum number of concurrent operations/);
      assert.equal(state, undefined);
      gate.release();
      await first;
      await host.end();
      assert.equal(bench.simulator.writes.length, 1);
      const next = await bench.start({ apiVersion: "v8" });
      assert.equal((await next.create(other)).outputs["outcome"], "Succeeded");
    });

    it("maxExports: with maxConcurrentRestores as the server has it, all exports are made", async () => {
      bench = await aBench({ apiVersions: ["v8"], maxExports: 1, pst: { sizeBytes: 300_000 } });
      const host = await bench.start({ maxConcurrentRestores: "1" });
      const results = await Promise.all(
        ["a", "b", "c"].map((name) => host.create(exportTo(`${name}.pst`, { __urn: urnOf(name) }))),
      );
      assert.deepEqual(
        results.map(({ outputs }) => outputs["outcome"]),
        ["Succeeded", "Succeeded", "Succeeded"],
      );
    });
  });

  it("every point stands in one of these tests, in every position", () => {
    bench = { stop: () => Promise.resolve() } as Bench;
    const named = [...new Set(indifferent.flatMap(({ positions }) => Object.keys(positions)))];
    const inTests = [
      ...["keywordBinding", "emptyExport", "endedSession", "unauthorizedBody", "refreshRefusal", "usedRefreshToken"],
      ...["tenantList", "tenantRefusal", "tokenRefusal", "maxOpenSessions", "maxExports"],
      ...["refreshTokenLifetimeSeconds", "deviceCodeScope"],
      // In test/host/begun-restores.test.ts.
      ...["asyncSession", "asyncSessionId", "statistics", "statisticsLag"],
      // In test/contract/restore-sessions.test.ts.
      "sessionIdleSeconds",
      // In test/host/export.test.ts.
      ...["rangeAnswer", "exportFile", "exportTag", "splitExport"],
    ];
    assert.deepEqual([...named, ...inTests].sort(), Object.keys(openPointsOf({})).sort());
  });
});
