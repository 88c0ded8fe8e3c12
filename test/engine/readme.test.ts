import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { type Simulator, startSimulator } from "../../simulator";
import { type TestStack, aStack, configOf } from "../helpers/engine";
import { aWorkspace } from "../helpers/workspace";

const root = resolve(__dirname, "../..");

/** Pages whose programs are whole, and how many of them run against a server that has their mailboxes. */
const pages: Record<string, number> = {
  "README.md": 1,
  "docs/guides/first-restore.md": 3,
  "docs/guides/exports.md": 1,
};

describe("the programs in README and guides", () => {
  const here = process.cwd();
  let place: Awaited<ReturnType<typeof aWorkspace>>;
  let simulator: Simulator;
  let stack: TestStack;
  before(async () => {
    // Relative paths of an inline program are of the folder in which its stack was made: no other test's files are there.
    place = await aWorkspace();
    process.chdir(place.path);
    simulator = await startSimulator();
    stack = await aStack(async () => ({}), configOf(simulator));
  });
  after(async () => {
    process.chdir(here);
    await simulator?.stop();
    await stack?.remove();
    await place?.remove();
  });

  for (const [page, count] of Object.entries(pages)) {
    for (let index = 0; index < count; index += 1) {
      it(`restore as they stand: ${page}, ${index + 1}`, async () => {
        const text = await readFile(join(root, page), "utf8");
        const program = [...text.matchAll(/```ts\n([^]*?)```/g)][index]?.[1];
        assert.ok(program !== undefined, `${page} has no program ${index + 1}`);
        const file = join(stack.folder, `program-${page.replaceAll(/\W/g, "-")}-${index}.ts`);
        await writeFile(file, program);
        // Exports of a program file are the outputs of its stack.
        const load = createRequire(__filename);
        const before = simulator.sent.length;
        const up = await stack.up(async () => load(file) as Record<string, unknown>);
        assert.ok(up.ok, up.text);
        assert.equal(simulator.sent.length, before + 1);
      });
    }
  }
});
