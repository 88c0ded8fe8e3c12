import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type * as vb365 from "../../sdk";

/**
 * What the types allow and forbid. Each line that must not compile is marked so, and the compiler fails on a mark that it does not
 * need; that is the test. Nothing here runs but the last lines.
 */
const source = {
  organization: "contoso.example",
  mailbox: { email: "finance@contoso.example" },
  pointInTime: "latest",
};
const restoreTo = { mailbox: "support@contoso.example" };
const byId = { restoreSessionId: "s-1", mailboxId: "m-1" };
declare const session: vb365.RestoreSession;

export const allowed: vb365.MailboxRestoreArgs[] = [
  { ...source, exportToPst: { path: "a.pst" } },
  { ...source, restoreToOriginalLocation: {} },
  { ...source, restoreTo },
  { ...source, restoreTo: pulumi.output(restoreTo), runId: pulumi.output("1") },
  { ...source, mailbox: { id: "m-1" }, restoreTo },
  { ...source, mailbox: { email: "finance@contoso.example", archive: true }, restoreTo },
  { ...byId, restoreTo },
  { ...byId, exportToPst: { path: "a.pst" }, failurePolicy: { maxFailedItems: 1 }, onUnknown: { accept: "looked" } },
  ...((false as boolean) ? [{ session, mailbox: { email: "finance@contoso.example" }, restoreTo }] : []),
];

export const forbidden: vb365.MailboxRestoreArgs[] = [
  // @ts-expect-error no action
  { ...source },
  // @ts-expect-error two actions
  { ...source, restoreTo, exportToPst: { path: "a.pst" } },
  // @ts-expect-error two actions, both of them restores
  { ...source, restoreTo, restoreToOriginalLocation: {} },
  // @ts-expect-error two ways to name the mailbox
  { ...source, ...byId, restoreTo },
  // @ts-expect-error half of a way to name the mailbox
  { restoreSessionId: "s-1", restoreTo },
  // @ts-expect-error no way to name the mailbox
  { restoreTo },
  // @ts-expect-error a mailbox by address and by id
  { ...source, mailbox: { email: "finance@contoso.example", id: "m-1" }, restoreTo },
  // @ts-expect-error an archive is told by its address, not by an id
  { ...source, mailbox: { id: "m-1", archive: true }, restoreTo },
  // @ts-expect-error flags of a time beside a session that has one
  { ...byId, showDeleted: true, restoreTo },
  // @ts-expect-error an input that does not exist
  { ...source, restoreTo, runid: "1" },
  // @ts-expect-error a flag that does not exist
  { ...source, restoreTo: { ...restoreTo, excludeSpam: true } },
  // @ts-expect-error accepting an unknown end takes a note
  { ...source, restoreTo, onUnknown: "accept" },
];

describe("the types of the arguments", () => {
  it("allow each form of a restore, and forbid what would be a mistake at preview", () => {
    // The compiler has judged by now (npm run types); what is left is that the lists were not emptied.
    assert.ok(allowed.length >= 8 && forbidden.length >= 12);
  });
});
