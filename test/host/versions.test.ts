import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as vb365 from "pulumi-vb365";
import { apiVersions, isFrom } from "../../provider/versions";
import { type ApiVersionName, type SimulatorOptions, defaultOrganizations } from "../../simulator";
import {
  type Bench,
  aBench,
  exportTo,
  failureOf,
  isAction,
  stateOf,
  toSupport,
  urnOf,
  warningsOf,
} from "../helpers/bench";
import { aPfx } from "../helpers/pfx";
import { repositories, withRepositories } from "../helpers/repositories";
import { servers, versions } from "../helpers/versions";

/** Requests of one restore, login and probe included, as the README has them. */
const requestsOfOneRestore = (version: ApiVersionName): number => {
  const [, cells = ""] = /^\| requests of one restore[^|]*\|(.*)\|$/m.exec(readFileSync("README.md", "utf8")) ?? [];
  return Number(cells.split("|")[versions.indexOf(version)]);
};

const toOriginal = (difference = {}) => {
  const { restoreTo: _, ...others } = toSupport(difference) as Record<string, unknown>;
  return { ...others, restoreToOriginalLocation: {}, confirmInPlace: "sales@contoso.example" };
};

describe("every version of the REST API", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  const start = async (version: ApiVersionName, options: SimulatorOptions = {}) => {
    bench = await aBench({ apiVersions: servers[version], ...options });
    return bench.start();
  };

  for (const version of versions) {
    describe(version, () => {
      it("restores to another mailbox, once, with as few requests as are written down", async () => {
        const host = await start(version);
        const { outputs } = await host.create(toSupport());
        assert.deepEqual([outputs["outcome"], outputs["apiVersion"]], ["Succeeded", version]);
        await host.end();
        const { simulator } = bench;
        assert.equal(simulator.writes.length, 1);
        assert.equal(simulator.logins, 1);
        assert.deepEqual(simulator.openSessions, []);
        assert.deepEqual(bench.simulator.unknown, []);
        assert.equal(simulator.requests.length, requestsOfOneRestore(version));
        assert.equal(simulator.logouts, version === "v7" || version === "v8" ? 1 : 0);
      });

      it("restores to the original location, and exports", async () => {
        const host = await start(version);
        assert.equal((await host.create(toOriginal())).outputs["outcome"], "Succeeded");
        const { outputs } = await host.create(exportTo("sales.pst", { __urn: undefined }));
        assert.equal(outputs["outcome"], "Succeeded");
        assert.deepEqual(bench.simulator.unknown, []);
        assert.deepEqual([bench.simulator.writes.length, bench.simulator.exports.length], [1, 1]);
      });

      it("exports what the keyword finds, and no more", async () => {
        const host = await start(version);
        const { exportToPst: action } = exportTo("sales.pst") as Record<string, object>;
        await host.create(exportTo("sales.pst", { exportToPst: { ...action, contentKeywords: "invoice" } }));
        assert.equal(bench.simulator.exports[0]?.keywords, "invoice");
      });

      it("remembers a partial failure, and judges it again without sending", async () => {
        const host = await start(version, { restoreAnswer: "counters" });
        bench.simulator.faults.next({ match: isAction, effect: { restoreResult: { failedItems: 2 } } });
        const { id, properties, reasons } = await stateOf(host.create(toSupport()));
        assert.equal(properties["outcome"], "PartiallyFailed");
        assert.match(reasons.join(), /2 items failed|2 of/);
        const news = toSupport({ failurePolicy: { maxFailedItems: 2 } });
        await host.update(id, properties, news);
        assert.equal(bench.simulator.writes.length, 1);
      });

      it("takes over after a kill what the server did meanwhile", async () => {
        bench = await aBench({ apiVersions: servers[version] });
        const { entry, working } = await bench.killAtWork(toSupport());
        working.release();
        const { outputs } = await (await bench.start()).create(toSupport());
        assert.deepEqual([outputs["attemptId"], outputs["outcome"]], [entry.attemptId, "Succeeded"]);
        assert.equal(bench.simulator.writes.length, 1);
      });

      it("waits for a restore that outlasts its limit at the next update, and sends nothing", async () => {
        const host = await start(version);
        const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
        const { id, properties } = await stateOf(host.create(toSupport({ timeouts: { restore: "1s" } })));
        assert.equal(properties["outcome"], "Unfinished");
        working.release();
        const outputs = await host.update(id, properties, toSupport());
        assert.equal(outputs["outcome"], "Succeeded");
        assert.equal(bench.simulator.writes.length, 1);
        assert.deepEqual(bench.simulator.openSessions, []);
      });

      it("restores in a session of the program, which stays open until it is destroyed", async () => {
        const host = await start(version);
        const session = await host.create({ organization: "contoso.example", pointInTime: "latest" }, "RestoreSession");
        const { restoreSessionId, organization, pointInTime } = session.outputs;
        const inSession = (email: string) =>
          toSupport({
            session: { restoreSessionId, organization, pointInTime },
            organization: undefined,
            pointInTime: undefined,
            mailbox: { email },
            __urn: urnOf(email),
          });
        const results = await Promise.all(
          ["sales@contoso.example", "legal@contoso.example"].map((email) => host.create(inSession(email))),
        );
        assert.deepEqual(
          results.map(({ outputs }) => [outputs["outcome"], outputs["sessionId"]]),
          Array(2).fill(["Succeeded", restoreSessionId]),
        );
        assert.equal(bench.simulator.writes.length, 2);
        assert.equal(bench.simulator.openSessions.length, 1);
        await host.delete(session.id, session.outputs, "RestoreSession");
        assert.deepEqual([bench.simulator.openSessions, bench.simulator.unknown], [[], []]);
      });

      it("lets a tenant restore from the organization of its own", async () => {
        const tenant = { username: "admin@contoso.example", password: "Ex%mple-Tenant", tenantOf: "contoso.example" };
        bench = await aBench({ apiVersions: servers[version], otherLogins: [tenant] });
        const { username, password } = tenant;
        const { outputs } = await (await bench.start({ username, password })).create(toSupport());
        assert.equal(outputs["outcome"], "Succeeded");
        assert.deepEqual(bench.simulator.unknown, []);
      });
    });
  }

  describe("the version", () => {
    it("that is pinned and not served is answered with those that are", async () => {
      bench = await aBench({ apiVersions: servers.v8 });
      const { message } = await failureOf((await bench.start({ apiVersion: "v5" })).create(toSupport()));
      assert.match(message, /does not serve the REST API v5; it serves v6, v7, v8/);
    });

    it("of a restore that is not over stays its own when the server speaks a newer one", async () => {
      bench = await aBench({ apiVersions: ["v5", "v6"] });
      const host = await bench.start({ apiVersion: "v5" });
      const working = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const { id, properties } = await stateOf(host.create(toSupport({ timeouts: { restore: "1s" } })));
      working.release();
      const outputs = await (await bench.start()).update(id, properties, toSupport());
      assert.deepEqual([outputs["outcome"], outputs["apiVersion"]], ["Succeeded", "v5"]);
    });

    it("decides what can be asked for: at preview when it is pinned, before anything is sent otherwise", async () => {
      bench = await aBench({ apiVersions: ["v3"] });
      const elsewhere = { restoreTo: { mailbox: "support@contoso.example", folder: "Restored" } };
      const pinned = await (await bench.start({ apiVersion: "v3" })).check({}, toSupport(elsewhere));
      assert.match(pinned.failures[0]?.reason ?? "", /restoreTo.folder is not in the REST API v3.*came with v4/);
      const { message } = await failureOf((await bench.start()).create(toSupport(elsewhere)));
      assert.match(message, /REST API v3, which does not have folder \(from v4 on\).*Nothing was sent/);
      assert.deepEqual(bench.simulator.sessions, []);
    });
  });

  describe("ways in", () => {
    it("to the server by an assertion, and by a token that is there", async () => {
      const assertion = { clientId: "contoso.example", assertion: '{"id_token":"Ex%mple"}' };
      const options: SimulatorOptions = {
        apiVersions: servers.v8,
        otherLogins: [{ username: "by-assertion", password: "Ex%mple-Other", assertion }],
        tokens: ["Ex%mple-Token"],
      };
      bench = await aBench(options);
      const byAssertion = await bench.start({ grantType: "jwt-bearer", ...assertion });
      assert.equal((await byAssertion.create(toSupport())).outputs["outcome"], "Succeeded");
      const { logins } = bench.simulator;
      const byToken = await bench.start({ token: "Ex%mple-Token" });
      const { outputs } = await byToken.create(toSupport({ runId: "2" }));
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(bench.simulator.logins, logins);
    });

    it("to Exchange by an application's certificate", async () => {
      const certificate = await aPfx("Ex%mple-Pfx");
      const application = { applicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013", certificate };
      bench = await aBench({
        apiVersions: servers.v8,
        application: { ...application, certificatePassword: "Ex%mple-Pfx" },
      });
      const access = {
        applicationId: application.applicationId,
        applicationCertificate: certificate,
        applicationCertificatePassword: "Ex%mple-Pfx",
        impersonationAccountName: "support@contoso.example",
      };
      const restoreTo = { mailbox: "support@contoso.example", ...access };
      const host = await bench.start();
      assert.deepEqual((await host.check({}, toSupport({ restoreTo }))).failures, []);
      const { outputs } = await host.create(toSupport({ restoreTo }));
      assert.equal(outputs["outcome"], "Succeeded");
      assert.equal(bench.simulator.writes[0]?.accessBy, "certificate");
      assert.doesNotMatch(JSON.stringify(outputs), /Ex%mple-Pfx|applicationCertificate/);
      assert.deepEqual(bench.simulator.unknown, []);

      const wrong = await host.check(
        {},
        toSupport({ restoreTo: { ...restoreTo, applicationCertificatePassword: "no" } }),
      );
      assert.match(wrong.failures[0]?.reason ?? "", /applicationCertificatePassword does not open the certificate/);
      const cut = { ...restoreTo, applicationCertificate: certificate.slice(0, 400) };
      assert.match((await host.check({}, toSupport({ restoreTo: cut }))).failures[0]?.reason ?? "", /no PFX/);
      const both = { ...restoreTo, userName: "a@contoso.example", userPassword: "Ex%mple" };
      assert.match((await host.check({}, toSupport({ restoreTo: both }))).failures[0]?.reason ?? "", /one way into/);
    });

    for (const version of apiVersions.filter((one) => isFrom(one, "v4"))) {
      it(`to Exchange by a device code that a person has entered, and not before: ${version}`, async () => {
        const host = await start(version);
        const { endpoint, caCert, username, password } = bench.simulator;
        const { userCode } = await vb365.requestDeviceCode(
          { organization: "contoso.example", targetApplicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013" },
          { endpoint, caCert, username, password },
        );
        const restore = toSupport({ restoreTo: { mailbox: "support@contoso.example", userCode } });
        const { state, message } = await failureOf(host.create(restore));
        assert.match(`${message} ${state?.reasons.join()}`, /The device code was not entered/);
        assert.deepEqual(bench.simulator.writes, []);
        bench.simulator.enterDeviceCode(userCode);
        const { outputs } = await host.create({ ...restore, runId: "2" });
        assert.match(String(outputs["outcome"]), /^Succeeded/);
        assert.deepEqual(
          bench.simulator.writes.map(({ accessBy }) => accessBy),
          ["deviceCode"],
        );
        assert.ok(!JSON.stringify(outputs).includes(userCode));
      });
    }
  });

  describe("what is restored", () => {
    it("is what the named repository holds: its own latest, its own first, and its own age", async () => {
      bench = await aBench({ apiVersions: ["v8"], organizations: [withRepositories()] });
      const host = await bench.start();
      const inMail = { repositoryId: repositories.mail };
      const { outputs } = await host.create(toSupport(inMail));
      assert.equal(outputs["resolvedPointInTime"], "2026-11-10T00:00:00.000Z");
      assert.equal(bench.simulator.sessions[0]?.repositoryId, repositories.mail);
      const tooEarly = await failureOf(host.create(toSupport({ ...inMail, pointInTime: "2026-10-01T00:00:00Z" })));
      assert.match(tooEarly.message, /before the first backup/);
      const ofFiles = await failureOf(host.create(toSupport({ repositoryId: repositories.files })));
      assert.match(ofFiles.message, /lists no restore point with mail of contoso.example/);
      assert.equal(bench.simulator.writes.length, 1);
    });

    describe("of a server whose times are finer than milliseconds", () => {
      const time = "2026-07-14T09:20:11.3371324Z";
      const [seed] = defaultOrganizations();
      const organizations = [{ ...(seed ?? assert.fail()), firstBackupTime: time, lastBackupTime: time }];
      const shown = "2026-07-14T09:20:11.338Z";

      for (const version of ["v3", "v6", "v8"] as const) {
        it(`${version}: is the last backup, for "latest" and for the time that the server itself gives`, async () => {
          const host = await start(version, { organizations });
          const latest = await host.create(toSupport());
          const copied = await host.create(exportTo("sales.pst", { pointInTime: time, __urn: urnOf("two") }));
          for (const { outputs } of [latest, copied]) {
            assert.deepEqual([outputs["outcome"], outputs["warnings"]], ["Succeeded", []]);
            assert.equal(outputs["resolvedPointInTime"], shown);
          }
          const session = await host.create({ organization: "contoso.example", pointInTime: time }, "RestoreSession");
          assert.equal(session.outputs["resolvedPointInTime"], shown);
          await host.end();
        });
      }
    });

    it("is told where a later time was asked for than there is a backup of", async () => {
      const host = await start("v7");
      const { outputs } = await host.create(toSupport({ pointInTime: "2026-11-21T00:00:00Z" }));
      assert.equal(outputs["outcome"], "Succeeded");
      assert.match(
        JSON.stringify(outputs["warnings"]),
        /after the last backup of contoso.example.*2026-11-20T21:04:11/,
      );
      assert.match(warningsOf(host), /after the last backup/);
    });

    it("goes back to its own place, and not with a certificate, where it is public folders", async () => {
      const certificate = await aPfx("Ex%mple-Pfx");
      bench = await aBench({ apiVersions: ["v8"], organizations: [withRepositories()] });
      const host = await bench.start();
      const mailbox = { email: "public@contoso.example" };
      const elsewhere = await failureOf(host.create(toSupport({ mailbox })));
      assert.match(
        elsewhere.message,
        /public folders, and those go back to their original location only.*Nothing was sent/,
      );
      const inPlace = { ...toOriginal({ mailbox }), confirmInPlace: mailbox.email };
      const byCertificate = {
        applicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013",
        applicationCertificate: certificate,
        applicationCertificatePassword: "Ex%mple-Pfx",
        impersonationAccountName: "admin@contoso.example",
      };
      const refused = await failureOf(host.create({ ...inPlace, restoreToOriginalLocation: byCertificate }));
      assert.match(refused.message, /cannot be restored with an application's certificate/);
      assert.deepEqual(bench.simulator.writes, []);
      assert.equal((await host.create(inPlace)).outputs["outcome"], "Succeeded");
    });
  });

  describe("the age of what is restored", () => {
    it("is limited by maxRestorePointAge, before anything is sent", async () => {
      const host = await start("v6");
      const { message } = await failureOf(host.create(toSupport({ maxRestorePointAge: "1h" })));
      assert.match(
        message,
        /\d+ days?(?: \d+ (?:hour|minute|second)s?)? old, and maxRestorePointAge allows 1 hour.*Nothing was sent/,
      );
      assert.deepEqual(bench.simulator.sessions, []);
      assert.equal((await host.create(toSupport({ maxRestorePointAge: "5000w" }))).outputs["outcome"], "Succeeded");
      assert.equal(warningsOf(host), "");
    });
  });
});
