import { type Hash, createHash } from "node:crypto";
import { fdatasync, fsyncSync, ftruncateSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { MessageChannel, parentPort } from "node:worker_threads";

const flush = promisify(fdatasync);

/** What a sink's thread is asked for. Bytes come as they are, and are written behind those before. */
export type SinkOrder =
  { order: "open"; file: number } | { order: "restart" | "settle" } | { order: "finish" } | Uint8Array;

/** What it answers, in the order of what it was asked for. */
export type SinkReply =
  | { done: true; sha256?: string }
  | { failed: { message: string; code: string | undefined; syscall: string | undefined } };

/** So many bytes behind the last one, what was written is sent to the disk, so that the flush at the end has little left to do. */
const flushEvery = 64 * 1024 * 1024;

// A buffer that is posted to nobody is freed at once; otherwise it would wait for a collection, and a fast server is faster than that.
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
nowhere.unref();

interface File {
  descriptor: number;
  hash: Hash;
  written: number;
  flushed: number;
  /** A flush that is under way. */
  flushing: Promise<void> | undefined;
  failure: Error | undefined;
}

let file = fileOf(-1);

parentPort?.on("message", (order: SinkOrder) => {
  void answer(order);
});

async function answer(order: SinkOrder): Promise<void> {
  let reply: SinkReply;
  try {
    reply = order instanceof Uint8Array || order.order !== "finish" ? carryOut(order) : await finish(file);
  } catch (error) {
    file.failure ??= error as Error;
    const { message, code, syscall } = error as NodeJS.ErrnoException;
    reply = { failed: { message, code, syscall } };
  }
  if (order instanceof Uint8Array) {
    nowhere.postMessage(0, [order.buffer as ArrayBuffer]);
  }
  parentPort?.postMessage(reply);
}

function carryOut(order: Exclude<SinkOrder, { order: "finish" }>): SinkReply {
  if (order instanceof Uint8Array) {
    if (file.failure === undefined) {
      write(file, order);
    }
  } else if (order.order === "open") {
    file = fileOf(order.file);
  } else if (order.order === "restart") {
    ftruncateSync(file.descriptor, 0);
    file = fileOf(file.descriptor);
  }
  return { done: true };
}

/** The system tells a failed write once: a flush that is under way would take it away from the last one. */
async function finish({ descriptor, hash, flushing }: File): Promise<SinkReply> {
  await flushing;
  if (file.failure !== undefined) {
    throw file.failure;
  }
  fsyncSync(descriptor);
  return { done: true, sha256: hash.digest("hex") };
}

function fileOf(descriptor: number): File {
  return { descriptor, hash: createHash("sha256"), written: 0, flushed: 0, flushing: undefined, failure: undefined };
}

function write(to: File, bytes: Uint8Array): void {
  to.hash.update(bytes);
  for (let at = 0; at < bytes.length;) {
    const count = writeSync(to.descriptor, bytes, at, bytes.length - at, to.written);
    at += count;
    to.written += count;
  }
  if (to.flushing === undefined && to.written - to.flushed >= flushEvery) {
    const upTo = to.written;
    to.flushing = flush(to.descriptor).then(
      () => {
        to.flushing = undefined;
        to.flushed = upTo;
      },
      (error: Error) => {
        to.flushing = undefined;
        to.failure ??= error;
      },
    );
  }
}
