import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { messageOf } from "../errors";
import type { HttpRequest, HttpResponse, Transport } from "./transport";

/**
 * What goes over the wire, for whoever has to find out why: with `VB365_LOG=debug` one line of JSON a try of a request, to standard error or
 * to the file that `VB365_LOG_FILE` names; and a span a try, where a process has registered a tracer provider of OpenTelemetry. No header,
 * no query and no body is in either. Without both it is the same transport, and costs nothing.
 */
export function observed(transport: Transport, environment: NodeJS.ProcessEnv = process.env): Transport {
  const write = writerOf(environment);
  if (write === undefined && !hasTracerProvider()) {
    return transport;
  }
  return {
    ...transport,
    async send(request) {
      const trace = request.trace ?? newTrace();
      trace.attempts += 1;
      const { attempts: attempt, id } = trace;
      const { method, path } = request;
      const span = startSpan({ method, path, attempt, id });
      const begun = performance.now();
      const tell = (end: { status: number } | { error: string }) => {
        const durationMs = Math.round(performance.now() - begun);
        write?.({
          time: new Date().toISOString(),
          level: "debug",
          event: "request",
          id,
          attempt,
          method,
          path,
          ...end,
          durationMs,
        });
        span?.(end);
      };
      let response: HttpResponse;
      try {
        response = await transport.send(request);
      } catch (error) {
        // The name of the error alone: its message may repeat what something between here and the server has said.
        tell({ error: (error as { code?: string }).code ?? "error" });
        throw error;
      }
      tell({ status: response.status });
      return response;
    },
  };
}

/** Ties the tries of one request together. */
export function newTrace(): NonNullable<HttpRequest["trace"]> {
  return { id: randomUUID(), attempts: 0 };
}

function writerOf({ VB365_LOG: level, VB365_LOG_FILE: file }: NodeJS.ProcessEnv) {
  if (level?.toLowerCase() !== "debug") {
    if (level !== undefined && level !== "") {
      sayOnce(`VB365_LOG knows the level "debug" alone; nothing is logged.`);
    }
    return undefined;
  }
  return (entry: object) => {
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (file === undefined || file === "") {
        process.stderr.write(line);
      } else {
        appendFileSync(file, line, { mode: 0o600 });
      }
    } catch (error) {
      // A log that cannot be written must not end a restore.
      sayOnce(`VB365_LOG_FILE cannot be written, so some requests are not logged: ${messageOf(error)}`);
    }
  };
}

const said = new Set<string>();

/** Where nobody else listens yet: who set a variable for a log looks there. */
function sayOnce(text: string): void {
  if (!said.has(text)) {
    said.add(text);
    process.stderr.write(`${text}\n`);
  }
}

/** Where OpenTelemetry's API, in every version 1, keeps what a process has registered. */
const registered = () =>
  (globalThis as Record<symbol, unknown>)[Symbol.for("opentelemetry.js.api.1")] as { trace?: unknown } | undefined;

const hasTracerProvider = () => registered()?.trace !== undefined;

interface Span {
  setAttribute(name: string, value: string | number): void;
  setStatus(status: { code: number }): void;
  end(): void;
}

interface TracerProvider {
  getTracer(name: string): { startSpan(name: string, options: object): Span };
}

/** The codes and kinds of OpenTelemetry's API. */
const clientSpan = 2;
const errorStatus = 2;

function startSpan({ method, path, attempt, id }: { method: string; path: string; attempt: number; id: string }) {
  const provider = registered()?.trace as TracerProvider | undefined;
  const span = provider?.getTracer("pulumi-vb365").startSpan(`${method} ${routeOf(path)}`, {
    kind: clientSpan,
    attributes: {
      "http.request.method": method,
      "url.path": path,
      "http.request.resend_count": attempt - 1,
      "vb365.correlation_id": id,
    },
  });
  return span === undefined
    ? undefined
    : (end: { status: number } | { error: string }) => {
        if ("status" in end) {
          span.setAttribute("http.response.status_code", end.status);
        } else {
          span.setAttribute("error.type", end.error);
        }
        if ("error" in end || end.status >= 400) {
          span.setStatus({ code: errorStatus });
        }
        span.end();
      };
}

/** A name that few requests share would be one series each in a dashboard. */
const routeOf = (path: string) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "{id}");
