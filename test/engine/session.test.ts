import assert from "node:assert/strict";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { type TestStack, aStack, configOf } from "../helpers/engine";

describe("a restore session of the program, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;
  let nowMs = Date.parse("2026-11-23T10:00:00Z");

  before(async () => {
    simulator = await startSimulator({ clock: () => new Date(nowMs) });
    stack = await aStack(program, configOf(simulator));
  });
  after(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  const program = async () => {
    const session = new vb365.RestoreSession("session", { organization: "contoso.example", pointInTime: "latest" });
    const restoreTo = { mailbox: "support@contoso.example" };
    new vb365.MailboxRestore("legal", { session, mailbox: { email: "legal@contoso.example" }, restoreTo });
    new vb365.MailboxRestore("sales", { session, mailbox: { email: "sales@contoso.example" }, restoreTo });
    return { id: session.restoreSessionId, at: session.resolvedPointInTime };
  };

  it("is opened once, serves many restores, and stays open", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.equal(simulator.writes.length, 2);
    assert.deepEqual(
      simulator.openSessions.map(({ id }) => id),
      [(await stack.outputs())["id"]],
    );
    assert.equal(simulator.sessions.length, 1);
  });

  it("is not asked for by a second up", async () => {
    const before = simulator.requests.length;
    const up = await stack.up();
    assert.deepEqual(up.operations, { session: "same", legal: "same", sales: "same" });
    assert.equal(simulator.requests.length, before);
  });

  it("is opened anew when a refresh has seen it end, and restores nothing again", async () => {
    nowMs += 24 * 3_600_000;
    const refresh = await stack.refresh();
    assert.ok(refresh.ok, refresh.text);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.equal(up.operations["session"], "replace");
    assert.deepEqual([up.operations["legal"], up.operations["sales"]], ["update", "update"]);
    assert.equal(simulator.writes.length, 2);
    assert.equal(simulator.sessions.length, 2);
  });

  it("is stopped by a destroy", async () => {
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(simulator.openSessions, []);
  });
});
