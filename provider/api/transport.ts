import { Agent } from "node:https";
import type { Readable } from "node:stream";
import { ConnectionError, messageOf } from "../errors";

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
  /** Longest silence before the answer begins, in milliseconds; undefined = no limit, for calls that work for hours. */
  firstByteTimeoutMs?: number | undefined;
}

export interface HttpResponse {
  status: number;
  header(name: string): string | undefined;
  body: Readable;
}

/** Sends requests to one server. Redirects are not followed: an answer elsewhere must never see credentials. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections, so that the process can end. */
  close(): void;
}

export interface TransportOptions {
  endpoint: string;
  caCert?: string | undefined;
  /** Longest silence inside an answer, in milliseconds. Default 120,000. */
  idleTimeoutMs?: number;
}

/**
 * Opens a transport over TLS with verification on; `caCert` replaces the CAs that Node trusts.
 *
 * @throws {@link ConnectionError} from `send`, with a hint for the usual causes; `notSent` tells whether the server can
 * have seen the request.
 */
export function createTransport(options: TransportOptions): Transport {
  const tls = options.caCert === undefined ? {} : { ca: options.caCert };
  const pooled = new Agent({ keepAlive: true, ...tls });
  const idleTimeoutMs = options.idleTimeoutMs ?? 120_000;

  return {
    async send(request) {
      const { default: fetch } = await import("node-fetch");
      const url = new URL(request.path, options.endpoint);
      for (const [name, value] of Object.entries(request.query ?? {})) {
        url.searchParams.set(name, String(value));
      }
      const abort = new AbortController();
      const watch = watchSilence(abort, request.firstByteTimeoutMs, idleTimeoutMs);
      // An action gets a connection of its own: the server may close a pooled one at the moment we write to it, and then
      // nobody could say whether the action was received.
      const agent = request.repeatable ? pooled : new Agent({ keepAlive: false, ...tls });
      try {
        const response = await fetch(url, {
          method: request.method,
          headers: request.headers ?? {},
          ...(request.body === undefined ? {} : { body: request.body }),
          agent,
          redirect: "manual",
          compress: false,
          signal: abort.signal,
        });
        const body = response.body as Readable;
        watch.answered(body);
        return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body };
      } catch (error) {
        watch.stop();
        throw watch.expired() ?? describeFailure(error, options.endpoint, request);
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
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new ConnectionError(`The server's answer is larger than ${maxBytes} bytes`, {
        notSent: false,
        repeatable: false,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Aborts a request when nothing was heard for too long: one limit before the answer, another one inside it. */
function watchSilence(abort: AbortController, firstByteMs: number | undefined, idleMs: number) {
  let failure: ConnectionError | undefined;
  let timer: NodeJS.Timeout | undefined;
  const arm = (ms: number | undefined, what: string, onExpiry: (error: ConnectionError) => void) => {
    clearTimeout(timer);
    if (ms === undefined) {
      return;
    }
    timer = setTimeout(() => {
      failure = new ConnectionError(`The server was silent for ${Math.round(ms / 1000)} s ${what}`, { notSent: false });
      onExpiry(failure);
    }, ms);
    timer.unref();
  };
  arm(firstByteMs, "before it answered", () => abort.abort());
  return {
    answered(body: Readable) {
      const rearm = () =>
        arm(idleMs, "in the middle of its answer", (error) => {
          // Bytes that wait here to be read mean that we are slow, not the server.
          if (body.readableLength > 0) {
            rearm();
          } else {
            body.destroy(error);
          }
        });
      rearm();
      // `prependListener("data")` would start the flow; a wrapper around push sees each chunk without touching it.
      const push = body.push.bind(body);
      body.push = (chunk: unknown, encoding?: BufferEncoding) => {
        rearm();
        return push(chunk, encoding);
      };
      body.once("close", () => clearTimeout(timer));
    },
    stop: () => clearTimeout(timer),
    expired: () => failure,
  };
}

const unreachable = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);

const certificateProblems: Record<string, string> = {
  CERT_HAS_EXPIRED: "its certificate has expired: renew it on the server",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: compare the clocks of both machines",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed: give it as vb365:caCert",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from a CA that is not trusted here: give the CA as vb365:caCert",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the CA of its certificate is not known here: give the CA as vb365:caCert",
  UNABLE_TO_GET_ISSUER_CERT: "the CA of its certificate is not known here: give the CA as vb365:caCert",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the CA of its certificate is not known here: give the CA as vb365:caCert",
  CERT_SIGNATURE_FAILURE: "its certificate was not signed by the CA in vb365:caCert: give the right CA",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate is for another host name: use a name that stands in it as vb365:endpoint",
};

function describeFailure(error: unknown, endpoint: string, request: HttpRequest): ConnectionError {
  const code = (error as { code?: string }).code ?? "";
  const what = `${request.method} ${request.path} on ${endpoint}`;
  const certificate = certificateProblems[code];
  if (certificate !== undefined) {
    return new ConnectionError(`${endpoint} is not trusted: ${certificate} (${code}). Nothing was sent.`, {
      notSent: true,
      repeatable: false,
    });
  }
  if (code === "ECONNREFUSED") {
    return new ConnectionError(
      `${endpoint} refuses connections (${code}). The REST service is off until it is enabled in the server's options ` +
        `(General Options, REST API), and after an upgrade it must be enabled again; its port is 4443 unless changed.`,
      { notSent: true },
    );
  }
  if (unreachable.has(code)) {
    return new ConnectionError(
      `${endpoint} cannot be reached (${code}): check vb365:endpoint, name service and firewall.`,
      {
        notSent: true,
      },
    );
  }
  return new ConnectionError(`${what} got no answer: ${code || messageOf(error)}`, { notSent: false });
}
