// Mocha's spec reporter, which also leaves the counts, and which tests failed, in a file: mocha runs one reporter at a time,
// and the exit code alone tells neither how many tests there were nor whether there were any.
"use strict";
const fs = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class SpecWithCounts extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const failed = this.failures.map(
        (test) => `${test.fullTitle()}: ${test.err?.message?.split("\n")[0] ?? "no reason"}`,
      );
      fs.writeFileSync(options.reporterOptions.countsFile, JSON.stringify({ passes, failures, pending, failed }));
    });
  }
};
