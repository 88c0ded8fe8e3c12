import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";

/** The compiled command, as npm links it. */
export const script = resolve(__dirname, "../../dist/cli/index.js");

/** What one call of the command came to. */
export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one document on stdout. */
  json<T = Record<string, unknown>>(): T;
}

/** A call that runs. */
export interface Running {
  child: ChildProcess;
  /** Fulfilled with all that was printed when this text stands in it; rejected when the process ends before. */
  says(text: string): Promise<string>;
  result: Promise<Result>;
}

/** Secrets that no client command may print. */
export const marker = { password: "Marker-Rest-9c1%", exchangePassword: "Marker-Exchange-4f7%" };

/** The environment without settings of ours, so that a developer's own do not reach a test. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VB365_|FORCE_COLOR|NO_COLOR)/.test(name));
  return Object.fromEntries(kept);
}

/** Starts the command as a process of its own. */
export function start(
  args: string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {},
): Running {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...plainEnvironment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const printed = { stdout: "", stderr: "" };
  let watch: () => void = () => undefined;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
      watch();
    });
  }
  // A command that does not read its input may be gone before it is written.
  child.stdin.on("error", () => undefined);
  if (options.input === undefined) {
    child.stdin.end();
  } else {
    // The pipe stays open: whoever reads a line must not wait for its end.
    child.stdin.write(options.input);
  }
  const result = once(child, "close").then(([code]) => ({
    ...printed,
    code: code as number | null,
    json: <T>() => JSON.parse(printed.stdout) as T,
  }));
  return {
    child,
    result,
    says: (text) =>
      new Promise((resolve, reject) => {
        watch = () => {
          const all = printed.stdout + printed.stderr;
          if (all.includes(text)) {
            resolve(all);
          }
        };
        watch();
        void result.then(({ code }) => reject(new Error(`ended with ${code} before it said "${text}"`)));
      }),
  };
}

/** A simulator, and calls of the command that are configured for it by the environment. */
export interface Rig {
  simulator: Simulator;
  env: NodeJS.ProcessEnv;
  /** An empty folder, which also holds `ca.pem`. */
  folder: string;
  vb365(args: string[], env?: NodeJS.ProcessEnv): Promise<Result>;
}

/** Call in a `describe`: gives a function that starts a rig, and clears it away after each test. */
export function rigs(): (options?: SimulatorOptions) => Promise<Rig> {
  const cleanUps: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
  });
  return async (options) => {
    const simulator = await startSimulator({ password: marker.password, ...options });
    const folder = await mkdtemp(join(tmpdir(), "vb365-cli-"));
    cleanUps.push(simulator.stop, () => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, "ca.pem"), simulator.caCert);
    const env = {
      VB365_ENDPOINT: simulator.endpoint,
      VB365_USERNAME: simulator.username,
      VB365_PASSWORD: simulator.password,
      VB365_CA_CERT: join(folder, "ca.pem"),
      VB365_EXCHANGE_USER_PASSWORD: marker.exchangePassword,
    };
    return {
      simulator,
      env,
      folder,
      async vb365(args, more = {}) {
        const result = await start(args, { env: { ...env, ...more }, cwd: folder }).result;
        assertNoSecret(result);
        return result;
      },
    };
  };
}

/** What was asked, but for the question which versions are served, which carries no token. */
export const pathsWithoutProbe = ({ requests }: Simulator) =>
  requests.filter(({ method, headers }) => method !== "GET" || "authorization" in headers).map(({ path }) => path);

/** @throws when a secret stands in what was printed. */
export function assertNoSecret({ stdout, stderr }: Result): void {
  for (const secret of Object.values(marker)) {
    assert.ok(!(stdout + stderr).includes(secret), "a secret was printed");
  }
}
