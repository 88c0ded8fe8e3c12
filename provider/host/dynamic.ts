import { setTimeout as sleep } from "node:timers/promises";
import { preload } from "../api/transport";
import { connect } from "../restore/connection";
import { openJournal } from "../restore/journal";
import { bulkMailboxRestoreOf } from "./bulk-mailbox-restore";
import { drillVerdictOf } from "./drill-verdict";
import { mailboxRestoreOf } from "./mailbox-restore";
import { type ResourceHandler, createHost } from "./process";
import { openEngine } from "./progress";
import { restoreSessionOf } from "./restore-session";

/**
 * The package's entry `./provider`: what Pulumi's dynamic provider process loads, by the text in `sdk/handler.ts`. That
 * text and the exported names here are stored in every state, so they never change. This folder is the only place that knows
 * how an engine talks to us.
 */

void preload();
const engine = openEngine(process.argv.at(-1));
const host = createHost({ engine, connect, openJournal });

export const MailboxRestore: ResourceHandler = mailboxRestoreOf(host);
export const BulkMailboxRestore: ResourceHandler = bulkMailboxRestoreOf(host);
export const DrillVerdict: ResourceHandler = drillVerdictOf(host);
export const RestoreSession: ResourceHandler = restoreSessionOf(host);

/** A process whose engine is gone ends within this time after its last work. */
const orphanLookMs = 2000;
/** The engine kills a provider that has not ended 5 s after it was asked to. */
const longestFarewellMs = 4000;

// The engine asks its providers to end when it has stored what they said (seen); on Windows with CTRL_BREAK, which Node calls SIGBREAK.
for (const signal of ["SIGINT", "SIGTERM", "SIGBREAK"] as const) {
  process.once(signal, () => void Promise.race([host.end(), sleep(longestFarewellMs)]).finally(() => process.exit(0)));
}
// After a kill of the CLI nobody ends this process, and it holds passwords. What it works on is finished first.
setInterval(() => {
  if (host.isIdle) {
    void engine.isGone().then((isGone) => isGone && host.isIdle && process.exit(0));
  }
}, orphanLookMs).unref();
