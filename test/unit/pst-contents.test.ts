import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { countContents } from "../../provider/pst/contents";

const real = createRequire(__filename).resolve("pst-extractor/example/testdata/enron.pst");

describe("the contents of a PST", () => {
  it("are counted, folder by folder", async () => {
    assert.deepEqual(await countContents(real), { folders: 11, items: 71 });
  });

  it("are given up when nothing more of it is read for too long: a damaged one can turn the library in a circle", async () => {
    await assert.rejects(countContents(real, 0), /nothing more of it could be read for/);
  });

  it("are refused when a folder leads back into one above it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vb365-pst-"));
    try {
      const bytes = await readFile(real);
      // In the list of "Top of Personal Folders" the id of "lokay-m" becomes that of the list's own folder, as it stands elsewhere in the file.
      bytes.copy(bytes, 31_607, 22_152, 22_156);
      const path = join(folder, "circle.pst");
      await writeFile(path, bytes);
      await assert.rejects(countContents(path), /a folder is found in it twice/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("tell that they are still being read, so that a long file is not given up", async () => {
    const thread = join(__dirname, "../../provider/pst/contents-worker.ts");
    const worker = new Worker(thread, { workerData: { path: real, tellEveryMs: 0 } });
    const said: unknown[] = [];
    worker.on("message", (one) => said.push(one));
    await once(worker, "exit");
    const contents = { folders: 11, items: 71 };
    assert.deepEqual(said, [...Array.from({ length: 11 + 71 }, () => "reading"), contents]);
  });
});
