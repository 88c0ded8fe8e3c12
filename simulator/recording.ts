import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Route } from "./routes/route";

/** One request as it reached the simulator. */
export interface RecordedRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; the value of `authorization` is shortened to `Bearer …`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON, the fields of a form, or the raw text if it is neither; undefined without a body. Credentials are in it. */
  readonly body: unknown;
  /** The status that was answered; undefined while no answer has begun, and for good when the line was cut before one. */
  readonly status: number | undefined;
  /** No version has a route of this method and path; the answer was 404. */
  readonly unknownRoute: boolean;
  /** What the documented request does not have: `?name` for the query, `restoreTo.name` or `name` for the body. */
  readonly unknownFields: readonly string[];
}

/** The same while the simulator still fills it in. */
export type OpenRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] } & {
  /** The body as it came. */
  readonly rawBody: string;
};

/** Writes down a request, before anything is done with it. */
export function recordOf(request: IncomingMessage, rawBody: string, route: Route | undefined): OpenRecord {
  const url = new URL(request.url ?? "/", "https://simulator.invalid");
  const query = Object.fromEntries(url.searchParams);
  const body = parseBody(rawBody, request.headers["content-type"] ?? "");
  return {
    method: request.method ?? "",
    path: url.pathname,
    query,
    headers: shownHeaders(request.headers),
    body,
    rawBody,
    status: undefined,
    unknownRoute: route === undefined,
    unknownFields: route === undefined ? [] : unknownFields(route, query, body),
  };
}

/** Is this a JSON object, as opposed to an array, null or a plain value? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseBody(rawBody: string, contentType: string): unknown {
  if (rawBody === "") {
    return undefined;
  }
  if (contentType.toLowerCase().startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(rawBody));
  }
  try {
    return JSON.parse(rawBody) as unknown;
  } catch {
    return rawBody;
  }
}

function shownHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const shown = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return {
    ...(Object.fromEntries(shown) as Record<string, string>),
    ...(headers.authorization === undefined ? {} : { authorization: "Bearer …" }),
  };
}

function unknownFields(route: Route, query: Record<string, string>, body: unknown): string[] {
  const inQuery = strangers(Object.keys(query), route.query ?? []).map((name) => `?${name}`);
  if (!isRecord(body)) {
    return inQuery;
  }
  const inBody = strangers(Object.keys(body), route.form ?? route.fields ?? Object.keys(route.actions ?? {}));
  const inActions = Object.entries(route.actions ?? {}).flatMap(([action, known]) =>
    Object.entries(body)
      .filter(([name, fields]) => name.toLowerCase() === action.toLowerCase() && isRecord(fields))
      .flatMap(([, fields]) => strangers(Object.keys(fields as object), known).map((name) => `${action}.${name}`)),
  );
  return [...inQuery, ...inBody, ...inActions];
}

function strangers(names: readonly string[], known: readonly string[]): string[] {
  const knownNames = new Set(known.map((name) => name.toLowerCase()));
  return names.filter((name) => !knownNames.has(name.toLowerCase()));
}
