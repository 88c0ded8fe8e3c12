// npm run licences: what is installed with the package, and under which licences; with --write into docs/licences.md.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/package/licences.ts", process.argv.slice(2), await setup());
});
