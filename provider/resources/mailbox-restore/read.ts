import { isPstPresent } from "../../restore/pst";
import type { MailboxRestoreOutputs } from "./outputs";

/**
 * Refreshes a restore. A finished restore is immutable, so nothing is asked of the server; a PST that is gone or has
 * another size is told, and runs nothing.
 */
export async function read(outputs: MailboxRestoreOutputs): Promise<MailboxRestoreOutputs> {
  if (outputs.pst === undefined) {
    return outputs;
  }
  return { ...outputs, pst: { ...outputs.pst, present: await isPstPresent(outputs.pst) } };
}
