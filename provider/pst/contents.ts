import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";

/** What is in a PST. */
export interface Contents {
  folders: number;
  /** Items that could be read; folders are none. */
  items: number;
}

/**
 * Opens a PST with a library, on another thread, and reads every item of it.
 *
 * @throws Error when it cannot be opened, or an item not be read
 */
export function countContents(path: string): Promise<Contents> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(__dirname, `contents-worker${extname(__filename)}`), { workerData: path });
    worker.once("message", resolve).once("error", reject);
    worker.once("exit", () => reject(new Error("the thread that reads it has ended")));
  });
}
