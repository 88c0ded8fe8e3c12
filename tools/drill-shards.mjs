// npm run drill:shards: a recovery drill in four parts on four runners that share a PostgreSQL backend, one of them killed in the middle.
// `--mailboxes N` says how many there are, `--folder PATH` where the evidence goes.
import "./node-version.mjs";
import fs from "node:fs";
import path from "node:path";

import { installDebianPackage } from "./apt.mjs";
import { setup } from "./setup.mjs";
import { StepError, main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

/** Debian keeps the programs of each version here, and off the PATH. */
const DEBIAN_FOLDER = "/usr/lib/postgresql";

await main(async () => {
  const cli = await setup();
  const postgres = findPostgres() ?? (await installPostgres());
  const args = ["--postgres", postgres, ...process.argv.slice(2)];
  process.exitCode = await runTypeScript("test/drills/shards.ts", args, cli);
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
