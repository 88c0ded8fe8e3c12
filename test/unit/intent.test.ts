import assert from "node:assert/strict";
import { diff } from "../../provider/resources/mailbox-restore/diff";
import {
  type MailboxRestoreInputs,
  withDefaults,
  withoutAccess,
} from "../../provider/resources/mailbox-restore/inputs";
import { differingInputs, hashOf, intentOf } from "../../provider/resources/mailbox-restore/intent";
import { outputsOf } from "../../provider/resources/mailbox-restore/outputs";
import type { RestoreRecord } from "../../provider/restore/record";

const inputs = (difference: Partial<MailboxRestoreInputs> = {}): MailboxRestoreInputs => ({
  organization: "contoso.example",
  mailbox: { email: "finance@contoso.example" },
  pointInTime: "2026-11-01T08:00:00Z",
  restoreTo: { mailbox: "support@contoso.example", userName: "svc", userPassword: "exchange-secret" },
  ...difference,
});
const record: RestoreRecord = {
  sessionId: "s-1",
  mailboxId: "m-1",
  mailboxEmail: "finance@contoso.example",
  organizationId: "o-1",
  resolvedPointInTime: "2026-11-01T08:00:00.000Z",
  outcome: "Succeeded",
  counts: { created: 1, merged: 0, failed: 0, skipped: 0, failedFolders: null },
  failures: [],
  failureCount: 0,
  warnings: [],
  startedAt: "2026-11-02T08:00:00.000Z",
  finishedAt: "2026-11-02T08:01:00.000Z",
  durationSeconds: 60,
  dataAgeSeconds: 86400,
  events: [],
};
const stored = (from: MailboxRestoreInputs, difference: Partial<RestoreRecord> = {}) =>
  outputsOf(withDefaults(from), {
    attemptId: "a-1",
    endpoint: "https://vb365.example.test:4443",
    apiVersion: "v3",
    record: { ...record, ...difference },
  });
const differences = (a: MailboxRestoreInputs, b: MailboxRestoreInputs) => differingInputs(intentOf(a), intentOf(b));

describe("the intent of a restore", () => {
  const edits: Record<string, Partial<MailboxRestoreInputs>> = {
    organization: { organization: "fabrikam.example" },
    mailbox: { mailbox: { email: "finance@contoso.example", archive: true } },
    pointInTime: { pointInTime: "2026-11-01T09:00:00Z" },
    showDeleted: { showDeleted: true },
    showAllVersions: { showAllVersions: true },
    runId: { runId: "2" },
    restoreTo: { restoreTo: { mailbox: "support@contoso.example", excludeDrafts: true } },
  };
  for (const [name, edit] of Object.entries(edits)) {
    it(`changes with ${name}, and names it as the cause`, () => {
      assert.deepEqual(differences(inputs(), inputs(edit)), [name]);
      assert.deepEqual(diff(stored(inputs()), inputs(edit)), { changes: undefined, replaces: [name] });
    });
  }

  it("changes in both places when the action is another one", () => {
    const { restoreTo: _, ...others } = inputs();
    assert.deepEqual(differences(inputs(), { ...others, exportToPst: { path: "a.pst" } }), [
      "exportToPst",
      "restoreTo",
    ]);
  });

  const sameMeaning: Record<string, Partial<MailboxRestoreInputs>> = {
    "credentials of the action": {
      restoreTo: { mailbox: "support@contoso.example", userName: "new", userPassword: "newer" },
    },
    "the same moment with another offset": { pointInTime: "2026-11-01T09:00:00+01:00" },
    // What is sent is rounded up; an older state and its journal hold digests of the time as it was cut.
    "a time that differs by less than a millisecond": { pointInTime: "2026-11-01T08:00:00.0003324Z" },
    "an address in capitals": { mailbox: { email: "FINANCE@contoso.example" } },
    "a default that is written out": {
      showDeleted: false,
      mailbox: { email: "finance@contoso.example", archive: false },
    },
    "guards, policy and remarks": {
      confirmInPlace: "finance@contoso.example",
      failurePolicy: { maxFailedItems: 3 },
      onUnknown: { accept: "looked" },
      reason: "audit",
      onDestroy: "deletePst",
    },
  };
  for (const [what, edit] of Object.entries(sameMeaning)) {
    it(`stays the same with ${what}`, () => {
      assert.deepEqual(differences(inputs(), inputs(edit)), []);
      assert.equal(hashOf(intentOf(inputs())), hashOf(intentOf(inputs(edit))));
    });
  }

  it("stays the same with a size limit that is switched off", () => {
    const exported = (difference = {}) => {
      const { restoreTo: _, ...others } = inputs();
      return { ...others, exportToPst: { path: "a.pst", ...difference } };
    };
    assert.deepEqual(differences(exported(), exported({ enablePstSizeLimit: false })), []);
    const limited = exported({ enablePstSizeLimit: true, pstSizeLimitBytes: 2 ** 30 });
    assert.deepEqual(differences(exported(), limited), ["exportToPst"]);
  });

  it("is the same in the stored outputs as in the inputs they came from", () => {
    assert.deepEqual(differingInputs(intentOf(stored(inputs())), intentOf(inputs())), []);
  });

  it("is the same in outputs, which repeat no default, as in those of earlier versions, which did", () => {
    const lean = stored(inputs());
    assert.equal("showDeleted" in lean, false);
    assert.deepEqual(lean.restoreTo, { mailbox: "support@contoso.example" });
    const earlier = { ...lean, ...withoutAccess(withDefaults(inputs())) };
    assert.deepEqual(diff(lean, withDefaults(inputs())), diff(earlier, withDefaults(inputs())));
    assert.deepEqual(intentOf(earlier), intentOf(lean));
    const other = stored(
      inputs({ showDeleted: true, restoreTo: { mailbox: "a@contoso.example", deletedItems: false } }),
    );
    assert.equal(other.showDeleted, true);
    assert.deepEqual(other.restoreTo, { mailbox: "a@contoso.example", deletedItems: false });
  });

  it("takes mailboxId for intent only beside restoreSessionId, because every restore has one as an output", () => {
    const byId: MailboxRestoreInputs = { restoreSessionId: "s-9", mailboxId: "m-9", exportToPst: { path: "a.pst" } };
    assert.deepEqual(differences(byId, { ...byId, mailboxId: "m-8" }), ["mailboxId"]);
    assert.equal("mailboxId" in intentOf(stored(inputs())), false);
  });
});

describe("diff", () => {
  it("leaves an edit of credentials to the engine's own comparison", () => {
    const edit = inputs({ restoreTo: { mailbox: "support@contoso.example", userName: "x", userPassword: "y" } });
    assert.deepEqual(diff(stored(inputs()), edit), { changes: undefined, replaces: [] });
  });

  for (const outcome of ["PartiallyFailed", "Unfinished", "Unknown", "Failed", "NothingToRestore"] as const) {
    it(`asks for an update while the stored outcome is ${outcome}`, () => {
      const counts = { ...record.counts, failed: 3 };
      assert.equal(diff(stored(inputs(), { outcome, counts }), inputs()).changes, true);
    });
  }

  it("asks for nothing more once the policy accepts the stored counts", () => {
    const partly = stored(inputs(), { outcome: "PartiallyFailed", counts: { ...record.counts, failed: 3 } });
    assert.equal(diff(partly, inputs({ failurePolicy: { maxFailedItems: 3 } })).changes, undefined);
  });

  it("replaces rather than updates when a bad result meets a new intent", () => {
    const failed = stored(inputs(), { outcome: "Unknown" });
    assert.deepEqual(diff(failed, inputs({ runId: "2" })), { changes: undefined, replaces: ["runId"] });
  });
});

describe("outputs", () => {
  it("hold no credentials, in any action", () => {
    const original = inputs({ restoreToOriginalLocation: { userName: "svc", userPassword: "exchange-secret" } });
    assert.doesNotMatch(JSON.stringify(stored(original)), /exchange-secret|svc/);
    assert.deepEqual(withoutAccess(original).restoreTo, { mailbox: "support@contoso.example" });
  });

  it("take at most 2 kB for one restore", () => {
    const bytes = JSON.stringify(stored(inputs({ runId: "2026-11-20", reason: "quarterly drill" }))).length;
    assert.ok(bytes <= 2000, `${bytes} bytes`);
  });
});
