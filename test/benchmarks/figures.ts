import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

export const spread = (values: readonly number[], digits: number): string =>
  `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;

/** Puts text between a part's marks in docs/benchmarks.md; what stands there otherwise stays. */
export async function putIntoPage(root: string, part: string, text: string): Promise<void> {
  const page = join(root, "docs", "benchmarks.md");
  const old = await readFile(page, "utf8");
  const mark = `<!-- ${part} -->`;
  const [from, to] = [old.indexOf(mark), old.indexOf("<!-- end -->", old.indexOf(mark))];
  if (from < 0 || to < 0) {
    throw new Error(`docs/benchmarks.md has no ${mark} … <!-- end -->`);
  }
  await writeFile(page, `${old.slice(0, from)}${mark}\n\n${text}\n\n${old.slice(to)}`);
}
