// npm run bench:NAME: one of the benchmarks of test/benchmarks, with what it needs set up; the rest of the line is for it.
import "./node-version.mjs";
import { spawn } from "node:child_process";

import { root } from "./paths.mjs";
import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  await setup();
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", `test/benchmarks/${name}.ts`, ...args], {
      cwd: root,
      stdio: "inherit",
    });
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
});
