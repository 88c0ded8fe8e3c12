// Runs every crash and the random lives on the real engine, and prints what was seen; `--write` puts the table into the guide.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Aftermath, type Cell, actions, cells, expected, journals, runCell, stages, victims } from "./crashes";
import { liveOnEngine } from "./engine-life";
import { engineLives } from "./sequences";

const guide = join(__dirname, "..", "..", "docs", "guides", "exactly-once.md");
const [begin, end] = ["<!-- crashes: npm run exactly-once -- --write -->", "<!-- /crashes -->"];
/** Stacks under way at once: each has a CLI, two providers and a server. */
const atOnce = 3;

type Seen = Pick<Aftermath, "end" | "sent">;

async function main(args: string[]): Promise<void> {
  const isForLives = args.includes("--lives-only");
  const seen = new Map<Cell, Seen>();
  const wrong: string[] = [];
  await inParallel(isForLives ? [] : cells, async (cell) => {
    const { end, sent, text } = await runCell(cell);
    seen.set(cell, { end, sent });
    const isRight =
      end === expected(cell).end && (cell.action === "exportToPst" || (end === "green" ? sent === 1 : sent <= 1));
    console.log(`${isRight ? "as said" : "NOT AS SAID"}: ${Object.values(cell).join(", ")}: ${end}, sent ${sent}`);
    if (!isRight) {
      wrong.push(`${Object.values(cell).join(", ")}: ${end}, sent ${sent}\n${text}`);
    }
  });
  const table = tableOf(seen);
  if (!isForLives) {
    console.log(`\n${table}\n`);
  }
  await runLives(Number(args.find((arg) => arg.startsWith("--lives="))?.slice("--lives=".length) ?? 50));
  if (isForLives) {
    return;
  }
  const page = readFileSync(guide, "utf8");
  const block = page.slice(page.indexOf(begin) + begin.length, page.indexOf(end)).trim();
  if (args.includes("--write")) {
    writeFileSync(
      guide,
      page.replace(block, () => table),
    );
  } else if (normal(block) !== normal(table)) {
    wrong.push("docs/guides/exactly-once.md shows another table: npm run exactly-once -- --write");
  }
  if (wrong.length > 0) {
    console.log(wrong.join("\n\n"));
    process.exitCode = 1;
  }
}

/** A column for each way to kill, a row for each moment. */
function tableOf(seen: Map<Cell, Seen>): string {
  const columns = journals.flatMap((journal) => victims.map((victim) => ({ journal, victim })));
  const head = ["action", "killed", ...columns.map(({ journal, victim }) => `${victim}, journal ${journal}`)];
  const rows = actions.flatMap((action) =>
    stages.map((stage) => {
      const found = columns.map(({ journal, victim }) => {
        const [cell] = [...seen.keys()].filter(
          (one) => one.action === action && one.stage === stage && one.victim === victim && one.journal === journal,
        );
        const what = cell === undefined ? undefined : seen.get(cell);
        return what === undefined ? "" : `${what.end}, sent ${timesOf(what.sent)}`;
      });
      return [`\`${action}\``, stage, ...found];
    }),
  );
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return lines.join("\n");
}

const timesOf = (count: number) => (count === 1 ? "once" : count === 0 ? "not" : `${count} times`);

/** Prettier lays tables out; only their words count. */
const normal = (table: string) =>
  table
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim().replace(/^-+$/, "---"))
        .join("|"),
    )
    .join("\n");

async function runLives(count: number): Promise<void> {
  const seed = Date.now() % 1_000_000;
  const samples = fc.sample(fc.tuple(engineLives, fc.constantFrom("named" as const, "none" as const)), {
    numRuns: count,
    seed,
  });
  const total = { sends: 0, killed: 0 };
  await inParallel(samples, async ([steps, restoreEvents]) => {
    try {
      const { sends, killed } = await liveOnEngine(steps, restoreEvents);
      total.sends += sends;
      total.killed += killed;
    } catch (error) {
      console.log(`A life that went wrong (seed ${seed}, events ${restoreEvents}): ${JSON.stringify(steps)}`);
      console.log(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  });
  console.log(
    `${count} random lives of a stack on the real engine (seed ${seed}): ${total.sends} restores, ${total.killed} runs killed.`,
  );
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

void main(process.argv.slice(2));
