// npm run portability: the tests under the newest Node 20, 22 and 24, with the npm of each, from the npm registry; ends with a table.
// `--node 22` takes one, `--whole` every test, `-- test/unit` those that are named, `--write` puts the table into docs/reliability.md.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { root, stateFolder } from "./paths.mjs";
import { setup } from "./setup.mjs";
import { StepError, main, mustRun, npm, say } from "./steps.mjs";

/** The Nodes, and the npm that each of them brings along. */
const NPM_OF = { 20: 10, 22: 10, 24: 11 };

/** What depends on Node: all but types, lint, format, and the longer lives of stacks. What takes long begins first. */
const TESTS = [
  ...["package", "host"].map((kind) => `test/${kind}`),
  ...["lifecycle", "kills", "node-version"].map((name) => `test/engine/${name}.test.ts`),
  "test/examples/templates.test.ts",
  ...["cli", "contract", "unit"].map((kind) => `test/${kind}`),
];

const HEAD = ["Node", "npm", "pnpm", "@pulumi/pulumi", "tests", "passed", "failed"];

await main(async () => {
  const { majors, whole, write, named } = readFlags(process.argv.slice(2));
  await setup();
  const rows = [];
  for (const major of majors) rows.push(await runWith(await getNode(major), { whole, named }));
  const { markdownTable } = await import("markdown-table");
  const tableOf = (some) => markdownTable([HEAD, ...some.map(cellsOf)]);
  console.log(`\n${tableOf(rows)}`);
  if (write) writePage(tableOf(Object.keys(NPM_OF).flatMap((major) => lastRun(major) ?? [])));
  if (rows.some(({ isGood }) => !isGood)) process.exitCode = 1;
});

function readFlags(args) {
  const usage = "Usage: npm run portability -- [--node MAJOR]… [--whole] [--write] [-- TESTS…]";
  let parsed;
  try {
    const options = {
      node: { type: "string", multiple: true },
      whole: { type: "boolean" },
      write: { type: "boolean" },
    };
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new StepError(`${error.message}\n${usage}`);
  }
  const { node = Object.keys(NPM_OF), whole = false, write = false } = parsed.values;
  const unknown = node.find((major) => !Object.hasOwn(NPM_OF, major));
  if (unknown) throw new StepError(`Node ${unknown} is none of ${Object.keys(NPM_OF).join(", ")}.\n${usage}`);
  if (parsed.positionals.length > 0 && (whole || write)) {
    throw new StepError(`A page tells of whole runs: no tests can be named beside --whole and --write.\n${usage}`);
  }
  return { majors: node, whole, write, named: parsed.positionals };
}

/**
 * A Node and its npm in the state folder, the newest that the registry has; without a registry, what an earlier run left there.
 *
 * @returns `{major, folder, node, npmScript, path}`: `path` are the folders with the two programs.
 */
async function getNode(major) {
  const folder = path.join(stateFolder, "node", major);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const bin = path.join(folder, "node_modules", name, "bin");
  const node = path.join(bin, process.platform === "win32" ? "node.exe" : "node");
  const npmScript = path.join(folder, "node_modules/npm/bin/npm-cli.js");
  try {
    const version = newestOf(await view(`${name}@${major}`, "version"));
    const npmVersion = newestOf(await view(`npm@${NPM_OF[major]}`, "version"));
    if (versionIn(folder, name) !== version || versionIn(folder, "npm") !== npmVersion) {
      say(`Getting Node ${version} and npm ${npmVersion} from the npm registry …`);
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, "package.json"), '{ "private": true }\n');
      const wanted = [`${name}@${version}`, `npm@${npmVersion}`];
      const flags = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
      const [command, args] = npm("install", "--prefix", folder, ...flags, ...wanted);
      await mustRun("npm install", command, args, {
        cwd: folder,
        advice: "Look at the registry in your npm settings.",
      });
    }
  } catch (error) {
    if (!fs.existsSync(node) || !fs.existsSync(npmScript)) throw error;
    say(`${error.message.split("\n").at(-1)}\nNode ${major} of an earlier run is used.`);
  }
  return { major, folder, node, npmScript, path: [bin, path.join(folder, "node_modules/.bin")] };
}

/** Runs the tests under it, in the foreground, and answers with the row of the table. */
async function runWith({ major, folder, node, npmScript, path: folders }, { whole, named }) {
  const pinned = versionIn(root, "@pulumi/pulumi");
  const newest = await newestPulumi(major, pinned);
  const env = {
    ...process.env,
    // First: the language host, the providers and the package managers are found or started through it.
    PATH: [...folders, process.env.PATH].join(path.delimiter),
    // Every combination of package manager, SDK and kind of program: test/package/install.test.ts.
    VB365_NEWEST_PULUMI: newest,
  };
  for (const name of Object.keys(env)) if (/^npm_/i.test(name)) delete env[name];
  const versions = {
    node: (await mustRun(node, node, ["--version"])).trim().slice(1),
    npm: versionIn(folder, "npm"),
    pnpm: versionIn(root, "pnpm"),
    pulumi: `${pinned}; installed: ${oldestPulumi()} and ${newest}`,
  };
  say(`\nNode ${versions.node}, npm ${versions.npm}, pnpm ${versions.pnpm}, @pulumi/pulumi ${versions.pulumi}`);
  const parallel = ["--parallel", "--jobs", String(os.availableParallelism())];
  const tests = whole ? [] : ["--", ...(named.length > 0 ? named : [...parallel, ...TESTS])];
  const { code, output } = await inForeground(node, [npmScript, "test", "--silent", ...tests], env);
  const [, passed = "0", failed = "?"] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
  const row = { ...versions, tests: whole ? "all" : "what depends on Node", passed, failed, isGood: code === 0 };
  if (named.length > 0) return { ...row, tests: named.join(" ") };
  fs.writeFileSync(path.join(folder, "result.json"), `${JSON.stringify(row)}\n`);
  return row;
}

function cellsOf({ node, npm, pnpm, pulumi, tests, passed, failed }) {
  return [node, npm, pnpm, pulumi, tests, passed, failed];
}

/** What the last run of this Node came to, of those without named tests. */
function lastRun(major) {
  const file = path.join(stateFolder, "node", major, "result.json");
  return fs.existsSync(file) ? [JSON.parse(fs.readFileSync(file, "utf8"))] : undefined;
}

function writePage(table) {
  const file = path.join(root, "docs/reliability.md");
  const page = fs.readFileSync(file, "utf8");
  const marks = /(<!-- portability -->\n)[^]*?(<!-- end -->)/;
  fs.writeFileSync(
    file,
    page.replace(marks, (_, begin, end) => `${begin}\n${table}\n\n${end}`),
  );
  say("The table stands in docs/reliability.md.");
}

/** The newest SDK that is published, where this Node can run it; else the one of this repository. */
async function newestPulumi(major, pinned) {
  const { version, engines } = await view("@pulumi/pulumi", "version", "engines").catch(() => ({ version: pinned }));
  const [, least = "0"] = /(\d+)/.exec(engines?.node ?? "") ?? [];
  return Number(least) <= Number(major) ? version : pinned;
}

function oldestPulumi() {
  const { peerDependencies } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  return peerDependencies["@pulumi/pulumi"].replace("^", "");
}

/** What the registry says of a package. */
async function view(...what) {
  const [command, args] = npm("view", "--json", ...what);
  return JSON.parse(await mustRun(`npm view ${what[0]}`, command, args, { advice: "Is the npm registry there?" }));
}

function newestOf(versions) {
  return [versions]
    .flat()
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
}

function versionIn(folder, name) {
  const file = path.join(folder, "node_modules", name, "package.json");
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).version : undefined;
}

/** Shows what it prints, and keeps it. */
function inForeground(command, args, env) {
  const child = spawn(command, args, { cwd: root, env, stdio: ["inherit", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  // A ^C at the terminal reaches the tests, too, which end in order; we wait for them.
  process.on("SIGINT", () => {}).on("SIGTERM", (signal) => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, output }));
  });
}
