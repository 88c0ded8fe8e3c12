import { whyNotWritable } from "../../pst/owner";
import { type Mistake, age, flag, moment, object, shapeCheck, text } from "../shape";
import { type DrillVerdictInputs, optionalChecks } from "./inputs";
import { folderOf } from "./evidence";

const count = { type: "integer", minimum: 0 };

const findShapeMistakes = shapeCheck(
  object(
    {
      name: text,
      organization: text,
      pointInTime: moment,
      action: { enum: ["exportToPst", "restoreTo"] },
      target: text,
      objectives: { ...object({ rto: age, rpo: age }), minProperties: 1 },
      clockStart: { type: "string", format: "past-moment" },
      checks: { type: "array", items: { enum: [...optionalChecks] } },
      failurePolicy: object({
        maxFailedMailboxes: count,
        maxFailedItems: count,
        onNothingToRestore: { enum: ["fail", "accept"] },
      }),
      onMissed: { enum: ["fail", "report"] },
      runId: text,
      reason: { type: "string" },
      shard: object({ index: count, count: { type: "integer", minimum: 1 } }, ["index", "count"]),
      evidence: object({ folder: text, name: { type: "string", format: "file-name" } }),
      hashFiles: flag,
      restores: { type: "object" },
      __urn: { type: "string" },
    },
    ["name", "organization", "pointInTime", "action", "target", "objectives", "restores"],
  ),
);

/** Checks inputs at preview: what would keep the evidence from being written is told before the restores begin. */
export function check(news: object): { inputs: DrillVerdictInputs; mistakes: Mistake[] } {
  const inputs = news as DrillVerdictInputs;
  const mistakes = findShapeMistakes(inputs);
  if (mistakes.length === 0) {
    const obstacle = whyNotWritable(`${folderOf(inputs)}/evidence.json`);
    if (obstacle !== undefined) {
      mistakes.push({ path: "evidence.folder", reason: obstacle });
    }
  }
  return { inputs, mistakes };
}
