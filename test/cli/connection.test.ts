import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { startSimulator } from "../../simulator";
import { cliRoot, configOf } from "../helpers/engine";
import { type Rig, assertNoSecret, marker, plainEnvironment, pathsWithoutProbe, rigs, start } from "./command";

describe("connection settings of the command line", () => {
  const aRig = rigs();

  /** Calls the command with these arguments and this environment alone. */
  const call = async (args: string[], options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {}) => {
    const result = await start(args, options).result;
    assertNoSecret(result);
    return result;
  };
  const flagsOf = ({ simulator, folder }: Rig) => [
    ...["--endpoint", simulator.endpoint, "--username", simulator.username, "--ca-cert", join(folder, "ca.pem")],
  ];

  it("takes flags, and the password from the first line of standard input", async () => {
    const rig = await aRig();
    const input = `${marker.password}\nanother line\n`;
    const { code, stderr } = await call(["sessions", ...flagsOf(rig), "--password-stdin"], { input });
    assert.equal(code, 0, stderr);
    assert.equal(rig.simulator.logins, 1);
  });

  it("asks the server nothing when standard input holds no password", async () => {
    const rig = await aRig();
    const { code, stderr } = await call(["sessions", ...flagsOf(rig), "--password-stdin"]);
    assert.equal(code, 2);
    assert.match(stderr, /No password came from --password-stdin/);
    assert.equal(rig.simulator.requests.length, 0);
  });

  it("prefers flags to the environment", async () => {
    const { vb365, simulator } = await aRig();
    const { code } = await vb365(["sessions", "--endpoint", simulator.endpoint], {
      VB365_ENDPOINT: "https://127.0.0.1:1",
    });
    assert.equal(code, 0);
  });

  it("says which setting is wrong, and where it comes from", async () => {
    const { vb365 } = await aRig();
    const { code, stderr } = await vb365(["sessions", "--endpoint", "http://127.0.0.1"], {
      VB365_CA_CERT: "no-such.pem",
    });
    assert.equal(code, 2);
    assert.match(stderr, /vb365:endpoint must begin with https:\/\/.*\(it comes from --endpoint\)/);
    assert.match(stderr, /vb365:caCert must be .*\(it comes from VB365_CA_CERT\)/);
  });

  it("trusts the server whose fingerprint is given, whatever CA the environment names", async () => {
    const { vb365, simulator } = await aRig();
    const fingerprint = await fingerprintOf(simulator.endpoint);
    assert.equal((await vb365(["sessions", "--tls-fingerprint", fingerprint])).code, 0);
    const other = fingerprint.replace(/^../, (byte) => (byte === "00" ? "01" : "00"));
    const wrong = await vb365(["sessions", "--tls-fingerprint", other]);
    assert.equal(wrong.code, 3);
    assert.match(wrong.stderr, /is not trusted/);
    assert.equal(simulator.logins, 1);
  });

  it("warns at each run that is not verified", async () => {
    const rig = await aRig();
    const { code, stdout, stderr } = await rig.vb365(["sessions", "--insecure", "--json"]);
    assert.equal(code, 0);
    assert.match(stderr, /^warning: https:\S+ is not verified/);
    assert.doesNotThrow(() => JSON.parse(stdout) as unknown);
  });

  it("does not send the password to a server that it does not trust", async () => {
    const { vb365, simulator } = await aRig();
    const { code, stderr } = await vb365(["sessions"], { VB365_CA_CERT: "" });
    assert.equal(code, 3);
    assert.match(stderr, /is not trusted/);
    assert.equal(simulator.requests.length, 0);
  });

  for (const command of [["sessions"], ["mailboxes", "--organization", "contoso.example"]]) {
    it(`ends with 3 when the password of ${command[0]} is wrong`, async () => {
      const { vb365, simulator } = await aRig();
      const result = await vb365([...command, "--json"], { VB365_PASSWORD: `${marker.password}-wrong` });
      assert.equal(result.code, 3);
      assert.equal(result.json<{ error: { code: string } }>().error.code, "authentication");
      assert.match(result.stderr, /Login as VEEAM\\restore-operator was refused/);
      assert.match(result.stderr, /endpoint from VB365_ENDPOINT, user name .*, password from VB365_PASSWORD/);
      assert.deepEqual(pathsWithoutProbe(simulator), ["/v3/Token"]);
    });
  }

  it("repeats no secret that the server's error repeats", async () => {
    const { vb365, simulator } = await aRig();
    simulator.faults.next({
      match: { path: /RestoreSessions$/ },
      effect: { status: 500, json: { message: `bad: ${marker.password} ${marker.exchangePassword}` } },
    });
    const { code, stderr } = await vb365(["sessions"]);
    assert.equal(code, 3);
    assert.match(stderr, /^error: .*bad: /m);
  });

  it("ends with 3 when the server is gone, and tells that the REST service is off by default", async () => {
    const { vb365, simulator } = await aRig();
    await simulator.stop();
    const { code, stderr } = await vb365(["sessions"]);
    assert.equal(code, 3);
    assert.match(stderr, /refuses connections .* The REST service is off until it is enabled/);
    assert.doesNotMatch(stderr, /^ +at /m);
  });
});

describe("the configuration of a stack on the command line", () => {
  const aRig = rigs();

  /** A `pulumi` that prints a configuration, for this stack alone. */
  async function aFakePulumi({ folder }: Rig, printed: string): Promise<NodeJS.ProcessEnv> {
    const expected = "config --show-secrets --json --stack dev --non-interactive";
    const lines = [
      "#!/bin/sh",
      `if [ "$*" != "${expected}" ]; then echo "error: no stack named '$5' found" >&2; exit 255; fi`,
      `cat <<'END'`,
      printed,
      "END",
    ];
    await writeFile(join(folder, "pulumi"), `${lines.join("\n")}\n`);
    await chmod(join(folder, "pulumi"), 0o755);
    return { PATH: `${folder}${delimiter}${process.env["PATH"]}` };
  }
  const printedConfig = (values: Record<string, string>) =>
    JSON.stringify(Object.fromEntries(Object.entries(values).map(([key, value]) => [`vb365:${key}`, { value }])));

  it("is preferred to the environment", async () => {
    const rig = await aRig();
    const stale = await startSimulator();
    const env = await aFakePulumi(rig, printedConfig(configOf(rig.simulator)));
    const { code, stderr } = await rig.vb365(["sessions", "--stack", "dev"], {
      ...env,
      VB365_ENDPOINT: stale.endpoint,
    });
    await stale.stop();
    assert.equal(code, 0, stderr);
    assert.deepEqual([rig.simulator.logins, stale.requests.length], [1, 0]);
  });

  it("yields to flags", async () => {
    const rig = await aRig();
    const env = await aFakePulumi(rig, printedConfig({ ...configOf(rig.simulator), username: "VEEAM\\nobody" }));
    const args = ["sessions", "--stack", "dev", "--username", rig.simulator.username];
    assert.equal((await rig.vb365(args, env)).code, 0);
  });

  it("is told in Pulumi's own words when it cannot be read", async () => {
    const rig = await aRig();
    const env = await aFakePulumi(rig, "{}");
    const { code, stderr } = await rig.vb365(["sessions", "--stack", "prod"], env);
    assert.equal(code, 2);
    assert.match(stderr, /^error: The configuration of stack prod could not be read: no stack named 'prod' found$/m);
    assert.equal(rig.simulator.requests.length, 0);
  });

  it("is not repeated when it is not what was expected", async () => {
    const rig = await aRig();
    const env = await aFakePulumi(rig, `{"vb365:password": {"value": "${marker.password}"}`);
    const { code, stderr } = await rig.vb365(["sessions", "--stack", "dev"], env);
    assert.equal(code, 2);
    assert.match(stderr, /did not print what this version can read/);
  });

  it("needs the pulumi command", async () => {
    const rig = await aRig();
    const { code, stderr } = await rig.vb365(["sessions", "--stack", "dev"], { PATH: rig.folder });
    assert.equal(code, 2);
    assert.match(stderr, /needs the command "pulumi"/);
  });

  it("comes from the real Pulumi CLI, secrets included", async () => {
    const { simulator, folder } = await aRig();
    await mkdir(join(folder, "backend"));
    await writeFile(join(folder, "Pulumi.yaml"), "name: runbook\nruntime: nodejs\n");
    const env = {
      ...plainEnvironment(),
      PATH: `${join(cliRoot, "bin")}${delimiter}${process.env["PATH"]}`,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const pulumi = (...args: string[]) =>
      promisify(execFile)("pulumi", ["--non-interactive", ...args], { cwd: folder, env });
    await pulumi("stack", "init", "dev");
    for (const [key, value] of Object.entries(configOf(simulator))) {
      await pulumi("config", "set", ...(/password/i.test(key) ? ["--secret"] : []), `vb365:${key}`, "--", value);
    }
    const result = await start(["preflight", "--stack", "dev", "--organization", "contoso.example"], {
      env,
      cwd: folder,
    }).result;
    assertNoSecret(result);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(simulator.logins, 1);
  });
});

function fingerprintOf(endpoint: string): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
