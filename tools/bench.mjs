// npm run bench:NAME: one of the benchmarks of test/benchmarks, with what it needs set up; the rest of the line is for it.
import "./node-version.mjs";

import { setup } from "./setup.mjs";
import { main } from "./steps.mjs";
import { runTypeScript } from "./typescript.mjs";

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  process.exitCode = await runTypeScript(`test/benchmarks/${name}.ts`, args, await setup());
});
