import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import ts from "typescript";
import { useStack } from "../helpers/engine";

const root = resolve(__dirname, "../..");

describe("the program in the README", () => {
  const used = useStack();

  it("compiles as it stands, and restores", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, program] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.ok(program !== undefined, "the README has no program");
    const file = join(used.stack.folder, "program.ts");
    await writeFile(file, program);
    const strict = { strict: true, module: ts.ModuleKind.NodeNext, skipLibCheck: true, noEmit: true, types: [] };
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], strict));
    assert.deepEqual(
      problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
      [],
    );
    // Exports of a program file are the outputs of its stack.
    const load = createRequire(__filename);
    const up = await used.stack.up(async () => load(file) as Record<string, unknown>);
    assert.ok(up.ok, up.text);
    assert.equal((await used.stack.outputs())["outcome"], "Succeeded");
    assert.equal(used.simulator.writes.length, 1);
  });
});
