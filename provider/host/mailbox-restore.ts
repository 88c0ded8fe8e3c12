import { check } from "../resources/mailbox-restore/check";
import { create } from "../resources/mailbox-restore/create";
import { farewellTo, remove } from "../resources/mailbox-restore/delete";
import { diff } from "../resources/mailbox-restore/diff";
import type { MailboxRestoreInputs } from "../resources/mailbox-restore/inputs";
import { createMemory } from "../resources/mailbox-restore/memory";
import { upgraded } from "../resources/mailbox-restore/migrations";

import { read } from "../resources/mailbox-restore/read";
import { rerunInWords, unrecordedInWords } from "../resources/mailbox-restore/rerun";
import { update } from "../resources/mailbox-restore/update";
import { type Host, type ResourceHandler, contentOf, failuresOf } from "./process";

/** A restore, as the engine calls it. */
export function mailboxRestoreOf(host: Host): ResourceHandler {
  const { configure, configured, connected, working } = host;
  const memory = createMemory(host.journaled);

  return {
    configure,

    async check(olds, news) {
      const [before, after] = [contentOf<MailboxRestoreInputs>(olds), contentOf<MailboxRestoreInputs>(news)];
      await memory.sawInputs(before, after.__urn);
      const { inputs, mistakes } = check(before, after, configured());
      const other = memory.sharesFileWith(inputs);
      if (other !== undefined) {
        mistakes.push({ path: "exportToPst.path", reason: `is the file of ${other}, too: give each export its own` });
      }
      return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
    },

    async diff(_id, olds, news) {
      const [before, inputs] = [upgraded(contentOf(olds)), contentOf<MailboxRestoreInputs>(news)];
      const answer = diff(before, inputs);
      for (const { startedAt, attemptId, result } of memory.sawOutputs(before)) {
        const where = `vb365 journal list shows it as ${attemptId}`;
        await host.inform(inputs.__urn, unrecordedInWords(startedAt, result?.outcome ?? "Unknown", where));
      }
      if (answer.replaces.length > 0) {
        await host.inform(inputs.__urn, rerunInWords(before, inputs));
      }
      return { ...answer };
    },

    create: (bag) =>
      working(bag, async (voice) => {
        const inputs = contentOf<MailboxRestoreInputs>(bag);
        host.warnOfPassingJournal(voice);
        const { id, outs } = await create(connected(), inputs, memory.rememberedOf(inputs), host.surroundingsOf(voice));
        return { id, outs: { ...outs } };
      }),

    async read(id, bag) {
      const outputs = upgraded(contentOf(bag));
      memory.sawOutputs(outputs);
      const found = await read(connected, outputs);
      if (found.pst?.present === false) {
        // Pulumi's own diff shows the inputs alone, so a refresh would pass over it in silence.
        await host.inform(
          outputs.__urn,
          `${found.pst.path} is gone, or was changed. Nothing is exported again by itself.`,
        );
      }
      return { id, props: { ...found } };
    },

    update: (_id, olds, news) =>
      working(news, async (voice) => {
        const [before, inputs] = [upgraded(contentOf(olds)), contentOf<MailboxRestoreInputs>(news)];
        memory.sawOutputs(before);
        return { outs: { ...(await update(connected, before, inputs, host.surroundingsOf(voice))) } };
      }),

    delete: (_id, bag) =>
      working(bag, async (voice) => {
        const outputs = upgraded(contentOf(bag));
        memory.sawOutputs(outputs);
        await memory.sawReplaced(outputs);
        const { warning, removedFile } = await remove(connected, outputs);
        if (warning !== undefined) {
          voice.warn(warning);
        }
        voice.conclude(farewellTo(outputs, removedFile));
      }),
  };
}
