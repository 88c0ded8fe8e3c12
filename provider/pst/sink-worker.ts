import { createHash } from "node:crypto";
import { fdatasync, fsyncSync, ftruncateSync, writeSync } from "node:fs";
import { MessageChannel, parentPort } from "node:worker_threads";

/** What a sink's thread is asked for. Bytes come as they are, and are written behind those before. */
export type SinkOrder = { order: "open"; file: number } | { order: "restart" | "settle" | "finish" } | Uint8Array;

/** What it answers, in the order of what it was asked for. */
export type SinkReply = { done: true; sha256?: string } | { failed: { message: string; code: string | undefined } };

/** So many bytes behind the last one, what was written is sent to the disk, so that the flush at the end has little left to do. */
const flushEvery = 64 * 1024 * 1024;

// A buffer that is posted to nobody is freed at once; otherwise it would wait for a collection, and a fast server is faster than that.
const { port1: nowhere, port2: closed } = new MessageChannel();
closed.close();
nowhere.unref();

let file = -1;
let hash = createHash("sha256");
let written = 0;
let flushed = 0;
let isFlushing = false;
let hasFailed = false;

parentPort?.on("message", (order: SinkOrder) => {
  let reply: SinkReply;
  try {
    reply = carryOut(order);
  } catch (error) {
    hasFailed = true;
    const { message, code } = error as NodeJS.ErrnoException;
    reply = { failed: { message, code } };
  }
  if (order instanceof Uint8Array) {
    nowhere.postMessage(0, [order.buffer as ArrayBuffer]);
  }
  parentPort?.postMessage(reply);
});

function carryOut(order: SinkOrder): SinkReply {
  if (order instanceof Uint8Array) {
    if (!hasFailed) {
      write(order);
    }
    return { done: true };
  }
  switch (order.order) {
    case "open":
      file = order.file;
      begin();
      return { done: true };
    case "restart":
      ftruncateSync(file, 0);
      begin();
      return { done: true };
    case "settle":
      return { done: true };
    case "finish":
      fsyncSync(file);
      return { done: true, sha256: hash.digest("hex") };
  }
}

function begin(): void {
  hash = createHash("sha256");
  written = flushed = 0;
  hasFailed = false;
}

function write(bytes: Uint8Array): void {
  hash.update(bytes);
  for (let at = 0; at < bytes.length;) {
    const count = writeSync(file, bytes, at, bytes.length - at, written);
    at += count;
    written += count;
  }
  if (!isFlushing && written - flushed >= flushEvery) {
    isFlushing = true;
    const upTo = written;
    // A failure shows at the end, when everything is flushed.
    fdatasync(file, () => {
      isFlushing = false;
      flushed = upTo;
    });
  }
}
