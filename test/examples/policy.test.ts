import assert from "node:assert/strict";
import { resolve } from "node:path";
import * as vb365 from "pulumi-vb365";
import { useStack } from "../helpers/engine";

const policyPacks = [resolve(__dirname, "../../examples/policy")];

describe("the policy pack on the real engine", () => {
  const used = useStack();
  const mailbox = { email: "legal@contoso.example" };
  const common = { organization: "contoso.example", mailbox, pointInTime: "latest" };

  it("stops a program before anything is sent, and names every rule that it breaks", async () => {
    const inPlace = async () => {
      new vb365.MailboxRestore("legal", {
        ...common,
        restoreToOriginalLocation: { userName: "a@contoso.example", userPassword: "Policy-Marker-1%" },
        confirmInPlace: mailbox.email,
      });
    };
    const previewed = await used.stack.preview(
      async () => {
        await inPlace();
        new vb365.RestoreDrill("nightly", {
          organization: "contoso.example",
          mailboxes: ["sales@contoso.example"],
          pointInTime: "latest",
          exportToPst: { path: "exports/{email}.pst" },
          objectives: { rto: "4h" },
          reason: "INC-4711",
        });
      },
      { policyPacks },
    );
    assert.match(previewed.text, /drill-has-objectives/);
    // This `up` has no preview of its own: a restore that keeps the rules would be sent before another one ends the run.
    for (const run of [previewed, await used.stack.up(inPlace, { policyPacks })]) {
      assert.equal(run.ok, false);
      for (const rule of ["in-place-only-in-dr", "recent-restore-point", "has-reason"]) {
        assert.ok(run.text.includes(rule), `${rule} in:\n${run.text}`);
      }
      assert.match(run.text, /stack test is none of dr/);
      assert.doesNotMatch(run.text, /Policy-Marker/);
    }
    assert.deepEqual(used.simulator.sent, []);
  });

  it("judges many mailboxes in one, and what is known of a restore in a preview", async () => {
    const program = async () => {
      const session = new vb365.RestoreSession("session", { organization: "contoso.example", pointInTime: "latest" });
      new vb365.MailboxRestore("not-known-yet", {
        ...common,
        mailbox: session.restoreSessionId.apply((id) => ({ email: `${id}@contoso.example` })),
        restoreToOriginalLocation: {},
        confirmInPlace: session.restoreSessionId,
        maxRestorePointAge: "1d",
        reason: "INC-4711",
      });
      new vb365.BulkMailboxRestore("many", {
        organization: "contoso.example",
        mailboxes: ["sales@contoso.example", "Support@contoso.example"],
        pointInTime: "2020-11-20T18:00:00Z",
        restoreTo: { mailbox: "support@contoso.example" },
        reason: "INC-4711",
      });
    };
    const run = await used.stack.preview(program, { policyPacks });
    assert.equal(run.ok, false);
    for (const violation of [
      /in-place-only-in-dr .*not-known-yet/,
      /in-place-only-in-dr .*many/,
      /recent-restore-point .*many/,
    ]) {
      assert.match(run.text, violation);
    }
    assert.doesNotMatch(run.text, /unhandled|TypeError/);
    assert.deepEqual(used.simulator.sent, []);
  });

  it("lets a program pass that keeps the rules", async () => {
    const program = async () => {
      new vb365.MailboxRestore("legal", {
        ...common,
        restoreTo: { mailbox: "support@contoso.example" },
        maxRestorePointAge: "30d",
        reason: "INC-4711",
      });
    };
    const run = await used.stack.up(program, { policyPacks });
    assert.ok(run.ok, run.text);
    assert.equal(used.simulator.sent.length, 1);
  });
});
