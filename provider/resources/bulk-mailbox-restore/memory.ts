import type { Journal } from "../../restore/journal";
import { type OpenResults, closeResults, listOpenResults, openResults } from "../../restore/results";
import { hashOf } from "../mailbox-restore/intent";
import { type Remembered, createSeenState } from "../seen-state";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { bulkIntentOf } from "./intent";
import type { BulkMailboxRestoreOutputs } from "./outputs";

/** What this process has seen of the state: results that the state has are nobody's to take over. */
export interface BulkMemory {
  /** The engine showed the inputs that the state has; an empty bag for a new resource. */
  sawInputs(inputs: BulkMailboxRestoreInputs, urn: string | undefined): Promise<void>;
  /**
   * The engine showed the outputs that the state has.
   *
   * @returns what this resource came to later, and the state never had: of a `--replace` that was broken off
   */
  sawOutputs(outputs: BulkMailboxRestoreOutputs): Promise<Unrecorded[]>;
  /** For a create, which goes on with what was left of earlier ones: what the state has is none of that. */
  rememberedOf(inputs: BulkMailboxRestoreInputs): Promise<Remembered>;
}

export interface Unrecorded {
  path: string;
  begunAt: string;
  /** How many mailboxes have a result. */
  known: number;
}

export function createBulkMemory(opened: () => { journal: Journal }): BulkMemory {
  const seen = createSeenState<OpenResults>();
  const close = ({ path }: { path: string }) => closeResults(path).catch(() => undefined);
  return {
    async sawInputs(inputs, urn) {
      const identity = inputs.__urn;
      if (identity === undefined || urn === undefined) {
        return;
      }
      const intentHash = hashOf(bulkIntentOf(inputs));
      // Results that cannot be read are told by whoever is about to send something.
      const open = await listOpenResults(opened().journal).catch(() => []);
      // The state has this intent, so it has its first run. A later run of the same intent (`--replace`) is not proved by that.
      const runs = open.filter((one) => one.identity === identity && one.intentHash === intentHash && !one.again);
      seen.sawInputs(urn, { identity, intentHash, runs });
    },
    async sawOutputs(outputs) {
      const { resultsFile, begunAt } = outputs;
      await close({ path: resultsFile });
      // With `--replace` the engine shows nothing of the state, so that run looks like a first one.
      const later: Unrecorded[] = [];
      for (const run of seen.othersThan(outputs)) {
        // Results that cannot be read stay open, for the same reason.
        const found = await lookInto(run).catch(() => run);
        if (!("begunAt" in found)) {
          continue;
        }
        if (found.begunAt > begunAt) {
          later.push(found);
        } else {
          await close(run);
        }
      }
      return later;
    },
    async rememberedOf(inputs) {
      const urn = inputs.__urn ?? "";
      // It is run again on purpose, and the engine has not shown the outputs.
      await Promise.all(seen.takeRuns(urn).map(close));
      return { again: seen.intentHashOf(urn) === hashOf(bulkIntentOf(inputs)), formerIdentity: seen.formerUrnOf(urn) };
    },
  };
}

async function lookInto({ path }: OpenResults): Promise<Unrecorded> {
  const { header, known, close } = await openResults(path);
  await close();
  // One that somebody has emptied says that the state is right.
  return { path, begunAt: header?.at ?? "", known: known.size };
}
