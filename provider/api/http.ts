import { type ConnectionSettings, secretsOf } from "../config";
import { type Redact, createRedactor, readFailure, readJson } from "./answer";
import { authenticate } from "./auth";
import { type RetryPolicy, defaultRetryPolicy, withRetry } from "./retry";
import { type Timeouts } from "../timeouts";
import { newTrace } from "./observe";
import type { HttpRequest, HttpResponse, Transport } from "./transport";
import type { ApiVersion } from "../versions";

/** The whole stack under a dialect: retry around login around transport, so that a repeated request has a fresh token. */
export interface Http {
  /** Logs in, if that has not been done. */
  logIn(): Promise<void>;
  /** Sends a request and returns the parsed body of a success (undefined when empty); any other status is thrown. */
  json(request: HttpRequest): Promise<unknown>;
  /** Sends a request and returns the answer with its body unread; any status but success is thrown. */
  stream(request: HttpRequest): Promise<HttpResponse>;
  redact: Redact;
  /** Gives the login back, where the version has a way to. Never throws. */
  logOut(): Promise<void>;
}

export interface HttpOptions {
  /** Limits in milliseconds, which may still grow: a login and a restore session are waited for by several at once. */
  limits?: Pick<Timeouts, "login" | "session" | "idle">;
  retry?: RetryPolicy;
  /** Milliseconds since the epoch, for the token's age. */
  now?: () => number;
  /** Further secrets that the server might repeat in its messages. */
  secrets?: () => Iterable<string | undefined>;
}

/** @param served - the versions that the server serves, for the error that says so when it does not serve this one */
export function createHttp(
  transport: Transport,
  settings: ConnectionSettings,
  apiVersion: ApiVersion,
  options: HttpOptions & { served?: () => Promise<ApiVersion[]> } = {},
): Http {
  const retry = options.retry ?? defaultRetryPolicy;
  const limits = options.limits ?? settings.timeouts;
  const redact = createRedactor(() => [
    ...secretsOf(settings),
    ...authenticated.secrets(),
    ...(options.secrets?.() ?? []),
  ]);
  const authenticated = authenticate(transport, {
    apiVersion,
    login: settings.login,
    retry,
    redact,
    limitMs: () => limits.login,
    ...(options.served === undefined ? {} : { served: options.served }),
    ...(options.now === undefined ? {} : { now: options.now }),
  });

  const once = async (request: HttpRequest) => {
    const response = await authenticated.send(request);
    if (response.status < 200 || response.status > 299) {
      throw await readFailure(request, response, redact);
    }
    return response;
  };

  return {
    logIn: () => authenticated.logIn(),
    json(request) {
      const named = { firstByteTimeoutName: "session" as const, trace: newTrace() };
      const limited = { firstByteTimeoutMs: limits.session, ...named, ...request };
      const attempt = async () => readJson(request, await once(limited), redact);
      return request.repeatable ? withRetry(retry, attempt) : attempt();
    },
    stream(request) {
      const traced = { trace: newTrace(), ...request };
      return request.repeatable ? withRetry(retry, () => once(traced)) : once(traced);
    },
    redact,
    logOut: () => authenticated.logOut(),
  };
}
