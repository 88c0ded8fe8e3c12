// npm run mutation: how many small mistakes in restores and resources the tests find; what is mutated and how, test/mutation says.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/mutation/run.ts", process.argv.slice(2), await setup());
});
