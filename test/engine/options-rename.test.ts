import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { counting, nothing } from "../helpers/counting";
import { type TestStack, aStack, configOf } from "../helpers/engine";

const backup = { organization: "contoso.example", pointInTime: "latest" };

/** The names of a restore and of an export, and what else is said of both. */
interface Declared {
  names: [restore: string, pst: string];
  runId?: string;
  aliases?: [restore: pulumi.Alias, pst: pulumi.Alias];
  inComponent?: boolean;
}

describe("a rename, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;

  const program =
    ({ names, runId, aliases, inComponent = false }: Declared) =>
    async () => {
      const edit = runId === undefined ? {} : { runId };
      const parent = inComponent ? { parent: new pulumi.ComponentResource("test:index:Runbook", "runbook") } : {};
      const optionsOf = (alias: pulumi.Alias | undefined) => ({
        ...parent,
        ...(alias === undefined ? {} : { aliases: [alias] }),
      });
      new vb365.MailboxRestore(
        names[0],
        {
          ...backup,
          ...edit,
          mailbox: { email: "legal@contoso.example" },
          restoreTo: { mailbox: "support@contoso.example" },
        },
        optionsOf(aliases?.[0]),
      );
      new vb365.MailboxRestore(
        names[1],
        {
          ...backup,
          ...edit,
          mailbox: { email: "finance@contoso.example" },
          exportToPst: { path: pstPath() },
          onDestroy: "deletePst",
        },
        optionsOf(aliases?.[1]),
      );
    };
  const pstPath = () => join(stack.folder, "finance.pst");
  const fileNumber = async () => (await stat(pstPath())).ino;

  beforeEach(async () => {
    simulator = await startSimulator({ pst: { sizeBytes: 300_000 } });
    stack = await aStack(async () => ({}), configOf(simulator));
    const up = await stack.up(program({ names: ["a", "a-pst"] }));
    assert.ok(up.ok, up.text);
  });
  afterEach(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  async function sendsNothing(declared: Declared): Promise<void> {
    const [up, asked] = await counting(simulator, () => stack.up(program(declared)));
    assert.ok(up.ok, up.text);
    assert.deepEqual(asked, nothing);
    assert.deepEqual(Object.keys(await stack.resources()).sort(), [...declared.names].sort());
  }

  /** Both are run again, once, and the export takes the place of the file that is there. */
  async function runsOnce(declared: Declared): Promise<void> {
    const file = await fileNumber();
    const [up, asked] = await counting(simulator, () => stack.up(program(declared)));
    assert.ok(up.ok, up.text);
    assert.deepEqual([asked.writes, asked.exports], [1, 1]);
    assert.notEqual(await fileNumber(), file);
    await sendsNothing(declared);
  }

  const renamed = (from: [string, string], to: [string, string]): Declared => ({
    names: to,
    aliases: [{ name: from[0] }, { name: from[1] }],
  });

  it("with an alias sends nothing, nor does the up without it", async () => {
    await sendsNothing(renamed(["a", "a-pst"], ["b", "b-pst"]));
    await sendsNothing({ names: ["b", "b-pst"] });
    const [destroy, asked] = await counting(simulator, () => stack.destroy());
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(asked, nothing);
    await assert.rejects(stat(pstPath()), { code: "ENOENT" });
  });

  it("with an alias leaves the file this resource's own: a new runId exports over it", async () => {
    await sendsNothing(renamed(["a", "a-pst"], ["b", "b-pst"]));
    await runsOnce({ names: ["b", "b-pst"], runId: "2" });
    await stack.destroy();
    await assert.rejects(stat(pstPath()), { code: "ENOENT" });
  });

  it("with an alias and a new runId at once runs both once, over the same file", async () => {
    await runsOnce({ ...renamed(["a", "a-pst"], ["b", "b-pst"]), runId: "2" });
  });

  it("twice sends nothing, and a new runId after it runs both once", async () => {
    await sendsNothing(renamed(["a", "a-pst"], ["b", "b-pst"]));
    await sendsNothing(renamed(["b", "b-pst"], ["c", "c-pst"]));
    await runsOnce({ names: ["c", "c-pst"], runId: "2" });
  });

  it("into a component sends nothing, and a new runId there runs both once", async () => {
    const aliases: Declared["aliases"] = [{ parent: pulumi.rootStackResource }, { parent: pulumi.rootStackResource }];
    await sendsNothing({ names: ["a", "a-pst"], aliases, inComponent: true });
    await runsOnce({ names: ["a", "a-pst"], inComponent: true, runId: "2" });
  });

  it("in the state sends nothing, and a new runId after it runs both once", async () => {
    await stack.renameInState("a", "b");
    await stack.renameInState("a-pst", "b-pst");
    await sendsNothing({ names: ["b", "b-pst"] });
    await runsOnce({ names: ["b", "b-pst"], runId: "2" });
  });

  it("of the stack sends nothing, and a new runId after it runs both once", async () => {
    await stack.renameStack("other");
    await sendsNothing({ names: ["a", "a-pst"] });
    await runsOnce({ names: ["a", "a-pst"], runId: "2" });
  });

  it("without an alias is another resource: it asks first, then the restore runs once more, and the old record is forgotten", async () => {
    const { a } = await stack.resources();
    const restoreAlone = (name: string) => async () => {
      new vb365.MailboxRestore(name, {
        ...backup,
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: "support@contoso.example" },
      });
    };
    const [question, before] = await counting(simulator, () => stack.up(restoreAlone("b")));
    assert.equal(question.ok, false);
    assert.match(
      question.text,
      /Resource a of this stack carried out the very same restore.*aliases: \[\{ name: "a" \}\]/,
    );
    assert.equal(before.writes, 0);
    // Once the state was seen to have it, the new one is what Pulumi says that it is.
    await stack.refresh();
    const [up, asked] = await counting(simulator, () => stack.up(restoreAlone("b")));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { b: "create", a: "delete", "a-pst": "delete" });
    assert.deepEqual([asked.writes, asked.exports], [1, 0]);
    assert.ok(up.said["a"]?.includes("forgotten; restored mail stays in support@contoso.example"), up.text);
    const { b } = await stack.resources();
    assert.notEqual(b?.id, a?.id);
    assert.deepEqual(Object.keys(await stack.resources()), ["b"]);
    const [again, later] = await counting(simulator, () => stack.up(restoreAlone("b")));
    assert.deepEqual([again.operations, later], [{ b: "same" }, nothing]);
  });

  it("without an alias is another resource, whose export does not overwrite the old one's file", async () => {
    const bytes = await readFile(pstPath());
    const [up, asked] = await counting(simulator, () => stack.up(program({ names: ["a", "b-pst"] })));
    assert.equal(up.ok, false);
    assert.match(up.text, /finance.pst belongs to another export/);
    assert.equal(asked.exports, 0);
    assert.ok(bytes.equals(await readFile(pstPath())));
  });

  it("leaves the old name free: a new restore of that name runs once, and the renamed one does not", async () => {
    await sendsNothing(renamed(["a", "a-pst"], ["b", "b-pst"]));
    const withNew = async () => {
      await program({ names: ["b", "b-pst"] })();
      new vb365.MailboxRestore("a", {
        ...backup,
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: "support@contoso.example" },
      });
    };
    const [up, asked] = await counting(simulator, () => stack.up(withNew));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { a: "create", b: "same", "b-pst": "same" });
    assert.deepEqual([asked.writes, asked.exports], [1, 0]);
    const [again, later] = await counting(simulator, () => stack.up(withNew));
    assert.deepEqual([again.operations, later], [{ a: "same", b: "same", "b-pst": "same" }, nothing]);
  });

  it("keeps the file the renamed one's: a new export under the old name does not overwrite it", async () => {
    await sendsNothing(renamed(["a", "a-pst"], ["b", "b-pst"]));
    const file = await fileNumber();
    const [up, asked] = await counting(simulator, () =>
      stack.up(async () => {
        await program({ names: ["b", "b-pst"] })();
        new vb365.MailboxRestore("a-pst", {
          ...backup,
          mailbox: { email: "sales@contoso.example" },
          exportToPst: { path: pstPath() },
        });
      }),
    );
    assert.deepEqual([asked.exports, await fileNumber()], [0, file]);
    assert.equal(up.ok, false);
    assert.match(up.text, /is the file of [ab]-pst, too: give each export its own/);
  });
});
