import { existsSync } from "node:fs";
import { messageOf } from "../../errors";
import { deletePst } from "../../pst/owner";
import { isPstPresent } from "../../pst/presence";
import type { Connection } from "../../restore/connection";
import { openResults, retireResults } from "../../restore/results";
import { differingInputs } from "../mailbox-restore/intent";
import type { Remembered } from "../seen-state";
import type { Surroundings } from "../mailbox-restore/surroundings";
import { carryOutMore, carryOutNew } from "./carry-out";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { bulkIntentOf } from "./intent";
import { isOfShard, listedIn } from "./list";
import { readMarks } from "./marks";
import { type BulkMailboxRestoreOutputs, hasUndone, outputsOf, selectionHashOf } from "./outputs";
import { isAccepted, verdictOn } from "./verdict";

/**
 * Another intent is another run: a replace. Everything else is left to the engine's own comparison of inputs. What is left undone, or not
 * good enough, calls for an update too.
 */
export function diff(
  olds: BulkMailboxRestoreOutputs,
  news: BulkMailboxRestoreInputs,
): { changes: true | undefined; replaces: string[] } {
  const replaces = differingInputs(bulkIntentOf(olds), bulkIntentOf(news));
  const isOpen = news.onFailed === "report" ? hasUndone(olds) : !isAccepted(olds, news);
  return { changes: replaces.length === 0 && isOpen ? true : undefined, replaces };
}

/**
 * Carries out what is declared, once for each mailbox.
 *
 * @throws RestoreIncompleteError when it was carried out and the result is not good enough; any other error means that nothing was sent
 */
export async function create(
  connection: Connection,
  inputs: BulkMailboxRestoreInputs,
  remembered: Remembered,
  surroundings: Surroundings,
): Promise<{ id: string; outs: BulkMailboxRestoreOutputs }> {
  const outs = await carryOutNew(connection, inputs, remembered, surroundings);
  conclude(outs, surroundings);
  return { id: outs.attemptId, outs };
}

/** Goes on with what is undone or new, and judges the result again. Where nothing is, it asks nothing of the server. */
export async function update(
  open: () => Connection,
  olds: BulkMailboxRestoreOutputs,
  news: BulkMailboxRestoreInputs,
  surroundings: Surroundings,
): Promise<BulkMailboxRestoreOutputs> {
  const outs = (await judgedAgain(olds, news)) ?? (await carryOutMore(open(), olds, news, surroundings));
  conclude(outs, surroundings);
  return outs;
}

/** The same results by the policies of today; undefined where something is to be done. */
async function judgedAgain(
  olds: BulkMailboxRestoreOutputs,
  news: BulkMailboxRestoreInputs,
): Promise<BulkMailboxRestoreOutputs | undefined> {
  const listed = listedIn(news)?.filter((one) => isOfShard(one, news.shard));
  const isSameAll = JSON.stringify([olds.allMailboxes, olds.shard]) === JSON.stringify([news.allMailboxes, news.shard]);
  const isWhole = !hasUndone(olds) && olds.totals.outcomes["Unknown"] === undefined;
  const retries = olds.retryFailed !== news.retryFailed && news.retryFailed !== undefined;
  if (!isWhole || retries || !existsSync(olds.resultsFile)) {
    return undefined;
  }
  const markedOf = readMarks(olds.marks);
  const isDone = listed === undefined ? isSameAll : listed.every(({ name }) => markedOf(name) !== undefined);
  if (!isDone) {
    return undefined;
  }
  const results = await openResults(olds.resultsFile);
  try {
    const names = listed?.map(({ name }) => name) ?? results.declared;
    if (listed === undefined && selectionHashOf(names) !== olds.selectionHash) {
      return undefined;
    }
    await results.declare(names);
    const { endpoint, apiVersion, organizationId, resolvedPointInTime, dataAgeSeconds, begunAt, adoptedFrom } = olds;
    return outputsOf(news, {
      ...{ endpoint, apiVersion, organizationId, resolvedPointInTime, dataAgeSeconds, begunAt },
      ...(adoptedFrom === undefined ? {} : { adoptedFrom }),
      header: olds,
      path: results.path,
      names,
      resultOf: (name) => results.known.get(name),
      markedOf,
    });
  } finally {
    await results.close();
  }
}

function conclude(outs: BulkMailboxRestoreOutputs, { voice }: Surroundings): void {
  outs.warnings.forEach((warning) => voice.warn(warning));
  if (outs.totals.mailboxes === 0 && outs.shard === undefined) {
    // A pattern with a slip of the pen must not look like a restore; a part of a short list may well be empty.
    const why = outs.allMailboxes === undefined ? "the list is empty" : "allMailboxes matches none in the backup";
    voice.warn(
      `No mailbox is chosen: ${why}. Nothing was sent. Where others are meant, mend that and run pulumi up again.`,
    );
  }
  voice.conclude(verdictOn(outs));
}

/** Files of exports that are gone or were changed, told at a refresh; it runs nothing. */
export async function read(outputs: BulkMailboxRestoreOutputs): Promise<BulkMailboxRestoreOutputs> {
  if (outputs.exportToPst === undefined || !existsSync(outputs.resultsFile)) {
    return outputs;
  }
  const results = await openResults(outputs.resultsFile);
  try {
    let missing = 0;
    for (const result of results.known.values()) {
      const pst = result.type === "ended" ? result.record.pst : undefined;
      if (pst !== undefined && !(await isPstPresent(pst, { hash: outputs.verify?.hashOnRefresh ?? false }))) {
        missing += 1;
      }
    }
    return { ...outputs, pstMissing: missing };
  } finally {
    await results.close();
  }
}

/**
 * Forgets a bulk restore. Restored mail stays where it is; exported files, too, unless they are to be deleted.
 *
 * @returns what a destroy leaves behind, in one line
 */
export async function remove(outputs: BulkMailboxRestoreOutputs): Promise<string> {
  const { totals, onDestroy, exportToPst, resultsFile } = outputs;
  if (!existsSync(resultsFile)) {
    return `forgotten: ${totals.mailboxes} mailboxes; the results ${resultsFile} are gone, so files were left alone`;
  }
  let removed = 0;
  if (onDestroy === "deletePst") {
    const results = await openResults(resultsFile);
    try {
      for (const result of results.known.values()) {
        if (result.type === "ended" && result.record.pst !== undefined) {
          removed += (await deletePst(result.record.pst.path, result.attemptId)) ? 1 : 0;
        }
      }
    } finally {
      await results.close();
    }
  }
  await retireResults(resultsFile).catch((error: unknown) => {
    throw new Error(`the results ${resultsFile} cannot be put away: ${messageOf(error)}`);
  });
  const files = exportToPst === undefined ? "restored mail stays" : `${removed} of their files removed`;
  return `forgotten: ${totals.mailboxes} mailboxes; ${files}`;
}
