import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Result, type Running, plainEnvironment, script, start } from "./command";

interface Announcement {
  endpoint: string;
  config: Record<string, string>;
  environment: Record<string, string>;
  organizations: { name: string; mailboxes: { email: string; isArchive: boolean }[] }[];
}

describe("vb365 simulate", () => {
  const running: Running[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => end(one, "SIGKILL")));
  });
  const simulate = async (...args: string[]) => {
    const one = start(["simulate", ...args]);
    running.push(one);
    await one.says(args.includes("--json") ? "\n}\n" : "Running;");
    return one;
  };
  const announced = async (...args: string[]) => {
    const one = await simulate(...args, "--json");
    const { stdout } = await end(one, "SIGTERM");
    return JSON.parse(stdout) as Announcement;
  };

  it("is used with exactly the lines that it prints, and ends with 0 and nothing left behind", async () => {
    const one = await simulate();
    const lines = (await one.says("Running;")).match(/^export .*$/gm)?.join("\n") ?? assert.fail();
    const vb365 = `"${process.execPath}" "${script}"`;
    const look = `${vb365} preflight --organization contoso.example --mailbox finance@contoso.example --json`;
    const { stdout } = await promisify(execFile)("sh", ["-c", `${lines}\n${look}`], { env: plainEnvironment() });
    assert.equal((JSON.parse(stdout) as { ok: boolean }).ok, true);

    const { code, stderr } = await end(one, "SIGINT");
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^The server was asked: 1 login, 1 restore session opened and 1 stopped, 0 restores, 0 exports; \d+ requests in all\.$/m,
    );
    assert.throws(() => process.kill(one.child.pid ?? 0, 0), { code: "ESRCH" });
    assert.ok(!existsSync(/VB365_CA_CERT=(\S+)/.exec(lines)?.[1] ?? assert.fail()));
  });

  it("says what it holds, and that it listens on loopback only", async () => {
    const { stdout } = await end(await simulate(), "SIGINT");
    assert.match(stdout, /^Simulated Veeam server at https:\/\/127\.0\.0\.1:\d+ \(loopback only/);
    assert.match(stdout, /contoso\.example, backups from 2026-01-05T21:00:00Z to 2026-11-20T21:04:11Z, 5 mailboxes:/);
    assert.match(stdout, /^finance@contoso\.example +In-Place Archive - Finance +archive$/m);
    assert.match(stdout, /^pulumi config set --secret vb365:password \S+$/m);
    assert.match(stdout, /^pulumi config set vb365:caCert \S+ca\.pem$/m);
  });

  it("tells programs the same as one document, with as many mailboxes as wanted", async () => {
    const { endpoint, config, environment, organizations } = await announced("--mailboxes", "20");
    assert.match(endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(config["endpoint"], endpoint);
    assert.equal(environment["VB365_CA_CERT"], config["caCert"]);
    assert.equal(organizations[0]?.mailboxes.length, 25);
    assert.equal(organizations[0]?.mailboxes.at(-1)?.email, "mailbox-0020@contoso.example");
  });

  it("serves your own organization, as vb365 mailboxes listed it, and keeps what was sent in a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vb365-simulate-"));
    try {
      const [file, record] = [join(folder, "organization.json"), join(folder, "sent.json")];
      const list = (from: Announcement) =>
        promisify(execFile)(process.execPath, [script, "mailboxes", "--organization", "contoso.example", "--json"], {
          env: { ...plainEnvironment(), ...from.environment },
        });
      const first = await simulate("--json");
      const listed = await list(JSON.parse(await first.says("\n}\n")) as Announcement);
      await writeFile(file, listed.stdout);
      const second = await simulate("--organizations", file, "--record", record, "--json");
      const again = await list(JSON.parse(await second.says("\n}\n")) as Announcement);
      const addressesIn = (text: string) =>
        (JSON.parse(text) as { mailboxes: { email: string; name: string }[] }).mailboxes.map(({ email, name }) => [
          email,
          name,
        ]);
      assert.deepEqual(addressesIn(again.stdout), addressesIn(listed.stdout));
      assert.equal(await readFile(record, "utf8"), "[]\n");
      assert.equal((await stat(record)).mode & 0o777, 0o600, "it holds addresses");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what is wrong with a file of organizations, and ends with 2", async () => {
    const { code, stderr } = await start(["simulate", "--organizations", script]).result;
    assert.equal(code, 2);
    assert.match(stderr, /index\.js: .*JSON/);
  });

  it("names a port that is taken, and ends with 2", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await start(["simulate", "--port", String(port)]).result;
    taken.close();
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^error: Port ${port} cannot be used \\(EADDRINUSE\\)`));
  });

  async function end({ child, result }: Running, signal: NodeJS.Signals): Promise<Result> {
    child.kill(signal);
    return result;
  }
});
