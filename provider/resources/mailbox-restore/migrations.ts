import { MailboxRestoreError } from "../../errors";
import type { MailboxRestoreOutputs } from "./outputs";

/** Layout of the outputs that this version writes. */
export const stateVersion = 1;

/**
 * What lies in a state, in the layout of today: the one place that knows older ones. A state stays as it is until something writes
 * it, so each step stays here for ever.
 *
 * @throws MailboxRestoreError (`config`) when a newer version of this package wrote it.
 */
export function upgraded(outputs: object): MailboxRestoreOutputs {
  const stored = outputs as MailboxRestoreOutputs;
  const version: number = stored.stateVersion;
  if (version > stateVersion) {
    throw new MailboxRestoreError(
      "config",
      `This state was written by a newer version of pulumi-vb365 (layout ${version}; this one knows ${stateVersion}). ` +
        `Install that version again; nothing was changed.`,
    );
  }
  // Layout 1 is the first one. A step for an older layout goes here: `if (version < 2) { … }`.
  return stored;
}
