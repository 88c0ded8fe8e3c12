/** Hostile input: npm run fuzz -- [--cases N], so many cases in all; default 100,000. Ends with 1 at the first that is not held. */
import { parseArgs } from "node:util";
import { properties } from "./properties";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { cases: { type: "string", default: "100000" } } });
  const all = await properties();
  const each = Math.ceil(Number(values.cases) / all.length);
  if (!Number.isInteger(each) || each < 1) {
    throw new Error(`--cases must be a number from 1, not ${values.cases}`);
  }
  let done = 0;
  for (const { name, run } of all) {
    const before = process.memoryUsage().rss;
    const begun = process.cpuUsage();
    await run(each);
    done += each;
    const { user, system } = process.cpuUsage(begun);
    const grown = Math.max(0, process.memoryUsage().rss - before) / 2 ** 20;
    console.log(
      `ok  ${String(each).padStart(7)}  ${name} (${((user + system) / 1e6).toFixed(1)} s of CPU, ${grown.toFixed(0)} MiB more)`,
    );
  }
  console.log(`${done} cases, every one taken or refused in words.`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
