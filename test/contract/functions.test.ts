import assert from "node:assert/strict";
import * as vb365 from "pulumi-vb365";
import { apiVersions, isFrom } from "../../provider/versions";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { repositories, withRepositories } from "../helpers/repositories";

const organization = "contoso.example";
const targetApplicationId = "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013";

describe("functions, called by a program", () => {
  let simulator: Simulator;

  afterEach(() => simulator.stop());

  const start = async (options: SimulatorOptions) => {
    simulator = await startSimulator(options);
    const { endpoint, caCert, username, password } = simulator;
    return { endpoint, caCert, username, password } satisfies vb365.ConnectionOptions;
  };

  for (const version of apiVersions) {
    it(`answer on ${version}, leave no session open, and log nobody out who restores beside them`, async () => {
      const options = await start({ apiVersions: [version] });
      const mailbox = { email: "finance@contoso.example", archive: true };
      const { productVersion, ...server } = await vb365.getServerInfo(options);
      assert.deepEqual([server.apiVersion, server.username], [version, simulator.username]);
      assert.equal(productVersion !== undefined, isFrom(version, "v6"));
      assert.equal((await vb365.getOrganizations(options)).length, 1);
      assert.equal((await vb365.getBackupWindow({ organization }, options)).last, "2026-11-20T21:04:11.000Z");
      assert.equal((await vb365.getMailboxes({ organization }, options)).length, 5);
      assert.equal((await vb365.getMailbox({ organization, mailbox }, options)).name, "In-Place Archive - Finance");
      const points = await vb365.getRestorePoints({ organization }, options);
      assert.equal(points?.length, isFrom(version, "v6") ? 2 : undefined);
      const report = await vb365.preflight({ organization, mailbox }, options);
      assert.deepEqual([report.ok, report.apiVersion], [true, version]);
      assert.match(report.checks[0]?.detail ?? "", new RegExp(`API ${version}\\b`));
      assert.deepEqual([simulator.openSessions, simulator.unknown], [[], []]);
      assert.equal(simulator.logouts, 0);
    });
  }

  for (const version of apiVersions.filter((one) => isFrom(one, "v4"))) {
    it(`get a device code, and tell the person what to do: ${version}`, async () => {
      const options = await start({ apiVersions: [version] });
      const code = await vb365.requestDeviceCode({ organization, targetApplicationId }, options);
      assert.equal(code.verificationUrl, "https://microsoft.com/devicelogin");
      assert.ok(code.message.includes(code.userCode) && code.expiresInSeconds > 0);
      const waiting = vb365.waitForDeviceCode({ userCode: code.userCode, timeout: "2s" }, options);
      if (isFrom(version, "v6")) {
        await assert.rejects(waiting, /Nobody entered the device code within 2 seconds/);
        simulator.enterDeviceCode(code.userCode);
        await vb365.waitForDeviceCode({ userCode: code.userCode }, options);
      } else {
        await assert.rejects(waiting, /cannot tell whether a device code was entered \(from v6 on\)/);
      }
      assert.deepEqual([simulator.openSessions, simulator.unknown], [[], []]);
    });
  }

  it("say that v3 has no device codes, and open no session", async () => {
    const options = await start({ apiVersions: ["v3"] });
    await assert.rejects(vb365.requestDeviceCode({ organization, targetApplicationId }, options), /v3.*userCode.*v4/);
    assert.deepEqual(simulator.sessions, []);
  });

  it("list the restore points of one repository", async () => {
    const options = await start({ apiVersions: ["v8"], organizations: [withRepositories()] });
    const points = await vb365.getRestorePoints({ organization, repositoryId: repositories.mail }, options);
    assert.deepEqual(
      points?.map(({ backupTime, holdsMail }) => [backupTime, holdsMail]),
      [
        ["2026-11-10T00:00:00Z", true],
        ["2026-11-01T00:00:00Z", true],
      ],
    );
    const files = await vb365.getRestorePoints({ organization, repositoryId: repositories.files }, options);
    assert.deepEqual(
      files?.map(({ holdsMail }) => holdsMail),
      [false],
    );
  });

  it("warn beforehand where the organization does not go with the access that is configured", async () => {
    const reshape: SimulatorOptions["reshape"] = (body, { path }) =>
      /organizations$/i.test(path) && Array.isArray(body)
        ? body.map((one: object) => ({ ...one, exchangeOnlineSettings: { useMfa: true } }))
        : body;
    const options = await start({ apiVersions: ["v5"], reshape });
    process.env["VB365_EXCHANGE_USER_NAME"] = "restore@contoso.example";
    try {
      const { checks, ok } = await vb365.preflight({ organization }, options);
      assert.equal(ok, true);
      assert.match(checks.at(-1)?.detail ?? "", /modern authentication.*certificate or a device code/);
    } finally {
      delete process.env["VB365_EXCHANGE_USER_NAME"];
    }
  });
});
