import { randomUUID } from "node:crypto";
import type { Journal, JournalEntry } from "../../provider/restore/journal";
import type { Outcome } from "../../provider/restore/outcome";
import { type RestoreRecord, recordOf } from "../../provider/restore/record";
import type { ResultsHeader } from "../../provider/restore/results";

/** What a resource notes before it sends a restore; a test states only the difference. */
export function anEntry(difference: Partial<JournalEntry> = {}): JournalEntry {
  return {
    version: 1,
    stage: "sent",
    identity: "urn:pulumi:dev::mail::pulumi-nodejs:dynamic/vb365:MailboxRestore::finance",
    attemptId: randomUUID(),
    intentHash: "5c0d6f1b",
    intentLayout: 1,
    again: false,
    endpoint: "https://vb365.example.test:4443",
    apiVersion: "v3",
    action: "restoreTo",
    mailbox: { id: "m-finance", name: "Finance", email: "finance@contoso.example" },
    writesTo: "support@contoso.example",
    target: "support@contoso.example",
    path: null,
    organizationId: "o-contoso",
    resolvedPointInTime: "2026-11-20T18:00:00.000Z",
    dataAgeSeconds: 3600,
    sessionId: randomUUID(),
    ownsSession: false,
    ignoredEvents: ["an-event-before"],
    startedAt: "2026-11-20T19:00:00.125Z",
    // A process that is gone, and its lease with it.
    owner: randomUUID(),
    ...difference,
  };
}

/** What came of an attempt. */
export function aRecord(entry: JournalEntry, outcome: Outcome): RestoreRecord {
  const counts = { created: 45, merged: 0, failed: 0, skipped: 0, failedFolders: 0 };
  return recordOf(entry, { outcome, counts, failures: [], warnings: [] }, "2026-11-20T19:02:00.000Z");
}

/** Leaves an entry as a process leaves it that was killed after it had sent the action. */
export async function leaveBehind(journal: Journal, entry: JournalEntry): Promise<void> {
  await journal.begin(entry);
  await journal.abandon(entry);
}

/** What the results of a bulk restore begin with. */
export const aResultsHeader: ResultsHeader = {
  version: 1,
  identity: "urn:all",
  attemptId: "a-1",
  intentHash: "hash",
  intentLayout: 1,
  again: false,
  endpoint: "https://127.0.0.1:1",
  owner: "somebody",
};
