import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type JournalEntry, parseEntry } from "../../provider/restore/journal";
import { type Gate, type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { configOf } from "./engine";
import { type Host, type HostFailure, type Kind, startHost } from "./host";
import { aWorkspace } from "./workspace";

type Bag = Record<string, unknown>;

/** A simulated server, and a folder in which provider processes work for one stack, one after the other or at once. */
export interface Bench {
  readonly simulator: Simulator;
  readonly folder: string;
  /** The journal in that folder. */
  readonly journalDir: string;
  /** Starts a provider process in the folder; `config` replaces single keys. */
  start(config?: Record<string, string>, env?: Record<string, string>, kind?: Kind): Promise<Host>;
  /**
   * Starts a process and kills it while the server restores what was `sent` to it. Its lease has run out.
   *
   * @returns what it left in the journal, and the gate at which the server's work stands until it is released
   */
  killAtWork(sent: Bag): Promise<{ entry: JournalEntry; working: Gate }>;
  /** What the journal has open. */
  entries(): Promise<JournalEntry[]>;
  /** Minutes pass for the leases of processes that are gone. A process that lives renews its own at once. */
  expireLeases(): Promise<void>;
  /** Waits until something is so, as long as the test's limit allows. */
  until(isSo: () => boolean | Promise<boolean>): Promise<void>;
  /** Requests that were made so far, by method and path. */
  asked(pattern: RegExp): number;
  stop(): Promise<void>;
}

export async function aBench(options: SimulatorOptions = {}): Promise<Bench> {
  const simulator = await startSimulator(options);
  const workspace = await aWorkspace();
  const hosts: Host[] = [];
  // A test that names the versions of its server is about finding out which it is.
  const apiVersion = options.apiVersions === undefined ? "v3" : "auto";
  const journalDir = join(workspace.path, ".vb365", "journal");
  const list = async (end: string) => {
    const names = await readdir(journalDir).catch(() => []);
    return names.filter((name) => name.endsWith(end)).map((name) => join(journalDir, name));
  };
  const bench: Bench = {
    simulator,
    folder: workspace.path,
    journalDir,
    async start(config = {}, env = {}, kind = "MailboxRestore") {
      const settings = Object.entries({ ...configOf(simulator, apiVersion), ...config });
      const prefixed = Object.fromEntries(settings.map(([key, value]) => [`vb365:${key}`, value]));
      const host = await startHost(prefixed, { folder: workspace.path, env, kind });
      hosts.push(host);
      return host;
    },
    async killAtWork(sent) {
      const host = await bench.start();
      const working = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const failed = failureOf(host.create(sent));
      await working.reached;
      await host.kill();
      await failed;
      await bench.expireLeases();
      const [entry] = await bench.entries();
      assert.ok(entry);
      return { entry, working };
    },
    async entries() {
      const texts = await Promise.all((await list(".json")).map((path) => readFile(path, "utf8")));
      return texts.map(parseEntry);
    },
    async expireLeases() {
      await Promise.all((await list(".lease")).map((path) => writeFile(path, "2026-01-01T00:00:00.000Z")));
    },
    async until(isSo) {
      while (!(await isSo())) {
        await pause(20);
      }
    },
    asked: (pattern) => simulator.requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length,
    async stop() {
      await Promise.all(hosts.map((host) => host.stop()));
      await simulator.stop();
      await workspace.remove();
    },
  };
  return bench;
}

/** URN of a resource with this name. */
export const urnOf = (name: string) =>
  `urn:pulumi:test::vb365-test::pulumi-nodejs:dynamic/vb365:MailboxRestore::${name}`;

const inputs = (action: Bag, difference: Bag): Bag => ({
  organization: "contoso.example",
  mailbox: { email: "sales@contoso.example" },
  pointInTime: "latest",
  __urn: urnOf("one"),
  ...action,
  ...difference,
});

/** Inputs of resource `one`: the mail of Sales into the mailbox of Support. */
export const toSupport = (difference: Bag = {}) =>
  inputs({ restoreTo: { mailbox: "support@contoso.example" } }, difference);
/** Inputs of resource `one`: the mail of Sales into a file. */
export const exportTo = (path: string, difference: Bag = {}) => inputs({ exportToPst: { path } }, difference);

/** A restore or an export. */
export const isAction = { method: "POST", path: /mailboxes\/[^/]+\/(action|restore|restoreTo|exportToPst)$/i };
/** The end of a restore session. */
export const isStop = { method: "POST", path: /restoresessions\/[^/]+\/(action|stop)$/i };

/** What a call of the engine failed with. */
export async function failureOf(call: Promise<unknown>): Promise<HostFailure> {
  try {
    await call;
  } catch (error) {
    return error as HostFailure;
  }
  throw new assert.AssertionError({ message: "it was expected to fail" });
}

/** The same, of a result that is kept as a state. */
export async function stateOf(call: Promise<unknown>): Promise<NonNullable<HostFailure["state"]>> {
  const { state, message } = await failureOf(call);
  assert.ok(state, `nothing was kept: ${message}`);
  return state;
}

/** What a process has warned of, each on its line. */
export const warningsOf = ({ log }: Host) =>
  log
    .filter(({ ephemeral, severity }) => !ephemeral && severity === 2)
    .map(({ message }) => message)
    .join("\n");
