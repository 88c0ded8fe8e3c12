import { VendorError } from "../errors";
import type { OpenPoints } from "../open-points";
import { isRecord } from "../recording";

/** An action taken out of its envelope, `{"<action>": {…}}`, or the flat body of its URL. */
export interface Action {
  /** Spelled as the route spells it. */
  name: string;
  /** Names in lower case, because the server does not care. [C] */
  fields: Readonly<Record<string, unknown>>;
}

/**
 * Reads the envelope of v3 to v5, names without regard to case. [C]
 *
 * @param known - The actions of the route.
 * @param severalActions - What becomes of an envelope with more than one.
 * @throws VendorError when the body is no JSON object, or does not name exactly one known action. Trailing commas,
 * which real servers took [C], are refused here: a client must send strict JSON.
 */
export function readAction(
  body: unknown,
  known: readonly string[],
  { severalActions }: Pick<OpenPoints, "severalActions">,
): Action {
  if (!isRecord(body)) {
    throw new VendorError("unparsableBody");
  }
  const [only, ...others] = Object.entries(body);
  if (only === undefined || (others.length > 0 && severalActions === "refused")) {
    throw new VendorError("oneActionOnly");
  }
  const name = known.find((candidate) => candidate.toLowerCase() === only[0].toLowerCase());
  if (name === undefined) {
    throw new VendorError("unknownAction", only[0]);
  }
  const fields = isRecord(only[1]) ? Object.entries(only[1]) : [];
  return { name, fields: Object.fromEntries(fields.map(([field, value]) => [field.toLowerCase(), value])) };
}

/**
 * Reads the flat body of v6 on, names without regard to case. [inf]
 *
 * @throws VendorError when the body is no JSON object: one is required, be it empty. [D]
 */
export function readFlat(body: unknown, name: string): Action {
  if (!isRecord(body)) {
    throw new VendorError("unparsableBody");
  }
  return {
    name,
    fields: Object.fromEntries(Object.entries(body).map(([field, value]) => [field.toLowerCase(), value])),
  };
}

/**
 * Refuses an action that lacks parameters, naming them in PascalCase. [I]
 *
 * @param names - Camel case.
 */
export function requireFields(action: Action, names: readonly string[]): void {
  const missing = names.filter((name) => {
    const value = action.fields[name.toLowerCase()];
    return value === undefined || value === null || value === "";
  });
  if (missing.length > 0) {
    throw new VendorError(
      "missingParameters",
      missing.map((name) => name.slice(0, 1).toUpperCase() + name.slice(1)).join(", "),
    );
  }
}

/** A text property; undefined when it is absent, null or empty. */
export function textIn(action: Action, name: string): string | undefined {
  const value = action.fields[name.toLowerCase()];
  if (value === undefined || value === null || value === "") {
    return undefined;
  }
  if (typeof value !== "string") {
    throw new VendorError("invalidValue", name);
  }
  return value;
}

/** A flag: a JSON boolean, or the words "true" and "false" in any case. [C] Absent or null is false. */
export function flagIn(action: Action, name: string): boolean {
  const value = action.fields[name.toLowerCase()] ?? false;
  const word = typeof value === "string" ? value.toLowerCase() : value;
  if (word === true || word === "true") {
    return true;
  }
  if (word === false || word === "false") {
    return false;
  }
  throw new VendorError("invalidValue", name);
}
