import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { SinkOrder, SinkReply } from "./sink-worker";

/** A file that is written and hashed on another thread, in one pass over its bytes. */
export interface FileSink {
  /**
   * Takes bytes that belong to nobody else from now on. Where it answers with a promise, that is to be waited for before there are more.
   *
   * @throws the file system's error, as soon as it is known: from this or any later call
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Waits until everything is in the file. */
  settle(): Promise<void>;
  /** Empties the file: what comes now is its begin. */
  restart(): Promise<void>;
  /** Flushes the file to disk and answers with its SHA-256, lower-case hexadecimal. */
  finish(): Promise<string>;
  /** Gives its thread back, before the file is closed. Whatever is still under way is given up. */
  end(): Promise<void>;
}

/** Bytes that may wait for the other thread. */
const waitingBytes = 8 * 1024 * 1024;

/** Threads that have nothing to do. A run has as many as it makes exports at the same time. */
const idle: Worker[] = [];

/** Has a thread ready for the next file, which takes a moment to begin. */
export function prepareSink(): void {
  if (idle.length === 0) {
    const worker = startWorker();
    worker.unref();
    idle.push(worker);
  }
}

/** @param file - descriptor of a file that is open for writing and empty */
export async function openSink(file: number): Promise<FileSink> {
  const worker = idle.pop() ?? startWorker();
  worker.ref();
  const queue: { bytes: number; resolve: (reply: { sha256?: string }) => void; reject: (error: Error) => void }[] = [];
  let waiting = 0;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const fail = (error: Error) => {
    failure ??= error;
    wake?.();
    queue.splice(0).forEach(({ reject }) => reject(error));
  };
  const onMessage = (reply: SinkReply) => {
    const asked = queue.shift();
    waiting -= asked?.bytes ?? 0;
    if ("failed" in reply) {
      const { message, ...fields } = reply.failed;
      const error = Object.assign(new Error(message), fields);
      fail(error);
      asked?.reject(error);
    } else {
      asked?.resolve(reply);
    }
    if (waiting < waitingBytes) {
      wake?.();
    }
  };
  const onExit = () => fail(new Error("the thread that writes the file has ended"));
  worker.on("message", onMessage).on("error", fail).once("exit", onExit);

  const check = () => {
    if (failure !== undefined) {
      throw failure;
    }
  };
  const ask = async (order: SinkOrder) => {
    check();
    return new Promise<{ sha256?: string }>((resolve, reject) => {
      queue.push({ bytes: 0, resolve, reject });
      worker.postMessage(order);
    });
  };
  const sink: FileSink = {
    write(given) {
      check();
      // What is a part of something larger is copied, so that nobody loses the rest.
      const isWhole = given.byteOffset === 0 && given.byteLength === given.buffer.byteLength;
      const bytes = isWhole ? given : Uint8Array.from(given);
      waiting += bytes.length;
      queue.push({ bytes: bytes.length, resolve: () => undefined, reject: () => undefined });
      worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
      return waiting < waitingBytes
        ? undefined
        : new Promise<void>((resolve) => (wake = resolve)).then(() => {
            wake = undefined;
            check();
          });
    },
    async settle() {
      await ask({ order: "settle" });
    },
    async restart() {
      await ask({ order: "restart" });
    },
    async finish() {
      return (await ask({ order: "finish" })).sha256 ?? "";
    },
    async end() {
      worker.off("message", onMessage).off("error", fail).off("exit", onExit);
      if (failure === undefined && queue.length === 0) {
        worker.unref();
        idle.push(worker);
      } else {
        // Whatever it would still write, might be into a file that has the descriptor next.
        await worker.terminate();
      }
    },
  };
  await ask({ order: "open", file });
  return sink;
}

function startWorker(): Worker {
  // Beside this file, compiled or not.
  return new Worker(join(__dirname, `sink-worker${extname(__filename)}`));
}
