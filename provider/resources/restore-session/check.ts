import type { ConfigMistake } from "../../config";
import type { ApiVersion } from "../../versions";
import { type Mistake, flag, moment, object, shapeCheck, text, unknownValue } from "../shape";
import { findUnspoken } from "../unspoken";
import type { RestoreSessionInputs } from "./inputs";

const findShapeMistakes = shapeCheck(
  object(
    {
      organization: text,
      pointInTime: moment,
      showDeleted: flag,
      showAllVersions: flag,
      repositoryId: text,
      __urn: { type: "string" },
    },
    ["organization", "pointInTime"],
  ),
);

/** Checks inputs at preview, without a network: all mistakes at once. */
export function checkSession(
  olds: object,
  news: object,
  { configMistakes, apiVersion, now }: { configMistakes: ConfigMistake[]; apiVersion: "auto" | ApiVersion; now: Date },
): { inputs: RestoreSessionInputs; mistakes: Mistake[] } {
  const inputs = news as RestoreSessionInputs;
  const mistakes = findShapeMistakes(inputs);
  const { pointInTime } = inputs;
  if (mistakes.length === 0 && pointInTime !== unknownValue && Date.parse(pointInTime) > now.getTime()) {
    mistakes.push({ path: "pointInTime", reason: 'lies in the future: give a time that has passed, or "latest"' });
  }
  if (Object.keys(olds).length === 0) {
    mistakes.push(...configMistakes.map(({ reason }) => ({ path: "", reason })));
    mistakes.push(...findUnspoken(apiVersion, "", { repositoryId: inputs.repositoryId }));
  }
  return { inputs, mistakes };
}
