import { readFileSync } from "node:fs";
import { check } from "../resources/drill-verdict/check";
import type { Told } from "../resources/drill-verdict/evidence";
import type { DrillVerdictInputs, DrillVerdictOutputs } from "../resources/drill-verdict/inputs";
import { diff, idOf, judge, read } from "../resources/drill-verdict/lifecycle";
import { readServerInfo } from "../restore/lookup";
import { type Host, type ResourceHandler, contentOf, failuresOf } from "./process";

/** The verdict on a recovery drill, as the engine calls it. */
export function drillVerdictOf({ configure, connected, working }: Host): ResourceHandler {
  /** The version of the server is worth a question, and not a failure. */
  const told = async (): Promise<Told> => {
    const { version } = packageManifest();
    try {
      return { package: version, server: (await readServerInfo(connected())).productVersion ?? null };
    } catch {
      return { package: version, server: null };
    }
  };

  return {
    configure,

    async check(olds, news) {
      const { inputs, mistakes } = await check(contentOf(olds), contentOf(news));
      return { inputs: { ...inputs }, failures: failuresOf(mistakes) };
    },

    diff: (_id, olds, news) =>
      Promise.resolve({ ...diff(contentOf<DrillVerdictOutputs>(olds), contentOf<DrillVerdictInputs>(news)) }),

    create: (bag) =>
      working(bag, async (voice) => {
        const outs = await judge(contentOf<DrillVerdictInputs>(bag), await told(), voice);
        return { id: idOf(outs), outs: { ...outs } };
      }),

    read: async (id, bag) => ({ id, props: { ...(await read(contentOf<DrillVerdictOutputs>(bag))) } }),

    update: (_id, olds, news) =>
      working(news, async (voice) => {
        const [inputs, before] = [contentOf<DrillVerdictInputs>(news), contentOf<DrillVerdictOutputs>(olds)];
        return { outs: { ...(await judge(inputs, await told(), voice, before)) } };
      }),

    // Evidence outlives what it tells of.
    delete: (_id, bag) =>
      working(bag, (voice) => {
        const { evidenceFiles } = contentOf<DrillVerdictOutputs>(bag);
        return Promise.resolve(voice.conclude(`forgotten; the evidence stays in ${evidenceFiles.json}`));
      }),
  };
}

const packageManifest = () =>
  JSON.parse(readFileSync(require.resolve("pulumi-vb365/package.json"), "utf8")) as { version: string };
