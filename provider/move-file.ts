import { renameSync } from "node:fs";
import { rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** The parts of a system that a test has in another way. */
interface System {
  platform?: NodeJS.Platform;
  rename?(from: string, to: string): Promise<void>;
  pause?(ms: number): Promise<unknown>;
}

/** Between two tries; two seconds together. */
const pausesMs = [10, 20, 50, 100, 300, 500, 1000];

/**
 * Moves a file, and replaces what stands at its new place.
 *
 * Windows refuses that for a moment while somebody has one of the two open, be it a scanner for viruses or a reader: there it is tried again.
 *
 * @throws the file system's error
 */
export async function moveFile(from: string, to: string, system: System = {}): Promise<void> {
  const { platform = process.platform, rename: move = rename, pause = (ms: number) => sleep(ms) } = system;
  for (const pauseMs of pausesMs) {
    try {
      return await move(from, to);
    } catch (error) {
      if (!isHeldOpen(error, platform)) {
        throw error;
      }
    }
    await pause(pauseMs);
  }
  return move(from, to);
}

/** The same where nothing can be waited for; gives up sooner. */
export function moveFileSync(from: string, to: string): void {
  for (const pauseMs of pausesMs.slice(0, 4)) {
    try {
      return renameSync(from, to);
    } catch (error) {
      if (!isHeldOpen(error, process.platform)) {
        throw error;
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
  }
  renameSync(from, to);
}

const isHeldOpen = (error: unknown, platform: NodeJS.Platform) =>
  platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "");
