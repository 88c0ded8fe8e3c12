import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vb365 from "pulumi-vb365";
import { type ApiVersionName, type Simulator, startSimulator } from "../../simulator";
import { isAction } from "../helpers/bench";
import { type TestStack, aStack, configOf } from "../helpers/engine";
import { servers, versions } from "../helpers/versions";

const backup = { organization: "contoso.example", pointInTime: "latest" };

/** The three actions, as a program declares them; `edit` is put into each. */
const program =
  (pst: string, edit: Partial<vb365.CommonArgs> = {}, access: vb365.ExchangeAccessArgs = {}) =>
  async () => {
    const finance = new vb365.MailboxRestore("finance", {
      ...backup,
      ...edit,
      mailbox: { email: "finance@contoso.example" },
      exportToPst: { path: pst },
    });
    const sales = new vb365.MailboxRestore("sales", {
      ...backup,
      ...edit,
      mailbox: { email: "sales@contoso.example" },
      restoreToOriginalLocation: { ...access },
      confirmInPlace: "sales@contoso.example",
    });
    const legal = new vb365.MailboxRestore("legal", {
      ...backup,
      ...edit,
      mailbox: { email: "legal@contoso.example" },
      restoreTo: { mailbox: "support@contoso.example", excludeDrafts: true, ...access },
    });
    return {
      outcomes: [finance.outcome, sales.outcome, legal.outcome],
      sha256: finance.pst.apply((file) => file?.sha256),
    };
  };

for (const version of versions) {
  describe(`three restores on the real engine, ${version}`, () => lifecycle(version));
}

function lifecycle(version: ApiVersionName): void {
  let simulator: Simulator;
  let stack: TestStack;
  let exportFolder: string;
  const declare = (...edits: [vb365.CommonArgs?, vb365.ExchangeAccessArgs?]) =>
    program(join(exportFolder, "finance.pst"), ...edits);

  before(async () => {
    simulator = await startSimulator({ apiVersions: servers[version] });
    exportFolder = await mkdtemp(join(tmpdir(), "vb365-exports-"));
    stack = await aStack(declare(), configOf(simulator, "auto"));
  });
  after(async () => {
    await simulator?.stop();
    await stack?.remove();
    await rm(exportFolder, { recursive: true, force: true });
  });

  /** How many requests of a kind the server has seen. */
  const asked = (pattern: RegExp) =>
    simulator.requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length;

  it("asks the server nothing in a preview", async () => {
    const preview = await stack.preview();
    assert.ok(preview.ok, preview.text);
    assert.deepEqual(preview.operations, { finance: "create", sales: "create", legal: "create" });
    assert.equal(simulator.requests.length, 0);
  });

  it("carries out each action once, with one login, and stops the session that it opened", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual((await stack.outputs())["outcomes"], ["Succeeded", "Succeeded", "Succeeded"]);
    assert.equal(simulator.logins, 1);
    assert.equal(simulator.exports.length, 1);
    assert.deepEqual(simulator.writes.map(({ targetEmail }) => targetEmail).sort(), [
      "sales@contoso.example",
      "support@contoso.example",
    ]);
    // From v8 on a restore has a session of its own, because the session tells how it ends.
    assert.equal(simulator.sessions.length, version === "v8" ? 3 : 1);
    for (const { state, stoppedBy } of simulator.sessions) {
      assert.deepEqual([state, stoppedBy], ["Stopped", "client"]);
    }
    assert.deepEqual(simulator.unknown, []);
  });

  it("sends each action once, the one to another mailbox with all seven flags", () => {
    const isEnvelope = version <= "v5";
    const sent = simulator.requests.filter(({ path }) => isAction.path.test(path));
    assert.equal(sent.length, 3);
    const bodies = sent.map(({ body, path }) =>
      isEnvelope ? (body as Record<string, unknown>) : { [path.split("/").at(-1) ?? ""]: body },
    );
    const [yes, no] = isEnvelope ? ["true", "false"] : [true, false];
    assert.deepEqual(bodies.find((body) => "restoreTo" in body)?.["restoreTo"], {
      casServer: "outlook.office365.com",
      mailbox: "support@contoso.example",
      userName: simulator.exchange.userName,
      userPassword: simulator.exchange.userPassword,
      changedItems: yes,
      deletedItems: yes,
      markRestoredAsUnread: no,
      excludeDrafts: yes,
      excludeDeletedItems: no,
      excludeInPlaceHoldItems: no,
      excludeLitigationHoldItems: no,
    });
  });

  it("writes the PST that the server sent, readable by its owner alone, and states its digest", async () => {
    const path = join(exportFolder, "finance.pst");
    const bytes = await readFile(path);
    assert.equal(bytes.toString("latin1", 0, 4), "!BDN");
    assert.equal(bytes.length, simulator.exports[0]?.bytes);
    assert.equal((await stack.outputs())["sha256"], createHash("sha256").update(bytes).digest("hex"));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("keeps every credential out of the state's plain text, and out of every output", async () => {
    const state = await stack.stateText();
    assert.ok(!state.includes(simulator.exchange.userPassword));
    assert.ok(!state.includes(simulator.password));
    for (const resource of Object.values(await stack.resources())) {
      assert.doesNotMatch(JSON.stringify(resource.outputs), /userPassword|userName|4dabf18193072939515e22adb298388d/);
    }
  });

  it("remembers attempt, server, session and version of each restore", async () => {
    for (const { id, outputs } of Object.values(await stack.resources())) {
      assert.equal(outputs?.["attemptId"], id);
      assert.equal(outputs?.["endpoint"], simulator.endpoint);
      assert.ok(simulator.sessions.some((session) => session.id === outputs?.["sessionId"]));
      assert.equal(outputs?.["apiVersion"], version);
      assert.equal(outputs?.["stateVersion"], 1);
    }
  });

  it("asks the server nothing on a second up", async () => {
    const before = simulator.requests.length;
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { finance: "same", sales: "same", legal: "same" });
    assert.equal(simulator.requests.length, before);
  });

  it("asks the server nothing on a refresh, nor on the up after it", async () => {
    const before = simulator.requests.length;
    const refresh = await stack.refresh();
    assert.ok(refresh.ok, refresh.text);
    const up = await stack.up();
    assert.deepEqual(up.operations, { finance: "same", sales: "same", legal: "same" });
    assert.equal(simulator.requests.length, before);
  });

  it("stores edited credentials without asking the server anything", async () => {
    const before = simulator.requests.length;
    const up = await stack.up(declare({}, { userName: "new-account", userPassword: "new-password-marker" }));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { finance: "same", sales: "update", legal: "update" });
    assert.equal(simulator.requests.length, before);
    assert.doesNotMatch(up.text, /new-password-marker/);
    assert.doesNotMatch(await stack.stateText(), /new-password-marker/);
  });

  it("stores an edited remark, policy and guard without asking the server anything", async () => {
    const before = simulator.requests.length;
    const up = await stack.up(declare({ reason: "quarterly drill", failurePolicy: { maxFailedItems: 3 } }));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { finance: "update", sales: "update", legal: "update" });
    assert.equal((await stack.resources())["finance"]?.outputs?.["reason"], "quarterly drill");
    assert.equal(simulator.requests.length, before);
  });

  it("shows a new runId as a replace in the preview, and restores once more", async () => {
    const [writes, exports] = [simulator.writes.length, simulator.exports.length];
    const again = declare({ runId: "2" });
    const preview = await stack.preview(again);
    assert.deepEqual(preview.operations, { finance: "replace", sales: "replace", legal: "replace" });
    const up = await stack.up(again);
    assert.ok(up.ok, up.text);
    assert.equal(simulator.writes.length, writes + 2);
    assert.equal(simulator.exports.length, exports + 1);
    assert.equal(simulator.openSessions.length, 0);
    assert.equal(asked(/POST .*\/token$/i), 2, "one login for each run that asks something");
    assert.equal((await readFile(join(exportFolder, "finance.pst"))).toString("latin1", 0, 4), "!BDN");
  });

  it("reports a PST that is gone, and makes no new one", async () => {
    await rm(join(exportFolder, "finance.pst"));
    const before = simulator.requests.length;
    const refresh = await stack.refresh();
    assert.match(refresh.text, /finance\.pst is gone, or was changed/);
    const pst = (await stack.resources())["finance"]?.outputs?.["pst"] as { present: boolean };
    assert.equal(pst.present, false);
    assert.equal((await stack.up()).operations["finance"], "same");
    assert.equal(simulator.requests.length, before);
  });

  it("destroys the stack with the server gone, and touches no mail", async () => {
    const writes = simulator.writes.length;
    await simulator.stop();
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(await stack.resources(), {});
    assert.equal(simulator.writes.length, writes);
  });
}
