// The test runner that Stryker loads into its processes: mocha, on the TypeScript sources, with one mutant switched on at a time.
// Stryker's own runner knows mocha 12 only in versions that no longer run on Node 20.
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { INSTRUMENTER_CONSTANTS } from "@stryker-mutator/api/core";
import { PluginKind, declareFactoryPlugin } from "@stryker-mutator/api/plugin";
import {
  DryRunStatus,
  TestStatus,
  determineHitLimitReached,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import Mocha from "mocha";

import { isOfItsOwnProcess, isSlow, isThorough, specs } from "./specs.mjs";

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "mocha-in-process", createRunner)];

/** Many times what the longest of the tests takes, in milliseconds: what lasts longer never ends. */
const limitMs = 3000;

function createRunner() {
  // What the mutated sources and we tell each other.
  const instrumented = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});
  const mocha = new Mocha({ reporter: class {} });
  mocha.cleanReferencesAfterRun(false);
  let isLoaded = false;
  let namesTests = false;
  let isWorn = false;
  mocha.suite.beforeEach(function () {
    instrumented.currentTestId = namesTests ? this.currentTest.fullTitle() : undefined;
  });

  async function run(bail, mutant) {
    if (!isLoaded) {
      instrumented.activeMutant = mutant?.isStatic ? mutant.id : undefined;
      await takeInProcess(mocha);
      specs().forEach((spec) => mocha.addFile(path.resolve(spec)));
      mocha.loadFiles();
      isLoaded = true;
    }
    setBail(mocha.suite, bail);
    // The run without a mutant is to succeed on a busy machine, too.
    mocha.suite.eachTest((test) => test.timeout(mutant === undefined ? 0 : limitMs));
    instrumented.activeMutant = mutant?.id;
    return { status: DryRunStatus.Complete, tests: await testsOf(mocha) };
  }

  return {
    // What Node has loaded stays loaded: a mutant in code that runs at loading needs a new process.
    capabilities: () => ({ reloadEnvironment: false }),
    async dryRun({ coverageAnalysis, disableBail }) {
      namesTests = coverageAnalysis === "perTest";
      const result = await run(!disableBail);
      namesTests = false;
      return { ...result, ...(coverageAnalysis !== "off" && { mutantCoverage: instrumented.mutantCoverage }) };
    },
    async mutantRun({ activeMutant, testFilter, disableBail, hitLimit, mutantActivation }) {
      if (isWorn) {
        // Stryker gives the mutant to a new process.
        throw new Error("what a mutant has left undone may still go on in this process");
      }
      instrumented.hitLimit = hitLimit;
      instrumented.hitCount = hitLimit === undefined ? undefined : 0;
      mocha.grep(testFilter === undefined ? /(?:)/ : new RegExp(fewOf(testFilter, mocha).map(exactly).join("|")));
      const result = await run(!disableBail, { id: activeMutant.id, isStatic: mutantActivation === "static" });
      isWorn = result.tests.some(({ isLasting }) => isLasting);
      return toMutantRunResult(determineHitLimitReached(instrumented.hitCount, instrumented.hitLimit) ?? result);
    },
  };
}

/** All quick tests, and of those with a server of their own a few, spread over all: a survivor would meet every one of them. */
function fewOf(titles, mocha) {
  const slow = new Set();
  mocha.suite.eachTest((test) => isSlow(path.relative(".", test.file)) && slow.add(test.fullTitle()));
  const long = titles.filter((title) => slow.has(title));
  const step = Math.max(1, long.length / mostSlow);
  const chosen = Array.from({ length: Math.min(long.length, mostSlow) }, (_, index) => long[Math.floor(index * step)]);
  return [...titles.filter((title) => !slow.has(title)), ...chosen];
}
const mostSlow = isThorough ? Number.POSITIVE_INFINITY : 3;

/** Tests that start a provider process get its parts in this one, where the mutant is. */
async function takeInProcess(mocha) {
  const require = createRequire(path.resolve("package.json"));
  const { startInProcess } = require(path.resolve("test/mutation/in-process.ts"));
  const helper = require.resolve("./test/helpers/host.ts");
  const own = require(helper);
  let current;
  mocha.suite.beforeEach(function () {
    current = this.currentTest;
    if (isOfItsOwnProcess(current.title)) this.skip();
  });
  const root = path.resolve(".");
  mocha.suite.afterEach(() => process.chdir(root));
  const startHost = (config, options) => startInProcess(config, options ?? {}, () => current.skip());
  require.cache[helper].exports = { ...own, startHost };

  // A certificate for each of the servers of a hundred thousand tests would be a good part of the time.
  const certificates = require.resolve("./simulator/certificates.ts");
  const { makeCertificates } = require(certificates);
  const made = new Map();
  require.cache[certificates].exports = {
    makeCertificates(hostNames) {
      const key = JSON.stringify(hostNames);
      if (!made.has(key)) made.set(key, makeCertificates(hostNames));
      return made.get(key);
    },
  };
}

/** Runs what was loaded, and answers what became of each test. */
function testsOf(mocha) {
  const tests = [];
  return new Promise((resolve) => {
    const runner = mocha.run(() => resolve(tests));
    const tell = (test, status, failureMessage) => {
      // A hook that fails has a title of its own, which nobody could ask for.
      const name = (test.ctx?.currentTest ?? test).fullTitle();
      tests.push({
        id: name,
        name,
        status,
        timeSpentMs: test.duration ?? 0,
        ...(failureMessage && { failureMessage }),
      });
    };
    runner.on("pass", (test) => tell(test, TestStatus.Success));
    runner.on("fail", (test, error) => tell(test, TestStatus.Failed, error.stack || String(error)));
  });
}

function setBail(suite, bail) {
  suite.bail(bail);
  suite.suites.forEach((inner) => setBail(inner, bail));
}

const exactly = (title) => `^${title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
