import type { ConfigMistake } from "../../config";
import { type Mistake, flag, moment, object, shapeCheck, text, unknownValue } from "../shape";
import type { RestoreSessionInputs } from "./inputs";

const findShapeMistakes = shapeCheck(
  object(
    { organization: text, pointInTime: moment, showDeleted: flag, showAllVersions: flag, __urn: { type: "string" } },
    ["organization", "pointInTime"],
  ),
);

/** Checks inputs at preview, without a network: all mistakes at once. */
export function checkSession(
  olds: object,
  news: object,
  { configMistakes, now }: { configMistakes: ConfigMistake[]; now: Date },
): { inputs: RestoreSessionInputs; mistakes: Mistake[] } {
  const inputs = news as RestoreSessionInputs;
  const mistakes = findShapeMistakes(inputs);
  const { pointInTime } = inputs;
  if (mistakes.length === 0 && pointInTime !== unknownValue && Date.parse(pointInTime) > now.getTime()) {
    mistakes.push({ path: "pointInTime", reason: 'lies in the future: give a time that has passed, or "latest"' });
  }
  if (Object.keys(olds).length === 0) {
    mistakes.push(...configMistakes.map(({ reason }) => ({ path: "", reason })));
  }
  return { inputs, mistakes };
}
