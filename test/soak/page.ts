import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { markdownTable } from "markdown-table";
import { median } from "../benchmarks/figures";

/** What a provider process held at a time. */
export interface Sample {
  /** Of the REST API that it speaks. */
  version: string;
  minutes: number;
  /** Of all processes, so far. */
  restores: number;
  memoryMiB: number;
  handles: number;
  sockets: number;
}

/** What came of all restores. */
export interface Tally {
  /** How many ended in which way. */
  ends: Record<string, number>;
  faults: number;
  /** Files whose hash was compared. */
  exported: number;
  sentTwice: number;
  wrong: string[];
  leftOpen: {
    /** The server could not be told to stop them, and that was said; or they are kept as evidence of a restore whose end was not seen. */
    said: number;
    silent: string[];
  };
  /** Entries of the journal that nobody settled. */
  journalLeft: number;
}

const figures = ["memoryMiB", "handles", "sockets"] as const;
/** What may be more at the end than in the second quarter: a share, and a number that is noise. The first quarter is for warming up. */
const mayGrow = { memoryMiB: [1.15, 20], handles: [1, 6], sockets: [1, 6] } as const;

const versionsOf = (samples: readonly Sample[]) => [...new Set(samples.map(({ version }) => version))];

/** Of the four quarters of the time, the median of each. */
function quarters(samples: readonly Sample[], version: string, figure: (typeof figures)[number]): number[] {
  const own = samples.filter((sample) => sample.version === version);
  const begin = (quarter: number) => Math.floor((own.length * quarter) / 4);
  return [0, 1, 2, 3].map((quarter) =>
    median(own.slice(begin(quarter), begin(quarter + 1)).map((sample) => sample[figure])),
  );
}

/** What is not as it should be; empty when all is well. */
export function verdictOf(samples: readonly Sample[], tally: Tally): string[] {
  const grown = versionsOf(samples).flatMap((version) =>
    figures.flatMap((figure) => {
      const [, second = 0, , last = 0] = quarters(samples, version, figure);
      const [share, noise] = mayGrow[figure];
      return last > second * share + noise ? [`${version}: ${figure} grew from ${second} to ${last}`] : [];
    }),
  );
  const { silent } = tally.leftOpen;
  return [
    ...tally.wrong,
    ...grown,
    ...(silent.length > 0 ? [`restore sessions left open without a word: ${silent.join(", ")}`] : []),
    ...(tally.journalLeft > 0 ? [`${tally.journalLeft} entries of the journal are left`] : []),
  ];
}

/** How long it was, and what it drew its faults by. */
export interface Run {
  minutes: number;
  seed: string;
}

export function report(samples: readonly Sample[], tally: Tally, { minutes, seed }: Run): string {
  const restores = Object.values(tally.ends).reduce((sum, count) => sum + count, 0);
  const ends = Object.entries(tally.ends).sort(([, a], [, b]) => b - a);
  const rows = versionsOf(samples).flatMap((version) =>
    figures.map((figure) => [
      version,
      figure === "memoryMiB" ? "memory, MiB" : figure,
      ...quarters(samples, version, figure).map((value) => value.toFixed(0)),
    ]),
  );
  const align = { align: ["l", "l", "r", "r", "r", "r"] };
  return [
    `${minutes} minutes, ${restores} restores and exports, ${tally.faults} faults, two provider processes; \`--seed ${seed}\`.`,
    markdownTable(
      [
        ["what came of them", ""],
        ...ends.map(([end, count]) => [end, String(count)]),
        ["sent more than once", String(tally.sentTwice)],
        ["exported files whose hash was compared", String(tally.exported)],
        ["otherwise wrong", String(tally.wrong.length - tally.sentTwice)],
        [
          "restore sessions left open, and named: evidence, or the server could not be told to stop them",
          String(tally.leftOpen.said),
        ],
        ["restore sessions left open without a word", String(tally.leftOpen.silent.length)],
        ["entries left in the journal", String(tally.journalLeft)],
      ],
      { align: ["l", "r"] },
    ),
    "The median of each quarter of the time:",
    markdownTable([["REST API", "", "first", "second", "third", "last"], ...rows], align),
  ].join("\n\n");
}

/** Puts the report between its marks in docs/reliability.md, and its plot beside the pictures. */
export async function writePage(samples: readonly Sample[], tally: Tally, run: Run): Promise<void> {
  const docs = join(resolve(__dirname, "../.."), "docs");
  const path = join(docs, "reliability.md");
  const page = await readFile(path, "utf8");
  const text = report(samples, tally, run);
  const replaced = page.replace(
    /(<!-- soak -->\n)[^]*?(<!-- end -->)/,
    (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`,
  );
  await writeFile(path, replaced);
  await writeFile(join(docs, "pictures", "soak.svg"), await plot(samples));
}

/** What each process held, over the time. */
async function plot(samples: readonly Sample[]): Promise<string> {
  const vega = await import("vega");
  const { compile } = await import("vega-lite");
  const line = (figure: (typeof figures)[number], title: string) => ({
    width: 560,
    height: 120,
    mark: { type: "line" as const },
    encoding: {
      x: { field: "minutes", type: "quantitative" as const, title: "minutes" },
      y: { field: figure, type: "quantitative" as const, title, scale: { domainMin: 0 } },
      color: { field: "version", type: "nominal" as const, title: "REST API" },
    },
  });
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    title: "Provider processes that restore without pause",
    data: { values: samples.map((sample) => ({ ...sample })) },
    vconcat: [line("memoryMiB", "memory, MiB"), line("handles", "file handles"), line("sockets", "sockets")],
  });
  return `${await new vega.View(vega.parse(spec), { renderer: "none" }).toSVG()}\n`;
}
