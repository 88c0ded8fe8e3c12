// npm run exactly-once: kills real runs at every stage and lives random lives of a stack, on the real engine; prints what came of it.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/exactly-once/table.ts", process.argv.slice(2), await setup());
});
