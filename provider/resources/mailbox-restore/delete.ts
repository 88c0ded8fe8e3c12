import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { deletePst } from "../../pst/owner";
import { stopPending } from "../../restore/follow";
import type { MailboxRestoreOutputs } from "./outputs";

/** What a destroy leaves behind, in one line. */
export function farewellTo(
  { pst, restoreTo, mailboxEmail, onDestroy }: MailboxRestoreOutputs,
  removedFile: boolean,
): string {
  if (pst !== undefined) {
    if (removedFile) {
      return `forgotten, and ${pst.path} removed`;
    }
    if (!(pst.files ?? [pst]).some(({ path }) => existsSync(resolve(path)))) {
      return `forgotten; ${pst.path} was gone already`;
    }
    const rest = onDestroy === "deletePst" ? `is not this export's any more, and left alone` : "stays";
    return `forgotten; ${pst.path} ${rest}`;
  }
  return `forgotten; restored mail stays in ${restoreTo?.mailbox ?? mailboxEmail}`;
}

/**
 * Forgets a restore. Restored mail stays where it is. Works without the server; a session of ours that was left open for this
 * restore alone is stopped if the server can be reached, and ends by itself otherwise.
 *
 * @returns a warning for people, if something was left behind, and whether a file was removed
 */
export async function remove(
  connect: () => Connection,
  outputs: MailboxRestoreOutputs,
): Promise<{ warning?: string; removedFile: boolean }> {
  const { pst, onDestroy, attemptId } = outputs;
  const removedFile = onDestroy === "deletePst" && pst !== undefined && (await deletePst(pst.path, attemptId));
  const warning = await stopEvidence(connect, outputs);
  return { removedFile, ...(warning === undefined ? {} : { warning }) };
}

async function stopEvidence(
  connect: () => Connection,
  { pending, sessionId, endpoint, apiVersion }: MailboxRestoreOutputs,
): Promise<string | undefined> {
  if (pending === undefined || sessionId === null) {
    return undefined;
  }
  try {
    const { settings, speaking } = connect();
    return settings.endpoint === endpoint ? await stopPending(speaking(apiVersion), { sessionId, pending }) : undefined;
  } catch (error) {
    return `Restore session ${sessionId} was left to end by itself: ${messageOf(error)}`;
  }
}
