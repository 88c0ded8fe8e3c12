import type { Readable } from "node:stream";
import type { Trust } from "../config";
import { ConnectionError, isConnectionError, messageOf } from "../errors";
import { proxyFor, proxyRefusal } from "./proxy";
import { createAgent, explainDistrust, gatherRecords } from "./tls";

/** One HTTP request, as far as the layers above need to say it. */
export interface HttpRequest {
  method: "GET" | "POST";
  /** From the root of the server, `/v3/Organizations`. */
  path: string;
  query?: Record<string, string | number>;
  headers?: Record<string, string>;
  body?: string;
  /**
   * May this be sent again when no clear answer came? Reads, stop and login may. A restore or an export never: the first
   * one goes on in the server after the line broke (reported for all versions).
   */
  repeatable: boolean;
  /**
   * May this be sent once more when its token is proved to be taken no more? A server reads the token before it does anything. An action
   * may not, all the same.
   */
  repeatableWithNewToken?: boolean;
  /** Longest silence before the answer begins, in milliseconds; undefined = no limit, for calls that work for hours. */
  firstByteTimeoutMs?: number | undefined;
  /** The setting that this limit comes from. Default `firstByte`. */
  firstByteTimeoutName?: "login" | "session" | "firstByte";
  /** Longest silence in the middle of the answer, in milliseconds; default as of the transport. */
  idleTimeoutMs?: number | undefined;
  /** Longest time for everything together, in milliseconds; undefined = no limit. */
  totalTimeoutMs?: number | undefined;
  /** Which request this is a try of, for the log. */
  trace?: { id: string; attempts: number };
}

export interface HttpResponse {
  status: number;
  header(name: string): string | undefined;
  body: Readable;
  /** For a 401 to what is sent only once: the token of it is taken no more, and that is why. */
  tokenIsDead?: boolean;
}

/** Sends requests to one server. Redirects are not followed: an answer elsewhere must never see credentials. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections, so that the process can end. */
  close(): void;
}

export interface TransportOptions {
  endpoint: string;
  trust: Trust;
  /** Longest silence inside an answer, in milliseconds. Default 120,000. */
  idleTimeoutMs?: number;
}

/** Loads the HTTP library, which takes a moment: the process has one while the engine checks what is declared. */
export const preload = () => import("node-fetch");

/**
 * Opens a transport over TLS.
 *
 * @throws {@link ConnectionError} from `send`, with a hint for the usual causes; `notSent` tells whether the server can
 * have seen the request.
 */
export function createTransport(options: TransportOptions): Transport {
  const proxy = proxyFor(options.endpoint);
  const pooled = createAgent(options.trust, { keepAlive: true, proxy });
  const idleTimeoutMs = options.idleTimeoutMs ?? 120_000;

  return {
    async send(request) {
      const { default: fetch } = await preload();
      const url = new URL(request.path, options.endpoint);
      for (const [name, value] of Object.entries(request.query ?? {})) {
        url.searchParams.set(name, String(value));
      }
      const abort = new AbortController();
      const watch = watchSilence(abort, request, request.idleTimeoutMs ?? idleTimeoutMs);
      // An action gets a connection of its own: the server may close a pooled one at the moment we write to it, and then
      // nobody could say whether the action was received.
      let isSecure = request.repeatable;
      const connecting = request.repeatable ? undefined : setTimeout(() => abort.abort(), connectLimitMs);
      const agent = request.repeatable
        ? pooled
        : gatherRecords(
            createAgent(options.trust, { maxSockets: 1, proxy }, (socket) => {
              isSecure = true;
              clearTimeout(connecting);
              // Probed by TCP while the server works: it may be silent for hours, and what drops an idle connection says nothing.
              socket.setKeepAlive(true, 60_000);
            }),
          );
      try {
        const response = await fetch(url, {
          method: request.method,
          headers: request.headers ?? {},
          ...(request.body === undefined ? {} : { body: request.body }),
          agent,
          redirect: "manual",
          compress: false,
          highWaterMark: waitingBytes,
          signal: abort.signal,
        });
        const body = response.body as Readable;
        watch.answered(body);
        if (agent !== pooled) {
          body.once("close", () => agent.destroy());
        }
        return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
      } catch (error) {
        watch.stop();
        clearTimeout(connecting);
        // Nothing of a request is written before the connection is secure.
        throw watch.expired() ?? describeFailure(error, options.endpoint, request, !isSecure);
      }
    },
    close() {
      pooled.destroy();
    },
  };
}

/** Reads an answer's text, up to a limit that no JSON answer of this API comes near. */
export async function readText(response: HttpResponse, maxBytes = 64 * 1024 * 1024): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new ConnectionError(
          `The server's answer is larger than ${maxBytes} bytes, which no answer of this API is. Something between here and the Veeam ` +
            "server may have answered in its place: check vb365:endpoint and proxies.",
          tooLarge,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw isConnectionError(error)
      ? error
      : new ConnectionError(`The line broke in the middle of the server's answer: ${messageOf(error)}`, {
          notSent: false,
        });
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Bytes of an answer that may wait here to be read. */
const waitingBytes = 1024 * 1024;

const tooLarge = { notSent: false, repeatable: false };

/** An action waits for hours for its answer, but only this long for its connection: until then it has not been sent. */
const connectLimitMs = 60_000;

/** Aborts a request when a limit has passed: silence before the answer, silence inside it, or the time for everything. */
function watchSilence(
  abort: AbortController,
  {
    firstByteTimeoutMs,
    firstByteTimeoutName = "firstByte",
    totalTimeoutMs,
  }: Pick<HttpRequest, "firstByteTimeoutMs" | "firstByteTimeoutName" | "totalTimeoutMs">,
  idleMs: number,
) {
  let failure: ConnectionError | undefined;
  let end: (error: ConnectionError) => void = () => abort.abort();
  const after = (ms: number, what: string, onExpiry: (expire: () => void) => void) => {
    const expire = () => {
      failure = new ConnectionError(what.replace("{}", describeSeconds(ms)), { notSent: false, timedOut: true });
      end(failure);
    };
    return setTimeout(() => onExpiry(expire), ms).unref();
  };
  const now = (expire: () => void) => expire();
  let silence =
    firstByteTimeoutMs === undefined
      ? undefined
      : after(
          firstByteTimeoutMs,
          `The server was silent for {} before it answered (timeouts.${firstByteTimeoutName})`,
          now,
        );
  const total =
    totalTimeoutMs === undefined
      ? undefined
      : after(totalTimeoutMs, "The server had not finished after {} (timeouts.restore)", now);
  const stop = () => {
    clearTimeout(silence);
    clearTimeout(total);
  };
  return {
    answered(body: Readable) {
      end = (error) => body.destroy(error);
      const rearm = () => {
        clearTimeout(silence);
        silence = after(idleMs, "The server was silent for {} in the middle of its answer (timeouts.idle)", (expire) =>
          // Bytes that wait here to be read mean that we are slow, not the server.
          body.readableLength > 0 ? rearm() : expire(),
        );
      };
      rearm();
      // `prependListener("data")` would start the flow; a wrapper around push sees each chunk without touching it.
      const push = body.push.bind(body);
      body.push = (chunk: unknown, encoding?: BufferEncoding) => {
        rearm();
        return push(chunk, encoding);
      };
      body.once("close", stop);
    },
    stop,
    expired: () => failure,
  };
}

const describeSeconds = (ms: number) => `${ms < 10_000 ? ms / 1000 : Math.round(ms / 1000)} s`;

const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);

function describeFailure(error: unknown, endpoint: string, request: HttpRequest, notSent: boolean): ConnectionError {
  const code = (error as { code?: string }).code ?? "";
  const what = `${request.method} ${request.path} on ${endpoint}`;
  const distrust = explainDistrust(code, messageOf(error));
  if (distrust !== undefined) {
    return new ConnectionError(`${endpoint} is not trusted: ${distrust} (${code}). Nothing was sent.`, {
      notSent,
      repeatable: false,
    });
  }
  if (code === proxyRefusal) {
    const why = messageOf(error).replace(/^request to .*?, reason: /, "");
    return new ConnectionError(
      `${endpoint} cannot be reached: ${why}. Nothing was sent. A server inside belongs into NO_PROXY.`,
      {
        notSent,
      },
    );
  }
  if (code === "ECONNREFUSED") {
    return new ConnectionError(
      `${endpoint} refuses connections (${code}). The REST service is off until it is enabled in the server's options ` +
        `(General Options, REST API), and after an upgrade it must be enabled again; its port is 4443 unless changed.`,
      { notSent },
    );
  }
  if (unreachable.has(code)) {
    return new ConnectionError(
      `${endpoint} cannot be reached (${code}): check vb365:endpoint, name service and firewall.`,
      {
        notSent,
      },
    );
  }
  return new ConnectionError(`${what} got no answer: ${code || messageOf(error)}`, { notSent });
}
