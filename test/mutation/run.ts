/**
 * Mutation testing: npm run mutation -- [--write] [--thorough] [options of Stryker]. Prints the score of each file; --write puts it into
 * docs/reliability.md; with --thorough a mutant meets every test that passes its line. A run of some files (`--mutate`) leaves the scores
 * of the others as they were. All else goes to Stryker.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { scoresSoFar, scoresTable, writePage } from "./page";

const root = resolve(__dirname, "../..");
const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const others = args.filter((arg) => !["--write", "--thorough"].includes(arg));
  const config = join(root, "test/mutation/stryker.config.mjs");
  const child = spawn(process.execPath, [stryker, "run", config, ...others], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...(args.includes("--thorough") ? { VB365_MUTATION_THOROUGH: "1" } : {}) },
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(`Stryker ended with exit ${code ?? "by a signal"}; its output is above.`);
  }
  const scores = await scoresSoFar();
  console.log(scoresTable(scores));
  if (args.includes("--write")) {
    await writePage(scores);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
