/**
 * Exports side by side with `curl`, over TLS on loopback, in interleaved rounds: time, and memory of the whole provider process.
 *
 *     npm run bench:export -- [--size GiB …] [--rounds N] [--folder PATH] [--profile] [--write]
 *
 * `--folder` is where the files go, on the file system that is to be measured; `--profile` shows where ours uses the cores, instead of the
 * comparison; `--write` puts the results into docs/benchmarks.md.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { WireToken } from "../../provider/api/wire/v3";
import { type Simulator, startSimulator } from "../../simulator";
import { ask } from "../contract/raw-client";
import { bearer, defaultExplore } from "../contract/rig";
import { exportTo } from "../helpers/bench";
import { configOf } from "../helpers/engine";
import { startHost } from "../helpers/host";
import { median, putIntoPage } from "./figures";
import { type Measured, writePage } from "./page";
import { type CpuTime, threadsOf, usedBetween } from "./threads";

const gibibyte = 1024 ** 3;
const root = resolve(__dirname, "../..");

/** A server in a process of its own, as far as a client needs to know it. */
type Served = Pick<Simulator, "endpoint" | "caCert" | "username" | "password" | "exchange" | "organizations">;

async function serve(sizeBytes: number): Promise<void> {
  const { endpoint, caCert, username, password, exchange, organizations } = await startSimulator({
    pst: { sizeBytes },
  });
  const served: Served = { endpoint, caCert, username, password, exchange, organizations };
  process.stdout.write(`${JSON.stringify(served)}\n`);
}

async function startServer(sizeBytes: number): Promise<{ served: Served; pid: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ["--import", "tsx", __filename, "--serve", String(sizeBytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    served: JSON.parse(line) as Served,
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

/** What `curl` is called with to make the export: the login and the session are there already. */
async function curlFor(served: Served, folder: string): Promise<string> {
  const { username, password } = served;
  const login = await ask(served, "POST", "/v3/Token", { form: { grant_type: "password", username, password } });
  const headers = bearer(login.json<WireToken>());
  const [organization] = served.organizations;
  const path = `/v3/Organizations/${organization?.id}/Action`;
  const { id } = (await ask(served, "POST", path, { headers, json: { explore: defaultExplore } })).json<{
    id: string;
  }>();
  const mailbox = organization?.mailboxes.find(({ email }) => email === "sales@contoso.example")?.id;
  await writeFile(join(folder, "ca.pem"), served.caCert);
  await writeFile(
    join(folder, "curl.conf"),
    [
      `url = "${served.endpoint}/v3/RestoreSessions/${id}/Organization/Mailboxes/${mailbox}/Action"`,
      `cacert = "${join(folder, "ca.pem")}"`,
      ...Object.entries({ ...headers, "Content-Type": "application/json" }).map(
        (pair) => `header = "${pair.join(": ")}"`,
      ),
      `data = "{\\"exporttoPst\\": {}}"`,
      "fail",
      "silent",
      "show-error",
    ].join("\n"),
  );
  return `curl --config ${join(folder, "curl.conf")} -o`;
}

async function shell(command: string): Promise<void> {
  const child: ChildProcess = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 0, command);
}

/** Memory of a process in MiB: now (`VmRSS`) or at most so far (`VmHWM`). */
async function memoryOf(pid: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

/** One export by the provider process, from the engine's call to its answer, with everything around the transfer. */
async function ours(served: Served, folder: string, sizeBytes: number, serverPid: number) {
  const config = Object.entries(configOf(served as Simulator)).map(([key, value]) => [`vb365:${key}`, value]);
  const host = await startHost(Object.fromEntries(config) as Record<string, string>, { folder });
  const news = exportTo("f.pst", { mailbox: { email: "sales@contoso.example" }, verify: {} });
  // The process is idle, and has loaded all of our code.
  await host.check({}, news);
  const idle = await memoryOf(host.pid, "VmRSS");
  const pids = [host.pid, serverPid];
  const before = pids.map(threadsOf);
  const started = performance.now();
  const { outputs } = await host.create(news);
  const seconds = (performance.now() - started) / 1000;
  const used = pids.map((pid, index) => usedBetween(pid, before[index] ?? new Map<number, CpuTime>(), threadsOf(pid)));
  const aboveIdle = (await memoryOf(host.pid, "VmHWM")) - idle;
  assert.equal((outputs["pst"] as { bytes: number }).bytes, sizeBytes);
  await host.kill();
  return { seconds, idle, aboveIdle, used };
}

async function measure(gibibytes: number, rounds: number, base: string): Promise<Measured> {
  const sizeBytes = gibibytes * gibibyte;
  const folder = await mkdtemp(join(base, "vb365-bench-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  const { served, pid, stop } = await startServer(sizeBytes);
  try {
    const curl = await curlFor(served, folder);
    const file = join(folder, "f");
    const seconds: Record<string, number[]> = {};
    const memory: Measured["memory"] = { idle: [], aboveIdle: [] };
    const note = (name: string, value: number) => (seconds[name] ??= []).push(value);
    const timed = async (name: string, command: string) => {
      const started = performance.now();
      await shell(command);
      note(name, (performance.now() - started) / 1000);
      assert.equal((await stat(file)).size, sizeBytes);
      await rm(file);
    };
    const contenders: [string, () => Promise<void>][] = [
      ["curl -o f", () => timed("curl -o f", `${curl} ${file}`)],
      ["curl -o f && sha256sum f", () => timed("curl -o f && sha256sum f", `${curl} ${file} && sha256sum ${file}`)],
      [
        "curl -o f && openssl dgst -sha256 f",
        () => timed("curl -o f && openssl dgst -sha256 f", `${curl} ${file} && openssl dgst -sha256 ${file}`),
      ],
      [
        "ours",
        async () => {
          const { seconds: took, idle, aboveIdle } = await ours(served, folder, sizeBytes, pid);
          note("ours", took);
          memory.idle.push(idle);
          memory.aboveIdle.push(aboveIdle);
          await shell(`rm -rf ${folder}/f.pst* ${folder}/.vb365`);
        },
      ],
    ];
    // The first round warms up: pages, the server's code.
    for (let round = 0; round <= rounds; round += 1) {
      for (let turn = 0; turn < contenders.length; turn += 1) {
        const [name, run] = contenders[(round + turn) % contenders.length] as (typeof contenders)[number];
        await shell("sync");
        await run();
        process.stderr.write(`${gibibytes} GiB, round ${round}: ${name} ${seconds[name]?.at(-1)?.toFixed(2)} s\n`);
      }
      if (round === 0) {
        Object.keys(seconds).forEach((name) => (seconds[name] = []));
        memory.idle = [];
        memory.aboveIdle = [];
      }
    }
    return { gibibytes, seconds, memory };
  } finally {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where the cores are while ours works, for a GiB. */
async function profile(gibibytes: number, rounds: number, base: string): Promise<string> {
  const sizeBytes = gibibytes * gibibyte;
  const folder = await mkdtemp(join(base, "vb365-bench-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  const { served, pid, stop } = await startServer(sizeBytes);
  const parts: Record<string, { user: number[]; system: number[] }> = {};
  const note = (name: string, { user, system }: CpuTime) => {
    const part = (parts[name] ??= { user: [], system: [] });
    part.user.push(user / gibibytes);
    part.system.push(system / gibibytes);
  };
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const { used } = await ours(served, folder, sizeBytes, pid);
      await shell(`rm -rf ${folder}/f.pst* ${folder}/.vb365; sync`);
      const [provider, server] = used;
      if (round === 0 || provider === undefined || server === undefined) {
        continue;
      }
      note("ours: the main thread, TLS and HTTP", provider.main);
      note("ours: the thread that hashes and writes", provider.busiest);
      note("ours: the other threads, flushes", provider.rest);
      note("the server: its main thread", server.main);
    }
  } finally {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
  return [
    `CPU time for a GiB of a file of ${gibibytes} GiB, medians of ${rounds} rounds:`,
    "",
    "| | user, s | system, s |",
    "| --- | --- | --- |",
    ...Object.entries(parts).map(
      ([name, { user, system }]) => `| ${name} | ${median(user).toFixed(2)} | ${median(system).toFixed(2)} |`,
    ),
  ].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      serve: { type: "string" },
      size: { type: "string", multiple: true, default: ["1", "10"] },
      rounds: { type: "string", default: "5" },
      folder: { type: "string", default: tmpdir() },
      profile: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  if (values.serve !== undefined) {
    await serve(Number(values.serve));
    return;
  }
  if (values.profile) {
    const text = await profile(Number(values.size[0]), Number(values.rounds), values.folder);
    process.stdout.write(`${text}\n`);
    await (values.write ? putIntoPage(root, "export-profile", text) : undefined);
    return;
  }
  const results: Measured[] = [];
  for (const size of values.size) {
    results.push(await measure(Number(size), Number(values.rounds), values.folder));
  }
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / gibibyte)} GiB of memory, Node ${process.version}`;
  await writePage(results, machine, { write: values.write, root });
}

void main();
