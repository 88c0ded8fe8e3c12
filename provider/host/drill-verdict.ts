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

    check(_olds, news) {
      const { inputs, mistakes } = check(contentOf(news));
      return Promise.resolve({ inputs: { ...inputs }, failures: failuresOf(mistakes) });
    },

    diff: (_id, olds, news) =>
      Promise.resolve({ ...diff(contentOf<DrillVerdictOutputs>(olds), contentOf<DrillVerdictInputs>(news)) }),

    create: (bag) =>
      working(bag, async (voice) => {
        const outs = await judge(contentOf<DrillVerdictInputs>(bag), await told(), voice);
        return { id: idOf(outs), outs: { ...outs } };
      }),

    read: async (id, bag) => ({ id, props: { ...(await read(contentOf<DrillVerdictOutputs>(bag))) } }),

    update: (_id, _olds, news) =>
      working(news, async (voice) => ({
        outs: { ...(await judge(contentOf<DrillVerdictInputs>(news), await told(), voice)) },
      })),

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
