import { readFileSync, readdirSync } from "node:fs";

/** What one process has used so far. */
export interface Use {
  /** User and system. */
  cpuSeconds: number;
  /** The highest memory (`VmHWM`), MiB. */
  peakMiB: number;
}

/** The pause between two looks. What a process uses after the last one is not seen, so this is how wrong a figure may be. */
const lookMs = 100;
/** Linux counts CPU time in hundredths of a second for programs (`man proc`). */
const ticksASecond = 100;

/** Memory of a process in MiB: now (`VmRSS`) or at most so far (`VmHWM`). */
export function memoryOf(pid: number, name: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
}

/**
 * Watches a process and those that it started, until it is told to stop.
 *
 * @param isWanted - of those that it started: is this command line of one to be watched, too?
 */
export function watchTree(pid: number, isWanted: (commandLine: string) => boolean) {
  const own: Use = { cpuSeconds: 0, peakMiB: 0 };
  const wanted = new Map<number, Use>();
  const look = () => {
    note(pid, own);
    for (const child of below(pid)) {
      if (!wanted.has(child) && isWanted(commandLineOf(child))) {
        wanted.set(child, { cpuSeconds: 0, peakMiB: 0 });
      }
    }
    wanted.forEach((use, child) => note(child, use));
  };
  const timer = setInterval(look, lookMs);
  return {
    stop(): { own: Use; wanted: Use[] } {
      clearInterval(timer);
      return { own, wanted: [...wanted.values()] };
    },
  };
}

function note(pid: number, use: Use): void {
  try {
    const fields = statOf(pid);
    use.cpuSeconds = Math.max(use.cpuSeconds, (Number(fields[11]) + Number(fields[12])) / ticksASecond);
    use.peakMiB = Math.max(use.peakMiB, memoryOf(pid, "VmHWM"));
  } catch {
    // It has ended; what was seen of it stays.
  }
}

/** The fields of `/proc/PID/stat` behind the name of the program, which may hold anything. */
const statOf = (pid: number) => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
};

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** All processes that this one started, and those that they started. */
function below(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const parent = Number(statOf(Number(name))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended between the two looks.
    }
  }
  const found = [...(children.get(pid) ?? [])];
  for (let at = 0; at < found.length; at += 1) {
    found.push(...(children.get(found[at] ?? 0) ?? []));
  }
  return found;
}
