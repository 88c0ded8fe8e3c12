/** Writes the table of the server's words into docs/guides/troubleshooting.md: npx tsx test/docs/write-hints.ts */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { markdownTable } from "markdown-table";
import { hintTable } from "../../provider/api/hints";

const path = join(resolve(__dirname, "../.."), "docs/guides/troubleshooting.md");
const rows = hintTable().map(({ says, cause, action }) => [`\`${says}\``.replaceAll("|", "\\|"), cause, action]);
const table = markdownTable([["the server says", "the usual cause", "what helps"], ...rows]);
const page = readFileSync(path, "utf8");
writeFileSync(
  path,
  page.replace(
    /(<!-- hints -->\n)[^]*?(<!-- end -->)/,
    (_, begin, end) => `${String(begin)}\n${table}\n\n${String(end)}`,
  ),
);
