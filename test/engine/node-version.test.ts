import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type TestStack, aStack, cliRoot, typingIn } from "../helpers/engine";

const run = promisify(execFile);

/** A provider that tells which Node runs it; ours are loaded by the same process. */
const program = `
const pulumi = require("@pulumi/pulumi");
const provider = "({ create: async () => ({ id: 'seen', outs: { version: process.version } }) })";
const inputs = { __provider: "exports.handler = () => " + provider, version: undefined };
exports.program = process.version;
exports.provider = new pulumi.CustomResource("pulumi-nodejs:dynamic:Resource", "seen", inputs).version;
`;

describe("the Node that is first in PATH", () => {
  let stack: TestStack;
  let version: string;

  before(async () => {
    version = (await run("node", ["--version"])).stdout.trim();
    stack = await aStack({}, {});
    await writeFile(join(stack.folder, "index.js"), program);
  });
  after(() => stack?.remove());

  it("runs the program and its providers", async () => {
    const { ok, text } = await stack.up();
    assert.ok(ok, text);
    assert.deepEqual(await stack.outputs(), { program: version, provider: version });
  });

  it("runs the language host", async () => {
    const { stdout } = await run(join(cliRoot, "bin", "pulumi"), ["about", "--json"], {
      cwd: stack.folder,
      env: typingIn(stack.folder),
    });
    const { runtime } = JSON.parse(stdout) as { runtime: { version: string } };
    assert.equal(runtime.version.replace(/^v?/, "v"), version);
  });

  it("runs npm", async () => {
    const { stdout } = await run("npm", ["version", "--json"], { cwd: stack.folder });
    assert.equal(`v${(JSON.parse(stdout) as { node: string }).node}`, version);
  });
});
