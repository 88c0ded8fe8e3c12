import { readFileSync, readdirSync } from "node:fs";

/** CPU time of a thread, in seconds. */
export interface CpuTime {
  user: number;
  system: number;
}

/** Linux counts CPU time in hundredths of a second for programs (`man proc`). */
const ticksASecond = 100;

/** What each thread of a process has used so far, by its id; the main thread has the id of the process. */
export function threadsOf(pid: number): Map<number, CpuTime> {
  return new Map(readdirSync(`/proc/${pid}/task`).map((id) => [Number(id), timeIn(`/proc/${pid}/task/${id}/stat`)]));
}

function timeIn(path: string): CpuTime {
  const text = readFileSync(path, "utf8");
  // Behind the name of the program, which may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { user: Number(fields[11]) / ticksASecond, system: Number(fields[12]) / ticksASecond };
}

/** What was used between two looks: the main thread, the busiest of the others, and the rest. */
export function usedBetween(pid: number, before: Map<number, CpuTime>, after: Map<number, CpuTime>) {
  const used = [...after].map(([id, { user, system }]) => {
    const { user: userBefore = 0, system: systemBefore = 0 } = before.get(id) ?? {};
    return { id, user: user - userBefore, system: system - systemBefore };
  });
  const main = used.find(({ id }) => id === pid) ?? { user: 0, system: 0 };
  const others = used.filter(({ id }) => id !== pid).sort((a, b) => b.user + b.system - (a.user + a.system));
  const [busiest = { user: 0, system: 0 }, ...rest] = others;
  const sum = (which: keyof CpuTime) => rest.reduce((total, one) => total + one[which], 0);
  return { main, busiest, rest: { user: sum("user"), system: sum("system") } };
}
