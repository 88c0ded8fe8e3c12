import { otherOwnerOf } from "../../../evidence/whose";
import { anothers, pathOf } from "../../../evidence/write";
import { whyNotWritable } from "../../pst/owner";
import { type Mistake, age, flag, moment, object, shapeCheck, text } from "../shape";
import { type DrillVerdictInputs, optionalChecks } from "./inputs";
import { fileNameOf, folderOf, ownerOf } from "./evidence";

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
export async function check(olds: object, news: object): Promise<{ inputs: DrillVerdictInputs; mistakes: Mistake[] }> {
  const inputs = news as DrillVerdictInputs;
  const mistakes = findShapeMistakes(inputs);
  if (mistakes.length === 0) {
    const obstacle = whyNotWritable(`${folderOf(inputs)}/evidence.json`);
    if (obstacle !== undefined) {
      mistakes.push({ path: "evidence.folder", reason: obstacle });
    }
  }
  if (mistakes.length === 0) {
    const mistake = await mistakeOfPlace(olds, inputs);
    mistakes.push(...(mistake === undefined ? [] : [mistake]));
  }
  return { inputs, mistakes };
}

/** Is another drill's evidence where its own is to be? What is asked when it is written is asked here of a place that is new to it. */
async function mistakeOfPlace(
  olds: Partial<DrillVerdictInputs>,
  news: DrillVerdictInputs,
): Promise<Mistake | undefined> {
  const [before, path] = [knownPlaceOf(olds), knownPlaceOf(news)];
  const owner = ownerOf(news);
  if (path === undefined || path === before || owner.stack === "") {
    return undefined;
  }
  // What cannot be read is told when it is to be written.
  const other = await otherOwnerOf(path, owner).catch(() => undefined);
  return other === undefined
    ? undefined
    : { path: "evidence.name", reason: `leads to a file that is there: ${anothers(path, other)}` };
}

/** Without a name and a `runId` the files are named for the moment in which the restores begin. */
function knownPlaceOf(inputs: Partial<DrillVerdictInputs>): string | undefined {
  const isNamed = inputs.evidence?.name !== undefined || inputs.runId !== undefined;
  return isNamed ? pathOf("json", folderOf(inputs), fileNameOf(inputs as DrillVerdictInputs)) : undefined;
}
