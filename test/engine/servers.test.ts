import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { type TestStack, aStack, configOf } from "../helpers/engine";

const restoreOf = (email: string) => ({
  organization: "contoso.example",
  mailbox: { email },
  pointInTime: "latest",
  restoreTo: { mailbox: "support@contoso.example" },
});

describe("several servers in one program, on the real engine", () => {
  let first: Simulator;
  let second: Simulator;
  let stack: TestStack;

  before(async () => {
    [first, second] = await Promise.all([
      startSimulator(),
      startSimulator({ username: "VEEAM\\second", password: "second-password-marker" }),
    ]);
    // The stack's configuration knows the first one; its Exchange account serves both.
    stack = await aStack(program, configOf(first));
  });
  after(async () => {
    await Promise.all([first?.stop(), second?.stop()]);
    await stack?.remove();
  });

  let passwordOfSecond = "second-password-marker";
  const program = async () => {
    new vb365.MailboxRestore("on-the-first", restoreOf("legal@contoso.example"));
    const elsewhere = new vb365.Provider("elsewhere", {
      endpoint: second.endpoint,
      username: second.username,
      password: passwordOfSecond,
      caCert: pulumi.output(second.caCert),
      maxConcurrentRestores: 1,
    });
    new vb365.MailboxRestore("on-the-second", restoreOf("sales@contoso.example"), { provider: elsewhere });
    const runbook = new pulumi.ComponentResource("test:index:Runbook", "runbook", {}, { providers: [elsewhere] });
    new vb365.MailboxRestore("in-a-component", restoreOf("finance@contoso.example"), { parent: runbook });
  };

  it("restores on the server of each provider, with what it was not given taken from the stack", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(first.writes.map(({ sourceMailboxId }) => sourceMailboxId).length, 1);
    assert.deepEqual(second.writes.length, 2);
    assert.deepEqual([first.logins, second.logins], [1, 1]);
    assert.deepEqual([...first.openSessions, ...second.openSessions], []);
  });

  it("keeps the passwords of both encrypted", async () => {
    const state = await stack.stateText();
    assert.ok(!state.includes(first.password) && !state.includes("second-password-marker"));
    assert.ok(!state.includes(first.exchange.userPassword));
  });

  it("sends nothing when a provider's password is changed", async () => {
    passwordOfSecond = "rotated-password-marker";
    const before = first.requests.length + second.requests.length;
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { "on-the-first": "same", "on-the-second": "same", "in-a-component": "same" });
    assert.equal(first.requests.length + second.requests.length, before);
  });

  it("warns at every run of a server that is not verified", async () => {
    const { caCert: _, ...config } = configOf(first);
    const insecure = await aStack(
      async () => {
        new vb365.MailboxRestore("unverified", restoreOf("legal@contoso.example"));
      },
      { ...config, insecure: "true" },
    );
    try {
      const up = await insecure.up();
      assert.ok(up.ok, up.text);
      assert.match(up.text, /warning: vb365:insecure is set/);
    } finally {
      await insecure.remove();
    }
  });
});

describe("functions in a program, on the real engine", () => {
  let simulator: Simulator;

  before(async () => (simulator = await startSimulator()));
  after(() => simulator?.stop());

  it("look before a restore, in previews too, and leave no session open", async () => {
    const stack = await aStack(async () => {
      const organization = "contoso.example";
      const mailbox = { email: "legal@contoso.example" };
      const [server, organizations, window, mailboxes, one, report] = await Promise.all([
        vb365.getServerInfo(),
        vb365.getOrganizations(),
        vb365.getBackupWindow({ organization }),
        vb365.getMailboxes({ organization }),
        vb365.getMailbox({ organization, mailbox }),
        vb365.preflight({ organization, mailbox }),
      ]);
      return {
        server,
        organizations: organizations.length,
        last: window.last,
        mailboxes: mailboxes.length,
        one,
        report,
      };
    }, configOf(simulator));
    try {
      const preview = await stack.preview();
      assert.ok(preview.ok, preview.text);
      assert.deepEqual(simulator.openSessions, []);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const outputs = await stack.outputs();
      assert.deepEqual(outputs["server"], {
        endpoint: simulator.endpoint,
        apiVersion: "v3",
        username: simulator.username,
      });
      assert.equal(outputs["last"], "2026-11-20T21:04:11.000Z");
      assert.equal(outputs["mailboxes"], 5);
      assert.equal((outputs["one"] as { name: string }).name, "Legal");
      assert.equal((outputs["report"] as { ok: boolean }).ok, true);
      assert.deepEqual(simulator.openSessions, []);
      assert.deepEqual(simulator.writes, []);
    } finally {
      await stack.remove();
    }
  });

  it("report what is wrong instead of throwing, when asked for a preflight", async () => {
    const options = { endpoint: simulator.endpoint, caCert: simulator.caCert, username: simulator.username };
    const wrong = await vb365.preflight({ organization: "contoso.example" }, { ...options, password: "wrong-marker" });
    assert.equal(wrong.ok, false);
    assert.deepEqual(
      wrong.checks.map(({ name, result }) => `${name} ${result}`),
      [
        "login failed",
        "organization notChecked",
        "backup notChecked",
        "mailbox notChecked",
        "exchangeAccount notChecked",
      ],
    );
    assert.doesNotMatch(JSON.stringify(wrong), /wrong-marker/);
    const right = { ...options, password: simulator.password };
    const missing = await vb365.preflight(
      { organization: "contoso.example", mailbox: { email: "legl@contoso.example" } },
      right,
    );
    assert.match(
      missing.checks.find(({ name }) => name === "mailbox")?.detail ?? "",
      /nearest .*legal@contoso.example/,
    );
    assert.deepEqual(simulator.openSessions, []);
  });
});
