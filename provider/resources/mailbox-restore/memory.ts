import type { SessionLook } from "../../restore/earlier";
import type { Journal } from "../../restore/journal";
import type { MailboxRestoreInputs } from "./inputs";
import { hashOf, intentOf } from "./intent";
import { type MailboxRestoreOutputs, identityOf } from "./outputs";

/**
 * What this process has seen of the state. The engine shows a resource's inputs or its outputs with each call, and what the state has
 * needs no journal any more.
 */
export interface Memory {
  /** The engine showed the inputs that the state has; an empty bag for a new resource. */
  sawInputs(inputs: MailboxRestoreInputs): Promise<void>;
  /** The engine showed the outputs that the state has. */
  sawOutputs(outputs: MailboxRestoreOutputs): void;
  /** Does the state have this very intent already? Then a create means that it is run again on purpose. */
  hadIntentOf(inputs: MailboxRestoreInputs): boolean;
}

export function createMemory(opened: () => { journal: Journal; sessionLook: SessionLook }): Memory {
  /** Digest of the intent that the state has, by identity. */
  const intents = new Map<string, string>();
  /** Closing is good order, not safety: what stays open asks again. */
  const close = (attempt: { attemptId: string; sessionId: string }) => {
    try {
      opened().journal.close(attempt);
    } catch {
      return;
    }
  };
  return {
    async sawInputs(inputs) {
      const identity = inputs.__firstUrn ?? inputs.__urn;
      if (identity === undefined) {
        return;
      }
      const intentHash = hashOf(intentOf(inputs));
      intents.set(identity, intentHash);
      // A journal that cannot be read is told by whoever is about to send something.
      const entries = await opened()
        .journal.entries()
        .catch(() => []);
      // The state has this intent, so it has its first run. A later run of the same intent (`--replace`) is not proved by that.
      entries
        .filter((entry) => entry.identity === identity && entry.intentHash === intentHash)
        .filter(({ again, stage }) => !again && stage === "answered")
        .forEach(close);
    },
    sawOutputs({ attemptId, sessionId }) {
      opened().sessionLook.witness({ attemptId, sessionId });
      if (sessionId !== null) {
        close({ attemptId, sessionId });
      }
    },
    hadIntentOf: (inputs) => intents.get(identityOf(inputs, "")) === hashOf(intentOf(inputs)),
  };
}
