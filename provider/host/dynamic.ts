import { check } from "../resources/mailbox-restore/check";
import { create } from "../resources/mailbox-restore/create";
import { farewellTo, remove } from "../resources/mailbox-restore/delete";
import { diff } from "../resources/mailbox-restore/diff";
import type { MailboxRestoreInputs } from "../resources/mailbox-restore/inputs";
import { createMemory } from "../resources/mailbox-restore/memory";
import { upgraded } from "../resources/mailbox-restore/migrations";
import type { MailboxRestoreOutputs } from "../resources/mailbox-restore/outputs";
import { read } from "../resources/mailbox-restore/read";
import { rerunInWords } from "../resources/mailbox-restore/rerun";
import { update } from "../resources/mailbox-restore/update";
import { checkSession } from "../resources/restore-session/check";
import type { RestoreSessionInputs, RestoreSessionOutputs } from "../resources/restore-session/inputs";
import { createSession, deleteSession, diffSession, readSession } from "../resources/restore-session/lifecycle";
import { isIncomplete } from "../errors";
import {
  type ResourceHandler,
  configure,
  configured,
  connected,
  contentOf,
  failuresOf,
  handOver,
  inform,
  journaled,
  surroundingsOf,
  warnOfPassingJournal,
  working,
} from "./process";

/**
 * The package's entry `./provider`: what Pulumi's dynamic provider process loads, by the text in `sdk/handler.ts`. That
 * text and the exported names here are stored in every state, so they never change. This folder is the only place that knows
 * how an engine talks to us.
 */

const memory = createMemory(journaled);

export const MailboxRestore: ResourceHandler = {
  configure,

  async check(olds, news) {
    const before = contentOf<MailboxRestoreInputs>(olds);
    await memory.sawInputs(before);
    const { inputs, mistakes } = check(before, contentOf(news), configured());
    return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
  },

  async diff(_id, olds, news) {
    const [before, inputs] = [upgraded(contentOf(olds)), contentOf<MailboxRestoreInputs>(news)];
    const answer = diff(before, inputs);
    memory.sawOutputs(before);
    if (answer.replaces.length > 0) {
      await inform(inputs.__urn, rerunInWords(before, inputs));
    }
    return { ...answer };
  },

  create: (bag) =>
    working(bag, async (voice) => {
      const inputs = contentOf<MailboxRestoreInputs>(bag);
      warnOfPassingJournal(voice);
      try {
        const { id, outs } = await create(connected(), inputs, memory.hadIntentOf(inputs), surroundingsOf(voice));
        handOver(outs);
        return { id, outs: { ...outs } };
      } catch (error) {
        if (isIncomplete(error)) {
          handOver(error.properties as unknown as MailboxRestoreOutputs);
        }
        throw error;
      }
    }),

  async read(id, bag) {
    const outputs = upgraded(contentOf(bag));
    memory.sawOutputs(outputs);
    return { id, props: { ...(await read(connected, outputs)) } };
  },

  update: (_id, olds, news) =>
    working(news, async (voice) => {
      const [before, inputs] = [upgraded(contentOf(olds)), contentOf<MailboxRestoreInputs>(news)];
      memory.sawOutputs(before);
      return { outs: { ...(await update(connected, before, inputs, surroundingsOf(voice))) } };
    }),

  delete: (_id, bag) =>
    working(bag, async (voice) => {
      const outputs = upgraded(contentOf(bag));
      memory.sawOutputs(outputs);
      const warning = await remove(connected, outputs);
      if (warning !== undefined) {
        voice.warn(warning);
      }
      voice.conclude(farewellTo(outputs));
    }),
};

export const RestoreSession: ResourceHandler = {
  configure,

  async check(olds, news) {
    const { inputs, mistakes } = checkSession(contentOf(olds), contentOf(news), configured());
    return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
  },

  async diff(_id, olds, news) {
    const [before, inputs] = [contentOf<RestoreSessionOutputs>(olds), contentOf<RestoreSessionInputs>(news)];
    return { ...diffSession(before, inputs, configured().endpoint) };
  },

  create: (inputs) =>
    working(inputs, async (voice) => {
      voice.activity("opening a restore session");
      const outs = await createSession(connected(), contentOf<RestoreSessionInputs>(inputs));
      return { id: outs.restoreSessionId, outs: { ...outs } };
    }),

  async read(id, outputs) {
    return { id, props: { ...(await readSession(connected(), contentOf<RestoreSessionOutputs>(outputs))) } };
  },

  async update(_id, olds) {
    // Nothing of a session can be edited in place; what the engine may still see is the URN after a rename.
    return { outs: contentOf(olds) };
  },

  delete: (_id, outputs) =>
    working(outputs, async (voice) => {
      const warning = await deleteSession(connected, contentOf<RestoreSessionOutputs>(outputs));
      if (warning !== undefined) {
        voice.warn(warning);
      }
    }),
};
