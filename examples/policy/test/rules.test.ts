import assert from "node:assert/strict";
import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { drillHasObjectives, hasReason, inPlaceOnlyInDr, recentRestorePoint, rules } from "../rules";

const dynamic = "pulumi-nodejs:dynamic/vb365:";
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** What a rule says of a resource as the engine shows it. */
function said(
  rule: ResourceValidationPolicy,
  props: object,
  { kind = "MailboxRestore", stack = "dev", config = {}, parent = "" } = {},
): string[] {
  const messages: string[] = [];
  const type = `${dynamic}${kind}`;
  const args = { type, props, urn: `urn:pulumi:${stack}::project::${parent}${type}::one`, getConfig: () => config };
  const { validateResource: judge } = rule;
  assert.ok(typeof judge === "function");
  void judge(args as unknown as ResourceValidationArgs, (message) => messages.push(message));
  return messages;
}

describe("the rule that restores in place are for disaster recovery", () => {
  const inPlace = { mailbox: { email: "a@contoso.example" }, restoreToOriginalLocation: {} };

  it("stops them in any other stack, one mailbox or many", () => {
    assert.match(said(inPlaceOnlyInDr, inPlace)[0] ?? "", /stack dev is none of dr/);
    assert.equal(said(inPlaceOnlyInDr, { restoreToOriginalLocation: {} }, { kind: "BulkMailboxRestore" }).length, 1);
  });

  it("takes a restore into the mailbox itself for one, in any case of its letters", () => {
    const itself = { mailbox: { email: "a@contoso.example" }, restoreTo: { mailbox: "A@contoso.example" } };
    assert.equal(said(inPlaceOnlyInDr, itself).length, 1);
    for (const mailboxes of [["b@contoso.example", "a@contoso.example"], [{ email: "A@contoso.example" }]]) {
      const among = { mailboxes, restoreTo: { mailbox: "a@contoso.example" } };
      assert.equal(said(inPlaceOnlyInDr, among, { kind: "BulkMailboxRestore" }).length, 1);
    }
    const another = { mailboxes: ["b@contoso.example"], restoreTo: { mailbox: "a@contoso.example" } };
    assert.deepEqual(said(inPlaceOnlyInDr, another, { kind: "BulkMailboxRestore" }), []);
  });

  it("lets them pass in the stacks that are configured, and others anywhere", () => {
    assert.deepEqual(said(inPlaceOnlyInDr, inPlace, { stack: "dr" }), []);
    assert.deepEqual(said(inPlaceOnlyInDr, inPlace, { stack: "fire", config: { stacks: ["fire"] } }), []);
    assert.deepEqual(said(inPlaceOnlyInDr, { ...inPlace, restoreToOriginalLocation: undefined, exportToPst: {} }), []);
  });

  it("says no secret, and does not stumble over what is not known yet", () => {
    const unknown = { mailbox: undefined, restoreTo: { mailbox: undefined, userPassword: "hush" } };
    assert.deepEqual(said(inPlaceOnlyInDr, unknown), []);
    const secret = { ...inPlace, restoreToOriginalLocation: { userPassword: "hush" } };
    assert.doesNotMatch(said(inPlaceOnlyInDr, secret).join(), /hush/);
  });
});

describe("the rule about the age of what is restored", () => {
  it("stops an old moment, and passes a recent one", () => {
    assert.match(said(recentRestorePoint, { pointInTime: daysAgo(31) })[0] ?? "", /31 days old; the limit is 30/);
    assert.deepEqual(said(recentRestorePoint, { pointInTime: daysAgo(29) }), []);
    assert.equal(said(recentRestorePoint, { pointInTime: daysAgo(3) }, { config: { maxAgeDays: 2 } }).length, 1);
  });

  it(`wants a limit for "latest", and one that is not too high`, () => {
    assert.match(said(recentRestorePoint, { pointInTime: "latest" })[0] ?? "", /set maxRestorePointAge/);
    assert.deepEqual(said(recentRestorePoint, { pointInTime: "latest", maxRestorePointAge: "24h" }), []);
    assert.match(said(recentRestorePoint, { pointInTime: "latest", maxRestorePointAge: "90d" })[0] ?? "", /more than/);
  });

  it("finds the moment of a restore in a session of the program", () => {
    assert.match(said(recentRestorePoint, { session: { pointInTime: daysAgo(31) } })[0] ?? "", /31 days old/);
    assert.match(said(recentRestorePoint, { session: { pointInTime: "latest" } })[0] ?? "", /without a RestoreSession/);
    assert.deepEqual(said(recentRestorePoint, { session: { pointInTime: daysAgo(3) } }), []);
  });

  it("leaves a drill to its objective", () => {
    const drill = { kind: "BulkMailboxRestore", parent: "vb365:index:RestoreDrill$" };
    assert.deepEqual(said(recentRestorePoint, { pointInTime: "latest" }, drill), []);
  });
});

describe("the rule that a restore says why", () => {
  it("stops one without a reason", () => {
    assert.equal(said(hasReason, {}).length, 1);
    assert.equal(said(hasReason, { reason: " " }).length, 1);
    assert.deepEqual(said(hasReason, { reason: "INC-4711" }), []);
  });
});

describe("the rule that a drill has objectives", () => {
  it("names the one that is missing", () => {
    const verdict = { kind: "DrillVerdict" };
    assert.match(said(drillHasObjectives, { objectives: { rto: "4h" } }, verdict)[0] ?? "", /lack rpo/);
    assert.deepEqual(said(drillHasObjectives, { objectives: { rto: "4h", rpo: "1d" } }, verdict), []);
  });
});

describe("every rule", () => {
  it("says nothing of other resources", () => {
    for (const rule of rules) {
      assert.deepEqual(said(rule, {}, { kind: "RestoreSession" }), []);
    }
  });
});
