import assert from "node:assert/strict";
import type { CustomResourceOptions } from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { counting, nothing } from "../helpers/counting";
import { type Run, type TestStack, type UpOptions, aStack, configOf } from "../helpers/engine";

const backup = { organization: "contoso.example", pointInTime: "latest" };

/** What a program says of the restore `legal`. */
interface Declared {
  edit?: vb365.CommonArgs;
  excludeDrafts?: boolean;
  options?: CustomResourceOptions;
  /** `legal` is replaced with `sales`, which has this runId. */
  withSales?: string;
}

/** Two restores; all that is edited is one of them. */
const program =
  ({ edit = {}, excludeDrafts = false, options = {}, withSales }: Declared = {}) =>
  async () => {
    const sales = new vb365.MailboxRestore("sales", {
      ...backup,
      mailbox: { email: "sales@contoso.example" },
      restoreToOriginalLocation: {},
      confirmInPlace: "sales@contoso.example",
      ...(withSales === undefined ? {} : { runId: withSales }),
    });
    new vb365.MailboxRestore(
      "legal",
      {
        ...backup,
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: "support@contoso.example", excludeDrafts },
        ...edit,
      },
      withSales === undefined ? options : { replaceWith: [sales] },
    );
  };

describe("what runs a restore again, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;
  /** Restores into the target of `legal`, which is what must be counted. */
  const intoSupport = () => simulator.writes.filter(({ targetEmail }) => targetEmail === "support@contoso.example");

  before(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters" });
    stack = await aStack(program(), configOf(simulator));
    const up = await stack.up();
    assert.ok(up.ok, up.text);
  });
  after(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  /** `legal` alone is sent, once; and the same program after it sends nothing. */
  async function runsOnce(declared: Declared, options: UpOptions = {}): Promise<Run> {
    const before = intoSupport().length;
    const [up, asked] = await counting(simulator, () => stack.up(program(declared), options));
    assert.ok(up.ok, up.text);
    assert.deepEqual([asked.writes, asked.logins, intoSupport().length - before], [1, 1, 1], up.text);
    assert.equal(up.operations["sales"], "same");
    await runsNothing(declared);
    return up;
  }

  async function runsNothing(declared: Declared, operation = "same", options: UpOptions = {}): Promise<void> {
    const [up, asked] = await counting(simulator, () => stack.up(program(declared), options));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { sales: "same", legal: operation });
    assert.deepEqual(asked, nothing);
  }

  it("an edited intent, once", async () => {
    const up = await runsOnce({ excludeDrafts: true });
    assert.equal(up.operations["legal"], "replace");
  });

  it("--replace, once, and the one that is named alone", async () => {
    const { legal } = await stack.resources();
    const up = await runsOnce({ excludeDrafts: true }, { replace: [legal?.urn ?? ""] });
    assert.equal(up.operations["legal"], "replace");
  });

  it("--replace a second time, once more", async () => {
    const { legal } = await stack.resources();
    await runsOnce({ excludeDrafts: true }, { replace: [legal?.urn ?? ""] });
  });

  it("a replacementTrigger that changes, once; not one that is added or removed", async () => {
    await runsNothing({ excludeDrafts: true, options: { replacementTrigger: "monday" } });
    await runsOnce({ excludeDrafts: true, options: { replacementTrigger: "tuesday" } });
    await runsNothing({ excludeDrafts: true });
  });

  it("a reason that replaceOnChanges names, once for each edit", async () => {
    const options = { replaceOnChanges: ["reason"] };
    await runsOnce({ excludeDrafts: true, edit: { reason: "drill" }, options });
    await runsOnce({ excludeDrafts: true, edit: { reason: "second drill" }, options });
  });

  it("a resource that it is replaced with, once", async () => {
    const added = await stack.up(program({ withSales: "1" }));
    assert.ok(added.ok, added.text);
    const before = intoSupport().length;
    const [up, asked] = await counting(simulator, () => stack.up(program({ withSales: "2" })));
    assert.ok(up.ok, up.text);
    assert.deepEqual(up.operations, { sales: "replace", legal: "replace" });
    assert.deepEqual([asked.writes, intoSupport().length - before], [2, 1]);
    await runsNothing({ withSales: "2" });
    const removed = await stack.up(program());
    assert.deepEqual(removed.operations, { sales: "replace", legal: "same" });
  });

  it("state taint, once", async () => {
    await stack.taint("legal");
    await runsOnce({});
  });

  it("not a record that was deleted before the state was seen to have it: the journal answers, and says how to run again", async () => {
    const declared = program({ edit: { runId: "deleted at once" } });
    await stack.deleteFromState("legal");
    await stack.up(declared);
    const first = (await stack.resources())["legal"];
    await stack.deleteFromState("legal");
    const [up, asked] = await counting(simulator, () => stack.up(declared));
    assert.ok(up.ok, up.text);
    assert.equal(asked.writes, 0);
    assert.equal((await stack.resources())["legal"]?.id, first?.id);
    assert.match(up.text, /to have it done again, set a new runId/);
    await runsOnce({});
  });

  it("a record that was deleted from the state, once: the journal does not answer for it", async () => {
    const { legal } = await stack.resources();
    await stack.preview();
    await stack.deleteFromState("legal");
    const up = await runsOnce({});
    assert.equal(up.operations["legal"], "create");
    const again = (await stack.resources())["legal"];
    assert.notEqual(again?.id, legal?.id);
    assert.equal(again?.outputs?.["adoptedFrom"], undefined);
  });

  it("a resource that was removed from the program and declared again, once", async () => {
    const removed = await stack.up(async () => {
      new vb365.MailboxRestore("sales", {
        ...backup,
        mailbox: { email: "sales@contoso.example" },
        restoreToOriginalLocation: {},
        confirmInPlace: "sales@contoso.example",
      });
    });
    assert.deepEqual(removed.operations, { sales: "same", legal: "delete" });
    await runsOnce({});
  });

  it("deleteBeforeReplace with a new runId, once", async () => {
    await runsOnce({ edit: { runId: "1" }, options: { deleteBeforeReplace: true } });
  });

  it("not a preview of any of them", async () => {
    const [preview, asked] = await counting(simulator, () => stack.preview(program({ edit: { runId: "preview" } })));
    assert.equal(preview.operations["legal"], "replace");
    assert.deepEqual(asked, nothing);
  });

  it("not an up of another target, which leaves the edit for later", async () => {
    const { sales } = await stack.resources();
    const edited = { edit: { runId: "later" } };
    const target = [sales?.urn ?? ""];
    const [up, asked] = await counting(simulator, () => stack.up(program(edited), { target }));
    assert.ok(up.ok, up.text);
    assert.deepEqual(asked, nothing);
    await runsOnce(edited);
  });

  it("not an up with a refresh before it", async () => {
    const { legal } = await stack.resources();
    const [up, asked] = await counting(simulator, () =>
      stack.up(program({ edit: { runId: "later" } }), { refresh: true }),
    );
    assert.ok(up.ok, up.text);
    assert.deepEqual(asked, nothing);
    assert.equal((await stack.resources())["legal"]?.id, legal?.id);
  });

  describe("when the run does not go well", () => {
    const action = { path: /mailboxes\/[^/]+\/action$/i };
    const partly = () => simulator.faults.next({ match: action, effect: { restoreResult: { failedItems: 3 } } });
    const refused = () =>
      simulator.faults.next({ match: action, effect: { status: 500, json: { message: "Cannot open user mailbox" } } });

    /** It fails as before, and nothing is sent. */
    async function failsAndSendsNothing(declared: Declared): Promise<void> {
      const [up, asked] = await counting(simulator, () => stack.up(program(declared)));
      assert.equal(up.ok, false);
      assert.match(up.text, /failed in part/);
      assert.deepEqual(asked, nothing);
    }

    it("keeps the old record where the server refused, and tries again with the next up", async () => {
      const { legal } = await stack.resources();
      const edited = { edit: { runId: "refused" } };
      refused();
      const [failed, asked] = await counting(simulator, () => stack.up(program(edited)));
      assert.equal(failed.ok, false);
      assert.equal(asked.writes, 0);
      assert.equal((await stack.resources())["legal"]?.id, legal?.id);
      await runsOnce(edited);
    });

    it("keeps the old record where the server refused a --replace, and the next plain up sends nothing", async () => {
      const { legal } = await stack.resources();
      const declared = { edit: { runId: "refused" } };
      refused();
      const failed = await stack.up(program(declared), { replace: [legal?.urn ?? ""] });
      assert.equal(failed.ok, false);
      await runsNothing(declared);
      assert.equal((await stack.resources())["legal"]?.id, legal?.id);
    });

    it("does not send a --replace again that failed in part", async () => {
      const { legal } = await stack.resources();
      const declared = { edit: { runId: "refused" } };
      partly();
      const [failed, asked] = await counting(simulator, () =>
        stack.up(program(declared), { replace: [legal?.urn ?? ""] }),
      );
      assert.deepEqual([failed.ok, asked.writes], [false, 1]);
      await failsAndSendsNothing(declared);
      await runsOnce({ edit: { runId: "mended" } });
    });

    it("does not send a changed replacementTrigger again that failed in part", async () => {
      const declared = (replacementTrigger: string): Declared => ({
        edit: { runId: "mended" },
        options: { replacementTrigger },
      });
      await runsNothing(declared("1"));
      partly();
      const [failed, asked] = await counting(simulator, () => stack.up(program(declared("2"))));
      assert.deepEqual([failed.ok, asked.writes], [false, 1]);
      await failsAndSendsNothing(declared("2"));
      await runsOnce(declared("3"));
      await runsNothing({ edit: { runId: "mended" } });
    });

    it("does not send again what failed in part under replaceOnChanges and deleteBeforeReplace", async () => {
      const options = { replaceOnChanges: ["reason"], deleteBeforeReplace: true };
      const declared = { edit: { runId: "mended", reason: "third drill" }, options };
      partly();
      const [failed, asked] = await counting(simulator, () => stack.up(program(declared)));
      assert.deepEqual([failed.ok, asked.writes], [false, 1]);
      await failsAndSendsNothing(declared);
      await runsOnce({ edit: { ...declared.edit, runId: "mended twice" }, options });
    });

    it('does not send again what failed in part under replaceOnChanges ["*"]', async () => {
      const declared = { edit: { runId: "all" }, options: { replaceOnChanges: ["*"] } };
      partly();
      const [, asked] = await counting(simulator, async () => {
        await stack.up(program(declared));
        await stack.up(program(declared));
      });
      assert.ok(asked.writes <= 1, `sent ${asked.writes} times for one edit`);
    });
  });
});
