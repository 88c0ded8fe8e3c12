import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { typingIn } from "../helpers/engine";
import { anEmptyFolder, pack, root, run } from "../package/package";

describe("the guide to testing a runbook, followed in an empty folder", () => {
  let folder: string;
  let removeFolder: () => Promise<void>;

  before(async () => {
    ({ path: folder, remove: removeFolder } = await anEmptyFolder());
    const guide = await readFile(join(root, "docs/guides/testing.md"), "utf8");
    const blocks = [...guide.matchAll(/```(?:ts|js)\n([^]*?)```/g)].map(([, block = ""]) => block);
    const files = ["index.ts", "stack.ts", "runbook.test.ts", "jest.config.js"];
    assert.equal(blocks.length, files.length);
    await Promise.all(files.map((file, index) => writeFile(join(folder, file), blocks[index] ?? "")));
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "runbook", private: true }));
    const packages = [...guide.matchAll(/npm install (?:--save-dev )?([^`\n]+)/g)]
      .flatMap(([, names = ""]) => names.trim().split(/\s+/))
      .filter((name) => name !== "pulumi-vb365");
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    await run("npm", ["install", ...quiet, (await pack(folder)).path, ...packages], { cwd: folder });
  });
  after(() => removeFolder?.());

  it("passes with mocha", async () => {
    const args = ["mocha", "--require", "tsx/cjs", "--timeout", "120000", "runbook.test.ts"];
    assert.match(await run("npx", args, { cwd: folder, env: typingIn(folder) }), /2 passing/);
  });

  it("passes with jest", async () => {
    assert.match(await run("npx", ["jest"], { cwd: folder, env: typingIn(folder) }), /Tests: +2 passed/);
  });
});
