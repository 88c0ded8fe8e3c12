import assert from "node:assert/strict";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vb365 from "pulumi-vb365";
import { parseEvidence } from "../../evidence/parse";
import { isDigestRight } from "../../evidence/digest";
import { type Simulator, numberedMailboxes, startSimulator } from "../../simulator";
import { type TestStack, aStack, configOf } from "../helpers/engine";

type Edit = Partial<Omit<vb365.RestoreDrillArgs, "mailboxes" | "mailboxesFile" | "exportToPst" | "restoreTo">>;

const lastBackup = new Date(Date.now() - 2 * 3_600_000).toISOString();

describe("a recovery drill on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;
  const count = 6;

  beforeEach(async () => {
    simulator = await startSimulator({
      organizations: [
        {
          name: "contoso.example",
          firstBackupTime: "2026-01-05T22:00:00Z",
          lastBackupTime: lastBackup,
          mailboxes: numberedMailboxes(count),
        },
      ],
      pst: { sizeBytes: 4096 },
    });
    stack = await aStack(async () => ({}), configOf(simulator));
  });
  afterEach(async () => {
    await simulator.stop();
    await stack.remove();
  });

  const drill = (edit: Edit = {}) => {
    const folder = (name: string) => join(stack.folder, name);
    return async () => {
      const made = new vb365.RestoreDrill("nightly", {
        organization: "contoso.example",
        allMailboxes: {},
        pointInTime: "latest",
        exportToPst: { path: join(folder("pst"), "{email}.pst") },
        objectives: { rto: "1h", rpo: "4h" },
        evidence: { folder: folder("evidence"), name: "nightly" },
        runId: "2026-11-25",
        ...edit,
      } as vb365.RestoreDrillArgs);
      return { verdict: made.verdict, results: made.results, totals: made.totals, files: made.evidenceFiles };
    };
  };
  const evidence = async () => parseEvidence(await readFile(join(stack.folder, "evidence", "nightly.json"), "utf8"));
  const failing = (number: number) => {
    const { id } = simulator.organizations[0]?.mailboxes[number - 1] ?? {};
    simulator.faults.next({
      match: { method: "POST", path: new RegExp(`${id}/action$`, "i") },
      effect: { status: 403, json: { message: "Access is denied" } },
    });
  };

  it("shows in a preview what it restores, and asks the server nothing", async () => {
    const preview = await stack.preview(drill());
    assert.ok(preview.ok, preview.text);
    assert.deepEqual(preview.operations, { "nightly-restores": "create", "nightly-verdict": "create" });
    assert.equal(simulator.requests.length, 0);
  });

  it("passes, and leaves evidence in every format that its own digest proves", async () => {
    const up = await stack.up(drill());
    assert.ok(up.ok, up.text);
    const outputs = await stack.outputs();
    assert.equal(outputs["verdict"], "Passed");
    assert.deepEqual((await readdir(join(stack.folder, "evidence"))).sort(), [
      "nightly.html",
      "nightly.json",
      "nightly.junit.xml",
      "nightly.md",
    ]);
    const found = await evidence();
    assert.ok(isDigestRight(found));
    assert.equal(found.mailboxes.length, count);
    assert.deepEqual(
      found.objectives.map(({ name, met }) => [name, met]),
      [
        ["rto", true],
        ["rpo", true],
      ],
    );
    const [first] = found.mailboxes;
    assert.equal(first?.pst[0]?.bytes, 4096);
    const rpo = found.objectives[1]?.worstSeconds ?? 0;
    assert.ok(rpo >= 7200 && rpo < 7200 + 600, `${rpo}`);
    assert.equal(found.drill.runId, "2026-11-25");
    assert.equal(found.drill.stack, "test");
    assert.deepEqual(found.remarks, []);
  });

  it("keeps every credential out of the evidence, the results and the state", async () => {
    await stack.up(drill());
    const folders = [join(stack.folder, "evidence"), join(stack.journalDir, "bulk")];
    const files = await Promise.all(
      folders.map(async (folder) =>
        Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8"))),
      ),
    );
    const text = [...files.flat(), await stack.stateText()].join("\n");
    assert.ok(text.includes("mailbox-0001@contoso.example"));
    assert.ok(!text.includes(simulator.password));
    assert.ok(!text.includes(simulator.exchange.userPassword));
  });

  it("sends nothing for a second up, and restores all again for another runId", async () => {
    await stack.up(drill());
    const asked = simulator.requests.length;
    const again = await stack.up(drill());
    assert.deepEqual(again.operations, { "nightly-restores": "same", "nightly-verdict": "same" });
    assert.equal(simulator.requests.length, asked);
    const next = await stack.up(
      drill({ runId: "2026-11-26", evidence: { folder: join(stack.folder, "evidence"), name: "next" } }),
    );
    assert.ok(next.ok, next.text);
    assert.equal(next.operations["nightly-restores"], "replace");
    assert.equal(simulator.exports.length, 2 * count);
  });

  it("fails after the evidence is written when a mailbox could not be restored, and names it", async () => {
    failing(3);
    const up = await stack.up(drill());
    assert.ok(!up.ok);
    assert.match(up.text, /The drill failed: 1 of 6 mailboxes did not pass/);
    assert.match(up.text, /mailbox-0003@contoso.example: Failed, rto missed, rpo missed/);
    const found = await evidence();
    assert.equal(found.verdict, "Failed");
    assert.deepEqual(found.objectives[0]?.missedBy, ["mailbox-0003@contoso.example"]);
    assert.match(found.mailboxes[2]?.failures.join() ?? "", /Access is denied/);
    // Another up judges again, and sends nothing.
    const exports = simulator.exports.length;
    assert.ok(!(await stack.up(drill())).ok);
    assert.equal(simulator.exports.length, exports);
    // What failed is sent again on purpose, alone.
    const mended = await stack.up(drill({ retryFailed: "1" }));
    assert.ok(mended.ok, mended.text);
    const after = await evidence();
    assert.deepEqual([after.verdict, after.remarks], ["Passed", []]);
    assert.equal(simulator.exports.length, exports + 1);
  });

  it("fails for data that is older than the objective, and only reports it when that is declared", async () => {
    const late = { objectives: { rpo: "1h" } };
    const up = await stack.up(drill(late));
    assert.ok(!up.ok);
    assert.match(up.text, /rpo of 3600 s was missed by 6 mailboxes/);
    const reported = await stack.up(drill({ ...late, onMissed: "report" }));
    assert.ok(reported.ok, reported.text);
    assert.equal((await stack.outputs())["verdict"], "Failed");
    assert.equal(simulator.exports.length, count);
  });

  it("counts from the moment of the assumed disaster when that is given", async () => {
    const clockStart = new Date(Date.now() - 90 * 60_000).toISOString();
    const up = await stack.up(drill({ clockStart }));
    assert.ok(!up.ok);
    const [rto, rpo] = (await evidence()).objectives;
    assert.deepEqual([rto?.met, rpo?.met], [false, true]);
    assert.ok((rto?.worstSeconds ?? 0) >= 5400 && (rpo?.worstSeconds ?? 0) < 3600);
  });

  it("leaves evidence of a drill that the server let nobody into, and goes on when it does", async () => {
    simulator.faults.next({
      match: { path: /token$/i },
      effect: { status: 400, json: { error: "invalid_grant" } },
      times: Infinity,
    });
    const up = await stack.up(drill());
    assert.ok(!up.ok);
    const found = await evidence();
    assert.deepEqual([found.verdict, found.mailboxes.length], ["Failed", 0]);
    simulator.faults.clear();
    const next = await stack.up(drill());
    assert.ok(next.ok, next.text);
    assert.equal((await evidence()).totals.passed, count);
  });

  it("reports changed evidence at a refresh, and writes it again", async () => {
    await stack.up(drill());
    const path = join(stack.folder, "evidence", "nightly.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"Passed"', '"passed"'));
    await stack.refresh();
    const up = await stack.up(drill());
    assert.ok(up.ok, up.text);
    assert.equal(up.operations["nightly-verdict"], "update");
    assert.equal((await evidence()).verdict, "Passed");
    assert.equal(simulator.exports.length, count);
  });

  it("does not write over the evidence of another stack, and says so in a preview, before mail is restored", async () => {
    await stack.up(drill());
    await stack.destroy();
    const exports = simulator.exports.length;
    const path = join(stack.folder, "evidence", "nightly.json");
    const others = (await readFile(path, "utf8")).replace('"stack": "test"', '"stack": "production"');
    await writeFile(path, others);
    const preview = await stack.preview(drill());
    assert.ok(!preview.ok);
    assert.match(preview.text, /is the evidence of another drill and is not replaced: .*stack production/);
    assert.equal(simulator.exports.length, exports);
    // Who runs no preview hears of it when the evidence would be written.
    const up = await stack.up(drill());
    assert.match(up.text, /is the evidence of another drill and is not replaced: .*stack production/);
    assert.equal(await readFile(path, "utf8"), others);
    const elsewhere = { folder: join(stack.folder, "evidence"), name: "test" };
    assert.ok((await stack.up(drill({ evidence: elsewhere }))).ok);
    assert.equal(await readFile(path, "utf8"), others);
  });

  it("keeps the evidence when the stack is destroyed", async () => {
    const up = await stack.up(drill({ onDestroy: "deletePst" }));
    assert.ok(up.ok, up.text);
    assert.equal((await evidence()).verdict, "Passed");
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.equal((await evidence()).verdict, "Passed");
    assert.deepEqual(await readdir(join(stack.folder, "pst")), []);
  });

  it("refuses to write into production, and an objective that is none, before anything is sent", async () => {
    const inPlace = await stack.up(drill({ exportToPst: undefined, restoreToOriginalLocation: {} } as unknown as Edit));
    assert.match(inPlace.text, /a drill never writes into production/);
    const wrong = await stack.preview(drill({ objectives: { rto: "soon" } }));
    assert.match(wrong.text, /objectives.rto must be a duration/);
    await rm(join(stack.folder, "evidence"), { recursive: true, force: true });
    assert.equal(simulator.requests.length, 0);
  });
});
