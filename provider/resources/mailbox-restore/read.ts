import type { Connection } from "../../restore/connection";
import { isPstPresent } from "../../pst/presence";
import type { MailboxRestoreOutputs } from "./outputs";
import { seeTheEnd } from "./update";

/**
 * Refreshes a restore. A finished one is immutable, so nothing is asked of the server; a PST that is gone or has another size is
 * told, and runs nothing. One whose end was not seen is looked at once; where the server cannot tell, the record stays as it is.
 */
export async function read(connect: () => Connection, outputs: MailboxRestoreOutputs): Promise<MailboxRestoreOutputs> {
  if (outputs.pending !== undefined) {
    return lookOnce(connect, outputs);
  }
  if (outputs.pst === undefined) {
    return outputs;
  }
  const present = await isPstPresent(outputs.pst, { hash: outputs.verify?.hashOnRefresh ?? false });
  return { ...outputs, pst: { ...outputs.pst, present } };
}

async function lookOnce(connect: () => Connection, outputs: MailboxRestoreOutputs): Promise<MailboxRestoreOutputs> {
  try {
    const connection = connect();
    return connection.settings.endpoint === outputs.endpoint
      ? await seeTheEnd(connection, outputs, undefined)
      : outputs;
  } catch {
    // Without a configuration nothing can be asked, and a refresh must not fail for that: the next `up` says it.
    return outputs;
  }
}
