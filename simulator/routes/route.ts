import type { Answer } from "../answer";
import type { RestoreResult } from "../faults";
import type { OpenPoints } from "../open-points";
import type { ServerState } from "../state";
import type { VersionTraits } from "../versions";

/** What a handler gets to know about a request. */
export interface RouteContext {
  state: ServerState;
  /** The version that was asked. */
  version: VersionTraits;
  /** The `{names}` of the route's path, decoded. */
  params: Readonly<Record<string, string>>;
  /** Names in lower case. */
  query: Readonly<Record<string, string>>;
  /** Parsed JSON or form fields; raw text when it could not be parsed. */
  body: unknown;
  /** The organization of a tenant's login, who sees no other. */
  tenantOf: string | undefined;
  /** The login whose token came with the request; empty on a route without authentication. */
  user: string;
  authorization: string | undefined;
  /** `Range: bytes=FIRST-` or `bytes=FIRST-LAST`, as it was asked. */
  range: string | undefined;
  /** `If-Range: "TAG"`: the part only if the file is still this one. */
  ifRange: string | undefined;
  /** `https://HOST:PORT`, as the client wrote it, for absolute links (v3 to v5); empty for relative ones. [D] */
  baseUrl: string;
  /** A restore's result, when a fault sets one. */
  restoreResult: RestoreResult | undefined;
  /** Waits where a test holds the request `duringWork`. */
  duringWork(): Promise<void>;
}

/** One documented method and path, with the names that its request may carry. */
export interface Route {
  version: VersionTraits;
  method: "GET" | "POST";
  /** Below the root; segments match case-insensitively [C], `{name}` matches one segment. */
  path: string;
  /** No bearer token is asked for. */
  anonymous?: true;
  /** Known query parameters. */
  query?: readonly string[];
  /** Known form fields. */
  form?: readonly string[];
  /** Known properties of a flat JSON body. */
  fields?: readonly string[];
  /** Known actions of the envelope, each with its properties. */
  actions?: Readonly<Record<string, readonly string[]>>;
  handle(context: RouteContext): Answer | Promise<Answer>;
}

/** The routes of a version's own style: an envelope up to v5, a URL an action from v6 on, where the envelope may still be served. */
export function styled(
  { isFlat }: VersionTraits,
  { envelopeFromV6 }: OpenPoints,
  { flat, envelope }: { flat: Route[]; envelope: Route[] },
): Route[] {
  return isFlat ? [...flat, ...(envelopeFromV6 === "served" ? envelope : [])] : envelope;
}

/** A route that fits a request, with the values of its path. */
export interface RouteMatch {
  route: Route;
  params: Record<string, string>;
}

/** Finds the first route for a method and a path; a slash at the end does not matter. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const asked = segments(path);
  for (const route of routes) {
    const params = route.method === method ? matchSegments(segments(route.path), asked) : undefined;
    if (params !== undefined) {
      return { route, params };
    }
  }
  return undefined;
}

function segments(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function matchSegments(pattern: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== asked.length) {
    return undefined;
  }
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = decoded(asked[index] ?? "");
    if (expected.startsWith("{")) {
      params[expected.slice(1, -1)] = segment;
    } else if (expected.toLowerCase() !== segment.toLowerCase()) {
      return undefined;
    }
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
