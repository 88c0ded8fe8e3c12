import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { startSimulator } from "../../simulator";
import { aStack, configOf } from "../helpers/engine";
import { servers, versions } from "../helpers/versions";

/** As it stands in examples/quickstart. */
const quickstart = createRequire(__filename)(resolve(__dirname, "../../examples/quickstart/index.ts")) as PulumiFn;

describe("one program, unchanged, on servers of every version", () => {
  // The example writes its file relative to the folder in which it runs.
  const here = process.cwd();

  for (const version of versions) {
    it(`restores: ${version}`, async () => {
      const simulator = await startSimulator({ apiVersions: servers[version] });
      const stack = await aStack(quickstart, configOf(simulator, "auto"));
      process.chdir(stack.folder);
      try {
        const up = await stack.up();
        assert.ok(up.ok, up.text);
        const results = Object.values(await stack.outputs()) as { outcome: string }[];
        assert.deepEqual(
          results.map(({ outcome }) => outcome),
          ["Succeeded", "Succeeded", "Succeeded"],
        );
        const used = new Set(Object.values(await stack.resources()).map(({ outputs }) => outputs?.["apiVersion"]));
        assert.deepEqual([...used], [version]);
        assert.deepEqual([simulator.writes.length, simulator.exports.length, simulator.logins], [2, 1, 1]);
        assert.deepEqual([simulator.openSessions, simulator.unknown], [[], []]);
      } finally {
        process.chdir(here);
        await simulator.stop();
        await stack.remove();
      }
    });
  }
});
