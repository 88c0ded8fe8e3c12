// npm run drill: a recovery drill with failures and a kill, on the real engine, against a simulated server; prints what came of it.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import path from "node:path";

import { root } from "./paths.mjs";
import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";

await main(async () => {
  const cli = await setup();
  const env = {
    ...process.env,
    VB365_PULUMI_CLI_ROOT: cli.root,
    PATH: `${cli.bin}${path.delimiter}${process.env.PATH}`,
  };
  const args = ["--import", "tsx", "test/drills/drill.ts", ...process.argv.slice(2)];
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: "inherit" });
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
});
