// npm run faults: every fault at every request of every action in every version; prints the matrix. A quarter of an hour.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

// The thread that writes files is TypeScript, too, and a thread is loaded by what its process was started with.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --require tsx/cjs`.trim();

await main(async () => {
  process.exitCode = await runTypeScript("test/faults/run.ts", process.argv.slice(2), await setup());
});
