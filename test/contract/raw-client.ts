import { request } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import type { Agent } from "node:https";

/** One answer, as it came over the line. */
export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  /** The line ended before the answer did. */
  isBroken: boolean;
  text: string;
  /** The body as JSON; the caller says what it expects and a schema checks it. */
  json<T = unknown>(): T;
}

/** What to ask. */
export interface RawRequest {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form. */
  form?: Record<string, string>;
  /** Sent as it is, called JSON. */
  text?: string;
  headers?: Record<string, string>;
  agent?: Agent;
}

/** Where to ask. */
export interface RawTarget {
  endpoint: string;
  caCert: string;
}

/**
 * Asks over node:https and nothing else: the project's client must not be able to hide a mistake of the simulator.
 * Rejects when there is no answer at all.
 */
export function ask(target: RawTarget, method: string, path: string, what: RawRequest = {}): Promise<RawAnswer> {
  const body =
    what.form === undefined
      ? (what.text ?? (what.json === undefined ? undefined : JSON.stringify(what.json)))
      : new URLSearchParams(what.form).toString();
  const type = what.form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const headers = { ...(body === undefined ? {} : { "Content-Type": type }), ...what.headers };
  return new Promise((resolve, reject) => {
    const options = { method, headers, ca: target.caCert, agent: what.agent ?? false };
    const asking = request(new URL(path, target.endpoint), options, (response) => {
      const chunks: Buffer[] = [];
      const done = (): void => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString("utf8");
        const { statusCode = 0, headers: received, complete } = response;
        const json = <T>(): T => JSON.parse(text) as T;
        resolve({ status: statusCode, headers: received, bytes, isBroken: !complete, text, json });
      };
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", done);
      response.on("error", done);
    });
    asking.on("error", reject);
    asking.end(body);
  });
}
