import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { markdownTable } from "markdown-table";

const root = resolve(__dirname, "../..");
const page = join(root, "docs/reliability.md");

/** What became of the mutants of one file. A mutant after which a test never ended counts as killed. */
interface Score {
  file: string;
  killed: number;
  survived: number;
  /** Mutants in lines that no test passes. */
  uncovered: number;
}

interface Report {
  files: Record<string, { mutants: { status: string }[] }>;
}

/** The scores of all files that were ever mutated: those of the last run from the report that Stryker has left, the others from the page. */
export async function scoresSoFar(): Promise<Score[]> {
  const report = JSON.parse(await readFile(join(root, ".vb365/mutation/report.json"), "utf8")) as Report;
  const last = Object.entries(report.files).map(([file, { mutants }]) => {
    const count = (...statuses: string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
    return { file, killed: count("Killed", "Timeout"), survived: count("Survived"), uncovered: count("NoCoverage") };
  });
  const rows = (await readFile(page, "utf8")).matchAll(/^\| `(\S+)` +\| +\d+ \| +(\d+) \| +(\d+) \| +(\d+) \|/gm);
  const before = [...rows].map(([, file = "", killed, survived, uncovered]) => ({
    file,
    killed: Number(killed),
    survived: Number(survived),
    uncovered: Number(uncovered),
  }));
  const others = before.filter(({ file }) => !last.some((one) => one.file === file) && existsSync(join(root, file)));
  return [...others, ...last]
    .filter((score) => mutantsOf(score) > 0)
    .sort((a, b) => a.file.localeCompare(b.file, "en"));
}

export function scoresTable(scores: readonly Score[]): string {
  const sum = (of: (score: Score) => number) => scores.reduce((total, score) => total + of(score), 0);
  const all: Score = {
    file: "all",
    killed: sum(({ killed }) => killed),
    survived: sum(({ survived }) => survived),
    uncovered: sum(({ uncovered }) => uncovered),
  };
  const rows = [...scores.map((score) => ({ ...score, file: `\`${score.file}\`` })), all].map((score) => [
    score.file,
    ...[mutantsOf(score), score.killed, score.survived, score.uncovered].map(String),
    ((100 * score.killed) / mutantsOf(score)).toFixed(1),
  ]);
  return markdownTable([["file", "mutants", "killed", "survived", "no coverage", "score %"], ...rows], {
    align: ["l", "r", "r", "r", "r", "r"],
  });
}

export async function writePage(scores: readonly Score[]): Promise<void> {
  const text = await readFile(page, "utf8");
  const replaced = text.replace(
    /(<!-- mutation -->\n)[^]*?(<!-- end -->)/,
    (_, begin: string, end: string) => `${begin}\n${scoresTable(scores)}\n\n${end}`,
  );
  await writeFile(page, replaced);
}

function mutantsOf({ killed, survived, uncovered }: Score): number {
  return killed + survived + uncovered;
}
