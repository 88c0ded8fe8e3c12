/**
 * The one error hierarchy. A class of its own exists only where a reader acts differently; everything else is told apart
 * by `code`. Messages say what failed, on what, why, and what to do next. No error carries a secret, a request body, a
 * header or the vendor's stack trace: constructors take named fields and keep nothing else.
 */

/** Stable codes, for programs. New ones may be added; the meaning of one never changes. */
export type ErrorCode =
  | "config"
  | "connection"
  | "api"
  | "not-served"
  | "authentication"
  | "not-found"
  | "selection"
  | "guard"
  | "file"
  | "export"
  | "refused"
  | "journal"
  | "incomplete";

/** Base of every error that this package throws on purpose. */
export class MailboxRestoreError extends Error {
  readonly code: ErrorCode;
  /**
   * True when the request certainly never reached the server's work: it was never written, because the login or the connection before
   * it failed, or its token was proved to be dead. False when it may have.
   */
  notSent = false;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A setting is missing or wrong: the reader mends a configuration value. */
export class ConfigError extends MailboxRestoreError {
  constructor(message: string) {
    super("config", message);
  }
}

/** The server was not reached, or the line broke: the reader checks host, port and certificate. */
export class ConnectionError extends MailboxRestoreError {
  /** False when the layer that threw has already tried again. */
  readonly repeatable: boolean;
  /** We stopped waiting: a limit of ours had passed, and the server may still work. */
  readonly timedOut: boolean;

  constructor(message: string, options: { notSent: boolean; repeatable?: boolean; timedOut?: boolean }) {
    super("connection", message);
    this.notSent = options.notSent;
    this.repeatable = options.repeatable ?? true;
    this.timedOut = options.timedOut ?? false;
  }
}

export interface ApiErrorFields {
  method: string;
  /** Path without its query. */
  path: string;
  /** HTTP status of the answer. */
  status: number;
  /** What the server said, already free of secrets; undefined when it said nothing in its own error shape. */
  serverMessage?: string | undefined;
  vendorCode?: string | undefined;
  /** Seconds from a `Retry-After` header. */
  retryAfterSeconds?: number | undefined;
  /** The server took the token of this request no more, which was found out by another one right after it. */
  tokenIsDead?: boolean | undefined;
}

/** The server answered, and not with what was asked for: the reader acts on what the server said. */
export class ApiError extends MailboxRestoreError {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly serverMessage: string | undefined;
  readonly vendorCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly tokenIsDead: boolean;

  constructor(message: string, fields: ApiErrorFields, code: ErrorCode = "api") {
    super(code, message);
    this.method = fields.method;
    this.path = fields.path;
    this.status = fields.status;
    this.serverMessage = fields.serverMessage;
    this.vendorCode = fields.vendorCode;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.tokenIsDead = fields.tokenIsDead ?? false;
  }
}

/** Login or token refused. */
export class AuthenticationError extends ApiError {
  constructor(message: string, fields: ApiErrorFields) {
    super(message, fields, "authentication");
  }
}

/** The server does not know what was asked for. */
export class NotFoundError extends ApiError {
  constructor(message: string, fields: ApiErrorFields) {
    super(message, fields, "not-found");
  }
}

/**
 * A restore that was sent and whose result is not good enough. The dynamic host turns the own properties `id`,
 * `properties` and `reasons` into "created, but incomplete", so that the state remembers it; no other class may have an
 * own `id`.
 */
export class RestoreIncompleteError extends MailboxRestoreError {
  readonly id: string;
  readonly properties: Record<string, unknown>;
  readonly reasons: string[];

  constructor(id: string, properties: Record<string, unknown>, reasons: string[]) {
    super("incomplete", reasons.join("\n"));
    this.id = id;
    this.properties = properties;
    this.reasons = reasons;
  }
}

/** Guards read `code`, not the class: two copies of this package may be loaded in one process. */
function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof Error && (codes as unknown[]).includes((error as { code?: unknown }).code);
}

export const isConnectionError = (error: unknown): error is ConnectionError => hasCode(error, "connection");
export const isApiError = (error: unknown): error is ApiError => hasCode(error, "api", "authentication", "not-found");
export const isNotFound = (error: unknown): error is NotFoundError => hasCode(error, "not-found");
export const isNotServed = (error: unknown): error is MailboxRestoreError => hasCode(error, "not-served");
export const isIncomplete = (error: unknown): error is RestoreIncompleteError => hasCode(error, "incomplete");

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
