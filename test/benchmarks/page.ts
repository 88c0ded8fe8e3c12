import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { median, putIntoPage, spread } from "./figures";

/** What was measured of files of one size. */
export interface Measured {
  gibibytes: number;
  /** Of each round, by contender. */
  seconds: Record<string, number[]>;
  /** MiB, of each round. */
  memory: { idle: number[]; aboveIdle: number[] };
}

/** Of each round, how many times as fast as the contender ours was. */
const ratios = (seconds: Measured["seconds"], name: string) =>
  (seconds[name] ?? []).map((value, round) => value / (seconds["ours"]?.[round] ?? Number.NaN));

export function table(results: readonly Measured[]): string {
  const rows = results.flatMap(({ gibibytes, seconds }) =>
    Object.entries(seconds).map(([name, values]) => {
      const times = ratios(seconds, name);
      const ratio = name === "ours" ? "" : `${median(times).toFixed(2)} (${spread(times, 2)})`;
      const label = name === "ours" ? "ours, hash and checks included" : `\`${name}\``;
      return `| ${gibibytes} GiB | ${label} | ${median(values).toFixed(2)} | ${spread(values, 2)} | ${ratio} |`;
    }),
  );
  const memory = results.map(
    ({ gibibytes, memory: { idle, aboveIdle } }) =>
      `| ${gibibytes} GiB | ${median(idle).toFixed(0)} | ${median(aboveIdle).toFixed(0)} | ${spread(aboveIdle, 0)} |`,
  );
  return [
    "| file | | median, s | spread, s | times as long as ours |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "| file | idle process, MiB | at most above it, MiB, median | spread |",
    "| --- | --- | --- | --- |",
    ...memory,
  ].join("\n");
}

/** Prints the results, and puts them into the page and its plot where that is asked for. */
export async function writePage(
  results: readonly Measured[],
  machine: string,
  { write, root }: { write: boolean; root: string },
): Promise<void> {
  const rounds = Object.values(results[0]?.seconds ?? {})[0]?.length ?? 0;
  const text = `Measured on ${machine}; ${rounds} rounds after one that does not count.\n\n${table(results)}`;
  process.stdout.write(`${text}\n`);
  if (!write) {
    return;
  }
  await putIntoPage(root, "export", text);
  await writeFile(join(root, "docs", "pictures", "bench-export.svg"), await plot(results));
}

/** Every round as a point, contender by contender. */
async function plot(results: readonly Measured[]): Promise<string> {
  const vega = await import("vega");
  const { compile } = await import("vega-lite");
  const values = results.flatMap(({ gibibytes, seconds }) =>
    Object.keys(seconds)
      .filter((name) => name !== "ours")
      .flatMap((name) => ratios(seconds, name).map((ratio) => ({ size: `${gibibytes} GiB`, name, ratio }))),
  );
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    title: "Times as long as our export of the same file, in the same round",
    data: { values },
    facet: { row: { field: "size", type: "nominal", title: null, sort: null } },
    spec: {
      width: 480,
      encoding: { y: { field: "name", type: "nominal", title: null, axis: { labelLimit: 400 } } },
      layer: [
        { mark: { type: "rule", color: "#888" }, encoding: { x: { datum: 1 } } },
        {
          mark: { type: "point", filled: true, size: 60, opacity: 0.7 },
          encoding: {
            x: { field: "ratio", type: "quantitative", title: "ratio (1 = as fast)", scale: { domainMin: 0 } },
          },
        },
      ],
    },
  });
  return `${await new vega.View(vega.parse(spec), { renderer: "none" }).toSVG()}\n`;
}
