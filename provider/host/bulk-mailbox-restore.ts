import { check } from "../resources/bulk-mailbox-restore/check";
import type { BulkMailboxRestoreInputs } from "../resources/bulk-mailbox-restore/inputs";
import { create, diff, read, remove, update } from "../resources/bulk-mailbox-restore/lifecycle";
import { createBulkMemory } from "../resources/bulk-mailbox-restore/memory";
import type { BulkMailboxRestoreOutputs } from "../resources/bulk-mailbox-restore/outputs";
import { unrecordedInWords } from "../resources/mailbox-restore/rerun";
import { type Bag, type Host, type ResourceHandler, contentOf, failuresOf } from "./process";

/** Restores of many mailboxes, as the engine calls them. */
export function bulkMailboxRestoreOf(host: Host): ResourceHandler {
  const { configure, configured, connected, working } = host;
  const memory = createBulkMemory(host.journaled);
  const storedIn = async (bag: Bag) => {
    const outputs = contentOf<BulkMailboxRestoreOutputs>(bag);
    for (const { path, begunAt, known } of await memory.sawOutputs(outputs)) {
      await host.inform(outputs.__urn, unrecordedInWords(begunAt, `${known} mailboxes`, `its results are in ${path}`));
    }
    return outputs;
  };

  return {
    configure,

    async check(olds, news) {
      const [before, after] = [contentOf<BulkMailboxRestoreInputs>(olds), contentOf<BulkMailboxRestoreInputs>(news)];
      await memory.sawInputs(before, after.__urn);
      const { inputs, mistakes } = check(before, after, configured());
      return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
    },

    diff: async (_id, olds, news) => ({ ...diff(await storedIn(olds), contentOf<BulkMailboxRestoreInputs>(news)) }),

    create: (bag) =>
      working(bag, async (voice) => {
        const inputs = contentOf<BulkMailboxRestoreInputs>(bag);
        host.warnOfPassingJournal(voice);
        const { id, outs } = await create(
          connected(),
          inputs,
          await memory.rememberedOf(inputs),
          host.surroundingsOf(voice),
        );
        return { id, outs: { ...outs } };
      }),

    read: async (id, bag) => ({ id, props: { ...(await read(await storedIn(bag))) } }),

    update: (_id, olds, news) =>
      working(news, async (voice) => {
        const [before, inputs] = [await storedIn(olds), contentOf<BulkMailboxRestoreInputs>(news)];
        return { outs: { ...(await update(connected, before, inputs, host.surroundingsOf(voice))) } };
      }),

    delete: (_id, bag) => working(bag, async (voice) => voice.conclude(await remove(await storedIn(bag)))),
  };
}
