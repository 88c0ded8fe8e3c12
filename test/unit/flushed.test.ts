import assert from "node:assert/strict";
import { type FileHandle, mkdtemp, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFlushed } from "../../provider/restore/flushed";

describe("a file that is replaced as a whole", () => {
  let folder: string;
  let handles: Pick<FileHandle, "sync">;
  let sync: FileHandle["sync"];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-flushed-"));
    const handle = await open(folder, "r");
    handles = Object.getPrototypeOf(handle) as typeof handles;
    ({ sync } = handles);
    await handle.close();
  });
  afterEach(async () => {
    handles.sync = sync;
    await rm(folder, { recursive: true, force: true });
  });

  /** Flushing fails for folders, as it does on Windows, or for files. */
  const failToFlush = (what: "folders" | "files") => {
    handles.sync = async function (this: FileHandle) {
      if ((await this.stat()).isDirectory() === (what === "folders")) {
        throw Object.assign(new Error("EPERM: operation not permitted, fsync"), { code: "EPERM" });
      }
    };
  };

  it("is there where a folder cannot be flushed", async () => {
    failToFlush("folders");
    await writeFlushed(join(folder, "entry.json"), "new");
    assert.equal(await readFile(join(folder, "entry.json"), "utf8"), "new");
  });

  it("is not there, nor its draft, when it cannot be flushed itself", async () => {
    failToFlush("files");
    await assert.rejects(writeFlushed(join(folder, "entry.json"), "new"), { code: "EPERM" });
    assert.deepEqual(await readdir(folder), []);
  });

  it("is the old one when the new one cannot be flushed, and the new one alone when it can", async () => {
    const path = join(folder, "entry.json");
    await writeFile(path, "old, and longer");
    failToFlush("files");
    await assert.rejects(writeFlushed(path, "new"), { code: "EPERM" });
    assert.equal(await readFile(path, "utf8"), "old, and longer");
    handles.sync = sync;
    await writeFlushed(path, "new");
    assert.equal(await readFile(path, "utf8"), "new");
    assert.deepEqual(await readdir(folder), ["entry.json"]);
  });

  it("says of a folder that is not there what the system says", async () => {
    await assert.rejects(writeFlushed(join(folder, "gone", "entry.json"), "new"), { code: "ENOENT" });
  });
});
