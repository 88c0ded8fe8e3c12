import assert from "node:assert/strict";
import * as vb365 from "pulumi-vb365";
import { type ApiVersionName, type Simulator, startSimulator } from "../../simulator";
import { isAction } from "../helpers/bench";
import { type TestStack, aStack, configOf } from "../helpers/engine";
import { servers, versions } from "../helpers/versions";

const program =
  (edit: Partial<vb365.CommonArgs> = {}) =>
  async () => {
    new vb365.MailboxRestore("legal", {
      organization: "contoso.example",
      mailbox: { email: "legal@contoso.example" },
      pointInTime: "latest",
      restoreTo: { mailbox: "support@contoso.example" },
      ...edit,
    });
  };

for (const version of versions) {
  describe(`a restore that failed in part, on the real engine, ${version}`, () => partialFailure(version));
}

function partialFailure(version: ApiVersionName): void {
  let simulator: Simulator;
  let stack: TestStack;

  before(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters", apiVersions: servers[version] });
    stack = await aStack(program(), configOf(simulator, "auto"));
    simulator.faults.next({
      match: isAction,
      effect: { restoreResult: { failedItems: 3 } },
    });
  });
  after(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  it("fails the up, says what failed and both ways on, and is remembered", async () => {
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /legal@contoso.example.*failed in part: .*3 failed/);
    assert.match(up.text, /maxFailedItems: 3/);
    assert.match(up.text, /new runId/);
    const { legal } = await stack.resources();
    assert.equal(legal?.outputs?.["outcome"], "PartiallyFailed");
    assert.equal(simulator.writes.length, 1);
    assert.deepEqual(simulator.openSessions, []);
  });

  it("fails the next up again and sends nothing, even after a refresh has wiped the engine's mark", async () => {
    const before = simulator.requests.length;
    await stack.refresh();
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.text, /failed in part/);
    assert.equal(simulator.requests.length, before);
  });

  it("turns green when the policy accepts it, and sends nothing", async () => {
    const before = simulator.requests.length;
    const up = await stack.up(program({ failurePolicy: { maxFailedItems: 3 } }));
    assert.ok(up.ok, up.text);
    assert.deepEqual((await stack.up()).operations, { legal: "same" });
    assert.equal(simulator.requests.length, before);
  });

  it("is restored again by a new runId alone", async () => {
    const up = await stack.up(program({ failurePolicy: { maxFailedItems: 3 }, runId: "2" }));
    assert.ok(up.ok, up.text);
    assert.equal(simulator.writes.length, 2);
  });
}
