import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDigest } from "../../evidence/digest";
import { toHtml } from "../../evidence/html";
import { parseEvidence } from "../../evidence/parse";
import { check } from "../../provider/resources/drill-verdict/check";
import { evidenceOf, fileNameOf } from "../../provider/resources/drill-verdict/evidence";
import type { DrillVerdictInputs, DrillVerdictOutputs } from "../../provider/resources/drill-verdict/inputs";
import { judge } from "../../provider/resources/drill-verdict/lifecycle";
import { outputsOf } from "../../provider/resources/bulk-mailbox-restore/outputs";
import { openJournal } from "../../provider/restore/journal";
import type { RestoreRecord } from "../../provider/restore/record";
import { type Results, beginResults } from "../../provider/restore/results";
import { aRecord, aResultsHeader as header, anEntry } from "../helpers/journal";

const told = { package: "0.0.0", server: null };
const monday = "2026-11-23T00:00:00.000Z";
const tuesday = "2026-11-24T00:00:00.000Z";
const voice = { activity: () => undefined, warn: () => undefined, conclude: () => undefined };

describe("the verdict on a drill", () => {
  let folder: string;
  let results: Results;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-drill-evidence-"));
    results = await beginResults(openJournal(join(folder, "journal")), header);
  });
  afterEach(async () => {
    await results.close();
    await rm(folder, { recursive: true });
  });

  /** A mailbox for each record, restored from midnight of Monday until nine but for what a test states. */
  const restored = async (...records: Partial<RestoreRecord>[]) => {
    const names = records.map((_, index) => `mailbox-${index + 1}@contoso.example`);
    await results.declare(names);
    for (const [index, mailbox] of names.entries()) {
      const times = { startedAt: monday, finishedAt: "2026-11-23T09:00:00.000Z", durationSeconds: 9 * 3600 };
      const record = { ...aRecord(anEntry(), "Succeeded"), ...times, dataAgeSeconds: 3600, ...records[index] };
      await results.add({ at: record.finishedAt, type: "ended", mailbox, attemptId: `a-${index}`, record });
    }
  };
  const drill = (edit: Partial<DrillVerdictInputs> = {}): DrillVerdictInputs => {
    const { digest } = outputsOf(
      { organization: "contoso.example" },
      {
        ...{ endpoint: "", apiVersion: "v7", organizationId: null, resolvedPointInTime: null, dataAgeSeconds: null },
        ...{ begunAt: monday, header, path: results.path, names: results.declared },
        resultOf: (name) => results.known.get(name),
      },
    );
    return {
      name: "weekly",
      organization: "contoso.example",
      pointInTime: "latest",
      action: "restoreTo",
      target: "drills@contoso.example",
      objectives: { rto: "4h" },
      runId: "2026-W48",
      evidence: { folder: join(folder, "evidence") },
      restores: {
        ...{ resultsFile: results.path, digest, begunAt: monday, resolvedPointInTime: null },
        ...{ endpoint: "https://127.0.0.1:1", apiVersion: "v7" },
      },
      __urn: "urn:pulumi:shard-0::recovery::vb365:DrillVerdict::weekly-verdict",
      ...edit,
    };
  };

  describe("by the clock", () => {
    it("counts from its start, and has nothing to remark when all went as it should", async () => {
      await restored({});
      const { objectives, verdict, remarks } = await evidenceOf(drill({ objectives: { rto: "10h" } }), told);
      assert.deepEqual([verdict, objectives[0]?.worstSeconds, remarks], ["Passed", 9 * 3600, []]);
    });

    it("does not pass by restores that ended before the clock started, and says what to do", async () => {
      await restored({}, {});
      const evidence = await evidenceOf(drill({ clockStart: tuesday }), told);
      const [rto] = evidence.objectives;
      assert.deepEqual([evidence.verdict, rto?.met, rto?.worstSeconds, rto?.missedCount], ["Failed", false, null, 2]);
      assert.equal(evidence.mailboxes[0]?.recoveryTimeSeconds, null);
      const [remark = ""] = evidence.remarks;
      assert.match(
        remark,
        /^2 restores began before the clock started \(2026-11-24 00:00:00 UTC\), and 2 had ended by then/,
      );
      assert.match(remark, /set a new runId; .* clockStart/);
      parseEvidence(JSON.stringify(withDigest(evidence)));
    });

    it("does not pass by restores that were under way when the clock started: others may have waited longer", async () => {
      await restored({});
      const evidence = await evidenceOf(drill({ clockStart: "2026-11-23T08:00:00Z" }), told);
      assert.deepEqual([evidence.verdict, evidence.objectives[0]?.met], ["Failed", false]);
    });

    it("draws no restore at the start of a clock that it was over by", async () => {
      await restored({});
      const page = toHtml(withDigest(await evidenceOf(drill({ clockStart: tuesday }), told)));
      assert.equal(page.includes(`id="timeline"`), false);
    });

    it("still tells the age of the data from a clock that started later, where that alone is the objective", async () => {
      await restored({});
      const evidence = await evidenceOf(drill({ clockStart: tuesday, objectives: { rpo: "26h" } }), told);
      assert.deepEqual([evidence.verdict, evidence.objectives[0]?.worstSeconds], ["Passed", 25 * 3600]);
      assert.equal(evidence.remarks.length, 1);
    });

    it("lets clocks differ by as much as clocks do, and never counts less than the restore took", async () => {
      await restored({ finishedAt: "2026-11-23T00:00:06.000Z", durationSeconds: 6 });
      const evidence = await evidenceOf(drill({ clockStart: "2026-11-23T00:00:04Z" }), told);
      assert.deepEqual([evidence.verdict, evidence.objectives[0]?.worstSeconds, evidence.remarks], ["Passed", 6, []]);
    });

    it("takes no time of a server that lies before the moment of sending for a time that was measured", async () => {
      await restored({ finishedAt: "2026-11-22T23:59:00.000Z", durationSeconds: 0 });
      const evidence = await evidenceOf(drill(), told);
      const [mailbox] = evidence.mailboxes;
      assert.deepEqual(
        [mailbox?.durationSeconds, mailbox?.recoveryTimeSeconds, mailbox?.missed],
        [null, null, ["rto"]],
      );
      assert.equal(evidence.verdict, "Failed");
      assert.match(evidence.remarks.join(), /1 restore ended before it was sent: .* clock/);
    });

    it("takes whole seconds of a server for what they are", async () => {
      const startedAt = "2026-11-23T00:00:07.400Z";
      await restored({ startedAt, finishedAt: "2026-11-23T00:00:07.000Z", durationSeconds: 0 });
      const evidence = await evidenceOf(drill(), told);
      assert.deepEqual([evidence.verdict, evidence.objectives[0]?.worstSeconds, evidence.remarks], ["Passed", 7.4, []]);
    });
  });

  describe("in files", () => {
    const outcomeOf = async (inputs: DrillVerdictInputs, olds?: DrillVerdictOutputs) =>
      judge({ ...inputs, onMissed: "report" }, told, voice, olds);
    const other = "urn:pulumi:shard-1::recovery::vb365:DrillVerdict::weekly-verdict";

    it("are named for drill, run and shard", () => {
      assert.equal(fileNameOf(drill()), "weekly-2026-W48");
      assert.equal(fileNameOf(drill({ shard: { index: 0, count: 2 } })), "weekly-2026-W48-shard-1-of-2");
      assert.equal(fileNameOf(drill({ shard: { index: 1, count: 2 } })), "weekly-2026-W48-shard-2-of-2");
      assert.equal(fileNameOf(drill({ shard: { index: 1, count: 2 }, evidence: { name: "mine" } })), "mine");
    });

    it("lie beside those of other shards in the same folder", async () => {
      await restored({});
      await outcomeOf(drill({ shard: { index: 0, count: 2 } }));
      await outcomeOf(drill({ shard: { index: 1, count: 2 }, __urn: other }));
      const names = (await readdir(join(folder, "evidence"))).filter((name) => name.endsWith(".json"));
      assert.deepEqual(names.sort(), ["weekly-2026-W48-shard-1-of-2.json", "weekly-2026-W48-shard-2-of-2.json"]);
    });

    it("are not written over those of another stack, project, shard or drill, nor over a merged one", async () => {
      await restored({});
      const { evidenceFiles } = await outcomeOf(drill());
      const before = await readFile(evidenceFiles.json, "utf8");
      const evidence = { folder: join(folder, "evidence"), name: "weekly-2026-W48" };
      const others: [Partial<DrillVerdictInputs>, RegExp][] = [
        [{ __urn: other }, /stack shard-0/],
        [{ __urn: "urn:pulumi:shard-0::tests::vb365:DrillVerdict::weekly-verdict" }, /project recovery/],
        [{ evidence, shard: { index: 0, count: 2 } }, /drill weekly/],
        [{ evidence, name: "monthly" }, /drill weekly/],
      ];
      for (const [edit, whose] of others) {
        const refusal = /is the evidence of another drill and is not replaced: .*evidence\.folder or evidence\.name/s;
        await assert.rejects(
          outcomeOf(drill(edit)),
          (error: Error) => whose.test(error.message) && refusal.test(error.message),
        );
      }
      assert.equal(await readFile(evidenceFiles.json, "utf8"), before);
      const merged = { ...parseEvidence(before), mergedFrom: [{ name: "weekly" }] };
      await writeFile(evidenceFiles.json, JSON.stringify(merged));
      await assert.rejects(outcomeOf(drill()), /is the evidence of another drill/);
    });

    it("are not written over those of another drill that were changed since", async () => {
      await restored({});
      const { evidenceFiles } = await outcomeOf(drill());
      await writeFile(evidenceFiles.json, (await readFile(evidenceFiles.json, "utf8")).replace('"Failed"', '"failed"'));
      await assert.rejects(outcomeOf(drill({ __urn: other })), /is the evidence of another drill/);
    });

    it("replace their own, also those that were changed, of another run, or from before the stack was renamed", async () => {
      await restored({});
      const evidence = { folder: join(folder, "evidence"), name: "weekly" };
      const first = await outcomeOf(drill({ evidence }));
      await writeFile(
        first.evidenceFiles.json,
        (await readFile(first.evidenceFiles.json, "utf8")).replace('"Failed"', "7"),
      );
      const second = await outcomeOf(drill({ evidence, runId: "2026-W49" }));
      const third = await outcomeOf(drill({ evidence, __urn: other }), second);
      const written = parseEvidence(await readFile(third.evidenceFiles.json, "utf8"));
      assert.deepEqual([written.drill.stack, written.digest.value], ["shard-1", third.evidenceDigest]);
    });

    it("that belong to another drill are told at the preview, before mail is restored for nothing", async () => {
      await restored({});
      await outcomeOf(drill());
      const mistakes = async (news: DrillVerdictInputs, olds: object = {}) => (await check(olds, news)).mistakes;
      assert.deepEqual(await mistakes(drill()), []);
      const [mistake] = await mistakes(drill({ __urn: other }));
      assert.equal(mistake?.path, "evidence.name");
      assert.match(mistake.reason, /is the evidence of another drill/);
      // What the state has, be it under an earlier name of the stack, is no question of a preview.
      assert.deepEqual(await mistakes(drill({ __urn: other }), drill()), []);
      const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
      const { runId: _, ...unnamed } = drill({ __urn: other, restores: unknown as never });
      assert.deepEqual(await mistakes(unnamed), []);
    });

    it("are not written over what cannot be read", async () => {
      await restored({});
      await mkdir(join(folder, "evidence", "weekly-2026-W48.json"), { recursive: true });
      await assert.rejects(outcomeOf(drill()), /could not be written: /);
      assert.deepEqual(await readdir(join(folder, "evidence")), ["weekly-2026-W48.json"]);
    });
  });

  it("says that the results are others than those that the state was written with, and goes by what they say now", async () => {
    await restored({});
    const inputs = drill({ objectives: { rto: "10h" } });
    const times = { startedAt: monday, finishedAt: "2026-11-23T01:00:00.000Z", durationSeconds: 3600 };
    const record = { ...aRecord(anEntry(), "Succeeded"), ...times };
    const mailbox = "mailbox-1@contoso.example";
    // As a run does that retried it and was killed before the state was written.
    await results.add({ at: "", type: "ended", mailbox, attemptId: "retry", record });
    const { verdict, remarks, mailboxes } = await evidenceOf(inputs, told);
    assert.deepEqual([verdict, mailboxes[0]?.recoveryTimeSeconds], ["Passed", 3600]);
    assert.match(remarks.join(), /results are not those that the state of the stack has/);
  });
});
