import { ApiError, type ApiErrorFields, AuthenticationError, NotFoundError } from "../errors";
import { hintFor } from "./hints";
import { parseRetryAfter } from "./retry";
import { type HttpRequest, type HttpResponse, readText } from "./transport";

/** Takes known secrets out of a text that came from elsewhere, and half characters: gRPC cannot carry them. */
export type Redact = (text: string) => string;

/** A redactor for secrets that may still change: tokens come and go during a run. */
export function createRedactor(secrets: () => Iterable<string | undefined>): Redact {
  let last: string[] = [];
  let known: string[] = [];
  return (text) => {
    const now = [...secrets()].filter((secret): secret is string => secret !== undefined && isLong(secret));
    // A list of events is redacted word by word, and the secrets are the same for all of them.
    if (now.length !== last.length || now.some((secret, index) => secret !== last[index])) {
      last = now;
      known = spellingsOf(now);
    }
    return known.reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text).toWellFormed();
  };
}

/** Shorter "secrets" would tear ordinary words apart and tell by that what they are. */
const isLong = (secret: string) => secret.length >= 4;

/** Secrets as they may stand in a text. The longest first: one may begin with another, and its tail would stay. */
const spellingsOf = (secrets: readonly string[]): string[] =>
  secrets
    // A certificate may be written in lines, and is sent and repeated without them.
    .flatMap((secret) => [secret, secret.replace(/\s+/g, "")])
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), ...encodingsOf(secret)])
    .filter(isLong)
    .filter((secret, index, all) => all.indexOf(secret) === index)
    .sort((a, b) => b.length - a.length);

/** As a login is sent, and as others write what stands in a URL; whatever repeats it may have decoded nothing, or have encoded it anew. */
const encodingsOf = (secret: string): string[] =>
  [new URLSearchParams({ "": secret }).toString().slice(1), encodeURIComponent(secret.toWellFormed())].flatMap(
    (encoded) => [encoded, encoded.replace(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase())],
  );

/**
 * The body of a successful answer as JSON; undefined when the body is empty.
 *
 * @param redact - applied to every text in it: whatever the server says may be shown later, and it may repeat what it was sent
 */
export async function readJson(request: HttpRequest, response: HttpResponse, redact: Redact): Promise<unknown> {
  const text = await readText(response);
  if (text.trim() === "") {
    return undefined;
  }
  try {
    return withRedactedWords(JSON.parse(text), redact);
  } catch {
    throw new ApiError(
      `${request.method} ${request.path}: the answer (status ${response.status}) is not JSON. ` +
        `Something between here and the Veeam server may have answered in its place: check vb365:endpoint and proxies.`,
      { method: request.method, path: request.path, status: response.status },
    );
  }
}

/**
 * The error for an answer with another status than success. The body may be JSON in the server's shape, JSON in the token
 * endpoint's shape, HTML of a proxy, or empty (a 401 often is).
 */
export async function readFailure(request: HttpRequest, response: HttpResponse, redact: Redact): Promise<ApiError> {
  const { message, code } = parseFailure(await readText(response).catch(() => ""));
  const vendorCode = code === undefined ? undefined : redact(code);
  const serverMessage = message === undefined ? undefined : cut(redact(message), 2000);
  const fields: ApiErrorFields = {
    method: request.method,
    path: request.path,
    status: response.status,
    serverMessage,
    vendorCode,
    retryAfterSeconds: parseRetryAfter(response.header("retry-after"), Date.now),
    tokenIsDead: response.tokenIsDead,
  };
  // The server's own words first, then what they usually mean.
  const hint = hintFor({ serverMessage, vendorCode });
  const words = hint === "" || serverMessage === undefined ? serverMessage : withoutEnd(serverMessage);
  const said = words === undefined ? "the server gave no reason" : `the server says: ${words}`;
  const coded = vendorCode === undefined || vendorCode === serverMessage ? "" : ` (${vendorCode})`;
  const text = `${request.method} ${request.path}: status ${response.status}, ${said}${coded}${hint}`;
  if (response.status >= 300 && response.status < 400) {
    return new ApiError(`${text}. Redirects are not followed: give the server's own address as vb365:endpoint`, fields);
  }
  switch (response.status) {
    case 401:
      return new AuthenticationError(text, fields);
    case 404:
      return new NotFoundError(text, fields);
    default:
      return new ApiError(text, fields);
  }
}

function parseFailure(text: string): { message?: string; code?: string } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof body !== "object" || body === null) {
    return {};
  }
  const { message, errorCode, error, error_description: description } = body as Record<string, unknown>;
  const words = [message, description, error].find((value) => typeof value === "string" && value !== "");
  // A code is a word; anything longer is none.
  const code = [errorCode, error].find((value) => typeof value === "string" && /^\w{1,64}$/.test(value));
  return {
    ...(typeof words === "string" ? { message: words } : {}),
    ...(typeof code === "string" ? { code } : {}),
  };
}

/** Fields that hold the server's words. */
const wordFields = /message|title|error|warning|exception|detail|reason|description/i;

/**
 * Words are redacted, and nothing that decides: an id or a type that happens to hold a short password must stay what it is. Texts in a
 * list are words, and so is all that an exception or another object of words is made of.
 */
function withRedactedWords(value: unknown, redact: Redact, areWords = false): unknown {
  if (typeof value === "string") {
    return areWords ? redact(value) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => withRedactedWords(item, redact, areWords || typeof item === "string"));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      withRedactedWords(field, redact, areWords || wordFields.test(name)),
    ]),
  );
}

/**
 * A text without such characters at its end. By an expression, `/[.\s]+$/`, a text that is full of them would take the square of its length.
 *
 * @param isUnwanted - matches one character; default full stops and white space
 */
export function withoutEnd(text: string, isUnwanted = /[.\s]/): string {
  let end = text.length;
  while (end > 0 && isUnwanted.test(text.charAt(end - 1))) {
    end -= 1;
  }
  return text.slice(0, end);
}

/** The beginning of a text, without half a character at its end. */
export function cut(text: string, characters: number): string {
  return text.length <= characters ? text : text.slice(0, characters).toWellFormed();
}
