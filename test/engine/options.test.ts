import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CustomResourceOptions, Resource } from "@pulumi/pulumi";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { counting, nothing } from "../helpers/counting";
import { type TestStack, aStack, configOf } from "../helpers/engine";

const backup = { organization: "contoso.example", pointInTime: "latest" };

describe("Pulumi's own options, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;

  beforeEach(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters", pst: { sizeBytes: 300_000 } });
    stack = await aStack(async () => ({}), configOf(simulator));
  });
  afterEach(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  const legal = (options: CustomResourceOptions = {}, edit: vb365.CommonArgs = {}) =>
    new vb365.MailboxRestore(
      "legal",
      {
        ...backup,
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: "support@contoso.example" },
        ...edit,
      },
      options,
    );
  const finance = (options: CustomResourceOptions = {}, edit: vb365.CommonArgs = {}) =>
    new vb365.MailboxRestore(
      "finance",
      {
        ...backup,
        mailbox: { email: "finance@contoso.example" },
        exportToPst: { path: join(stack.folder, "finance.pst") },
        onDestroy: "deletePst",
        ...edit,
      },
      options,
    );
  const declare = (program: () => unknown) => async () => void program();
  const both =
    (...declared: Parameters<typeof legal>) =>
    async () => {
      legal(...declared);
      finance(...declared);
    };

  async function up(program: () => Promise<void>) {
    const run = await stack.up(program);
    assert.ok(run.ok, run.text);
    return run;
  }
  /** The `up` goes well and asks nothing of the server. */
  async function upOffline(program: () => Promise<void>) {
    const [run, asked] = await counting(simulator, () => up(program));
    assert.deepEqual(asked, nothing);
    return run;
  }
  const files = async () => (await readdir(stack.folder)).filter((name) => name.includes(".pst")).sort();

  it("refresh asks nothing of what is finished", async () => {
    await up(both());
    const before = await stack.resources();
    const [refresh, asked] = await counting(simulator, () => stack.refresh());
    assert.ok(refresh.ok, refresh.text);
    assert.deepEqual(asked, nothing);
    const after = await stack.resources();
    assert.deepEqual(
      [after["legal"]?.outputs, after["finance"]?.outputs],
      [before["legal"]?.outputs, before["finance"]?.outputs],
    );
  });

  it("destroy forgets without the server, and the row says that restored mail stays", async () => {
    await up(declare(() => legal()));
    await simulator.stop();
    const [destroy, asked] = await counting(simulator, () => stack.destroy());
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(asked, nothing);
    assert.deepEqual(await stack.resources(), {});
    assert.deepEqual(destroy.said["legal"], ["forgotten; restored mail stays in support@contoso.example"]);
  });

  it("protect refuses a destroy and a new runId, and nothing is asked or removed", async () => {
    await up(both({ protect: true }));
    const records = Object.keys(await stack.resources());
    const [destroy, askedOfDestroy] = await counting(simulator, () => stack.destroy());
    assert.equal(destroy.ok, false);
    assert.match(destroy.text, /cannot be deleted\s+because it is protected/);
    const [edited, askedOfEdit] = await counting(simulator, () => stack.up(both({ protect: true }, { runId: "2" })));
    assert.equal(edited.ok, false);
    assert.match(edited.text, /unable to replace resource/);
    assert.deepEqual([askedOfDestroy, askedOfEdit], [nothing, nothing]);
    assert.deepEqual(Object.keys(await stack.resources()), records);
    assert.deepEqual(await files(), ["finance.pst", "finance.pst.owner.json"]);
  });

  it('retainOnDelete forgets and removes nothing, in spite of onDestroy "deletePst"', async () => {
    await up(both({ retainOnDelete: true }));
    const removed = await upOffline(async () => undefined);
    assert.deepEqual(removed.operations, { legal: "delete", finance: "delete" });
    assert.deepEqual(await stack.resources(), {});
    assert.deepEqual(await files(), ["finance.pst", "finance.pst.owner.json"]);
  });

  it("after retainOnDelete the same program runs again once, over its own file", async () => {
    const retained = both({ retainOnDelete: true });
    await up(retained);
    // Proof for the journal: the state has what was sent. Without it the results would be taken over, as after `pulumi state delete`.
    await upOffline(retained);
    await upOffline(async () => undefined);
    const [again, asked] = await counting(simulator, () => up(both()));
    assert.deepEqual(again.operations, { legal: "create", finance: "create" });
    assert.deepEqual([asked.writes, asked.exports, asked.logins], [1, 1, 1]);
    await upOffline(both());
  });

  it('deletedWith forgets with the other resource, and removes nothing in spite of onDestroy "deletePst"', async () => {
    const program = declare(() => finance({ deletedWith: legal() }));
    await up(program);
    await upOffline(program);
    const [destroy, asked] = await counting(simulator, () => stack.destroy());
    assert.ok(destroy.ok, destroy.text);
    assert.deepEqual(asked, nothing);
    assert.deepEqual(await stack.resources(), {});
    assert.deepEqual(await files(), ["finance.pst", "finance.pst.owner.json"]);
  });

  it('ignoreChanges: ["runId"] sends nothing for an edited runId, and without it the edit runs once', async () => {
    const options = { ignoreChanges: ["runId"] };
    await up(both(options));
    const ignored = await upOffline(both(options, { runId: "2" }));
    assert.deepEqual(ignored.operations, { legal: "same", finance: "same" });
    await upOffline(both(options, { runId: "3" }));
    const [run, asked] = await counting(simulator, () => up(both({}, { runId: "3" })));
    assert.deepEqual(run.operations, { legal: "replace", finance: "replace" });
    assert.deepEqual([asked.writes, asked.exports], [1, 1]);
  });

  it("options that are the engine's own bookkeeping send nothing when they are added, edited or removed", async () => {
    await up(both());
    const added: CustomResourceOptions = {
      protect: true,
      retainOnDelete: true,
      deleteBeforeReplace: true,
      replaceOnChanges: ["runId"],
      ignoreChanges: ["reason"],
      customTimeouts: { create: "1m", update: "1m", delete: "1m" },
      additionalSecretOutputs: ["failures"],
      aliases: [{ name: "never-declared" }],
      hideDiffs: ["reason"],
    };
    await upOffline(both(added));
    await upOffline(both({ ...added, customTimeouts: { create: "2m" }, additionalSecretOutputs: ["warnings"] }));
    await upOffline(both());
  });

  describe("dependsOn", () => {
    /** first, second and third, each after the one before. */
    const chain =
      (runId = "1") =>
      async () => {
        const restore = (name: string, email: string, dependsOn: Resource[], edit: vb365.CommonArgs = {}) =>
          new vb365.MailboxRestore(
            name,
            { ...backup, mailbox: { email }, restoreTo: { mailbox: "support@contoso.example" }, ...edit },
            { dependsOn },
          );
        const first = restore("first", "sales@contoso.example", [], { runId });
        const second = restore("second", "finance@contoso.example", [first]);
        restore("third", "legal@contoso.example", [second]);
      };
    const sources = () => {
      const emails = new Map(
        simulator.organizations.flatMap(({ mailboxes }) => mailboxes.map(({ id, email }) => [id, email])),
      );
      return simulator.writes.map(({ sourceMailboxId }) => emails.get(sourceMailboxId));
    };

    it("restores in the order of the chain, and an earlier one alone again", async () => {
      await up(chain());
      const order = ["sales@contoso.example", "finance@contoso.example", "legal@contoso.example"];
      assert.deepEqual(sources(), order);
      const again = await up(chain("2"));
      assert.deepEqual(again.operations, { first: "replace", second: "same", third: "same" });
      assert.deepEqual(sources(), [...order, "sales@contoso.example"]);
    });

    it("sends nothing of what comes after one that failed, and goes on there when it is accepted", async () => {
      simulator.faults.next({
        match: { path: /mailboxes\/[^/]+\/action$/i },
        effect: { restoreResult: { failedItems: 2 } },
      });
      const failed = await stack.up(chain());
      assert.equal(failed.ok, false);
      assert.deepEqual(sources(), ["sales@contoso.example"]);
      await up(chain("2"));
      assert.deepEqual(sources().slice(1), [
        "sales@contoso.example",
        "finance@contoso.example",
        "legal@contoso.example",
      ]);
    });
  });

  describe("provider", () => {
    const own = (name: string, options: CustomResourceOptions = {}) => new vb365.Provider(name, {}, options);

    it("renamed with an alias sends nothing", async () => {
      await up(declare(() => both({ provider: own("elsewhere") })()));
      await upOffline(declare(() => both({ provider: own("renamed", { aliases: [{ name: "elsewhere" }] }) })()));
    });

    it("with an edited setting sends nothing", async () => {
      const provider = (maxConcurrentRestores: number) => new vb365.Provider("own", { maxConcurrentRestores });
      await up(declare(() => both({ provider: provider(1) })()));
      await upOffline(declare(() => both({ provider: provider(4) })()));
    });

    it("given by a component to its children instead of by itself sends nothing", async () => {
      await up(
        declare(() => {
          const provider = own("own");
          const parent = new pulumi.ComponentResource("test:index:Runbook", "runbook");
          legal({ parent, provider });
        }),
      );
      await upOffline(
        declare(() => {
          const provider = own("own");
          const parent = new pulumi.ComponentResource("test:index:Runbook", "runbook", {}, { providers: [provider] });
          legal({ parent });
        }),
      );
    });
  });
});
