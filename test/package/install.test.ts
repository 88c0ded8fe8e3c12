import assert from "node:assert/strict";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { type Simulator, startSimulator } from "../../simulator";
import { configOf, typingIn } from "../helpers/engine";
import { type Manifest, anEmptyFolder, pack, readManifest, root, run } from "./package";

const body = `
const restore = new vb365.MailboxRestore("finance", {
  organization: "contoso.example",
  mailbox: { email: "finance@contoso.example" },
  pointInTime: "2026-11-20T18:00:00Z",
  restoreTo: { mailbox: "support@contoso.example" },
});
`;
const programs = {
  CommonJS: {
    file: "index.js",
    text: `const vb365 = require("pulumi-vb365");${body}exports.outcome = restore.outcome;\n`,
  },
  "ES module": {
    file: "index.js",
    text: `import * as vb365 from "pulumi-vb365";${body}export const outcome = restore.outcome;\n`,
    type: "module",
  },
  TypeScript: {
    file: "index.ts",
    text: `import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";${body}export const outcome: pulumi.Output<string> = restore.outcome;\n`,
  },
};

const resolutions: Record<string, ts.CompilerOptions> = {
  classic: { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
};

// A type that did not resolve is `any`, and accepts everything: the errors that are expected here prove that it did.
const typedProgram = `
import * as vb365 from "pulumi-vb365";
import { type SimulatorOptions, startSimulator } from "pulumi-vb365/simulator";

export const session = new vb365.RestoreSession("one", { organization: "contoso.example", pointInTime: "latest" });
export const options: SimulatorOptions = { restoreAnswer: "counters" };
export const endpoint: Promise<string> = startSimulator(options).then((simulator) => simulator.endpoint);
// @ts-expect-error: no action is named
new vb365.MailboxRestore("two", { organization: "contoso.example", mailbox: { id: "1" }, pointInTime: "latest" });
// @ts-expect-error: not an answer that the simulator knows
export const wrong: SimulatorOptions = { restoreAnswer: "nothing" };
`;

/** A program's own package manager, and the version of Pulumi's SDK that it asks for. */
interface Installation {
  manager: "npm" | "pnpm";
  sdk: "newest" | "oldest";
  kinds: (keyof typeof programs)[];
}
/** What differs most; a program takes some ten seconds. */
const some: Installation[] = [
  { manager: "npm", sdk: "newest", kinds: ["CommonJS", "ES module", "TypeScript"] },
  { manager: "npm", sdk: "oldest", kinds: ["TypeScript"] },
  { manager: "pnpm", sdk: "newest", kinds: ["ES module", "TypeScript"] },
];
const all: Installation[] = (["npm", "pnpm"] as const).flatMap((manager) =>
  (["newest", "oldest"] as const).map((sdk) => ({ manager, sdk, kinds: ["CommonJS", "ES module", "TypeScript"] })),
);
/** Set by npm run portability: the newest SDK that is published for this Node. */
const newestPulumi = process.env["VB365_NEWEST_PULUMI"];

for (const { manager, sdk, kinds } of newestPulumi === undefined ? some : all) {
  describe(`installed with ${manager} beside the ${sdk} @pulumi/pulumi, in an empty folder`, () => {
    let folder: string;
    let removeFolder: () => Promise<void>;
    let dependencies: Record<string, string>;
    let simulator: Simulator;

    before(async () => {
      simulator = await startSimulator({ restoreAnswer: "counters" });
      const empty = await anEmptyFolder();
      ({ remove: removeFolder } = empty);
      folder = join(empty.path, "program");
      await mkdir(join(folder, "backend"), { recursive: true });
      dependencies = {
        "pulumi-vb365": `file:${(await pack(empty.path)).path}`,
        "@pulumi/pulumi":
          sdk === "newest" ? (newestPulumi ?? (await installedVersion("@pulumi/pulumi"))) : await oldestPulumi(),
        typescript: await installedVersion("typescript"),
      };
      await writeManifest();
      await install(manager, folder, join(empty.path, "cache"));
    });
    after(async () => {
      await simulator?.stop();
      await removeFolder?.();
    });

    const writeManifest = (more: object = {}) =>
      writeFile(
        join(folder, "package.json"),
        JSON.stringify({ name: "program", private: true, ...more, dependencies }),
      );

    const pulumi = (...args: string[]) => typePulumi(folder, args);

    for (const kind of kinds) {
      it(`restores from a program that is ${kind}`, async () => {
        const { file, text, ...more } = programs[kind];
        await Promise.all(["index.js", "index.ts"].map((other) => rm(join(folder, other), { force: true })));
        await writeFile(join(folder, file), text);
        await writeManifest({ main: file, ...more });
        await writeFile(join(folder, "Pulumi.yaml"), "name: program\nruntime: nodejs\n");
        await pulumi("stack", "init", kind.replace(" ", "-"));
        await pulumi("config", "set-all", ...configFlags(simulator));
        const writesBefore = simulator.writes.length;

        const printed = await pulumi("up", "--yes");

        assert.match(printed, /Succeeded: finance@contoso\.example, \d+ created/);
        assert.match(printed, /outcome: "Succeeded"/);
        assert.deepEqual(
          simulator.writes.slice(writesBefore).map(({ action, targetEmail }) => [action, targetEmail]),
          [["restoreTo", "support@contoso.example"]],
        );
        assert.deepEqual(simulator.openSessions, []);
      });
    }

    it("sends nothing when the last of them runs again", async () => {
      const requestsBefore = simulator.requests.length;
      assert.match(await pulumi("up", "--yes"), /2 unchanged/);
      assert.equal(simulator.requests.length, requestsBefore);
    });

    for (const [name, options] of Object.entries(resolutions)) {
      it(`has types for a program that resolves modules the ${name} way`, async () => {
        const file = join(folder, `types.${name === "nodenext" ? "mts" : "ts"}`);
        await writeFile(file, typedProgram);
        const strict = { strict: true, target: ts.ScriptTarget.ES2022, noEmit: true, types: [] };
        const problems = ts.getPreEmitDiagnostics(
          ts.createProgram([file], { ...strict, ...options, skipLibCheck: true }),
        );
        assert.deepEqual(
          problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
          [],
        );
      });
    }

    it("runs the command line", async () => {
      const { bin } = await readManifest();
      assert.deepEqual(Object.keys(bin), ["vb365"]);
      assert.match(
        await run(join(folder, "node_modules", ".bin", "vb365"), ["--help"], { cwd: folder }),
        /Usage: vb365/,
      );
    });
  });
}

/** What the repository itself runs with: of the SDK, the newest version for the oldest Node that we promise. */
async function installedVersion(name: string): Promise<string> {
  const file = createRequire(__filename).resolve(`${name}/package.json`);
  return (JSON.parse(await readFile(file, "utf8")) as Manifest).version;
}

async function oldestPulumi(): Promise<string> {
  const range = (await readManifest()).peerDependencies["@pulumi/pulumi"] ?? "";
  const [, oldest] = /^\^(\d+\.\d+\.\d+)$/.exec(range) ?? [];
  assert.ok(oldest !== undefined, `"${range}" does not say what the oldest is`);
  return oldest;
}

async function install(manager: "npm" | "pnpm", folder: string, cache: string): Promise<void> {
  // Settings of the npm that runs these tests are for the repository, not for this folder; those of the person stay.
  const { npm_config_local_prefix: _, INIT_CWD: __, ...env } = process.env;
  if (manager === "npm") {
    await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder, env });
    return;
  }
  const script = join(root, "node_modules", "pnpm", "bin", "pnpm.cjs");
  const places = { XDG_CACHE_HOME: cache, XDG_STATE_HOME: cache, XDG_DATA_HOME: cache, PNPM_HOME: cache };
  await run(process.execPath, [script, "install", "--store-dir", join(cache, "store")], {
    cwd: folder,
    env: { ...env, ...places },
  });
  // What only hangs together by accident in npm's flat folder would fail here.
  assert.deepEqual((await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith(".")).sort(), [
    "@pulumi",
    "pulumi-vb365",
    "typescript",
  ]);
}

function typePulumi(folder: string, args: string[]): Promise<string> {
  return run("pulumi", ["--non-interactive", ...args], { cwd: folder, env: typingIn(folder) });
}

function configFlags(simulator: Simulator): string[] {
  return Object.entries(configOf(simulator)).flatMap(([key, value]) => [
    /password/i.test(key) ? "--secret" : "--plaintext",
    `vb365:${key}=${value}`,
  ]);
}
