import {
  type ApiError,
  AuthenticationError,
  ConnectionError,
  MailboxRestoreError,
  isApiError,
  isConnectionError,
  messageOf,
} from "../errors";
import { type Redact, readFailure, readJson } from "./answer";
import { type RetryPolicy, withRetry } from "./retry";
import type { HttpRequest, HttpResponse, Transport } from "./transport";

export interface Credentials {
  username: string;
  password: string;
}

/** Sends requests with a bearer token, and keeps that token alive. */
export interface AuthenticatedTransport {
  /** Makes sure that there is a token. */
  logIn(): Promise<void>;
  send(request: HttpRequest): Promise<HttpResponse>;
  /** The secrets that are in use, or were, for redaction. */
  secrets(): Iterable<string | undefined>;
}

interface Token {
  accessToken: string;
  refreshToken: string | undefined;
  /** Milliseconds since the epoch. */
  renewAt: number;
}

/** A token is renewed when a tenth of its life, but at most five minutes, is left. */
const longestMarginMs = 5 * 60_000;

/**
 * Puts a login in front of a transport: one for all callers, made when the first of them needs it, renewed before its end,
 * and once more when the server answers 401 to a request that may be repeated.
 *
 * @param apiPath - root of the API version, `/v3`
 * @throws {@link AuthenticationError} from `send` when the login is refused.
 */
export function authenticate(
  transport: Transport,
  options: {
    apiPath: string;
    credentials: Credentials;
    retry: RetryPolicy;
    redact: Redact;
    limitMs: () => number;
    now?: () => number;
  },
): AuthenticatedTransport {
  const now = options.now ?? Date.now;
  let token: Token | undefined;
  /** All tokens of this process: the server may still take one that was replaced. */
  const issued = new Set<string | undefined>();
  let pending: Promise<Token> | undefined;

  const requestToken = async (form: Record<string, string>): Promise<Token> => {
    const request: HttpRequest = {
      method: "POST",
      path: `${options.apiPath}/Token`,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: new URLSearchParams(form).toString(),
      repeatable: true,
      firstByteTimeoutMs: options.limitMs(),
      firstByteTimeoutName: "login",
    };
    return withRetry(options.retry, async () => {
      const response = await transport.send(request);
      if (response.status !== 200) {
        throw await readFailure(request, response, options.redact);
      }
      // Nothing is redacted here: what this answer says is the secret itself, and no text of it is shown.
      return parseToken(request, await readJson(request, response, (text) => text), now());
    });
  };

  const logIn = async (): Promise<Token> => {
    const { username, password } = options.credentials;
    try {
      return await requestToken({ grant_type: "password", username, password });
    } catch (error) {
      throw explainLogin(error, username);
    }
  };

  const renew = async (old: Token): Promise<Token> => {
    if (old.refreshToken !== undefined) {
      try {
        return await requestToken({ grant_type: "refresh_token", refresh_token: old.refreshToken });
      } catch (error) {
        // 400 and 401 mean that this refresh token is spent (seen for both); then only a login helps.
        if (!isApiError(error) || (error.status !== 400 && error.status !== 401)) {
          throw explainLogin(error, options.credentials.username);
        }
      }
    }
    return logIn();
  };

  /** The token in use, or the one and only request for a new one, whoever asks meanwhile. */
  const currentToken = (rejected?: Token): Promise<Token> => {
    const old = token;
    if (old !== undefined && old !== rejected && now() < old.renewAt) {
      return Promise.resolve(old);
    }
    pending ??= (old === undefined ? logIn() : renew(old))
      .then((fresh) => {
        issued.add(fresh.accessToken).add(fresh.refreshToken);
        return (token = fresh);
      })
      .finally(() => (pending = undefined));
    return pending;
  };

  const sendWith = (request: HttpRequest, { accessToken }: Token) =>
    transport.send({ ...request, headers: { ...request.headers, Authorization: `Bearer ${accessToken}` } });

  return {
    async logIn() {
      await currentToken().catch(throwNotSent);
    },
    async send(request) {
      const used = await currentToken().catch(throwNotSent);
      const response = await sendWith(request, used);
      if (response.status !== 401 || !request.repeatable) {
        return response;
      }
      response.body.resume();
      return sendWith(request, await currentToken(used).catch(throwNotSent));
    },
    secrets: () => issued,
  };
}

function parseToken(request: HttpRequest, body: unknown, nowMs: number): Token {
  const answer = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  // A number or a numeral; the lifetime is the administrator's to set, so nothing is assumed when it is missing.
  const lifetimeMs = Number(answer["expires_in"] ?? 0) * 1000;
  const accessToken = answer["access_token"];
  if (typeof accessToken !== "string" || accessToken === "") {
    throw new AuthenticationError(`${request.method} ${request.path}: the answer holds no access_token`, {
      method: request.method,
      path: request.path,
      status: 200,
    });
  }
  const refreshToken = answer["refresh_token"];
  const marginMs = Math.min(longestMarginMs, lifetimeMs / 10);
  return {
    accessToken,
    refreshToken: typeof refreshToken === "string" && refreshToken !== "" ? refreshToken : undefined,
    renewAt: lifetimeMs > 0 ? nowMs + lifetimeMs - marginMs : Number.POSITIVE_INFINITY,
  };
}

/** What needed the token was not sent when there was no token to be had. */
function throwNotSent(error: unknown): never {
  const known = error instanceof MailboxRestoreError ? error : new MailboxRestoreError("connection", messageOf(error));
  known.notSent = true;
  throw known;
}

function explainLogin(error: unknown, username: string): unknown {
  if (isConnectionError(error)) {
    // The login was tried again already; nothing was sent on behalf of the request that needed it.
    return new ConnectionError(`Login failed: ${error.message}`, { notSent: true, repeatable: false });
  }
  if (isApiError(error) && (error.status === 400 || error.status === 401 || error.status === 403)) {
    return loginRefused(error, username);
  }
  return error;
}

function loginRefused(error: ApiError, username: string): AuthenticationError {
  const said =
    error.serverMessage === undefined ? "" : ` The server says: ${error.serverMessage.replace(/[.\s]+$/, "")}.`;
  return new AuthenticationError(
    `Login as ${username} was refused (status ${error.status}).${said} ` +
      `Check vb365:username (DOMAIN\\user or user@domain of an account that may restore) and vb365:password.`,
    { method: error.method, path: error.path, status: error.status, serverMessage: error.serverMessage },
  );
}
