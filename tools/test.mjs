// npm test: set-up, types, lint, format, then every test; the last line is "N passed, N failed".
// With arguments (a file, --grep …) only mocha runs, and gets them.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { root } from "./paths.mjs";
import { setup } from "./setup.mjs";
import { main, npm, run, say, tail } from "./steps.mjs";

const MOCHA = "node_modules/mocha/bin/mocha.js";
const CHECKS = ["types", "lint", "format:check"];

await main(async () => {
  const args = process.argv.slice(2);
  const cli = await setup();
  if (args.length > 0) say("Only the tests that were asked for; types, lint and format are part of a plain npm test.");
  const broken = args.length > 0 ? [] : await runChecks();
  const { passed, failed, skipped, titles } = await runMocha(args, cli);
  if (broken.length > 0) say(`Failed besides the tests: npm run ${broken.join(", npm run ")}; the output is above.`);
  titles.forEach((title) => say(`Failed: ${title}`));
  if (passed + failed === 0) say("No test ran, and that is a failure.");
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  if (broken.length > 0 || failed > 0 || passed === 0) process.exitCode = 1;
});

/** The checks side by side: each uses one core for some seconds. Answers the names of those that failed. */
async function runChecks() {
  const results = await Promise.all(
    CHECKS.map(async (check) => {
      const [command, args] = npm("run", "--silent", check);
      const started = Date.now();
      const { code, output } = await run(command, args);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      say(code === 0 ? `${check}: ok (${seconds} s)` : `${tail(output)}\n${check}: FAILED (exit ${code})`);
      return code === 0 ? [] : [check];
    }),
  );
  return results.flat();
}

/** Runs mocha in the foreground and answers what it counted; one failure when it ended before it had counted. */
async function runMocha(args, cli) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vb365-test-"));
  const countsFile = path.join(folder, "counts.json");
  // A file a process, as many at a time as there are cores: half of the time goes into waiting for programs and leases.
  const parallel = args.length > 0 ? [] : ["--parallel", "--jobs", String(os.availableParallelism())];
  const reporter = ["--reporter", "tools/mocha-reporter.cjs", "--reporter-option", `countsFile=${countsFile}`];
  const config = writeConfig(folder, args);
  const env = {
    ...process.env,
    VB365_PULUMI_CLI_ROOT: cli.root,
    PATH: `${cli.bin}${path.delimiter}${process.env.PATH}`,
  };
  try {
    const code = await inForeground(
      process.execPath,
      [MOCHA, "--config", config, ...parallel, ...reporter, ...args],
      env,
    );
    if (!fs.existsSync(countsFile)) {
      say(`mocha ended with exit ${code} before it had run the tests; its output is above.`);
      return { passed: 0, failed: 1, skipped: 0, titles: [] };
    }
    const { passes, failures, pending, failed } = JSON.parse(fs.readFileSync(countsFile, "utf8"));
    // Something else that went wrong, an error after the last test for example, must not pass for success.
    const unseen = failures === 0 && code !== 0 ? 1 : 0;
    if (unseen) say(`mocha ended with exit ${code}, although no test failed; its output is above.`);
    return { passed: passes, failed: failures + unseen, skipped: pending, titles: failed };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Mocha adds files of the command line to those of its configuration; who names a file wants only that one. */
function writeConfig(folder, args) {
  const { spec, ...rest } = JSON.parse(fs.readFileSync(path.join(root, ".mocharc.json"), "utf8"));
  const namesFiles = args.some((arg) => arg.endsWith(".ts") || fs.existsSync(path.join(root, arg)));
  const file = path.join(folder, "mocharc.json");
  fs.writeFileSync(
    file,
    JSON.stringify({ ...rest, ...(namesFiles ? { extension: ["ts"], recursive: true } : { spec }) }),
  );
  return file;
}

/** A ^C at the terminal reaches mocha too, which then ends its tests in order; we wait for it. */
function inForeground(command, args, env) {
  const child = spawn(command, args, { cwd: root, env, stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  process.on("SIGTERM", forward).on("SIGINT", () => {});
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
}
