// npm run drill:shards: a recovery drill in four parts on four runners that share a PostgreSQL backend, one of them killed in the middle.
// `--mailboxes N` says how many there are, `--folder PATH` where the evidence goes.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { installDebianPackage } from "./apt.mjs";
import { root } from "./paths.mjs";
import { setup } from "./setup.mjs";
import { StepError, main } from "./steps.mjs";

/** Debian keeps the programs of each version here, and off the PATH. */
const DEBIAN_FOLDER = "/usr/lib/postgresql";

await main(async () => {
  const cli = await setup();
  const postgres = findPostgres() ?? (await installPostgres());
  const env = {
    ...process.env,
    VB365_PULUMI_CLI_ROOT: cli.root,
    PATH: `${cli.bin}${path.delimiter}${process.env.PATH}`,
  };
  const args = ["--import", "tsx", "test/drills/shards.ts", "--postgres", postgres, ...process.argv.slice(2)];
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: "inherit" });
    // A ^C reaches it, too, and it has things to put away first.
    process.on("SIGINT", () => {}).on("SIGTERM", (signal) => child.kill(signal));
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
});

/** The folder with `initdb` and `postgres`: the newest of Debian's, or one of the PATH. */
function findPostgres() {
  const versions = fs.existsSync(DEBIAN_FOLDER) ? fs.readdirSync(DEBIAN_FOLDER) : [];
  const newestFirst = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => path.join(DEBIAN_FOLDER, name, "bin"));
  const onPath = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return [...newestFirst, ...onPath].find((folder) =>
    ["initdb", "postgres"].every((name) => fs.existsSync(path.join(folder, name))),
  );
}

async function installPostgres() {
  const advice = "Install PostgreSQL so that `initdb` and `postgres` are on PATH, and run this again.";
  await installDebianPackage("postgresql", { missing: "There is no PostgreSQL on this machine", advice });
  const found = findPostgres();
  if (found === undefined) throw new StepError(`postgresql was installed and is not to be found. ${advice}`);
  return found;
}
