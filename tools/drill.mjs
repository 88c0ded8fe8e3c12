// npm run drill: a recovery drill with failures and a kill, on the real engine, against a simulated server; prints what came of it.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/drills/drill.ts", process.argv.slice(2), await setup());
});
