import { Ajv, type ErrorObject } from "ajv";
import { nearestOf } from "../nearest";
import { isWindowsName } from "../pst/path";
import { parseAge, parseDuration } from "../timeouts";

/**
 * What Pulumi's runtime puts in place of a value that a preview cannot know yet. It may stand for anything, so it satisfies
 * every rule. A test compares it with the runtime's own constant.
 */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One mistake in a program: where, and what to write instead. Never a value. */
export interface Mistake {
  /** Dotted path of the input; empty when it concerns several. */
  path: string;
  reason: string;
}

/** A JSON Schema, as far as ours go. */
export interface Schema {
  properties?: Record<string, Schema>;
  [keyword: string]: unknown;
}

export const text: Schema = { type: "string", minLength: 1 };
export const flag: Schema = { type: "boolean" };
export const emailAddress: Schema = { type: "string", format: "email-address" };
/** RFC 3339 with an offset, or "latest". */
export const moment: Schema = { type: "string", format: "moment" };
/** Text like "90s", "20m", "8h". */
export const duration: Schema = { type: "string", format: "duration-text" };

/** The same without a limit: the age of a backup may be years. */
export const age: Schema = { type: "string", format: "age-text" };

/** An object that has no other properties than these. */
export const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: "object",
  additionalProperties: false,
  properties,
  required,
});

const ajv = new Ajv({ allErrors: true, strict: true });
ajv.addFormat("email-address", (value) => /^[^\s@]+@[^\s@]+$/.test(value));
ajv.addFormat("duration-text", (value) => parseDuration(value) !== undefined);
ajv.addFormat("age-text", (value) => parseAge(value) !== undefined);
ajv.addFormat("past-moment", (value) => isMoment(value) && Date.parse(value) <= Date.now());
ajv.addFormat(
  "file-name",
  (value) =>
    /^[^/\\\0]+$/.test(value) && !/^\.+$/.test(value) && (process.platform !== "win32" || isWindowsName(value)),
);
ajv.addFormat("moment", (value) => value === "latest" || isMoment(value));

/** RFC 3339 with an offset: a time without one means another moment on every machine. */
function isMoment(value: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value)) &&
    // A 30th of February would be read as a day of March.
    new Date(`${value.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(value.slice(8, 10))
  );
}

/** A function that finds every mistake in the shape of inputs. */
export function shapeCheck(schema: Schema): (inputs: object) => Mistake[] {
  const validate = ajv.compile(schema);
  return (inputs) => {
    if (validate(inputs)) {
      return [];
    }
    return (validate.errors ?? [])
      .filter((error) => error.keyword !== "if" && !isUnknownAt(inputs, error.instancePath))
      .map((error) => describe(error, schema));
  };
}

/** Is a value, or anything around it, not known yet? */
function isUnknownAt(inputs: object, pointer: string): boolean {
  let value: unknown = inputs;
  for (const name of pointer.split("/").slice(1)) {
    value = (value as Record<string, unknown>)[name];
  }
  return value === unknownValue;
}

function describe(error: ErrorObject, schema: Schema): Mistake {
  const path = error.instancePath.split("/").slice(1);
  const params = error.params as Record<string, unknown>;
  const at = (...more: string[]) => [...path, ...more].join(".");
  switch (error.keyword) {
    case "required":
      return { path: at(String(params["missingProperty"])), reason: "is required" };
    case "additionalProperties":
      return describeUnknownInput(schema, path, String(params["additionalProperty"]));
    case "type":
      return { path: at(), reason: `must be of type ${String(params["type"])}` };
    case "minLength":
      return { path: at(), reason: "must not be empty" };
    case "enum":
      return { path: at(), reason: `must be one of ${(params["allowedValues"] as unknown[]).join(", ")}` };
    case "minimum":
    case "maximum":
      return { path: at(), reason: `must be ${String(params["comparison"])} ${String(params["limit"])}` };
    case "format":
      return {
        path: at(),
        reason: formats[String(params["format"])] ?? "is not valid",
      };
    default:
      return { path: at(), reason: error.message ?? "is not valid" };
  }
}

const formats: Record<string, string> = {
  moment: 'must be a time with an offset, like 2026-03-01T08:00:00Z or 2026-03-01T09:00:00+01:00, or "latest"',
  "email-address": "must be an e-mail address",
  "age-text": "must be a duration like 20m, 8h, 2d or 52w",
  "past-moment": "must be a time that has passed, with an offset, like 2026-03-01T08:00:00Z",
  "file-name": "must be the name of a file, without a folder",
  "duration-text": "must be a duration like 90s, 20m, 8h or 2d",
};

/** An input that does not exist, with the nearest one that does. */
function describeUnknownInput(schema: Schema, path: string[], name: string): Mistake {
  const around = path.reduce<Schema | undefined>((outer, step) => outer?.properties?.[step], schema);
  const known = Object.keys(around?.properties ?? {}).filter((candidate) => !candidate.startsWith("__"));
  const nearest = nearestOf(name, known);
  return {
    path: [...path, name].join("."),
    reason:
      nearest === undefined ? `is no input; there are ${known.join(", ")}` : `is no input; did you mean ${nearest}?`,
  };
}
