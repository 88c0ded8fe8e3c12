import type { Journal } from "../../restore/journal";
import { closeResults, listOpenResults } from "../../restore/results";
import { hashOf } from "../mailbox-restore/intent";
import type { Remembered } from "../mailbox-restore/memory";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { bulkIntentOf } from "./intent";
import type { BulkMailboxRestoreOutputs } from "./outputs";

/** What this process has seen of the state: results that the state has are nobody's to take over. */
export interface BulkMemory {
  /** The engine showed the inputs that the state has; an empty bag for a new resource. */
  sawInputs(inputs: BulkMailboxRestoreInputs, urn: string | undefined): Promise<void>;
  /** The engine showed the outputs that the state has. */
  sawOutputs(outputs: BulkMailboxRestoreOutputs): Promise<void>;
  rememberedOf(inputs: BulkMailboxRestoreInputs): Remembered;
}

export function createBulkMemory(opened: () => { journal: Journal }): BulkMemory {
  /** Digest of the intent that the state has, by URN of today. */
  const intents = new Map<string, string>();
  const formerUrns = new Map<string, string>();
  return {
    async sawInputs(inputs, urn) {
      const identity = inputs.__urn;
      if (identity === undefined || urn === undefined) {
        return;
      }
      const intentHash = hashOf(bulkIntentOf(inputs));
      intents.set(urn, intentHash);
      if (identity !== urn) {
        formerUrns.set(urn, identity);
      }
      // Results that cannot be read are told by whoever is about to send something.
      const open = await listOpenResults(opened().journal).catch(() => []);
      // The state has this intent, so it has its first run. A later run of the same intent (`--replace`) is not proved by that.
      const first = open.filter((one) => one.identity === identity && one.intentHash === intentHash && !one.again);
      await Promise.all(first.map(({ path }) => closeResults(path).catch(() => undefined)));
    },
    async sawOutputs({ resultsFile }) {
      await closeResults(resultsFile).catch(() => undefined);
    },
    rememberedOf: (inputs) => ({
      again: intents.get(inputs.__urn ?? "") === hashOf(bulkIntentOf(inputs)),
      formerIdentity: formerUrns.get(inputs.__urn ?? ""),
    }),
  };
}
