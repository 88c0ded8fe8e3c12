import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { type Simulator, startSimulator } from "../../simulator";
import { aWorkspace } from "./workspace";

type Bag = Record<string, unknown>;

/** A resource as it stands in the stack's state. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Bag;
  outputs?: Bag;
  initErrors?: string[];
}

/** What one operation of the CLI did. */
export interface Run {
  ok: boolean;
  /** Everything that it printed. */
  text: string;
  /** Operations by name of resource, as `create`, `same`, `replace`, `update`, `delete`; from the engine's own events. */
  operations: Record<string, string>;
  /** What was said of each resource, by name: on its row and below. */
  said: Record<string, string[]>;
}

/** Options of `pulumi up`; URNs are those of {@link TestStack.resources}. */
export interface UpOptions {
  replace?: string[];
  target?: string[];
  refresh?: boolean;
  /** Prints every property that changes. */
  diff?: boolean;
  /** Folders of policy packs. */
  policyPacks?: string[];
}

/** Resources by name, for a program in a file of its own; `kind` is the class of one that is no MailboxRestore. */
export type Declared = Record<string, Bag>;

/** Where a stack lies. */
export interface StackPlace {
  /** Default `test`. */
  name?: string;
  /** Default: files in the stack's own folder, which {@link TestStack.stateText} reads. */
  backendUrl?: string;
}

/** A stack of the real engine in a folder of its own. */
export interface TestStack {
  readonly folder: string;
  /** Its journal, unless the configuration names another one. */
  readonly journalDir: string;
  preview(program?: PulumiFn, options?: Pick<UpOptions, "diff" | "policyPacks">): Promise<Run>;
  up(program?: PulumiFn, options?: UpOptions): Promise<Run>;
  refresh(): Promise<Run>;
  destroy(): Promise<Run>;
  outputs(): Promise<Bag>;
  /** Our resources in the state, by name. */
  resources(): Promise<Record<string, StateResource>>;
  /** The state as it lies in the backend, secrets encrypted. */
  stateText(): Promise<string>;
  /** The state as `pulumi stack export` has it. */
  export(): Promise<object>;
  /** Puts a state in place of this stack's own. */
  import(state: object): Promise<void>;
  setConfig(config: Record<string, string>): Promise<void>;
  /** `pulumi state delete`: the engine forgets a resource, and its provider is told nothing. */
  deleteFromState(name: string): Promise<void>;
  /** `pulumi state taint`: the next `up` replaces it. */
  taint(name: string): Promise<void>;
  /** `pulumi state rename`. */
  renameInState(name: string, newName: string): Promise<void>;
  /** `pulumi stack rename`. */
  renameStack(newName: string): Promise<void>;
  /** Takes the lock away that a killed CLI has left. */
  cancel(): Promise<void>;
  /** What the program in a file declares from now on; the other kind of program is given to `up` itself. */
  declare(restores: Declared): Promise<void>;
  remove(): Promise<void>;
}

export const cliRoot = process.env["VB365_PULUMI_CLI_ROOT"] ?? join(homedir(), ".pulumi", "versions", "3.259.0");

/** Settings of a stack for a simulator. The version is pinned unless a test is about versions: what is counted then, are restores. */
export function configOf(simulator: Simulator, apiVersion = "v3"): Record<string, string> {
  return {
    endpoint: simulator.endpoint,
    apiVersion,
    username: simulator.username,
    password: simulator.password,
    caCert: simulator.caCert,
    exchangeUserName: simulator.exchange.userName,
    exchangeUserPassword: simulator.exchange.userPassword,
  };
}

const secrets = new Set(["password", "exchangeUserPassword", "assertion"]);

/**
 * @param program - a function, which runs in this process; or restores, which are declared by a program in processes of its own, as under
 *   plain `pulumi up`. The one to kill is the second: a function is left with broken calls
 */
export async function aStack(
  program: PulumiFn | Declared,
  config: Record<string, string>,
  { name: stackName = "test", backendUrl }: StackPlace = {},
): Promise<TestStack> {
  const workspace = await aWorkspace();
  const backend = join(workspace.path, "backend");
  await mkdir(backend);
  const pulumiCommand = await PulumiCommand.get({ root: cliRoot });
  const envVars = {
    PULUMI_BACKEND_URL: backendUrl ?? `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const options = { workDir: workspace.path, pulumiCommand, envVars };
  const declare = (restores: Declared) => writeFile(join(workspace.path, "declared.json"), JSON.stringify(restores));
  let stack: Stack;
  if (typeof program === "function") {
    stack = await LocalWorkspace.createStack({ stackName, projectName: "vb365-test", program }, options);
  } else {
    await writeFile(join(workspace.path, "Pulumi.yaml"), JSON.stringify(projectInFile));
    await writeFile(join(workspace.path, "index.js"), programInFile);
    await declare(program);
    stack = await LocalWorkspace.createStack({ stackName, workDir: workspace.path }, options);
  }
  // An inline program's providers run in this process's own folder, so the default would be shared by all stacks.
  const journalDir = join(workspace.path, "journal");
  await setConfig(stack, { journalDir, ...config });

  const use = (next?: PulumiFn) => {
    if (next !== undefined) {
      stack.workspace.program = next;
    }
  };
  const resources = async () => {
    const { deployment } = (await stack.exportStack()) as { deployment: { resources?: StateResource[] } };
    const ours = (deployment.resources ?? []).filter(({ type }) => type.startsWith("pulumi-nodejs:dynamic/vb365:"));
    return Object.fromEntries(ours.map((resource) => [nameIn(resource.urn), resource]));
  };
  const editState = async (command: string, name: string, ...more: string[]) => {
    const { urn } = (await resources())[name] ?? {};
    if (urn === undefined) {
      throw new Error(`${name} is not in the state`);
    }
    const args = ["state", command, urn, ...more, "--yes", "--stack", stack.name];
    await promisify(execFile)(pulumiCommand.command, args, {
      cwd: workspace.path,
      env: { ...process.env, ...envVars },
    });
  };
  return {
    folder: workspace.path,
    journalDir,
    preview: (next, more = {}) => {
      use(next);
      return run((options) => stack.preview({ ...options, ...more }));
    },
    up: (next, more = {}) => {
      use(next);
      return run((options) => stack.up({ ...options, ...more }));
    },
    refresh: () => run((options) => stack.refresh(options)),
    destroy: () => run((options) => stack.destroy(options)),
    async outputs() {
      const outputs = await stack.outputs();
      return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value as unknown]));
    },
    resources,
    stateText: () => readFile(join(backend, ".pulumi", "stacks", "vb365-test", `${stack.name}.json`), "utf8"),
    setConfig: (next) => setConfig(stack, { journalDir, ...next }),
    deleteFromState: (name) => editState("delete", name),
    taint: (name) => editState("taint", name),
    renameInState: (name, newName) => editState("rename", name, newName),
    renameStack: async (stackName) => void (await stack.rename({ stackName })),
    cancel: () => stack.cancel(),
    declare,
    export: () => stack.exportStack(),
    import: (state) => stack.importStack(state as Parameters<Stack["importStack"]>[0]),
    remove: workspace.remove,
  };
}

const projectInFile = {
  name: "vb365-test",
  runtime: { name: "nodejs", options: { typescript: false } },
  main: "index.js",
};
const programInFile = `const vb365 = require("pulumi-vb365");
for (const [name, { kind = "MailboxRestore", ...args }] of Object.entries(require("./declared.json"))) {
  new vb365[kind](name, args);
}
`;

/** A simulator and a stack of its own for all tests of a block; each test gives the stack its program. */
export function useStack(): { readonly simulator: Simulator; readonly stack: TestStack } {
  const used = {} as { simulator: Simulator; stack: TestStack };
  before(async () => {
    used.simulator = await startSimulator();
    used.stack = await aStack(async () => ({}), configOf(used.simulator));
  });
  after(async () => {
    await used.simulator?.stop();
    await used.stack?.remove();
  });
  return used;
}

/** What a person types a command of the CLI with, in a folder whose `backend` holds the states. */
export const typingIn = (folder: string) => ({
  ...process.env,
  PATH: `${join(cliRoot, "bin")}${delimiter}${process.env["PATH"]}`,
  PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
  PULUMI_CONFIG_PASSPHRASE: "typed-by-a-user",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
});

async function setConfig(stack: Stack, config: Record<string, string>): Promise<void> {
  const entries = Object.entries(config).map(([key, value]) => [`vb365:${key}`, { value, secret: secrets.has(key) }]);
  await stack.setAllConfig(Object.fromEntries(entries) as Parameters<Stack["setAllConfig"]>[0]);
}

interface RunOptions {
  onOutput(text: string): void;
  onError(text: string): void;
  onEvent(event: {
    resourcePreEvent?: { metadata: { op: string; urn: string; type: string } };
    diagnosticEvent?: { urn?: string; message: string };
  }): void;
  color: "never";
}

async function run(operation: (options: RunOptions) => Promise<unknown>): Promise<Run> {
  const printed: string[] = [];
  const operations: Record<string, string> = {};
  const said: Record<string, string[]> = {};
  const options: RunOptions = {
    color: "never",
    onOutput: (text) => void printed.push(text),
    onError: (text) => void printed.push(text),
    onEvent({ resourcePreEvent, diagnosticEvent }) {
      if (diagnosticEvent?.urn) {
        const { urn, message } = diagnosticEvent;
        (said[nameIn(urn)] ??= []).push(message.replace(/<\{%[^%]*%\}>/g, "").trim());
      }
      if (resourcePreEvent?.metadata.type.startsWith("pulumi-nodejs:dynamic/vb365:")) {
        const { op, urn } = resourcePreEvent.metadata;
        // A replace is announced as three steps; the one that says so is the one to keep.
        const steps = new Set(["create-replacement", "delete-replaced"]);
        if (!(steps.has(op) && operations[nameIn(urn)] === "replace")) {
          operations[nameIn(urn)] = op;
        }
      }
    },
  };
  try {
    await operation(options);
    return { ok: true, text: printed.join(""), operations, said };
  } catch (error) {
    return {
      ok: false,
      text: `${printed.join("")}\n${error instanceof Error ? error.message : String(error)}`,
      operations,
      said,
    };
  }
}

const nameIn = (urn: string) => urn.split("::").at(-1) ?? urn;
