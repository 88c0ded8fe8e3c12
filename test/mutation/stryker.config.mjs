// What npm run mutation does, unless its options say otherwise; paths are those of the repository's root.
const state = ".vb365/mutation";

export default {
  mutate: ["provider/restore/**/*.ts", "provider/resources/**/*.ts"],
  // Most strings are words to people, which tests leave free; where one decides, its comparison is mutated anyway.
  mutator: { excludedMutations: ["StringLiteral"] },
  testRunner: "mocha-in-process",
  plugins: ["./test/mutation/runner.mjs"],
  testRunnerNodeArgs: ["--require", "tsx/cjs"],
  coverageAnalysis: "perTest",
  // A mutant in what runs at loading needs a process of its own and every test: minutes for tables of names and schemas.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 5000,
  timeoutFactor: 1.5,
  ignorePatterns: ["/dist", "/.vb365", "/docs", "/.git*", "*.tgz"],
  tempDirName: `${state}/sandbox`,
  reporters: ["html", "json", "progress-append-only"],
  htmlReporter: { fileName: `${state}/report.html` },
  jsonReporter: { fileName: `${state}/report.json` },
  incrementalFile: `${state}/incremental.json`,
  // The score is something to read, not a gate.
  thresholds: { break: null },
  allowConsoleColors: false,
};
