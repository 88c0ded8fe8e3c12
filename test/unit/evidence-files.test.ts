import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHtml } from "../../evidence/html";
import { toJUnit } from "../../evidence/junit";
import { toMarkdown } from "../../evidence/markdown";
import { parseEvidence } from "../../evidence/parse";
import { verifyEvidence } from "../../evidence/verify";
import { writeEvidence } from "../../evidence/write";
import { aMailbox, anEvidence } from "../helpers/evidence";

describe("files of evidence", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-evidence-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  describe("that are written", () => {
    it("hold every format, in a folder that is made for them", async () => {
      const evidence = anEvidence();
      const place = join(folder, "a", "b");
      const written = await writeEvidence(evidence, place, "drill");
      assert.deepEqual(written, {
        json: join(place, "drill.json"),
        markdown: join(place, "drill.md"),
        junit: join(place, "drill.junit.xml"),
        html: join(place, "drill.html"),
        digest: evidence.digest.value,
      });
      assert.deepEqual(parseEvidence(await readFile(written.json, "utf8")), evidence);
      assert.equal(await readFile(written.markdown, "utf8"), toMarkdown(evidence));
      assert.equal(await readFile(written.junit, "utf8"), toJUnit(evidence));
      assert.equal(await readFile(written.html, "utf8"), toHtml(evidence));
    });

    it("replace older ones and leave nothing else behind", async () => {
      await writeFile(join(folder, "drill.json"), "older");
      await writeEvidence(anEvidence(), folder, "drill");
      assert.deepEqual((await readdir(folder)).sort(), ["drill.html", "drill.json", "drill.junit.xml", "drill.md"]);
    });

    it("are for their owner and the group, and for nobody else", async () => {
      const { json, html } = await writeEvidence(anEvidence(), folder, "drill");
      for (const path of [json, html]) {
        assert.equal((await stat(path)).mode & 0o137, 0);
      }
    });

    it("leave what is there when they cannot be written, and say which", async () => {
      await mkdir(join(folder, "drill.json"));
      await assert.rejects(
        writeEvidence(anEvidence(), folder, "drill"),
        /The evidence .*drill\.json could not be written: /,
      );
      assert.deepEqual(await readdir(folder), ["drill.json"]);
    });

    for (const name of ["../drill", "a/b", "", "a\\b", "a\0b"]) {
      it(`are not named ${JSON.stringify(name)}, which would lead elsewhere`, async () => {
        await assert.rejects(writeEvidence(anEvidence(), folder, name), /is no name of a file/);
        assert.deepEqual(await readdir(folder), []);
      });
    }
  });

  describe("that are proved", () => {
    const fileOf = (path: string, content: string) => ({
      path,
      bytes: Buffer.byteLength(content),
      sha256: createHash("sha256").update(content).digest("hex"),
      verified: ["size"],
      items: null,
    });
    const resultsOf = async (evidence = anEvidence()) =>
      (await verifyEvidence(evidence, folder)).files.map(({ path, result }) => [path, result]);

    it("are ok, missing or changed, by size and by hash", async () => {
      const large = "mail".repeat(1_000_000);
      const files = [
        fileOf("good.pst", large),
        fileOf("gone.pst", "mail"),
        fileOf("longer.pst", "mail"),
        fileOf("other.pst", "mail"),
        fileOf("folder.pst", ""),
      ];
      await writeFile(join(folder, "good.pst"), large);
      await writeFile(join(folder, "longer.pst"), "mails");
      await writeFile(join(folder, "other.pst"), "liam");
      await mkdir(join(folder, "folder.pst"));
      assert.deepEqual(await resultsOf(anEvidence([aMailbox(0, { pst: files })])), [
        ["good.pst", "ok"],
        ["gone.pst", "missing"],
        ["longer.pst", "changed"],
        ["other.pst", "changed"],
        ["folder.pst", "changed"],
      ]);
    });

    it("are told from what they were by their size before they are read to the end", async () => {
      await writeFile(join(folder, "a.pst"), "mails");
      const { files } = await verifyEvidence(anEvidence([aMailbox(0, { pst: [fileOf("a.pst", "mail")] })]), folder);
      assert.equal(files[0]?.detail, "5 bytes instead of 4");
    });

    it("are found by absolute paths, too", async () => {
      await writeFile(join(folder, "a.pst"), "mail");
      const absolute = fileOf(join(folder, "a.pst"), "mail");
      const { isRight } = await verifyEvidence(anEvidence([aMailbox(0, { pst: [absolute] })]), "/nowhere");
      assert.equal(isRight, true);
    });

    it("are not right when a path cannot be read at all", async () => {
      const { isRight, files } = await verifyEvidence(anEvidence([aMailbox(0, { pst: [fileOf("a\0b", "")] })]), folder);
      assert.deepEqual([isRight, files[0]?.result], [false, "unreadable"]);
    });

    it("are not right when the document itself was changed", async () => {
      const evidence = anEvidence([aMailbox(0, { pst: [] })]);
      const { isRight, isDigestRight } = await verifyEvidence({ ...evidence, remarks: ["more"] }, folder);
      assert.deepEqual([isRight, isDigestRight], [false, false]);
      assert.equal((await verifyEvidence(evidence, folder)).isRight, true);
    });
  });
});
