// Runs a TypeScript file of this repository, with the Pulumi CLI that the set-up has found.
import { spawn } from "node:child_process";
import path from "node:path";

import { root } from "./paths.mjs";

/**
 * Runs it to its end, in the foreground.
 *
 * @param cli - what `setup` answered
 * @returns its exit code
 */
export function runTypeScript(file, args, cli) {
  const env = {
    ...process.env,
    VB365_PULUMI_CLI_ROOT: cli.root,
    PATH: `${cli.bin}${path.delimiter}${process.env.PATH}`,
  };
  return new Promise((resolve, reject) => {
    // By `--require`, which the threads that it starts get, too: those of `--import` would not know a .ts file.
    const child = spawn(process.execPath, ["--require", "tsx/cjs", file, ...args], {
      cwd: root,
      env,
      stdio: "inherit",
    });
    // A ^C reaches it, too, and it may have things to put away first.
    process.on("SIGINT", () => {}).on("SIGTERM", (signal) => child.kill(signal));
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
}
