import { messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { deletePst } from "../../restore/pst";
import { stopPending } from "../../restore/follow";
import type { MailboxRestoreOutputs } from "./outputs";

/** What a destroy leaves behind, in one line. */
export function farewellTo({ pst, onDestroy, restoreTo, mailboxEmail }: MailboxRestoreOutputs): string {
  if (pst !== undefined) {
    return onDestroy === "deletePst" ? `forgotten, and ${pst.path} removed` : `forgotten; ${pst.path} stays`;
  }
  return `forgotten; restored mail stays in ${restoreTo?.mailbox ?? mailboxEmail}`;
}

/**
 * Forgets a restore. Restored mail stays where it is. Works without the server; a session of ours that was left open for this
 * restore alone is stopped if the server can be reached, and ends by itself otherwise.
 *
 * @returns a warning for people, if something was left behind
 */
export async function remove(connect: () => Connection, outputs: MailboxRestoreOutputs): Promise<string | undefined> {
  const { pending, pst, endpoint, sessionId } = outputs;
  if (outputs.onDestroy === "deletePst" && pst !== undefined) {
    await deletePst(pst.path, outputs.attemptId);
  }
  if (pending === undefined || sessionId === null) {
    return undefined;
  }
  try {
    const { settings, dialect } = connect();
    return settings.endpoint === endpoint ? await stopPending(dialect, { sessionId, pending }) : undefined;
  } catch (error) {
    return `Restore session ${sessionId} was left to end by itself: ${messageOf(error)}`;
  }
}
