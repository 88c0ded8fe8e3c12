import { messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { deletePst } from "../../restore/pst";
import { stopPending } from "../../restore/restore";
import type { MailboxRestoreOutputs } from "./outputs";

/**
 * Forgets a restore. Restored mail stays where it is. Works without the server; a session of ours that was left open for this
 * restore alone is stopped if the server can be reached, and ends by itself otherwise.
 *
 * @returns a warning for people, if something was left behind
 */
export async function remove(connect: () => Connection, outputs: MailboxRestoreOutputs): Promise<string | undefined> {
  const { pending, pst, endpoint } = outputs;
  if (outputs.onDestroy === "deletePst" && pst !== undefined) {
    await deletePst(pst.path, outputs.attemptId);
  }
  if (pending === undefined) {
    return undefined;
  }
  try {
    const { settings, dialect } = connect();
    return settings.endpoint === endpoint ? await stopPending(dialect, { ...outputs, pending }) : undefined;
  } catch (error) {
    return `Restore session ${outputs.sessionId} was left to end by itself: ${messageOf(error)}`;
  }
}
