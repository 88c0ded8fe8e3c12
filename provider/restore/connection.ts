import type { Dialect, Organization } from "../api/dialects/dialect";
import { createV3 } from "../api/dialects/v3";
import { type HttpOptions, createHttp } from "../api/http";
import type { ConnectionSettings } from "../config";
import { type Gate, createGate } from "./gate";
import { type SessionPool, type SessionPoolOptions, createSessionPool } from "./session-pool";

/** One server, as one process uses it: one login, shared restore sessions, a cap on what runs at a time. */
export interface Connection {
  readonly settings: ConnectionSettings;
  readonly dialect: Dialect;
  readonly sessions: SessionPool;
  readonly gate: Gate;
  /** Logs in, if that has not been done. Every call does so by itself; this tells a login from what comes after it. */
  logIn(): Promise<void>;
  /** Waits for logins and sessions at least so long, in milliseconds: they are shared by all who want them. */
  allow(limits: { login: number; session: number }): void;
  /**
   * The organisations, asked once: all restores of a run mean the same "latest".
   */
  organizations(): Promise<Organization[]>;
  /** Takes a password that will be sent out of whatever the server says from now on. */
  keepSecret(secret: string): void;
  close(): void;
}

/** Connects lazily: no request is made before something is asked. */
export function connect(
  settings: ConnectionSettings,
  options: Omit<HttpOptions, "secrets" | "limits"> & Pick<SessionPoolOptions, "mayStop" | "notice"> = {},
): Connection {
  const secrets = new Set<string>();
  const limits = { ...settings.timeouts };
  const http = createHttp(settings, `/${settings.apiVersion}`, { ...options, limits, secrets: () => secrets });
  const dialect = createV3(http);
  let organizations: Promise<Organization[]> | undefined;
  return {
    settings,
    dialect,
    sessions: createSessionPool(dialect, options),
    gate: createGate(settings.maxConcurrentRestores),
    logIn: () => http.logIn(),
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
    close: () => http.close(),
  };
}
