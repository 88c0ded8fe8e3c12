import type { Connection } from "../../restore/connection";
import { deletePst } from "../../restore/pst";
import type { MailboxRestoreOutputs } from "./outputs";

/**
 * Forgets a restore. Restored mail stays where it is. Works without the server once the restore has ended; a session of
 * ours that was left open for an unfinished restore is stopped.
 */
export async function remove(connect: () => Connection, outputs: MailboxRestoreOutputs): Promise<void> {
  if (outputs.onDestroy === "deletePst" && outputs.pst !== undefined) {
    await deletePst(outputs.pst.path, outputs.attemptId);
  }
  const leftOpen = outputs.outcome === "Unfinished" || outputs.outcome === "Unknown";
  if (leftOpen && outputs.restoreSessionId === undefined) {
    const connection = connect();
    if (connection.settings.endpoint === outputs.endpoint) {
      await connection.dialect.stopSession(outputs.sessionId);
    }
  }
}
