import { createRedactor } from "../api/answer";
import { createChosenDialect } from "../api/dialects/chosen";
import type { Dialect, Organization } from "../api/dialects/dialect";
import { createEnvelopeDialect } from "../api/dialects/envelope";
import { createFlatDialect } from "../api/dialects/flat";
import { type Http, type HttpOptions, createHttp } from "../api/http";
import { type Probing, allServed, newestServed } from "../api/probe";
import { defaultRetryPolicy } from "../api/retry";
import { observed } from "../api/observe";
import { createTransport } from "../api/transport";
import { type ApiVersion, isApiVersion, isFrom } from "../versions";
import { type ConnectionSettings, secretsOf } from "../config";
import { type Gate, createGate } from "./gate";
import { type SessionPool, type SessionPoolOptions, createSessionPool } from "./session-pool";

/** One server, as one process uses it: one login, shared restore sessions, a cap on what runs at a time. */
export interface Connection {
  readonly settings: ConnectionSettings;
  /** The configured API version, or the newest that both know; asked once, by the first call. */
  readonly dialect: Dialect;
  /** The version that something was begun with: it is looked after in the same, also when the server speaks newer ones now. */
  speaking(apiVersion: string): Dialect;
  readonly sessions: SessionPool;
  readonly gate: Gate;
  /**
   * Logs in, if that has not been done. Every call does so by itself; this tells a login from what comes after it.
   *
   * @param apiVersion - as for `speaking`; default the process's own
   */
  logIn(apiVersion?: string): Promise<void>;
  /** Waits for logins and sessions at least so long, in milliseconds: they are shared by all who want them. */
  allow(limits: { login: number; session: number }): void;
  /**
   * The organisations, asked once: all restores of a run mean the same "latest".
   */
  organizations(): Promise<Organization[]>;
  /** Takes a password that will be sent out of whatever the server says from now on. */
  keepSecret(secret: string): void;
  /** Logs out, where the server has a way to, and closes. */
  end(): Promise<void>;
  /** Closes without a word to the server. */
  close(): void;
}

/** Connects lazily: no request is made before something is asked. */
export function connect(
  settings: ConnectionSettings,
  options: Omit<HttpOptions, "secrets" | "limits"> & Pick<SessionPoolOptions, "mayStop" | "notice"> = {},
): Connection {
  const secrets = new Set<string>();
  const limits = { ...settings.timeouts };
  const transport = observed(createTransport({ ...settings, idleTimeoutMs: limits.idle }));
  const probing: Probing = {
    transport,
    retry: options.retry ?? defaultRetryPolicy,
    redact: createRedactor(() => [...secretsOf(settings), ...secrets]),
    limitMs: () => limits.login,
  };
  const served = () => allServed(probing);

  const spoken = new Map<ApiVersion, { http: Http; dialect: Dialect }>();
  const speak = (version: ApiVersion) => {
    let known = spoken.get(version);
    if (known === undefined) {
      const http = createHttp(transport, settings, version, { ...options, limits, served, secrets: () => secrets });
      const create = isFrom(version, "v6") ? createFlatDialect : createEnvelopeDialect;
      spoken.set(version, (known = { http, dialect: create(http, version) }));
    }
    return known;
  };
  const dialect = createChosenDialect(settings.apiVersion, async () => {
    const version = settings.apiVersion === "auto" ? await newestServed(probing) : settings.apiVersion;
    return speak(version).dialect;
  });
  let organizations: Promise<Organization[]> | undefined;
  return {
    settings,
    dialect,
    speaking(apiVersion) {
      // What a later version of this package wrote cannot be spoken here; the server's own version may still do.
      return isApiVersion(apiVersion) ? speak(apiVersion).dialect : dialect;
    },
    sessions: createSessionPool(dialect, options),
    gate: createGate(settings.maxConcurrentRestores),
    async logIn(apiVersion) {
      const version = apiVersion !== undefined && isApiVersion(apiVersion) ? apiVersion : undefined;
      await speak(version ?? ((await dialect.choose()).apiVersion as ApiVersion)).http.logIn();
    },
    allow({ login, session }) {
      limits.login = Math.max(limits.login, login);
      limits.session = Math.max(limits.session, session);
    },
    organizations() {
      organizations ??= dialect.listOrganizations().catch((error: unknown) => {
        organizations = undefined;
        throw error;
      });
      return organizations;
    },
    keepSecret: (secret) => secrets.add(secret),
    async end() {
      await Promise.all([...spoken.values()].map(({ http }) => http.logOut()));
      transport.close();
    },
    close: () => transport.close(),
  };
}
