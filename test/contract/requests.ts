import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedRequest } from "../../simulator";

/**
 * The requests of each version as they must be, `requests/v3.http` and so on: written down from the reference, in the format that REST
 * clients of editors read.
 */

/** One request, ids in place of what a server invents. */
export interface ExpectedRequest {
  name: string;
  /** Method, path and query. */
  line: string;
  headers: Record<string, string>;
  /** Parsed JSON, the fields of a form, or undefined. */
  body: unknown;
}

export function expectedRequests(version: string): ExpectedRequest[] {
  const text = readFileSync(join(__dirname, "requests", `${version}.http`), "utf8");
  return text
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [head = "", ...rest] = part.trimEnd().split("\n\n");
      const [name = "", line = "", ...headers] = head.split("\n");
      const body = rest.join("\n\n");
      const named = headers.map((header): [string, string] => {
        const [, key = "", value = ""] = /^([\w-]+): (.*)$/.exec(header) ?? [];
        return [key.toLowerCase(), value];
      });
      const isForm = named.some(([key, value]) => key === "content-type" && value.includes("form-urlencoded"));
      return {
        name,
        line,
        headers: Object.fromEntries(named),
        body:
          body === ""
            ? undefined
            : isForm
              ? Object.fromEntries(new URLSearchParams(body))
              : (JSON.parse(body) as unknown),
      };
    });
}

/** What every HTTP client adds by itself. */
const ofTheLine = new Set(["host", "connection", "content-length", "user-agent"]);

/** A request as it was recorded, in the same form. */
export function asExpected(
  name: string,
  { method, path, query, headers, body }: RecordedRequest,
  ids: Record<string, string>,
): ExpectedRequest {
  const named = (text: string) =>
    Object.entries(ids).reduce((clean, [id, placeholder]) => clean.replaceAll(id, placeholder), text);
  const search = Object.entries(query)
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
  return {
    name,
    line: named(`${method} ${path}${search === "" ? "" : `?${search}`}`),
    headers: Object.fromEntries(Object.entries(headers).filter(([key]) => !ofTheLine.has(key))),
    body: body === undefined ? undefined : (JSON.parse(named(JSON.stringify(body))) as unknown),
  };
}
