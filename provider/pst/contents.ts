import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";

/** What is in a PST. */
export interface Contents {
  folders: number;
  /** Items that could be read; folders are none. */
  items: number;
}

/** Longest time in which not one more item or folder is read, in milliseconds: a damaged file can turn the library in a circle. */
const silenceLimitMs = 5 * 60_000;

/** What the thread is told. */
export interface Reading {
  path: string;
  /** Shortest time between two messages that it goes on, in milliseconds. */
  tellEveryMs: number;
}

/** Of the thread, which reads item by item. A damaged file may ask for any amount, and is to end the thread alone, not the process. */
const memoryLimitMb = 2048;

/**
 * Opens a PST with a library, on another thread, and reads every item of it.
 *
 * @param silentMs - longest time without progress, in milliseconds. Default 5 minutes
 * @throws Error when it cannot be opened, an item not be read, or when nothing more of it was read for so long
 */
export function countContents(path: string, silentMs = silenceLimitMs): Promise<Contents> {
  return new Promise((resolve, reject) => {
    const workerData: Reading = { path, tellEveryMs: 1000 };
    const worker = new Worker(join(__dirname, `contents-worker${extname(__filename)}`), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
    });
    const giveUp = () => {
      reject(new Error(`nothing more of it could be read for ${silentMs / 1000} s`));
      void worker.terminate();
    };
    let silence = setTimeout(giveUp, silentMs);
    const end = () => clearTimeout(silence);
    worker.on("message", (said: Contents | "reading") => {
      end();
      if (said === "reading") {
        silence = setTimeout(giveUp, silentMs);
      } else {
        resolve(said);
      }
    });
    worker.once("error", reject).once("exit", () => {
      end();
      reject(new Error("the thread that reads it has ended"));
    });
  });
}
