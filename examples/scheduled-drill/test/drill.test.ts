import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { defaultOrganizations, type Simulator, startSimulator } from "pulumi-vb365/simulator";
import scheduledDrill = require("../index");
import { aStack, failureOf } from "./stack";

const list = resolve(__dirname, "../drill.csv");

describe("the scheduled drill", () => {
  let simulator: Simulator;
  let stack: Awaited<ReturnType<typeof aStack>>;
  /** A drill of one night, whose backup is two hours old. */
  const drillOf = async (date: string) => {
    await stack.setConfig("runbook:date", { value: date });
    return stack.up();
  };

  beforeEach(async () => {
    const lastBackupTime = new Date(Date.now() - 2 * 3_600_000).toISOString();
    simulator = await startSimulator({
      organizations: defaultOrganizations().map((organization) => ({ ...organization, lastBackupTime })),
    });
    stack = await aStack(scheduledDrill, "nightly", {
      ...simulator.stackConfig,
      "runbook:organization": { value: "contoso.example" },
      "runbook:mailboxesFile": { value: list },
    });
  });
  afterEach(async () => {
    await simulator.stop();
    await stack.remove();
  });

  it("passes, exports each mailbox, and leaves evidence that a pipeline can keep", async () => {
    const { outputs } = await drillOf("2026-11-25");
    assert.equal(outputs["verdict"]?.value, "Passed");
    assert.equal(simulator.sent.length, 4);
    assert.ok(simulator.sent.every(({ action }) => action === "exportToPst"));
    const junit = await readFile(join(stack.folder, "evidence/nightly-2026-11-25.junit.xml"), "utf8");
    assert.match(junit, /tests="\d+"/);
    assert.ok(existsSync(join(stack.folder, "evidence/nightly-2026-11-25.html")));
  });

  it("is another drill the next night: the evidence of both stays, and yesterday's exports go", async () => {
    await drillOf("2026-11-25");
    await drillOf("2026-11-25");
    assert.equal(simulator.sent.length, 4, "the same night is the same drill");
    await drillOf("2026-11-26");
    assert.equal(simulator.sent.length, 8);
    for (const date of ["2026-11-25", "2026-11-26"]) {
      assert.ok(existsSync(join(stack.folder, `evidence/nightly-${date}.json`)), date);
    }
  });

  it("fails the run when an objective is missed, after the evidence is written, and names it", async () => {
    await stack.setConfig("runbook:rpo", { value: "1h" });
    assert.match(await failureOf(drillOf("2026-11-25")), /rpo|RPO/);
    assert.ok(existsSync(join(stack.folder, "evidence/nightly-2026-11-25.json")));
  });

  it("says that the date comes from outside", async () => {
    assert.match(await failureOf(drillOf("today")), /date must be a day like/);
    assert.deepEqual(simulator.sent, []);
  });
});
