import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { useStack } from "../helpers/engine";

const root = resolve(__dirname, "../..");

/** Pages whose programs are whole, and how many of them run against a server that has their mailboxes. */
const pages: Record<string, number> = {
  "README.md": 1,
  "docs/guides/first-restore.md": 3,
  "docs/guides/exports.md": 1,
};

describe("the programs in README and guides", () => {
  const used = useStack();
  const here = process.cwd();
  // Relative paths of an inline program are of the process's folder.
  before(() => process.chdir(used.stack.folder));
  after(() => process.chdir(here));

  for (const [page, count] of Object.entries(pages)) {
    for (let index = 0; index < count; index += 1) {
      it(`restore as they stand: ${page}, ${index + 1}`, async () => {
        const text = await readFile(join(root, page), "utf8");
        const program = [...text.matchAll(/```ts\n([^]*?)```/g)][index]?.[1];
        assert.ok(program !== undefined, `${page} has no program ${index + 1}`);
        const file = join(used.stack.folder, `program-${page.replaceAll(/\W/g, "-")}-${index}.ts`);
        await writeFile(file, program);
        // Exports of a program file are the outputs of its stack.
        const load = createRequire(__filename);
        const before = used.simulator.sent.length;
        const up = await used.stack.up(async () => load(file) as Record<string, unknown>);
        assert.ok(up.ok, up.text);
        assert.equal(used.simulator.sent.length, before + 1);
      });
    }
  }
});
