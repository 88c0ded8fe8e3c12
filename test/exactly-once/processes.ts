import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The real processes of one `pulumi` operation: the CLI, and the providers that it started. */
export interface Family {
  /** Kills the CLI, as `kill -9` does; with `provider` its providers, too. */
  kill(options: { provider: boolean }): void;
  /** Stops the CLI in its tracks: it lives, and notices nothing. */
  freezeCli(): void;
  /** Fulfilled when none of them is left. */
  gone(): Promise<void>;
}

/** The CLI that works in a folder, and all that it started until now. */
export function familyIn(folder: string): Family {
  const parents = new Map(runningProcesses().map((pid) => [pid, parentOf(pid)]));
  const cli = [...parents.keys()].filter((pid) => isCli(pid) && cwdOf(pid) === folder);
  const isOfCli = (pid: number | undefined): boolean =>
    pid !== undefined && (cli.includes(pid) || isOfCli(parents.get(pid)));
  const all = [...parents.keys()].filter(isOfCli);
  return {
    kill: ({ provider }) => (provider ? all : cli).forEach((pid) => send(pid, "SIGKILL")),
    freezeCli: () => cli.forEach((pid) => send(pid, "SIGSTOP")),
    async gone() {
      while (all.some(isThere)) {
        await sleep(50);
      }
    },
  };
}

const runningProcesses = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Fields of `/proc/PID/stat` after the name, which may hold anything: state, parent, … */
const statOf = (pid: number) =>
  attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
    ?.split(") ")
    .at(-1)
    ?.split(" ");
const parentOf = (pid: number) => {
  const parent = Number(statOf(pid)?.[1]);
  return parent > 0 ? parent : undefined;
};
const isThere = (pid: number) => !["Z", "X", undefined].includes(statOf(pid)?.[0]);
const isCli = (pid: number) => attempt(() => readFileSync(`/proc/${pid}/comm`, "utf8"))?.trim() === "pulumi";
const cwdOf = (pid: number) => attempt(() => readlinkSync(`/proc/${pid}/cwd`));
const send = (pid: number, signal: NodeJS.Signals) => attempt(() => process.kill(pid, signal));

/** Processes end while one looks at them. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
