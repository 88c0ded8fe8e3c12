import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { markdownTable } from "markdown-table";
import { versions } from "../helpers/versions";
import { type ActionName, type Cell, type End, type Result, actions, faultsOf } from "./matrix";

const ends: readonly End[] = ["succeeded", "clear error", "partial", "unfinished", "unknown"];

/** One cell and what came of it. */
export type Judged = Cell & Result;

/** The matrix as tables of counts: by fault, and by version and action. */
export function tablesOf(judged: readonly Judged[]): string {
  const row = (name: string, some: readonly Judged[]) => [
    name,
    String(some.length),
    ...ends.map((end) => String(some.filter((one) => one.end === end).length)),
    String(some.filter(({ end }) => end === "violation").length),
  ];
  const head = ["", "cells", ...ends, "wrong"];
  const byFault = faultsOf().map(({ name }) =>
    row(
      name,
      judged.filter(({ fault }) => fault.name === name),
    ),
  );
  const byAction = versions.flatMap((version) =>
    (Object.keys(actions) as ActionName[]).map((action) =>
      row(
        `${version}, \`${action}\``,
        judged.filter((one) => one.version === version && one.action === action),
      ),
    ),
  );
  const align = ["l", ...head.slice(1).map(() => "r")];
  return [
    `${judged.length} cells.`,
    markdownTable([["fault", ...head.slice(1)], ...byFault, row("all", judged)], { align }),
    markdownTable([["version, action", ...head.slice(1)], ...byAction], { align }),
  ].join("\n\n");
}

export async function writePage(judged: readonly Judged[]): Promise<void> {
  const path = join(resolve(__dirname, "../.."), "docs/reliability.md");
  const page = await readFile(path, "utf8");
  const replaced = page.replace(
    /(<!-- faults -->\n)[^]*?(<!-- end -->)/,
    (_, begin: string, end: string) => `${begin}\n${tablesOf(judged)}\n\n${end}`,
  );
  await writeFile(path, replaced);
}
