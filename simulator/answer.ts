import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";

/** What the simulator is going to answer. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Bytes of the body. */
  length: number;
  /** Opens the body; called once. */
  open(): Readable;
}

/** How an answer is spoilt on its way. */
export interface Spoiling {
  /** Cut the line after so many bytes of the body. */
  cutAfterBytes?: number;
  /** A Content-Length other than the body's; when it is less, only so many bytes are sent. "none": the body ends with its last chunk. */
  contentLength?: number | "none";
  /** Pieces of so many bytes, and a pause before each. */
  drip?: { bytes: number; pauseMs: number };
}

/** An answer with a JSON body. */
export function jsonAnswer(status: number, body: unknown): Answer {
  return textAnswer(status, JSON.stringify(body), "application/json; charset=utf-8");
}

/** An answer with a text body. */
export function textAnswer(status: number, text: string, contentType: string): Answer {
  return { status, headers: { "Content-Type": contentType }, ...bodyOf(Buffer.from(text)) };
}

/** An answer without a body: `Content-Length: 0` and no content type. */
export function emptyAnswer(status: number): Answer {
  return { status, headers: {}, ...bodyOf(Buffer.alloc(0)) };
}

function bodyOf(bytes: Buffer): Pick<Answer, "length" | "open"> {
  return { length: bytes.length, open: () => Readable.from(bytes.length === 0 ? [] : [bytes]) };
}

/**
 * Sends an answer as fast as the client takes it, holding no more than a chunk of the body.
 *
 * Fulfilled also when the client goes away in between; rejected when the body cannot be read.
 */
export async function sendAnswer(response: ServerResponse, answer: Answer, spoiling: Spoiling = {}): Promise<void> {
  const { cutAfterBytes, contentLength = answer.length, drip } = spoiling;
  const isSpoilt = cutAfterBytes !== undefined || (contentLength !== "none" && contentLength !== answer.length);
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(contentLength === "none" ? {} : { "Content-Length": contentLength }),
    ...(isSpoilt ? { Connection: "close" } : {}),
  });
  const body = drip === undefined ? answer.open() : Readable.from(dripped(answer.open(), drip, response));
  if (!isSpoilt) {
    await delivered(pipeline(body, response));
    return;
  }
  response.flushHeaders();
  // A client that was promised fewer bytes takes more of them for an error of HTTP: so they are not sent.
  const bytesToSend = Math.min(
    cutAfterBytes ?? answer.length,
    contentLength === "none" ? answer.length : contentLength,
  );
  await delivered(pipeline(firstBytes(body, bytesToSend), response, { end: false }));
  // Sends what is still in the buffers, then closes: the client gets exactly these bytes and then the end of the line.
  response.socket?.destroySoon();
}

/** Waits for the rest of a response whose line was cut; nothing to do when it is over already. */
export async function closed(response: ServerResponse): Promise<void> {
  response.socket?.destroy();
  if (!response.closed) {
    await once(response, "close");
  }
}

async function* firstBytes(source: Readable, count: number): AsyncGenerator<Buffer> {
  let left = count;
  if (left === 0) {
    source.destroy();
    return;
  }
  for await (const chunk of source as AsyncIterable<Buffer>) {
    yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
    if (left === 0) {
      return;
    }
  }
}

async function* dripped(
  source: Readable,
  { bytes, pauseMs }: { bytes: number; pauseMs: number },
  response: ServerResponse,
): AsyncGenerator<Buffer> {
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  response.flushHeaders();
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += bytes) {
      await wait(pauseMs, undefined, { ref: false, signal: gone.signal });
      yield chunk.subarray(at, at + bytes);
    }
  }
}

async function delivered(sending: Promise<void>): Promise<void> {
  try {
    await sending;
  } catch (error) {
    const clientIsGone = ["ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED", "ECONNRESET", "EPIPE", "ABORT_ERR"];
    if (!clientIsGone.includes((error as NodeJS.ErrnoException).code ?? "")) {
      throw error;
    }
  }
}
