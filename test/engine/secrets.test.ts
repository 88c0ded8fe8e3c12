import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { startSimulator } from "../../simulator";
import { aStack, configOf, useStack } from "../helpers/engine";

const backup = { organization: "contoso.example", mailbox: { email: "legal@contoso.example" }, pointInTime: "latest" };

describe("credentials on the real engine", () => {
  const used = useStack();

  it("stay encrypted when a whole action is computed by the program", async () => {
    const access = { ...used.simulator.exchange };
    const restoreTo = pulumi.output("support@contoso.example").apply((mailbox) => ({ mailbox, ...access }));
    const up = await used.stack.up(async () => {
      new vb365.MailboxRestore("computed", { ...backup, restoreTo });
    });
    assert.ok(up.ok, up.text);
    assert.equal(used.simulator.writes.length, 1);
    assert.ok(!(await used.stack.stateText()).includes(access.userPassword));
    assert.ok(!up.text.includes(access.userPassword));
  });

  it("are in no output that a program could show, though the action was computed", async () => {
    const outputs = JSON.stringify((await used.stack.resources())["computed"]?.outputs);
    assert.ok(!outputs.includes(used.simulator.exchange.userPassword));
    assert.ok(!outputs.includes("userName"));
  });

  it("are read from nowhere when a mistake is shown beside them", async () => {
    const wrong = {
      mailbox: "no address",
      userName: "svc",
      userPassword: "mistake-marker",
      userPasword: "typo-marker",
    };
    const preview = await used.stack.preview(async () => {
      new vb365.MailboxRestore("wrong", { ...backup, restoreTo: wrong });
    });
    assert.equal(preview.ok, false);
    assert.match(preview.text, /restoreTo.userPasword is no input; did you mean userPassword\?/);
    assert.match(preview.text, /restoreTo.mailbox must be an e-mail address/);
    assert.doesNotMatch(preview.text, /mistake-marker|typo-marker/);
  });
});

describe("ids on the real engine", () => {
  it("mean the same in any case, so that an edit beside them restores nothing again", async () => {
    const simulator = await startSimulator();
    const stack = await aStack(async () => ({}), configOf(simulator));
    try {
      const mailboxId = simulator.organizations[0]?.mailboxes[0]?.id.toUpperCase() ?? "";
      const program = (reason: string) => async () => {
        const { mailbox: _, ...named } = backup;
        new vb365.MailboxRestore("by-id", {
          ...named,
          mailbox: { id: mailboxId },
          restoreTo: { mailbox: "support@contoso.example" },
          reason,
        });
      };
      assert.ok((await stack.up(program("first"))).ok);
      assert.deepEqual((await stack.up(program("second"))).operations, { "by-id": "update" });
      assert.equal(simulator.writes.length, 1);
    } finally {
      await simulator.stop();
      await stack.remove();
    }
  });
});
