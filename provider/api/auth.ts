import {
  type ApiError,
  AuthenticationError,
  ConnectionError,
  MailboxRestoreError,
  isApiError,
  isConnectionError,
  isNotFound,
  messageOf,
} from "../errors";
import { type Redact, readFailure, readJson, withoutEnd } from "./answer";
import { type RetryPolicy, withRetry } from "./retry";
import type { Login } from "../config";
import type { HttpRequest, HttpResponse, Transport } from "./transport";
import { type ApiVersion, isFrom } from "../versions";

/** Sends requests with a bearer token, and keeps that token alive. */
export interface AuthenticatedTransport {
  /** Makes sure that there is a token. */
  logIn(): Promise<void>;
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Makes the server forget the token, where it has a way to (v7 on). Never throws: the token ends by itself. */
  logOut(): Promise<void>;
  /** The secrets that are in use, or were, for redaction. */
  secrets(): Iterable<string | undefined>;
}

interface Token {
  accessToken: string;
  refreshToken: string | undefined;
  /** Milliseconds since the epoch. */
  renewAt: number;
  /** The server has taken it. */
  hasWorked: boolean;
  /** The server takes it no more. */
  isRefused: boolean;
  /** Replaces one that was refused; until then it is not replaced itself, if the server never takes it. In milliseconds since the epoch. */
  keptUntil: number;
}

/** What was given by a server that takes none of its tokens is used for so long before another one is asked for. */
const keptInVainMs = 60_000;

/** A 401 that comes sooner is about the token; a later one may come from the midst of the work. */
const earlyMs = 5000;

/** A token is renewed when a tenth of its life, but at most five minutes, is left. */
const longestMarginMs = 5 * 60_000;

/**
 * Puts a login in front of a transport: one for all callers, made when the first of them needs it, renewed before its end,
 * and when the server answers 401: to a request that may be repeated, which is sent once more then, or to another one, if it takes the
 * token for no other either.
 *
 * @throws {@link AuthenticationError} from `send` when the login is refused.
 */
export function authenticate(
  transport: Transport,
  options: {
    apiVersion: ApiVersion;
    login: Login;
    retry: RetryPolicy;
    redact: Redact;
    limitMs: () => number;
    /** The versions that the server serves. */
    served?: () => Promise<ApiVersion[]>;
    now?: () => number;
  },
): AuthenticatedTransport {
  const now = options.now ?? Date.now;
  const { apiVersion, login } = options;
  let token: Token | undefined;
  /** All tokens of this process: the server may still take one that was replaced. */
  const issued = new Set<string | undefined>();
  let pending: Promise<Token> | undefined;

  const requestToken = async (form: Record<string, string>): Promise<Token> => {
    const request: HttpRequest = {
      method: "POST",
      // Spelled as each version's reference spells it; segments are compared without case.
      path: `/${apiVersion}/${isFrom(apiVersion, "v6") ? "token" : "Token"}`,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      // From v7 on a cookie is demanded beside the token, unless it is declined here.
      body: new URLSearchParams(
        isFrom(apiVersion, "v7") ? { ...form, disable_antiforgery_token: "true" } : form,
      ).toString(),
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
    try {
      switch (login.by) {
        case "password":
          return await requestToken({ grant_type: "password", username: login.username, password: login.password });
        case "assertion":
          return await requestToken({
            grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
            client_id: login.clientId,
            assertion: login.assertion,
          });
        case "token":
          return tokenOf(login.token, undefined, Number.POSITIVE_INFINITY);
      }
    } catch (error) {
      const served = isNotFound(error) ? await options.served?.() : undefined;
      throw served === undefined || served.includes(apiVersion)
        ? explainLogin(error, login)
        : notServed(apiVersion, served);
    }
  };

  const renew = async (old: Token): Promise<Token> => {
    // It came in the place of one that was refused, and was never taken either: the server may know nothing more of that login.
    const wasInVain = old.isRefused && !old.hasWorked && old.keptUntil > 0;
    if (old.refreshToken !== undefined && !wasInVain) {
      try {
        return await requestToken({ grant_type: "refresh_token", refresh_token: old.refreshToken });
      } catch (error) {
        // 400 and 401 mean that this refresh token is spent (seen for both); then only a login helps.
        if (!isApiError(error) || (error.status !== 400 && error.status !== 401)) {
          throw explainLogin(error, login);
        }
      }
    }
    return logIn();
  };

  /** The token in use, or the one and only request for a new one, whoever asks meanwhile. */
  const currentToken = (): Promise<Token> => {
    const old = token;
    if (old !== undefined && !old.isRefused && now() < old.renewAt) {
      return Promise.resolve(old);
    }
    pending ??= (old === undefined ? logIn() : renew(old))
      .then((fresh) => {
        issued.add(fresh.accessToken).add(fresh.refreshToken);
        fresh.keptUntil = old?.isRefused ? now() + keptInVainMs : 0;
        return (token = fresh);
      })
      .finally(() => (pending = undefined));
    return pending;
  };

  /**
   * Takes a token out of use that the server takes no more, so that the next request has another one.
   *
   * @returns false when it has just replaced such a one, and a third would not be taken, either
   */
  const forget = (used: Token): boolean => {
    if (!used.isRefused && !used.hasWorked && now() < used.keptUntil) {
      return false;
    }
    used.isRefused = true;
    return true;
  };

  const sendWith = async (request: HttpRequest, used: Token) => {
    const headers = { ...request.headers, Authorization: `Bearer ${used.accessToken}` };
    const response = await transport.send({ ...request, headers });
    // From 500 on something may have answered that reads no token.
    used.hasWorked ||= response.status !== 401 && response.status < 500;
    return response;
  };

  /** Does the server take a token no more? Asked in the cheapest way that all versions have. */
  const isDead = async (used: Token): Promise<boolean> => {
    const path = `/${apiVersion}/RestoreSessions`;
    const limits = { firstByteTimeoutMs: options.limitMs(), firstByteTimeoutName: "login" as const };
    try {
      const request = { method: "GET" as const, path, query: { offset: 0, limit: 1 }, headers: {}, repeatable: true };
      const { status, body } = await sendWith({ ...request, ...limits }, used);
      body.resume();
      return status === 401;
    } catch {
      return false;
    }
  };

  return {
    async logIn() {
      await currentToken().catch(throwNotSent);
    },
    async send(request) {
      const used = await currentToken().catch(throwNotSent);
      const begun = performance.now();
      const response = await sendWith(request, used);
      if (response.status !== 401) {
        return response;
      }
      if (!request.repeatable) {
        const isEarly = performance.now() - begun < earlyMs;
        const tokenIsDead = isEarly && (await isDead(used));
        if (!tokenIsDead || !request.repeatableWithNewToken) {
          if (tokenIsDead && login.by !== "token") {
            forget(used);
          }
          return { ...response, tokenIsDead };
        }
      }
      if (login.by === "token") {
        throw tokenRefused(await readFailure(request, response, options.redact));
      }
      if (!forget(used)) {
        throw newTokenRefused(await readFailure(request, response, options.redact));
      }
      response.body.resume();
      const again = await sendWith(request, await currentToken().catch(throwNotSent));
      if (again.status === 401) {
        throw newTokenRefused(await readFailure(request, again, options.redact));
      }
      return again;
    },
    async logOut() {
      // A token that somebody else got is theirs to end.
      if (token === undefined || login.by === "token" || !isFrom(apiVersion, "v7")) {
        return;
      }
      const used = token;
      token = undefined;
      const path = `/${apiVersion}/token/logout`;
      const limits = { firstByteTimeoutMs: options.limitMs(), firstByteTimeoutName: "login" as const };
      await sendWith({ method: "POST", path, headers: {}, repeatable: true, ...limits }, used).then(
        ({ body }) => body.resume(),
        () => undefined,
      );
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
  return tokenOf(
    accessToken,
    typeof refreshToken === "string" && refreshToken !== "" ? refreshToken : undefined,
    lifetimeMs > 0 ? nowMs + lifetimeMs - marginMs : Number.POSITIVE_INFINITY,
  );
}

const tokenOf = (accessToken: string, refreshToken: string | undefined, renewAt: number): Token => ({
  ...{ accessToken, refreshToken, renewAt },
  ...{ hasWorked: false, isRefused: false, keptUntil: 0 },
});

/** What needed the token was not sent when there was no token to be had. */
function throwNotSent(error: unknown): never {
  const known = error instanceof MailboxRestoreError ? error : new MailboxRestoreError("connection", messageOf(error));
  known.notSent = true;
  throw known;
}

function notServed(apiVersion: ApiVersion, served: ApiVersion[]): MailboxRestoreError {
  return new MailboxRestoreError(
    "not-served",
    `The server does not serve the REST API ${apiVersion}; it serves ${served.join(", ") || "none that is known here"}. ` +
      `Set vb365:apiVersion to one of these, or to auto. Nothing was sent.`,
  );
}

function tokenRefused({ method, path, status, serverMessage }: ApiError): AuthenticationError {
  return new AuthenticationError(
    `${method} ${path}: the server does not take vb365:token (status ${status}). It may have ended: give a new one, or ` +
      `vb365:username and vb365:password, which are renewed.`,
    { method, path, status, serverMessage },
  );
}

/** A login for each request would not help: the error goes to whoever asked. */
function newTokenRefused(error: ApiError): AuthenticationError {
  return new AuthenticationError(
    `${withoutEnd(error.message)}. The server let us log in a moment ago, and does not take the token that it gave. Something before it ` +
      `may take the Authorization header off; else its service log says more.`,
    error,
  );
}

function explainLogin(error: unknown, login: Login): unknown {
  if (isConnectionError(error)) {
    // The login was tried again already; nothing was sent on behalf of the request that needed it.
    return new ConnectionError(`Login failed: ${error.message}`, { notSent: true, repeatable: false });
  }
  if (isApiError(error) && (error.status === 400 || error.status === 401 || error.status === 403)) {
    return loginRefused(error, login);
  }
  // Whoever asked for something else must not take this for the answer to it: a 404 to a login is not a session that is gone.
  const isOfThisLogin = isApiError(error) && error.status < 500 && error.status !== 429;
  return isOfThisLogin ? new AuthenticationError(error.message, error) : error;
}

function loginRefused(error: ApiError, login: Login): AuthenticationError {
  const said =
    error.serverMessage === undefined
      ? " It gave no reason, so something before the server may have answered: a proxy, or one that knows other versions than vb365:apiVersion."
      : ` The server says: ${withoutEnd(error.serverMessage)}.`;
  const [who, what] =
    login.by === "assertion"
      ? [`${login.clientId} by assertion`, "vb365:clientId (its case may matter) and vb365:assertion, which soon ends."]
      : [
          login.by === "password" ? login.username : "the owner of the token",
          "vb365:username (DOMAIN\\user or user@domain of an account that may restore) and vb365:password.",
        ];
  return new AuthenticationError(`Login as ${who} was refused (status ${error.status}).${said} Check ${what}`, {
    method: error.method,
    path: error.path,
    status: error.status,
    serverMessage: error.serverMessage,
  });
}
