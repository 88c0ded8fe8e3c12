// npm run soak: restores and exports without pause for half an hour, with random faults, or for as long as --minutes or --hours says.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  process.exitCode = await runTypeScript("test/soak/run.ts", process.argv.slice(2), await setup());
});
