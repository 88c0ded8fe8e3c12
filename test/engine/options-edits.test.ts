import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as vb365 from "pulumi-vb365";
import { type Simulator, startSimulator } from "../../simulator";
import { counting, nothing } from "../helpers/counting";
import { type Run, type TestStack, aStack, configOf } from "../helpers/engine";

/** What a program says of its three restores beside their mailboxes. */
interface Declared {
  common?: vb365.CommonArgs;
  access?: vb365.ExchangeAccessArgs;
  /** Of the restore in place, whose guard it is. */
  confirmed?: boolean;
  organization?: string;
  /** Of the restores, not of the export. */
  pointInTime?: string;
  legal?: Partial<vb365.RestoreToArgs>;
  finance?: Partial<vb365.ExportToPstArgs>;
  mailbox?: string;
}

const time = "2026-11-20T20:00:00Z";

describe("edits, on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;

  const program = (declared: Declared = {}) => {
    const {
      common = {},
      access = {},
      confirmed = true,
      organization = "contoso.example",
      pointInTime = time,
    } = declared;
    const { mailbox = "legal@contoso.example" } = declared;
    return async () => {
      new vb365.MailboxRestore("finance", {
        organization,
        pointInTime: "latest",
        ...common,
        mailbox: { email: "finance@contoso.example" },
        exportToPst: { path: join(stack.folder, "finance.pst"), ...declared.finance },
      });
      new vb365.MailboxRestore("sales", {
        organization,
        pointInTime,
        ...common,
        mailbox: { email: "sales@contoso.example" },
        restoreToOriginalLocation: { ...access },
        ...(confirmed ? { confirmInPlace: "sales@contoso.example" } : {}),
      });
      new vb365.MailboxRestore("legal", {
        organization,
        pointInTime,
        ...common,
        mailbox: { email: mailbox },
        restoreTo: { mailbox: "support@contoso.example", ...access, ...declared.legal },
      });
    };
  };

  before(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters", pst: { sizeBytes: 300_000 } });
    stack = await aStack(async () => ({}), configOf(simulator));
    const up = await stack.up(program());
    assert.ok(up.ok, up.text);
  });
  after(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  const offline = async (work: () => Promise<Run>): Promise<Run> => {
    const [run, asked] = await counting(simulator, work);
    assert.ok(run.ok, run.text);
    assert.deepEqual(asked, nothing);
    return run;
  };
  const same = { finance: "same", sales: "same", legal: "same" };
  const restores = { finance: "same", sales: "update", legal: "update" };
  const all = { finance: "update", sales: "update", legal: "update" };

  describe("that are no new intent are stored without asking the server", () => {
    const edits: vb365.CommonArgs[] = [
      { reason: "ticket 4711" },
      { failurePolicy: { maxFailedItems: 3, onNothingToRestore: "accept" } },
      { onUnknown: { accept: "looked into the mailbox" } },
      { timeouts: { idle: "5m", restore: "8h" } },
      { onDestroy: "deletePst" },
      { onDestroy: "keep" },
      { confirmInPlace: "legal@contoso.example" },
      { reason: "ticket 4712" },
    ];
    const nameOf = (edit: vb365.CommonArgs) => Object.keys(edit)[0] ?? "none of them";
    describe("of each restore", () => {
      // Back to what the tests below begin with.
      after(() => stack.up(program()));

      edits.forEach((edit, index) => {
        const before = edits[index - 1] ?? {};
        const [name, gone] = [nameOf(edit), nameOf(before)];
        it(`${JSON.stringify(edit)} in place of ${JSON.stringify(before)}`, async () => {
          const edited = await offline(() => stack.up(program({ common: edit })));
          assert.deepEqual(edited.operations, all);
          const outputs = (await stack.resources())["legal"]?.outputs;
          assert.deepEqual(outputs?.[name], edit[name as keyof vb365.CommonArgs]);
          assert.ok(name === gone || outputs?.[gone] === undefined);
        });
      });
    });

    describe("of who may write, and of how it is written", () => {
      it("the Exchange account, which is in no output", async () => {
        const access = { userName: "another@contoso.example", userPassword: "another-marker" };
        const edited = await offline(() => stack.up(program({ access })));
        assert.deepEqual(edited.operations, restores);
        assert.ok(!edited.text.includes("another-marker"));
        const { legal } = await stack.resources();
        assert.ok(!JSON.stringify(legal?.outputs).includes("another"));
        await offline(() => stack.up(program({ access: { ...access, userPassword: "rotated-marker" } })));
        assert.doesNotMatch(await stack.stateText(), /another-marker|rotated-marker/);
        await offline(() => stack.up(program()));
      });

      it("the guard of a restore in place, removed", async () => {
        const removed = await offline(() => stack.up(program({ confirmed: false })));
        assert.deepEqual(removed.operations, { ...same, sales: "update" });
        await offline(() => stack.up(program()));
      });

      it("another spelling of the same intent", async () => {
        const edited = await offline(() =>
          stack.up(
            program({
              organization: "Contoso.Example",
              pointInTime: "2026-11-20T21:00:00+01:00",
              mailbox: "Legal@Contoso.example",
              legal: { mailbox: "Support@contoso.example", excludeDrafts: false, casServer: "outlook.office365.com" },
            }),
          ),
        );
        assert.deepEqual(edited.operations, all);
        await offline(() => stack.up(program()));
      });

      it("every setting of the connection, and even another server", async () => {
        const other = await startSimulator();
        try {
          await stack.setConfig({
            ...configOf(other),
            username: "somebody-else",
            password: "rotated-marker",
            exchangeUserPassword: "rotated-marker",
            maxConcurrentRestores: "7",
            timeouts: JSON.stringify({ idle: "4m" }),
            journalDir: join(stack.folder, "another-journal"),
          });
          const up = await offline(() => stack.up());
          assert.deepEqual(up.operations, same);
          assert.equal(other.requests.length, 0);
        } finally {
          await other.stop();
          await stack.setConfig({ ...configOf(simulator), maxConcurrentRestores: "2", timeouts: "" });
        }
      });
    });
  });

  describe("that run something again say so in the preview", () => {
    /** What the preview of an edit says of the named resource; nothing is asked for it. */
    async function said(name: string, edit: Declared): Promise<string> {
      const preview = await offline(() => stack.preview(program(edit)));
      assert.equal(preview.operations[name], "replace");
      return (preview.said[name] ?? []).join("\n");
    }

    const written = /mail of legal@contoso\.example is WRITTEN AGAIN into support@contoso\.example/;

    it("names the one input of a restore, and where mail is written again", async () => {
      const text = await said("legal", { legal: { excludeDrafts: true } });
      assert.match(text, /^restoreTo\.excludeDrafts changed, so the restore runs again/);
      assert.match(text, written);
      assert.match(text, /nothing of it is undone/);
    });

    it("names every input that was edited, and none besides", async () => {
      const text = await said("legal", {
        legal: { markRestoredAsUnread: true, casServer: "cas.contoso.example" },
        common: { runId: "2", reason: "not an intent" },
      });
      assert.match(text, /^restoreTo\.casServer, restoreTo\.markRestoredAsUnread, runId changed, so/);
      assert.match(text, written);
    });

    it("names the new target, not the old one", async () => {
      const text = await said("legal", { legal: { mailbox: "sales@contoso.example" } });
      assert.match(text, /^restoreTo\.mailbox changed, so/);
      assert.match(text, /WRITTEN AGAIN into sales@contoso\.example/);
    });

    it("names the production mailbox of a restore in place", async () => {
      const text = await said("sales", { pointInTime: "2026-11-19T20:00:00Z" });
      assert.match(text, /^pointInTime changed, so/);
      assert.match(text, /mail of sales@contoso\.example is WRITTEN AGAIN into sales@contoso\.example/);
    });

    it("says of an export that no mailbox is written to", async () => {
      const text = await said("finance", { finance: { contentKeywords: "invoice" } });
      assert.match(text, /^exportToPst\.contentKeywords changed, so finance@contoso\.example is exported again, to /);
      assert.match(text, /finance\.pst; no mailbox is written to\./);
      assert.doesNotMatch(text, /WRITTEN/);
    });

    it("says it where a human reads it: in what the CLI prints", async () => {
      const preview = await stack.preview(program({ legal: { excludeDrafts: true } }));
      assert.match(preview.text, written);
    });

    it("shows no secret that was edited with it", async () => {
      const preview = await offline(() =>
        stack.preview(
          program({
            common: { runId: "2" },
            access: { userName: "a@contoso.example", userPassword: "preview-marker" },
          }),
        ),
      );
      assert.doesNotMatch(preview.text, /preview-marker/);
      assert.match((preview.said["legal"] ?? []).join("\n"), /^runId changed, so/);
    });

    it("says nothing of the kind when nothing runs again", async () => {
      const preview = await offline(() => stack.preview(program({ common: { reason: "ticket 4712" } })));
      assert.deepEqual(preview.operations, all);
      assert.doesNotMatch(preview.text, /again|WRITTEN/);
    });
  });

  describe("of timeouts that are wrong", () => {
    const wrong: [name: string, value: unknown, reason: RegExp][] = [
      ["login", "5", /timeouts\.login must be a duration/],
      ["session", "-1m", /timeouts\.session must be a duration/],
      ["firstByte", "0s", /timeouts\.firstByte must be a duration/],
      ["idle", "2 fortnights", /timeouts\.idle must be a duration/],
      ["restore", "30d", /timeouts\.restore must be a duration/],
      ["restore", "", /timeouts\.restore must be/],
      ["restore", 90, /timeouts\.restore must be/],
      ["create", "5m", /timeouts\.create is no input/],
    ];
    /** A program with one restore alone: the engine stops at the first resource that has mistakes. */
    const alone = (timeouts: unknown) => async () => {
      new vb365.MailboxRestore("legal", {
        organization: "contoso.example",
        pointInTime: time,
        mailbox: { email: "legal@contoso.example" },
        restoreTo: { mailbox: "support@contoso.example" },
        timeouts: timeouts as vb365.TimeoutsArgs,
      });
    };
    const errorsOf = (run: Run, name: string) => {
      const texts = (run.said["legal"] ?? []).flatMap((text) => text.split("\n"));
      return texts.filter((line) => line.includes(`timeouts.${name}`));
    };

    for (const [name, value, reason] of wrong) {
      it(`${name}: ${JSON.stringify(value)} is one clear error at the preview`, async () => {
        const [preview, asked] = await counting(simulator, () => stack.preview(alone({ [name]: value })));
        assert.equal(preview.ok, false);
        const errors = errorsOf(preview, name);
        assert.equal(errors.length, 1, errors.join("\n"));
        assert.match(errors[0] ?? "", reason);
        assert.deepEqual(asked, nothing);
      });
    }

    it("all at once are one clear error each", async () => {
      const timeouts = { login: "5", session: "-1m", firstByte: "0s", idle: "2 fortnights", restore: "30d" };
      const preview = await stack.preview(alone(timeouts));
      assert.equal(preview.ok, false);
      for (const name of Object.keys(timeouts)) {
        assert.equal(errorsOf(preview, name).length, 1, preview.text);
      }
    });
  });

  describe("of a stack whose server is gone", () => {
    it("are stored with the server gone, and the destroy after them does as they say", async () => {
      await simulator.stop();
      const edited = await stack.up(program({ common: { onDestroy: "deletePst", reason: "the end" } }));
      assert.ok(edited.ok, edited.text);
      assert.deepEqual(edited.operations, all);
      const destroy = await stack.destroy();
      assert.ok(destroy.ok, destroy.text);
      assert.deepEqual(destroy.said["sales"], ["forgotten; restored mail stays in sales@contoso.example"]);
      assert.deepEqual(destroy.said["legal"], ["forgotten; restored mail stays in support@contoso.example"]);
      assert.deepEqual(
        (await readdir(stack.folder)).filter((name) => name.includes(".pst")),
        [],
      );
    });
  });
});
