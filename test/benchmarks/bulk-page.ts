import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { median, putIntoPage, spread } from "./figures";

export type Contender = "separate" | "bulk" | "nothing" | "curl";
export const operations = ["up", "no-op up", "refresh", "destroy"] as const;
export type Operation = (typeof operations)[number];

/** One operation of one contender in one round. */
export interface Measured {
  contender: Contender;
  /** Mailboxes. */
  count: number;
  operation: Operation;
  /** Wall time. */
  seconds: number;
  cliCpuSeconds?: number;
  providerCpuSeconds?: number;
  serverCpuSeconds: number;
  /** The highest memory of the provider process above that of one that is idle. */
  aboveIdleMiB?: number;
  requests: number;
  logins: number;
  sessions: number;
  stateBytes?: number;
}

const labels: Record<Contender, string> = {
  separate: "a `MailboxRestore` each",
  bulk: "one `BulkMailboxRestore`",
  nothing: "a resource each that does nothing",
  curl: "script with `curl`, one by one",
};

const of = (measured: readonly Measured[], contender: Contender, count: number, operation: Operation) =>
  measured.filter((one) => one.contender === contender && one.count === count && one.operation === operation);

const countsIn = (measured: readonly Measured[]) =>
  [...new Set(measured.map(({ count }) => count))].sort((a, b) => a - b);
const numbers = (some: readonly Measured[], name: Exclude<keyof Measured, "contender" | "operation">) =>
  some.flatMap((one) => one[name] ?? []);
const shown = (values: readonly number[], digits = 0) => (values.length === 0 ? "" : median(values).toFixed(digits));

export function table(measured: readonly Measured[]): string {
  const rows = countsIn(measured).flatMap((count) =>
    (["separate", "bulk", "nothing", "curl"] as const).flatMap((contender) =>
      operations.flatMap((operation) => {
        const some = of(measured, contender, count, operation);
        if (some.length === 0) {
          return [];
        }
        const cells = [
          String(count),
          labels[contender],
          contender === "curl" ? "" : operation,
          `${shown(numbers(some, "seconds"), 2)} (${spread(numbers(some, "seconds"), 2)})`,
          shown(numbers(some, "providerCpuSeconds"), 2),
          shown(numbers(some, "cliCpuSeconds"), 2),
          shown(numbers(some, "serverCpuSeconds"), 2),
          shown(numbers(some, "aboveIdleMiB")),
          shown(numbers(some, "requests")),
          shown(numbers(some, "logins")),
          shown(numbers(some, "sessions")),
          shown(
            numbers(some, "stateBytes").map((bytes) => bytes / 1000),
            1,
          ),
        ];
        return [`| ${cells.join(" | ")} |`];
      }),
    ),
  );
  return [
    "| mailboxes | | | wall, s (spread) | CPU of the provider, s | of the CLI, s | of the server, s | memory above idle, MiB | requests | logins | sessions | state, kB |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** Of each round, how many times as long one took as another. */
const ratios = (some: readonly Measured[], others: readonly Measured[]) =>
  some.flatMap(({ seconds }, round) => {
    const other = others[round];
    return other === undefined ? [] : [seconds / other.seconds];
  });

function ratioTable(measured: readonly Measured[]): string {
  const rows = countsIn(measured).flatMap((count) => {
    const curl = of(measured, "curl", count, "up");
    return (["separate", "bulk"] as const).flatMap((contender) => {
      const times = ratios(curl, of(measured, contender, count, "up"));
      return times.length === 0
        ? []
        : [`| ${count} | ${labels[contender]} | ${median(times).toFixed(2)} (${spread(times, 2)}) |`];
    });
  });
  return ["| mailboxes | | the script takes so many times as long |", "| --- | --- | --- |", ...rows].join("\n");
}

/** What a `MailboxRestore` each takes beyond what the engine takes for as many resources that do nothing. */
function beyondEngine(measured: readonly Measured[]): string {
  const rows = countsIn(measured).flatMap((count) =>
    operations.flatMap((operation) => {
      const times = ratios(of(measured, "separate", count, operation), of(measured, "nothing", count, operation));
      return times.length === 0
        ? []
        : [`| ${count} | ${operation} | ${median(times).toFixed(2)} (${spread(times, 2)}) |`];
    }),
  );
  const head =
    "| mailboxes | | a `MailboxRestore` each takes so many times as long as a resource each that does nothing |";
  return [head, "| --- | --- | --- |", ...rows].join("\n");
}

/** What is aimed at, beside what was measured. */
function aims(measured: readonly Measured[]): string {
  const rows: string[] = [];
  const row = (
    what: string,
    aim: string,
    values: readonly number[],
    [digits, isMet]: [number, (value: number) => boolean],
  ) => {
    if (values.length > 0) {
      const value = median(values);
      rows.push(`| ${what} | ${aim} | ${value.toFixed(digits)} | ${isMet(value) ? "met" : "missed"} |`);
    }
  };
  const below = (most: number) => (value: number) => value < most;
  const atMost = (most: number) => (value: number) => value <= most;
  const at = (contender: Contender, count: number, operation: Operation) => of(measured, contender, count, operation);
  const hundred = at("separate", 100, "up");
  row("100 restores, `up`, a resource each: wall, s", "below 5.1", numbers(hundred, "seconds"), [2, below(5.1)]);
  row("the same: logins", "1", numbers(hundred, "logins"), [0, atMost(1)]);
  row("the same: sessions", "1", numbers(hundred, "sessions"), [0, atMost(1)]);
  const thousand = at("separate", 1000, "up");
  row("1,000 restores, `up`, a resource each: wall, s", "below 57", numbers(thousand, "seconds"), [2, below(57)]);
  row("the same, no-op `up`", "below 10.9", numbers(at("separate", 1000, "no-op up"), "seconds"), [2, below(10.9)]);
  const stateEach = numbers(thousand, "stateBytes").map((bytes) => bytes / 1000 / 1000);
  row("the same: state of each, kB", "at most 2", stateEach, [2, atMost(2)]);
  const bulk = at("bulk", 1000, "up");
  row("1,000 restores, `up`, one resource: wall, s", "below 10", numbers(bulk, "seconds"), [2, below(10)]);
  row("the same, no-op `up`", "below 2", numbers(at("bulk", 1000, "no-op up"), "seconds"), [2, below(2)]);
  const tenfold = at("bulk", 10_000, "up");
  row("10,000 restores, `up`, one resource: wall, s", "below 60", numbers(tenfold, "seconds"), [2, below(60)]);
  row("the same: memory above idle, MiB", "at most 256", numbers(tenfold, "aboveIdleMiB"), [0, atMost(256)]);
  const kilobytes = numbers(tenfold, "stateBytes").map((bytes) => bytes / 1000);
  row("the same: state, kB", "at most 256", kilobytes, [1, atMost(256)]);
  const each = ratios(tenfold, bulk).map((ratio) => ratio / 10);
  row("the same: time for each, to that at 1,000", "at most 1.5", each, [2, atMost(1.5)]);
  return ["| what | aim | median | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Prints the results, and puts them into the page and its plot where that is asked for. */
export async function writePage(
  measured: readonly Measured[],
  machine: string,
  { write, root, rounds }: { write: boolean; root: string; rounds: number },
): Promise<void> {
  const head = `Measured on ${machine}; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}.`;
  const text = [head, table(measured), ratioTable(measured), beyondEngine(measured), aims(measured)].join("\n\n");
  process.stdout.write(`${text}\n`);
  if (write) {
    await putIntoPage(root, "bulk", text);
    await writeFile(join(root, "docs", "pictures", "bench-bulk.svg"), await plot(measured));
  }
}

/** Every `up` of every round as a point, by number of mailboxes, on two logarithmic axes: what is linear is a straight line. */
async function plot(measured: readonly Measured[]): Promise<string> {
  const vega = await import("vega");
  const { compile } = await import("vega-lite");
  const values = measured.flatMap(({ contender, count, operation, seconds }) =>
    operation === "up" || operation === "no-op up"
      ? [{ name: `${labels[contender].replaceAll("`", "")}${operation === "up" ? "" : ", no-op"}`, count, seconds }]
      : [],
  );
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    title: "Wall time of many restores",
    width: 480,
    height: 320,
    data: { values },
    encoding: {
      x: { field: "count", type: "quantitative", title: "mailboxes", scale: { type: "log" }, axis: { tickCount: 4 } },
      color: { field: "name", type: "nominal", title: null, legend: { labelLimit: 400 } },
    },
    layer: [
      {
        mark: { type: "line", opacity: 0.6 },
        encoding: { y: { field: "seconds", aggregate: "median", title: "seconds", scale: { type: "log" } } },
      },
      {
        mark: { type: "point", filled: true, size: 40, opacity: 0.7 },
        encoding: { y: { field: "seconds", type: "quantitative" } },
      },
    ],
  });
  return `${await new vega.View(vega.parse(spec), { renderer: "none" }).toSVG()}\n`;
}
