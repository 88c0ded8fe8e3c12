import assert from "node:assert/strict";
import type { Mailbox, Organization } from "../../provider/api/dialects/dialect";
import { MailboxRestoreError } from "../../provider/errors";
import {
  refusePublicFolders,
  refuseTooOld,
  refuseUnconfirmedInPlace,
  refuseWithoutEngine,
} from "../../provider/restore/guards";
import type { RestoreAction, RestoreRequest } from "../../provider/restore/request";

const mailbox = (difference: Partial<Mailbox> = {}): Mailbox => ({
  id: "m-1",
  name: "Sales",
  email: "Sales@contoso.example",
  isArchive: false,
  isPublic: false,
  ...difference,
});
const access = { userName: "restore@contoso.example", userPassword: "secret" };
const inPlace: RestoreAction = { kind: "restoreToOriginalLocation", access };
const into = (target: string) => ({ kind: "restoreTo", options: { mailbox: target }, access }) as RestoreAction;
const toFile = { kind: "exportToPst", path: "sales.pst", options: {}, pst: {} } as unknown as RestoreAction;
const request = (action: RestoreAction, confirmInPlace?: string) => ({ action, confirmInPlace }) as RestoreRequest;
const isGuard = (pattern: RegExp) => (error: unknown) =>
  error instanceof MailboxRestoreError && error.code === "guard" && pattern.test(error.message);

describe("what is refused before anything is sent", () => {
  describe("a restore into a production mailbox", () => {
    const refused = (action: RestoreAction, confirmed: string | undefined, what = mailbox()) =>
      assert.throws(
        () => refuseUnconfirmedInPlace(request(action, confirmed), what),
        isGuard(/writes into the production mailbox/),
      );
    const goes = (action: RestoreAction, confirmed: string | undefined, what = mailbox()) =>
      refuseUnconfirmedInPlace(request(action, confirmed), what);

    it("is refused until its address is said, in any case", () => {
      refused(inPlace, undefined);
      refused(inPlace, "legal@contoso.example");
      goes(inPlace, "SALES@contoso.example");
    });

    it("is one when the target is the mailbox itself, in any case", () => {
      refused(into("SALES@CONTOSO.example"), undefined);
      goes(into("SALES@CONTOSO.example"), "sales@contoso.example");
    });

    it("is none when the target is another mailbox, or a file", () => {
      goes(into("legal@contoso.example"), undefined);
      goes(toFile, undefined);
    });

    it("is confirmed by the id of a mailbox without an address", () => {
      refused(inPlace, undefined, mailbox({ email: "" }));
      refused(inPlace, "", mailbox({ email: "" }));
      goes(inPlace, "M-1", mailbox({ email: "" }));
    });
  });

  it("a restore that nobody waits for, and no other", async () => {
    await assert.rejects(refuseWithoutEngine({ engineIsGone: () => Promise.resolve(true) }), isGuard(/CLI is gone/));
    await refuseWithoutEngine({ engineIsGone: () => Promise.resolve(false) });
  });

  describe("a backup that is too old", () => {
    const organization = (ageMs: number) =>
      ({ name: "contoso.example", lastBackupTime: new Date(Date.now() - ageMs).toISOString() }) as Organization;
    const hourMs = 3_600_000;
    const check = (ageMs: number, maxAgeMs: number | undefined) =>
      refuseTooOld(organization(ageMs), new Date().toISOString(), maxAgeMs);

    it("is refused with its age and the limit, in words that differ", () => {
      assert.throws(() => check(30 * hourMs, 24 * hourMs), isGuard(/is 1 day 6 hours old, .* allows 1 day\./));
    });

    it("is as old as is whole in two units, at any time of a day", () => {
      const minuteMs = 60_000;
      const dayMs = 24 * hourMs;
      assert.throws(() => check(2 * dayMs - minuteMs, hourMs), isGuard(/is 1 day 23 hours old/));
      assert.throws(() => check(2 * dayMs + minuteMs, hourMs), isGuard(/is 2 days 1 minute old/));
    });

    it("is none within the limit, or without one", () => {
      check(20 * hourMs, 24 * hourMs);
      check(1_000_000 * hourMs, undefined);
    });
  });

  describe("public folders", () => {
    const folders = mailbox({ isPublic: true });
    const byCertificate = {
      kind: "restoreToOriginalLocation",
      access: { applicationId: "a-1" },
    } as unknown as RestoreAction;

    it("go to no other mailbox, and nowhere with a certificate", () => {
      assert.throws(
        () => refusePublicFolders(request(into("legal@contoso.example")), folders),
        isGuard(/Sales@contoso.example is a mailbox of public folders.* original location only/),
      );
      assert.throws(() => refusePublicFolders(request(byCertificate), folders), isGuard(/certificate/));
      assert.throws(
        () => refusePublicFolders(request(byCertificate), { ...folders, email: "" }),
        isGuard(/^m-1 is a mailbox/),
      );
    });

    it("go back with a password, and into a file; other mailboxes go anywhere", () => {
      refusePublicFolders(request(inPlace), folders);
      refusePublicFolders(request(toFile), folders);
      refusePublicFolders(request(byCertificate), mailbox());
      refusePublicFolders(request(into("legal@contoso.example")), mailbox());
    });
  });
});
