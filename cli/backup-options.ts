import { InvalidArgumentError, Option } from "commander";
import { moment, object, shapeCheck } from "../provider/resources/shape";

const momentMistakes = shapeCheck(object({ pointInTime: moment }));

/** `--organization`, by id or name. */
export const organizationOption = () =>
  new Option("--organization <name>", "name or id of an organization that is backed up");

/** `--point-in-time`, under the rules of the resource's input `pointInTime`. */
export const pointInTimeOption = () =>
  new Option("--point-in-time <time>", 'RFC 3339 with an offset (2026-11-20T18:00:00Z), or "latest"')
    .default("latest")
    .argParser(parsePointInTime);

function parsePointInTime(pointInTime: string): string {
  const [mistake] = momentMistakes({ pointInTime });
  if (mistake !== undefined) {
    throw new InvalidArgumentError(`It ${mistake.reason}.`);
  }
  if (Date.parse(pointInTime) > Date.now()) {
    throw new InvalidArgumentError('It lies in the future: give a time that has passed, or "latest".');
  }
  return pointInTime;
}
