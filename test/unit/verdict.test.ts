import assert from "node:assert/strict";
import { isIncomplete } from "../../provider/errors";
import {
  type MailboxRestoreOutputs,
  accepted,
  isAcceptedUnknown,
} from "../../provider/resources/mailbox-restore/outputs";
import { keepSecrets } from "../../provider/resources/mailbox-restore/request";
import { summaryOf, verdictOn } from "../../provider/resources/mailbox-restore/verdict";
import type { Outcome } from "../../provider/restore/outcome";

const counts = { created: 40, merged: 2, failed: 0, skipped: 3, failedFolders: 0 };
const none = { created: null, merged: null, failed: null, skipped: null, failedFolders: null };
const outputs = (difference: Partial<MailboxRestoreOutputs> = {}) =>
  ({
    attemptId: "a-1",
    mailboxEmail: "sales@contoso.example",
    sessionId: "s-1",
    outcome: "Succeeded",
    counts,
    failures: [],
    failureCount: 0,
    warnings: [],
    durationSeconds: 12,
    ...difference,
  }) as unknown as MailboxRestoreOutputs;
/** What the stack is told of a result that is not good enough; undefined when it is. */
function refused(difference: Partial<MailboxRestoreOutputs>): string | undefined {
  try {
    verdictOn(outputs(difference));
    return undefined;
  } catch (error) {
    assert.ok(isIncomplete(error));
    assert.equal(error.id, "a-1");
    assert.deepEqual(error.properties, { ...outputs(difference) });
    return error.reasons.join("\n");
  }
}

describe("the verdict on a restore", () => {
  it("lets a success through, with its counts in one line", () => {
    assert.equal(
      verdictOn(outputs()),
      "Succeeded: sales@contoso.example, 40 created, 2 merged, 3 skipped, 0 failed, 12 s",
    );
  });

  it("says what was counted, and nothing of what was not", () => {
    assert.match(summaryOf(outputs({ counts: none })), /counts unknown/);
    assert.match(
      summaryOf(outputs({ counts: { ...none, created: 4 } })),
      /4 created, \? merged, \? skipped, \? failed/,
    );
    assert.match(summaryOf(outputs({ counts: { ...counts, restored: 42 } })), /, 42 restored, 3 skipped/);
    const pst = { path: "a.pst", bytes: 7, sha256: "f00" } as MailboxRestoreOutputs["pst"];
    assert.match(summaryOf(outputs(pst === undefined ? {} : { pst })), /a\.pst, 7 bytes, SHA-256 f00/);
  });

  it("keeps whatever is no success as incomplete, with what to do next", () => {
    const expected: [Outcome, RegExp][] = [
      ["PartiallyFailed", /failed in part.*maxFailedItems: 5/],
      ["NothingToRestore", /found nothing to restore/],
      ["Failed", /fail/],
      ["Unfinished", /still runs on the server.*nothing is sent again/],
      ["Unknown", /nobody can tell what became of it.*not sent again by itself/],
    ];
    for (const [outcome, pattern] of expected) {
      assert.match(refused({ outcome, counts: { ...counts, failed: 4 }, failureCount: 5 }) ?? "", pattern);
    }
  });

  it("does not take a warning without counts for a success, and offers to accept it", () => {
    assert.match(refused({ outcome: "PartiallyFailed", counts: none }) ?? "", /gave no counts.*onUnknown: \{ accept/);
  });

  it("shows the first three messages, failures before warnings", () => {
    const failures = ["f1", "f2"];
    const text = refused({ outcome: "Unknown", failures, warnings: ["w1", "w2"] }) ?? "";
    assert.match(text, /First messages: "f1", "f2", "w1"\./);
    assert.doesNotMatch(refused({ outcome: "Unknown" }) ?? "", /First messages/);
  });
});

describe("a result that nobody knows", () => {
  const onUnknown = { accept: "looked into the mailbox" };

  it("is accepted where the program says so, and only then", () => {
    assert.equal(isAcceptedUnknown(outputs({ outcome: "Unknown", onUnknown })), true);
    assert.equal(isAcceptedUnknown(outputs({ outcome: "PartiallyFailed", counts: none, onUnknown })), true);
    assert.equal(isAcceptedUnknown(outputs({ outcome: "Unknown" })), false);
  });

  it("is none where something is known, whatever the program says", () => {
    for (const outcome of ["Failed", "Unfinished", "Succeeded", "PartiallyFailed"] as const) {
      assert.equal(isAcceptedUnknown(outputs({ outcome, onUnknown })), false, outcome);
    }
  });

  it("is stored as accepted, with the reason, and not looked at again", () => {
    const pending = {} as NonNullable<MailboxRestoreOutputs["pending"]>;
    const after = accepted(outputs({ outcome: "Unknown", onUnknown, warnings: ["before"], pending }));
    assert.deepEqual([after.outcome, "pending" in after], ["Accepted", false]);
    assert.deepEqual(after.warnings, ["before", "Accepted without knowing the result: looked into the mailbox"]);
  });
});

describe("secrets of a program's access to Exchange", () => {
  it("are made known before anything is sent, so that no text of the server repeats them", () => {
    for (const access of ["restoreTo", "restoreToOriginalLocation"] as const) {
      const kept: string[] = [];
      keepSecrets(
        { keepSecret: (text: string) => void kept.push(text) } as unknown as Parameters<typeof keepSecrets>[0],
        { [access]: { userName: "ada", userPassword: "Marker-1" } },
      );
      assert.deepEqual(
        kept.filter((text) => text !== ""),
        ["Marker-1"],
      );
    }
  });
});
