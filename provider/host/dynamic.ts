import { check } from "../resources/mailbox-restore/check";
import { create } from "../resources/mailbox-restore/create";
import { remove } from "../resources/mailbox-restore/delete";
import { diff } from "../resources/mailbox-restore/diff";
import type { MailboxRestoreInputs } from "../resources/mailbox-restore/inputs";
import type { MailboxRestoreOutputs } from "../resources/mailbox-restore/outputs";
import { read } from "../resources/mailbox-restore/read";
import { update } from "../resources/mailbox-restore/update";
import { checkSession } from "../resources/restore-session/check";
import type { RestoreSessionInputs, RestoreSessionOutputs } from "../resources/restore-session/inputs";
import { createSession, deleteSession, diffSession, readSession } from "../resources/restore-session/lifecycle";
import { type ResourceHandler, configure, configured, connected, contentOf, failuresOf, working } from "./process";

/**
 * The package's entry `./provider`: what Pulumi's dynamic provider process loads, by the text in `sdk/handler.ts`. That
 * text and the exported names here are stored in every state, so they never change. This folder is the only place that knows
 * how an engine talks to us.
 */

export const MailboxRestore: ResourceHandler = {
  configure,

  async check(olds, news) {
    const { inputs, mistakes } = check(contentOf(olds), contentOf(news), configured());
    return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
  },

  async diff(_id, olds, news) {
    return { ...diff(contentOf<MailboxRestoreOutputs>(olds), contentOf<MailboxRestoreInputs>(news)) };
  },

  create: (inputs) =>
    working(inputs, async (voice) => {
      const { id, outs } = await create(connected(), contentOf<MailboxRestoreInputs>(inputs), voice);
      return { id, outs: { ...outs } };
    }),

  async read(id, outputs) {
    return { id, props: { ...(await read(contentOf<MailboxRestoreOutputs>(outputs))) } };
  },

  update: (_id, olds, news) =>
    working(news, async (voice) => {
      const [before, inputs] = [contentOf<MailboxRestoreOutputs>(olds), contentOf<MailboxRestoreInputs>(news)];
      return { outs: { ...(await update(connected, before, inputs, voice)) } };
    }),

  delete: (_id, outputs) =>
    working(outputs, async (voice) => {
      const warning = await remove(connected, contentOf<MailboxRestoreOutputs>(outputs));
      if (warning !== undefined) {
        voice.warn(warning);
      }
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
