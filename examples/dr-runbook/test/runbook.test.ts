import assert from "node:assert/strict";
import { defaultOrganizations, type Simulator, startSimulator } from "pulumi-vb365/simulator";
import runbook = require("../index");
import { aStack, failureOf } from "./stack";

const phase = (number: number) => ({ value: String(number) });

describe("the runbook", () => {
  let simulator: Simulator;
  let stack: Awaited<ReturnType<typeof aStack>>;
  const sent = () => simulator.sent.map(({ mailbox, action }) => `${action} ${mailbox}`);
  const actionOn = (email: string) => {
    const id = simulator.organizations[0]?.mailboxes.find((mailbox) => mailbox.email === email)?.id ?? "";
    return { method: "POST", path: new RegExp(`mailboxes/${id}/`, "i"), body: isAction };
  };

  beforeEach(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters" });
    stack = await aStack(runbook, "INC-4711", {
      ...simulator.stackConfig,
      "runbook:organization": { value: "contoso.example" },
      "runbook:recoveryMailbox": { value: "support@contoso.example" },
      "runbook:canary": { value: "sales@contoso.example" },
      "runbook:critical": { value: "finance@contoso.example,legal@contoso.example" },
    });
  });
  afterEach(async () => {
    await simulator.stop();
    await stack.remove();
  });

  it("sends nothing in a preview", async () => {
    await stack.preview();
    assert.deepEqual(simulator.sent, []);
  });

  it("restores the canary into the recovery mailbox, and says what comes next", async () => {
    const { outputs } = await stack.up();
    assert.deepEqual(sent(), ["restoreTo sales@contoso.example"]);
    assert.equal(simulator.sent[0]?.to, "support@contoso.example");
    assert.match(String(outputs["next"]?.value), /phase 2, critical mailboxes.*pulumi config set approvedPhase 2/);
  });

  it("goes on phase by phase, each once and all from the canary's moment, and then sends nothing", async () => {
    await stack.up();
    for (const number of [2, 3]) {
      await stack.setConfig("runbook:approvedPhase", phase(number));
      await stack.up();
    }
    assert.deepEqual(sent().slice(0, 1), ["restoreTo sales@contoso.example"]);
    assert.deepEqual(sent().slice(1, 3).sort(), [
      "restoreToOriginalLocation finance@contoso.example",
      "restoreToOriginalLocation legal@contoso.example",
    ]);
    assert.ok(sent().includes("restoreToOriginalLocation sales@contoso.example"));
    assert.equal(new Set(sent()).size, sent().length, "nothing is sent twice");
    assert.equal(new Set(simulator.sent.map(({ pointInTime }) => pointInTime)).size, 1);

    const before = simulator.sent.length;
    await stack.up();
    assert.equal(simulator.sent.length, before);
  });

  it("refuses to take an approval back, which would send mail again later", async () => {
    await stack.setConfig("runbook:approvedPhase", phase(2));
    await stack.up();
    await stack.setConfig("runbook:approvedPhase", phase(1));
    assert.match(await failureOf(stack.up()), /protected/);
    await stack.setConfig("runbook:approvedPhase", phase(2));
    await stack.up();
    assert.equal(simulator.sent.length, 3);
  });

  it("sends nothing when preflight finds a mailbox missing", async () => {
    await stack.setConfig("runbook:canary", { value: "sale@contoso.example" });
    assert.match(await failureOf(stack.up()), /Preflight failed, nothing was sent[^]*sales@contoso\.example/);
    assert.deepEqual(simulator.sent, []);
  });

  it("does not begin phase three while a restore of phase two is not good enough, and goes on when that is accepted", async () => {
    simulator.faults.next({ match: actionOn("legal@contoso.example"), effect: { restoreResult: { failedItems: 3 } } });
    await stack.setConfig("runbook:approvedPhase", phase(3));
    assert.match(await failureOf(stack.up()), /legal@contoso\.example.* failed in part/);
    assert.equal(simulator.sent.length, 3);
    // Again: it is judged again, and nothing is sent.
    assert.match(await failureOf(stack.up()), /failed in part/);
    assert.equal(simulator.sent.length, 3);

    const decisions = { "legal@contoso.example": { failurePolicy: { maxFailedItems: 3 } } };
    await stack.setConfig("runbook:decisions", { value: JSON.stringify(decisions) });
    await stack.up();
    assert.equal(sent().filter((one) => one.endsWith("legal@contoso.example")).length, 1);
    assert.ok(simulator.sent.length > 3, "phase three has begun");
  });

  it("tries again by itself what the server refused", async () => {
    const refused = { status: 403, json: { message: "Access is denied" } };
    simulator.faults.next({ match: actionOn("finance@contoso.example"), effect: refused });
    await stack.setConfig("runbook:approvedPhase", phase(2));
    assert.match(await failureOf(stack.up()), /refused the restore and nothing was written/);
    await stack.up();
    assert.deepEqual(sent().sort(), [
      "restoreTo sales@contoso.example",
      "restoreToOriginalLocation finance@contoso.example",
      "restoreToOriginalLocation legal@contoso.example",
    ]);
  });

  it("asks a person when the line broke after a restore was sent, and goes on with the answer", async () => {
    simulator.faults.next({ match: actionOn("finance@contoso.example"), effect: { resetBeforeAnswer: true } });
    await stack.setConfig("runbook:approvedPhase", phase(2));
    const first = await stack.up().then(() => "", String);
    if (first !== "") {
      assert.match(first, /nobody can tell/);
      const decisions = { "finance@contoso.example": { onUnknown: { accept: "looked, it is there" } } };
      await stack.setConfig("runbook:decisions", { value: JSON.stringify(decisions) });
      await stack.up();
    }
    assert.equal(sent().filter((one) => one.endsWith("finance@contoso.example")).length, 1);
  });

  it("has an organization in which every mailbox of the runbook is", () => {
    const emails = defaultOrganizations()[0]?.mailboxes.map(({ email }) => email) ?? [];
    for (const email of ["support", "sales", "finance", "legal"]) {
      assert.ok(emails.includes(`${email}@contoso.example`));
    }
  });
});

/** A restore, and not a look into the mailbox. */
function isAction(body: unknown): boolean {
  return typeof body === "object" && body !== null && /restoreTo/i.test(Object.keys(body).join());
}
