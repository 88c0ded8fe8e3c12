// npm run faults: every fault at every request of every action in every version; prints the matrix. A quarter of an hour.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/faults/run.ts", process.argv.slice(2), await setup());
});
