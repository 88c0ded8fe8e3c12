import assert from "node:assert/strict";
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { counting, nothing } from "../helpers/counting";
import { type Run, type TestStack, aStack, configOf } from "../helpers/engine";

/** A part of the export is cut off: what came is no whole PST. */
const cut = { match: { path: /mailboxes\/[^/]+\/action$/i }, effect: { cutAfterBytes: 100_000 } };

describe("the file of an export that is replaced, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;

  beforeEach(async () => {
    simulator = await startSimulator({ pst: { sizeBytes: 300_000 } });
    stack = await aStack(async () => ({}), configOf(simulator));
  });
  afterEach(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  const inFolder = (name: string) => join(stack.folder, name);
  const program =
    (edit: vb365.CommonArgs & { path?: string }, options: CustomResourceOptions = {}) =>
    async () => {
      const { path = "finance.pst", ...common } = edit;
      const pst = new vb365.MailboxRestore(
        "finance",
        {
          organization: "contoso.example",
          mailbox: { email: "finance@contoso.example" },
          pointInTime: "latest",
          exportToPst: { path: inFolder(path) },
          ...common,
        },
        options,
      );
      return { sha256: pst.pst.apply((file) => file?.sha256) };
    };
  const up = async (...declared: Parameters<typeof program>): Promise<Run> => {
    const run = await stack.up(program(...declared));
    assert.ok(run.ok, run.text);
    return run;
  };

  /** What makes a file this one: its bytes, its time and its number on disk. */
  const portrait = async (name = "finance.pst") => {
    const { ino, mtimeMs, size } = await stat(inFolder(name));
    return { ino, mtimeMs, size, bytes: (await readFile(inFolder(name))).toString("base64") };
  };
  /** Every file that has to do with exports. */
  const files = async () => (await readdir(stack.folder)).filter((name) => name.includes(".pst")).sort();
  const whole = ["finance.pst", "finance.pst.owner.json"];

  const keepers: [string, vb365.CommonArgs, CustomResourceOptions][] = [
    ["by a new runId", { onDestroy: "deletePst" }, {}],
    ["before which the old resource is deleted", { onDestroy: "keep" }, { deleteBeforeReplace: true }],
  ];
  for (const [how, edit, options] of keepers) {
    it(`is untouched while the export that replaces it fails, and is replaced by a good one: ${how}`, async () => {
      await up({ ...edit, runId: "1" }, options);
      const old = await portrait();
      simulator.faults.next({ ...cut, times: Number.POSITIVE_INFINITY });
      const failed = await stack.up(program({ ...edit, runId: "2" }, options));
      assert.equal(failed.ok, false);
      assert.match(failed.text, /The export to .*finance.pst was not kept/);
      assert.ok(simulator.exports.length > 1, "the second export was asked for");
      assert.deepEqual(await portrait(), old);
      assert.deepEqual(await files(), whole);

      simulator.faults.clear();
      await up({ ...edit, runId: "2" }, options);
      assert.notEqual((await portrait()).ino, old.ino);
      assert.deepEqual(await files(), whole);
      const [again, asked] = await counting(simulator, () => stack.up());
      assert.deepEqual([again.operations, asked], [{ finance: "same" }, nothing]);
    });
  }

  it("stays the old one's when a --replace fails, and the next plain up asks nothing", async () => {
    await up({ onDestroy: "deletePst" });
    const old = await portrait();
    const { finance } = await stack.resources();
    simulator.faults.next({ ...cut, times: Number.POSITIVE_INFINITY });
    const failed = await stack.up(undefined, { replace: [finance?.urn ?? ""] });
    assert.equal(failed.ok, false);
    const [again, asked] = await counting(simulator, () => stack.up());
    assert.deepEqual([again.operations, asked], [{ finance: "same" }, nothing]);
    assert.deepEqual(await portrait(), old);
  });

  it('is the new one after a --replace, which the delete of the old one leaves alone under onDestroy "deletePst"', async () => {
    await up({ onDestroy: "deletePst" });
    const old = await portrait();
    const { finance } = await stack.resources();
    const replaced = await stack.up(undefined, { replace: [finance?.urn ?? ""] });
    assert.ok(replaced.ok, replaced.text);
    assert.notEqual((await portrait()).ino, old.ino);
    assert.deepEqual(await files(), whole);
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(await files(), []);
    assert.ok(
      !replaced.said["finance"]?.some((line) => /removed/.test(line)),
      "nothing was removed, so nothing says so",
    );
  });

  it('is removed first and made anew with deleteBeforeReplace and onDestroy "deletePst"', async () => {
    const options = { deleteBeforeReplace: true };
    await up({ onDestroy: "deletePst" }, options);
    const replaced = await up({ onDestroy: "deletePst", runId: "2" }, options);
    assert.equal(replaced.operations["finance"], "replace");
    assert.equal(simulator.exports.length, 2);
    assert.deepEqual(await files(), whole);
  });

  it("is removed when the path is edited, if so declared, and only after the new one is there", async () => {
    await up({ onDestroy: "deletePst" });
    const old = await portrait();
    simulator.faults.next({ ...cut, times: Number.POSITIVE_INFINITY });
    const failed = await stack.up(program({ onDestroy: "deletePst", path: "moved.pst" }));
    assert.equal(failed.ok, false);
    assert.deepEqual(await portrait(), old);
    simulator.faults.clear();
    await up({ onDestroy: "deletePst", path: "moved.pst" });
    assert.deepEqual(await files(), ["moved.pst", "moved.pst.owner.json"]);
    await up({ onDestroy: "keep", path: "moved.pst" });
    await up({ onDestroy: "keep", path: "kept.pst" });
    assert.deepEqual(await files(), ["kept.pst", "kept.pst.owner.json", "moved.pst", "moved.pst.owner.json"]);
  });

  it('is alone removed by a destroy with onDestroy "deletePst", offline', async () => {
    await writeFile(inFolder("other.pst"), "!BDN of somebody else");
    await up({ onDestroy: "deletePst" });
    await simulator.stop();
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.ok(destroy.said["finance"]?.some((line) => /^forgotten, and .*finance.pst removed$/.test(line)));
    assert.deepEqual(await files(), ["other.pst"]);
  });

  it('stays at a destroy with onDestroy "deletePst" when somebody put another file in its place, and no row says it was removed', async () => {
    await up({ onDestroy: "deletePst" });
    await writeFile(inFolder("finance.pst"), "!BDN of somebody else");
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.equal(await readFile(inFolder("finance.pst"), "utf8"), "!BDN of somebody else");
    assert.ok(
      !destroy.said["finance"]?.some((line) => /removed/.test(line)),
      "nothing was removed, so nothing says so",
    );
  });

  it('takes effect as edited: "deletePst" instead of "keep" is stored offline, and the destroy removes the file', async () => {
    await up({ onDestroy: "keep" });
    await simulator.stop();
    const edited = await up({ onDestroy: "deletePst" });
    assert.equal(edited.operations["finance"], "update");
    const destroy = await stack.destroy();
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(await files(), []);
  });

  it('takes effect as edited: "keep" instead of "deletePst" keeps the file at a destroy, and the row says so', async () => {
    await up({ onDestroy: "deletePst" });
    await simulator.stop();
    const edited = await up({ onDestroy: "keep" });
    assert.equal(edited.operations["finance"], "update");
    const destroy = await stack.destroy();
    assert.ok(destroy.said["finance"]?.some((line) => /^forgotten; .*finance.pst stays$/.test(line)));
    assert.deepEqual(await files(), whole);
  });
});
