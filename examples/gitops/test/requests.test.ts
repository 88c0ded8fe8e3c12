import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Simulator, startSimulator } from "pulumi-vb365/simulator";
import restores = require("../index");
import { aStack, failureOf } from "./stack";

const audit = {
  name: "legal-audit",
  ticket: "INC-4711",
  requestedBy: "legal department",
  mailbox: "legal@contoso.example",
  pointInTime: "2026-11-20T18:00:00Z",
  restoreTo: "support@contoso.example",
};
const check = { ...audit, name: "check", mailbox: "sales@contoso.example", restoreTo: undefined, everyMerge: true };

describe("requests", () => {
  let simulator: Simulator;
  let stack: Awaited<ReturnType<typeof aStack>>;
  /** What a merge does that leaves these requests. */
  const merge = async (requests: object[], commit = "1") => {
    await writeFile(join(stack.folder, "restores.json"), JSON.stringify(requests));
    await stack.setConfig("runbook:commit", { value: commit });
    return stack.up();
  };
  const sent = () => simulator.sent.map(({ mailbox, to = "a file" }) => `${mailbox} to ${to}`);

  beforeEach(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters" });
    stack = await aStack(restores, "dev", {
      ...simulator.stackConfig,
      "runbook:organization": { value: "contoso.example" },
    });
    await stack.setConfig("runbook:requestsFile", { value: join(stack.folder, "restores.json") });
  });
  afterEach(async () => {
    await simulator.stop();
    await stack.remove();
  });

  it("are carried out once: a later merge sends the new ones alone", async () => {
    await merge([audit]);
    assert.deepEqual(sent(), ["legal@contoso.example to support@contoso.example"]);
    await merge([audit, { ...audit, name: "sales-audit", mailbox: "sales@contoso.example" }], "2");
    assert.deepEqual(sent().slice(1), ["sales@contoso.example to support@contoso.example"]);
  });

  it("send nothing when what is said about them changes, or when one is taken away", async () => {
    await merge([audit, { ...audit, name: "two", mailbox: "sales@contoso.example" }]);
    await merge([{ ...audit, requestedBy: "legal department, second floor" }], "2");
    assert.equal(sent().length, 2);
  });

  it("are sent again when run is counted up", async () => {
    await merge([audit]);
    await merge([{ ...audit, run: 2 }], "2");
    assert.equal(sent().length, 2);
  });

  it("run at every merge when they say so, and only exports may", async () => {
    await merge([audit, check]);
    await merge([audit, check], "2");
    assert.deepEqual(sent().sort(), [
      "legal@contoso.example to support@contoso.example",
      "sales@contoso.example to a file",
      "sales@contoso.example to a file",
    ]);
    assert.match(await failureOf(merge([{ ...audit, everyMerge: true }])), /everyMerge is for exports only/);
  });

  it("are refused with every mistake at once, before anything is sent", async () => {
    const failure = await failureOf(merge([{ ...audit, mailbox: undefined, mail: "x" }, audit, audit]));
    assert.match(failure, /request 1 \(legal-audit\): mail is not known/);
    assert.match(failure, /request 1 \(legal-audit\): mailbox is missing/);
    assert.match(failure, /request 3 \(legal-audit\): its name is taken/);
    // A name is part of a path, and an entry that is no request at all is a mistake like any other.
    const strange = await failureOf(merge([{ ...audit, name: "../audit" }, null as unknown as object]));
    assert.match(strange, /request 1 \(\.\.\/audit\): its name may have letters, digits, - and _ only/);
    assert.match(strange, /request 2 \(undefined\): name is missing/);
    assert.deepEqual(simulator.sent, []);
  });

  it("in the repository are right as they stand", async () => {
    await merge(JSON.parse(await readFile(join(__dirname, "../restores.json"), "utf8")) as object[]);
  });
});
