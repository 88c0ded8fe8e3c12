// npm start: three restores from a simulated server, declared in examples/quickstart and carried out by a real Pulumi.
// A second run sends nothing. `npm start -- --fresh` forgets the first one.
import "./node-version.mjs";
import { createRequire } from "node:module";

import { withLock } from "./lock.mjs";
import { watchForInterrupt } from "./quickstart/interrupt.mjs";
import { forget, runLock } from "./quickstart/place.mjs";
import { openStack } from "./quickstart/stack.mjs";
import { countSuccesses, describeRequests, describeResults } from "./quickstart/summary.mjs";
import { setup } from "./setup.mjs";
import { StepError, main, say } from "./steps.mjs";

const require = createRequire(import.meta.url);

await main(async () => {
  const { fresh } = readFlags(process.argv.slice(2));
  const cli = await setup();
  await withLock(runLock, "npm start", async () => {
    if (fresh) forget();
    await runQuickstart(cli);
  });
});

async function runQuickstart(cli) {
  const { startSimulator } = require("../dist/simulator/index.js");
  // With counters, as v3 was seen to answer; the default is the empty answer that its reference documents.
  const simulator = await startSimulator({ restoreAnswer: "counters" });
  const interrupt = watchForInterrupt();
  try {
    say(`Simulated server at ${simulator.endpoint} (no account, no cloud, nothing outside of this machine)\n`);
    const stack = await openStack(cli, simulator);
    const options = {
      color: process.stdout.isTTY && !process.env.NO_COLOR ? "always" : "never",
      suppressProgress: true,
      suppressOutputs: true,
      onOutput: interrupt.show(process.stdout),
      onError: interrupt.show(process.stderr),
      signal: interrupt.signal,
    };
    await operate("pulumi preview", interrupt, () => stack.preview(options));
    const { outputs } = await operate("pulumi up", interrupt, () => stack.up(options));
    report(outputs, simulator);
  } finally {
    interrupt.stop();
    await simulator.stop();
  }
}

/** One operation of the stack. The CLI has shown its own errors by the time it fails; what is left is what to do. */
async function operate(what, interrupt, work) {
  try {
    if (!interrupt.interrupted) return await work();
  } catch (error) {
    if (!interrupt.interrupted) {
      throw new StepError(
        `${what} failed: ${reasonOf(error)}\nnpm start tries again; npm start -- --fresh begins anew.`,
      );
    }
  }
  const stopped = new StepError(
    "Stopped as asked. npm start goes on from here; what was carried out is not sent again.",
  );
  throw Object.assign(stopped, { exitCode: 130 });
}

/** Errors of the Automation API hold the whole output of the CLI, which is on the screen already: one line is enough. */
function reasonOf(error) {
  const lines = String(error.message)
    .split("\n")
    .map((line) => line.trim());
  // The last error of the CLI says that the operation failed, which is known; the ones before it say why.
  const told = lines.filter((line) => line.startsWith("error:") && !/^error: (update|preview) failed/.test(line));
  return (told[0] ?? lines[0]).replace(/^error: /, "");
}

function report(outputs, simulator) {
  console.log(describeResults(outputs).join("\n"));
  console.log(`\n${describeRequests(simulator)}\n`);
  console.log("npm start             again: a restore that was carried out is never sent twice");
  console.log("npm start -- --fresh  forgets this run and begins anew");
  console.log("npm test              runs every test");
  const { total, succeeded } = countSuccesses(outputs);
  if (total === 0 || succeeded < total)
    throw new StepError(`${total - succeeded} of ${total} restores did not succeed.`);
}

function readFlags(args) {
  const unknown = args.find((arg) => arg !== "--fresh");
  if (unknown) throw new StepError(`npm start knows "--fresh" and nothing else; "${unknown}" was given.`);
  return { fresh: args.includes("--fresh") };
}
