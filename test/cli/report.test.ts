import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Evidence } from "../../evidence/evidence";
import { parseEvidence } from "../../evidence/parse";
import { aMailbox, aShard, anEvidence } from "../helpers/evidence";
import { type Result, start } from "./command";

interface Document {
  evidence: { file: string; verdict: string; proof: { isRight: boolean; files: { result: string }[] } | null }[];
  merged: { verdict: string; remarks: string[]; written: Record<string, string> } | null;
}

describe("vb365 report", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-report-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const report = (...args: string[]): Promise<Result> => start(["report", ...args], { cwd: folder }).result;
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const putEvidence = (path: string, evidence: Evidence) => put(path, JSON.stringify(evidence));
  const get = (path: string) => readFile(join(folder, path), "utf8");
  const filesIn = async (path: string) => (await readdir(join(folder, path))).sort();

  it("makes every format again beside the JSON, and leaves the JSON as it is", async () => {
    await putEvidence("evidence/drill.json", anEvidence());
    const before = await get("evidence/drill.json");
    const { code, stdout } = await report("evidence/drill.json");
    assert.equal(code, 0);
    assert.deepEqual(await filesIn("evidence"), ["drill.html", "drill.json", "drill.junit.xml", "drill.md"]);
    assert.equal(await get("evidence/drill.json"), before);
    assert.match(stdout, /drill\.html +quarterly +Passed$/m);
  });

  it("writes what is asked for, where it is asked for", async () => {
    await putEvidence("drill.json", anEvidence());
    assert.equal((await report("drill.json", "--out", "there/too", "--format", "junit, json")).code, 0);
    assert.deepEqual(await filesIn("there/too"), ["drill.json", "drill.junit.xml"]);
    assert.deepEqual(await filesIn("."), ["drill.json", "there"]);
  });

  it("never writes to the JSON that it was given", async () => {
    await putEvidence("drill.json", anEvidence());
    const before = await get("drill.json");
    const { code, stderr } = await report("drill.json", "--format", "json");
    assert.equal(code, 1);
    assert.match(stderr, /is there already and is not overwritten/);
    assert.equal(await get("drill.json"), before);
  });

  it("refuses evidence that was changed after it was written", async () => {
    await putEvidence("drill.json", { ...anEvidence(), verdict: "Failed" });
    const { code, stderr } = await report("drill.json");
    assert.equal(code, 1);
    assert.match(stderr, /^error: drill\.json was changed after it was written/);
    assert.deepEqual(await filesIn("."), ["drill.json"]);
  });

  for (const [what, text, message] of [
    ["is no JSON", "nonsense", /drill\.json is no JSON/],
    ["is another JSON", "{}", /drill\.json is JSON, and no evidence of a drill/],
    ["has a newer layout", '{"evidenceVersion":2}', /drill\.json has evidenceVersion 2; .* reads version 1/],
  ] as const) {
    it(`ends with 1 and says so when the file ${what}`, async () => {
      await put("drill.json", text);
      const { code, stderr } = await report("drill.json");
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }

  it("names the file that is not there, for programs, too", async () => {
    const result = await report("missing.json", "--json");
    assert.equal(result.code, 1);
    const { error } = result.json<{ error: { code: string; message: string } }>();
    assert.equal(error.code, "file");
    assert.match(error.message, /^missing\.json cannot be read: ENOENT/);
  });

  describe("with --verify", () => {
    const evidenceOf = (content: string) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      const file = { path: "exports/a.pst", bytes: content.length, sha256, verified: ["size"], items: null };
      return anEvidence([aMailbox(0, { pst: [file] })]);
    };

    it("proves the digest and the files, relative to this folder, and writes nothing", async () => {
      await putEvidence("evidence/drill.json", evidenceOf("mail"));
      await put("exports/a.pst", "mail");
      const { code, stdout, stderr } = await report("evidence/drill.json", "--verify");
      assert.equal(code, 0);
      assert.match(stdout, /^evidence\/drill\.json +digest +ok$/m);
      assert.match(stdout, /^evidence\/drill\.json +exports\/a\.pst +ok$/m);
      assert.match(stderr, /1 document and 1 exported file read, 0 documents wrong\./);
      assert.deepEqual(await filesIn("evidence"), ["drill.json"]);
    });

    it("looks for files in the folder that --base names", async () => {
      await putEvidence("drill.json", evidenceOf("mail"));
      await put("elsewhere/exports/a.pst", "mail");
      assert.equal((await report("drill.json", "--verify", "--base", "elsewhere")).code, 0);
    });

    it("ends with 1 for a file that was changed or is missing, and writes nothing", async () => {
      await putEvidence("drill.json", evidenceOf("mail"));
      await put("exports/a.pst", "liam");
      const changed = await report("drill.json", "--verify", "--format", "html", "--json");
      assert.equal(changed.code, 1);
      assert.equal(changed.json<Document>().evidence[0]?.proof?.files[0]?.result, "changed");
      await rm(join(folder, "exports"), { recursive: true });
      const missing = await report("drill.json", "--verify");
      assert.equal(missing.code, 1);
      assert.match(missing.stdout, /exports\/a\.pst +missing +there is no such file/);
      assert.deepEqual(await filesIn("."), ["drill.json"]);
    });
  });

  describe("with --merge", () => {
    it("joins shards into a new document in every format", async () => {
      await putEvidence("0.json", aShard(0, 2));
      await putEvidence("1.json", aShard(1, 2));
      const { code } = await report("1.json", "0.json", "--merge", "--out", "all", "--name", "whole");
      assert.equal(code, 0);
      assert.deepEqual(await filesIn("all"), ["whole.html", "whole.json", "whole.junit.xml", "whole.md"]);
      const merged = parseEvidence(await get("all/whole.json"));
      assert.equal(merged.verdict, "Passed");
      assert.equal(merged.mailboxes.length, 2);
    });

    it("ends with 1 when a shard is missing, and says so", async () => {
      await putEvidence("0.json", aShard(0, 3));
      await putEvidence("2.json", aShard(2, 3));
      const result = await report("0.json", "2.json", "--merge", "--json");
      assert.equal(result.code, 1);
      assert.equal(result.json<Document>().merged?.verdict, "Failed");
      assert.match(result.stderr, /1 shard of 3 is missing \(2\)/);
      assert.match(await get("quarterly-2026-Q4-merged.md"), /1 shard of 3 is missing/);
    });

    it("ends with 1 and writes nothing when the documents are not of one drill", async () => {
      const other = aShard(1, 2, undefined, { drill: { ...anEvidence().drill, name: "yearly" } });
      await putEvidence("0.json", aShard(0, 2));
      await putEvidence("1.json", other);
      const { code, stderr } = await report("0.json", "1.json", "--merge");
      assert.equal(code, 1);
      assert.match(stderr, /not of the same drill/);
      assert.deepEqual(await filesIn("."), ["0.json", "1.json"]);
    });

    it("does not replace an earlier record", async () => {
      await putEvidence("0.json", aShard(0, 1));
      await put("whole.json", "an earlier record");
      assert.equal((await report("0.json", "--merge", "--name", "whole")).code, 1);
      assert.equal(await get("whole.json"), "an earlier record");
    });
  });
});
