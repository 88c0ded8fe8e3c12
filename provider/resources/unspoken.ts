import { type ApiVersion, firstVersionOf, lackingIn } from "../versions";
import { type Mistake, unknownValue } from "./shape";

/**
 * Inputs that a pinned version does not have. Without a pin the server is asked first, and it is said before anything is sent.
 *
 * @param at - dotted path of the inputs; empty at the top
 * @param except - names that are judged elsewhere
 */
export function findUnspoken(
  apiVersion: "auto" | ApiVersion,
  at: string,
  fields: object | undefined,
  except: readonly string[] = [],
): Mistake[] {
  if (apiVersion === "auto" || fields === undefined || (fields as unknown) === unknownValue) {
    return [];
  }
  const used = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return lackingIn(
    apiVersion,
    used.filter((name) => !except.includes(name)),
  ).map((name) => ({
    path: at === "" ? name : `${at}.${name}`,
    reason: `is not in the REST API ${apiVersion} of vb365:apiVersion; it came with ${firstVersionOf(name)}`,
  }));
}
