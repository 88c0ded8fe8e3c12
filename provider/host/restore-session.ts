import { checkSession } from "../resources/restore-session/check";
import type { RestoreSessionInputs, RestoreSessionOutputs } from "../resources/restore-session/inputs";
import { createSession, deleteSession, diffSession, readSession } from "../resources/restore-session/lifecycle";
import { type Host, type ResourceHandler, contentOf, failuresOf } from "./process";

/** A restore session, as the engine calls it. */
export function restoreSessionOf({ configure, configured, connected, working }: Host): ResourceHandler {
  return {
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
}
