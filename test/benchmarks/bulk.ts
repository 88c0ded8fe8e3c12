/**
 * Many restores, side by side in interleaved rounds: a `MailboxRestore` for each mailbox, one `BulkMailboxRestore`, a dynamic
 * resource for each that does nothing, which is what the engine takes for itself, and a script with `curl`. Ours run under the real
 * engine with a file backend, the simulated server in a process of its own.
 *
 *     npm run bench:bulk -- [--mailboxes N …] [--rounds N] [--write]
 *
 * `--write` puts the results into docs/benchmarks.md.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { type Simulator, numberedMailboxes, startSimulator } from "../../simulator";
import { cliRoot, configOf } from "../helpers/engine";
import { startHost } from "../helpers/host";
import { aWorkspace } from "../helpers/workspace";
import { type Contender, type Measured, type Operation, operations, table, writePage } from "./bulk-page";
import { memoryOf, watchTree } from "./process-tree";

const root = resolve(__dirname, "../..");
const target = "target@contoso.example";
/** So many of one kind of resource are no program that anybody writes: Pulumi's own work grows with the square. */
const mostSeparate = 1000;
/** Mailbox by mailbox, ten thousand take the script a quarter of an hour. */
const mostWithCurl = 1000;

/** A server in a process of its own, as far as a client needs to know it. */
type Served = Pick<Simulator, "endpoint" | "caCert" | "username" | "password" | "exchange" | "organizations">;

/** What was asked of the server so far. */
interface Asked {
  requests: number;
  logins: number;
  sessions: number;
  writes: number;
  /** Used by the server. */
  cpuSeconds: number;
}

interface Server {
  served: Served;
  asked(): Promise<Asked>;
  stop(): Promise<void>;
}

/** The server's own process: it says where it is, and answers each message with what was asked of it so far. */
async function serve(count: number): Promise<void> {
  const simulator = await startSimulator({
    apiVersions: ["v6", "v7"],
    organizations: [
      {
        name: "contoso.example",
        firstBackupTime: "2026-01-05T22:00:00Z",
        lastBackupTime: "2026-11-20T22:00:00Z",
        mailboxes: [
          ...numberedMailboxes(count, { items: [{ count: 1 }] }),
          { name: "Target", email: target, items: [] },
        ],
      },
    ],
    restoreAnswer: "counters",
  });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const asked: Asked = {
      requests: simulator.requests.length,
      logins: simulator.logins,
      sessions: simulator.sessions.length,
      writes: simulator.writes.length,
      cpuSeconds: (user + system) / 1e6,
    };
    process.send?.(asked);
  });
  const { endpoint, caCert, username, password, exchange, organizations } = simulator;
  const [{ id, name } = { id: "", name: "" }] = organizations;
  process.send?.({ endpoint, caCert, username, password, exchange, organizations: [{ id, name }] });
}

async function startServer(count: number): Promise<Server> {
  const child: ChildProcess = fork(__filename, ["--serve", String(count)], { execArgv: ["--import", "tsx"] });
  const [served] = (await once(child, "message")) as [Served];
  return {
    served,
    async asked() {
      child.send("asked");
      const [asked] = (await once(child, "message")) as [Asked];
      return asked;
    },
    async stop() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

const addressesOf = (count: number) => numberedMailboxes(count).map(({ email }) => email);

const program = `const pulumi = require("@pulumi/pulumi");
const { BulkMailboxRestore, MailboxRestore } = require("pulumi-vb365");
const { bulk, separate, nothing } = require("./declared.json");
const provider = { create: ({ mailbox }) => Promise.resolve({ id: mailbox, outs: { mailbox } }) };
class Nothing extends pulumi.dynamic.Resource {}
for (const [name, args] of Object.entries(bulk)) new BulkMailboxRestore(name, args);
for (const [name, args] of Object.entries(separate)) new MailboxRestore(name, args);
for (const [name, args] of Object.entries(nothing)) new Nothing(provider, name, args);
`;

function declared(contender: Contender, count: number) {
  const common = { organization: "contoso.example", pointInTime: "latest", restoreTo: { mailbox: target } };
  if (contender === "bulk") {
    return { bulk: { all: { ...common, allMailboxes: { exclude: [target] } } }, separate: {}, nothing: {} };
  }
  const each = addressesOf(count).map((email, index) => [
    `restore-${index + 1}`,
    contender === "nothing" ? { mailbox: email } : { ...common, mailbox: { email } },
  ]);
  return { bulk: {}, separate: {}, nothing: {}, [contender]: Object.fromEntries(each) as Record<string, object> };
}

const settingsOf = ({ served }: Server) => ({
  ...configOf(served as Simulator, "v7"),
  maxConcurrentRestores: "8",
});

/** Memory of a provider process in MiB that has loaded all of our code and has nothing to do. */
async function idleMemory(server: Server): Promise<number> {
  const config = Object.entries(settingsOf(server)).map(([key, value]) => [`vb365:${key}`, value]);
  const host = await startHost(Object.fromEntries(config) as Record<string, string>, { kind: "BulkMailboxRestore" });
  await host.check({}, { organization: "contoso.example", allMailboxes: {}, restoreTo: { mailbox: target } });
  const idle = memoryOf(host.pid, "VmRSS");
  await host.stop();
  return idle;
}

/** One life of a stack: each operation of the CLI, as it is typed. */
async function underPulumi(contender: Contender, count: number, note: (one: Measured) => void): Promise<void> {
  const server = await startServer(count);
  const workspace = await aWorkspace();
  const folder = workspace.path;
  const env = {
    ...process.env,
    PATH: `${join(cliRoot, "bin")}${delimiter}${process.env["PATH"]}`,
    PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const pulumi = (...args: string[]) => promisify(execFile)("pulumi", args, { cwd: folder, env });
  const run = async (operation: Operation) => {
    const command = operation === "no-op up" ? "up" : operation;
    const before = await server.asked();
    const started = performance.now();
    const child = spawn("pulumi", [command, "--yes", "--skip-preview", "--non-interactive"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const printed: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => printed.push(chunk.toString()));
    const watched = watchTree(child.pid ?? 0, (line) => line.includes("dynamic-provider"));
    const [code] = (await once(child, "close")) as [number];
    const seconds = (performance.now() - started) / 1000;
    const { own, wanted: providers } = watched.stop();
    assert.equal(code, 0, `pulumi ${operation}:\n${printed.join("").slice(-4000)}`);
    const after = await server.asked();
    note({
      ...{ contender, count, operation, seconds },
      cliCpuSeconds: own.cpuSeconds,
      providerCpuSeconds: providers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      serverCpuSeconds: after.cpuSeconds - before.cpuSeconds,
      aboveIdleMiB: Math.max(0, Math.max(0, ...providers.map(({ peakMiB }) => peakMiB)) - idle),
      requests: after.requests - before.requests,
      logins: after.logins - before.logins,
      sessions: after.sessions - before.sessions,
      ...(operation === "up" ? { stateBytes: (await stat(stateFile)).size } : {}),
    });
  };
  const stateFile = join(folder, "backend", ".pulumi", "stacks", "vb365-bench", "bench.json");
  const idle = await idleMemory(server);
  try {
    await mkdir(join(folder, "backend"));
    const project = {
      name: "vb365-bench",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: "index.js",
    };
    await writeFile(join(folder, "Pulumi.yaml"), JSON.stringify(project));
    await writeFile(join(folder, "index.js"), program);
    await writeFile(join(folder, "declared.json"), JSON.stringify(declared(contender, count)));
    await pulumi("stack", "init", "bench");
    for (const [key, value] of Object.entries(settingsOf(server))) {
      // A PEM text begins with a dash, so it stands behind the end of the options.
      await pulumi("config", "set", ...(/password/i.test(key) ? ["--secret"] : []), `vb365:${key}`, "--", value);
    }
    for (const operation of operations) {
      await run(operation);
    }
    const expected = contender === "nothing" ? 0 : count;
    assert.equal((await server.asked()).writes, expected, "each mailbox is restored once");
  } finally {
    await server.stop();
    await workspace.remove();
  }
}

/** The script, mailbox by mailbox. */
async function withCurl(count: number, note: (one: Measured) => void): Promise<void> {
  const server = await startServer(count);
  const workspace = await aWorkspace();
  const { endpoint, caCert, username, password, exchange, organizations } = server.served;
  const env = {
    ...process.env,
    ENDPOINT: endpoint,
    CA_FILE: join(workspace.path, "ca.pem"),
    LOGIN: username,
    PASSWORD: password,
    ORGANIZATION_ID: organizations[0]?.id ?? "",
    TARGET: target,
    EXCHANGE_USER: exchange.userName,
    EXCHANGE_PASSWORD: exchange.userPassword,
  };
  try {
    await writeFile(env.CA_FILE, caCert);
    const before = await server.asked();
    const started = performance.now();
    const child = spawn(join(__dirname, "restore-with-curl.sh"), { env, stdio: ["pipe", "ignore", "inherit"] });
    child.stdin.end(`${addressesOf(count).join("\n")}\n`);
    const [code] = (await once(child, "close")) as [number];
    const seconds = (performance.now() - started) / 1000;
    assert.equal(code, 0);
    const after = await server.asked();
    assert.equal(after.writes, count);
    note({
      ...{ contender: "curl", count, operation: "up", seconds },
      serverCpuSeconds: after.cpuSeconds - before.cpuSeconds,
      requests: after.requests - before.requests,
      logins: after.logins - before.logins,
      sessions: after.sessions - before.sessions,
    });
  } finally {
    await server.stop();
    await workspace.remove();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      serve: { type: "string" },
      mailboxes: { type: "string", multiple: true, default: ["1", "100", "1000", "10000"] },
      rounds: { type: "string", default: "3" },
      write: { type: "boolean", default: false },
    },
  });
  if (values.serve !== undefined) {
    await serve(Number(values.serve));
    return;
  }
  const counts = values.mailboxes.map(Number);
  const rounds = Number(values.rounds);
  const measured: Measured[] = [];
  const note = (one: Measured) => {
    measured.push(one);
    process.stderr.write(`${one.count} mailboxes, ${one.contender}, ${one.operation}: ${one.seconds.toFixed(2)} s\n`);
  };
  const turns = counts.flatMap((count): (() => Promise<void>)[] => [
    ...(count > mostSeparate
      ? []
      : [() => underPulumi("separate", count, note), () => underPulumi("nothing", count, note)]),
    () => underPulumi("bulk", count, note),
    ...(count > mostWithCurl ? [] : [() => withCurl(count, note)]),
  ]);
  try {
    // In each round another one begins, so that none has always the quiet machine.
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < turns.length; turn += 1) {
        await turns[(round + turn) % turns.length]?.();
      }
    }
  } catch (error) {
    // Hours may have gone into what was measured before.
    process.stderr.write(`${table(measured)}\n`);
    throw error;
  }
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 1024 ** 3)} GiB of memory, Node ${process.version}`;
  await writePage(measured, machine, { write: values.write, root, rounds });
}

void main();
