// npm run fuzz: hostile input in 100,000 cases, or in so many as --cases says.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/fuzz/run.ts", process.argv.slice(2), await setup());
});
