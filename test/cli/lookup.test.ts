import assert from "node:assert/strict";
import type { PreflightReport } from "../../provider/restore/preflight";
import { rigs, start } from "./command";

const organization = ["--organization", "contoso.example"];
const resultsOf = ({ checks }: PreflightReport) =>
  Object.fromEntries(checks.map(({ name, result }) => [name, result] as const));

describe("vb365 preflight", () => {
  const aRig = rigs();

  it("finds that a restore could begin, and leaves no restore session open", async () => {
    const { vb365, simulator } = await aRig();
    const { code, stdout, stderr } = await vb365([
      "preflight",
      ...organization,
      "--mailbox",
      "finance@contoso.example",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^CHECK +RESULT +DETAIL$/m);
    assert.match(stdout, /^mailbox +ok +finance@contoso\.example, id \S+$/m);
    assert.match(stdout, /^Exchange account +not checked +/m);
    assert.match(
      stdout,
      /^No check failed\. It would show 2026-11-20T21:04:11\.000Z\. The last backup is \d+ \w+ old\.$/m,
    );
    assert.deepEqual([simulator.logins, simulator.sessions.length, simulator.openSessions.length], [1, 1, 0]);
  });

  it("gives programs the report", async () => {
    const { vb365, simulator } = await aRig();
    const args = [...organization, "--mailbox", "finance@contoso.example", "--archive", "--json"];
    const result = await vb365(["preflight", ...args]);
    const report = result.json<PreflightReport>();
    assert.equal(report.ok, true);
    assert.equal(report.endpoint, simulator.endpoint);
    assert.equal(report.mailbox?.isArchive, true);
    assert.equal(report.backup?.last, "2026-11-20T21:04:11.000Z");
    assert.equal(result.stderr, "");
  });

  it("uses nothing that Node deprecates now or later", async () => {
    const { vb365 } = await aRig();
    const env = { NODE_OPTIONS: "--pending-deprecation --trace-warnings" };
    const { code, stderr } = await vb365(["preflight", ...organization, "--json"], env);
    assert.deepEqual([code, stderr], [0, ""]);
  });

  it("finds a mailbox by its id", async () => {
    const { vb365, simulator } = await aRig();
    const { id, email } = simulator.organizations[0]?.mailboxes[2] ?? assert.fail();
    const { code, stdout } = await vb365(["preflight", ...organization, "--mailbox-id", id]);
    assert.equal(code, 0);
    assert.ok(stdout.includes(email));
  });

  it("ends with 1 and the nearest names when the mailbox is not there", async () => {
    const { vb365, simulator } = await aRig();
    const { code, stdout } = await vb365(["preflight", ...organization, "--mailbox", "finanze@contoso.example"]);
    assert.equal(code, 1);
    assert.match(stdout, /^mailbox +failed +There is no mailbox .* The nearest .*: finance@contoso\.example/m);
    assert.match(stdout, /^1 check failed\.$/m);
    assert.deepEqual(simulator.openSessions, []);
  });

  it("ends with 1 when the time is before the first backup", async () => {
    const { vb365 } = await aRig();
    const time = ["--point-in-time", "2020-01-01T00:00:00Z"];
    const result = await vb365(["preflight", ...organization, ...time, "--json"]);
    assert.equal(result.code, 1);
    assert.equal(resultsOf(result.json<PreflightReport>())["backup"], "failed");
  });

  it("ends with 3 when the login is refused, and says where the password came from", async () => {
    const { vb365 } = await aRig();
    const result = await vb365(["preflight", ...organization, "--json"], { VB365_PASSWORD: "Marker-Rest-9c1%-wrong" });
    assert.equal(result.code, 3);
    assert.equal(resultsOf(result.json<PreflightReport>())["login"], "failed");
    assert.match(result.stderr, /password from VB365_PASSWORD/);
  });

  it("looks for no mailbox without an organization", async () => {
    const { vb365, simulator } = await aRig();
    const { code, stderr } = await vb365(["preflight", "--mailbox", "finance@contoso.example"]);
    assert.equal(code, 2);
    assert.match(stderr, /--organization/);
    assert.equal(simulator.requests.length, 0);
  });

  it("closes its restore session when it is interrupted, and ends with 130", async () => {
    const { simulator, env } = await aRig();
    const gate = simulator.faults.hold({ match: { path: /\/Mailboxes$/ }, when: "beforeWork" });
    const running = start(["preflight", ...organization, "--mailbox", "sales@contoso.example"], { env });
    await gate.reached;
    running.child.kill("SIGINT");
    await running.says("^C again");
    gate.release();
    assert.equal((await running.result).code, 130);
    assert.deepEqual([simulator.sessions.length, simulator.openSessions.length], [1, 0]);
  });
});

describe("vb365 mailboxes", () => {
  const aRig = rigs();

  it("lists the mailboxes of a backup, and leaves no restore session open", async () => {
    const { vb365, simulator } = await aRig();
    const { code, stdout, stderr } = await vb365(["mailboxes", ...organization]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^E-MAIL +NAME +ARCHIVE +ID$/);
    assert.match(lines[2] ?? "", /^finance@contoso\.example +In-Place Archive - Finance +archive +[0-9a-f-]{36}$/);
    assert.equal(lines.length, 6);
    assert.match(stderr, /^5 mailboxes of contoso\.example at 2026-11-20T21:04:11\.000Z\.$/m);
    assert.deepEqual([simulator.sessions.length, simulator.openSessions.length], [1, 0]);
  });

  it("gives programs one document with the fields of the package's functions", async () => {
    const { vb365, simulator } = await aRig();
    const result = await vb365(["mailboxes", ...organization, "--filter", "SALES", "--json"]);
    const [seeded] = simulator.organizations;
    assert.deepEqual(result.json(), {
      endpoint: simulator.endpoint,
      organization: { id: seeded?.id, name: "contoso.example" },
      pointInTime: "2026-11-20T21:04:11.000Z",
      mailboxes: [
        {
          id: seeded?.mailboxes[2]?.id,
          name: "Sales",
          email: "sales@contoso.example",
          isArchive: false,
          isPublic: false,
        },
      ],
    });
    assert.equal(result.stderr, "");
  });

  it("ends with 1 and the nearest names when nothing matches", async () => {
    const { vb365 } = await aRig();
    const { code, stderr } = await vb365(["mailboxes", ...organization, "--filter", "suport"]);
    assert.equal(code, 1);
    assert.match(stderr, /^0 mailboxes .*; the nearest: Support/m);
  });

  it("ends with 1 and the nearest names when there is no such organization", async () => {
    const { vb365, simulator } = await aRig();
    const result = await vb365(["mailboxes", "--organization", "contosso.example", "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json<{ error: { code: string } }>().error.code, "selection");
    assert.match(result.stderr, /^error: There is no organization "contosso\.example" .*: contoso\.example\.$/m);
    assert.equal(simulator.sessions.length, 0);
  });

  it("shows what a terminal would obey as blanks", async () => {
    const mailboxes = [{ name: "Bell \u0007\u001b[31m", email: "bell@contoso.example" }];
    const { vb365 } = await aRig({
      organizations: [{ name: "contoso.example", firstBackupTime: "2026-01-05T21:00:00Z", mailboxes }],
    });
    const { stdout } = await vb365(["mailboxes", ...organization]);
    assert.match(stdout, /Bell {3}\[31m/);
  });
});
