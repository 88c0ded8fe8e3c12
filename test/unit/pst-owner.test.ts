import assert from "node:assert/strict";
import { lstat, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { draftPst } from "../../provider/pst/draft";
import { deletePst } from "../../provider/pst/owner";
import { syntheticPst } from "../../simulator/pst";
import { aFileServer } from "../helpers/file-server";
import { aWorkspace } from "../helpers/workspace";

describe("whose the file of an export is", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let file: Buffer;
  beforeEach(async () => {
    ({ path: folder, remove } = await aWorkspace());
    file = Buffer.concat((await syntheticPst(10_000).open().toArray()) as Buffer[]);
  });
  afterEach(() => remove());

  const put = async (identity: string, attemptId: string, { options = {}, bytes = file } = {}) => {
    const draft = await draftPst(join(folder, "a.pst"), { identity, attemptId });
    try {
      const pst = await draft.receive(
        aFileServer(bytes).source,
        { contents: false, sha256File: false, ...options },
        () => undefined,
      );
      await draft.keep();
      return pst;
    } finally {
      await draft.discard();
    }
  };
  const names = async () => (await readdir(folder)).filter((name) => name.startsWith("a.")).sort();

  it("is the resource's whose note says so: another attempt of it replaces the file, another resource does not", async () => {
    await put("one", "1");
    await put("one", "2");
    await assert.rejects(put("two", "3"), /belongs to another export|not an export of this resource/);
    assert.deepEqual(await names(), ["a.pst", "a.pst.owner.json"]);
  });

  it("is somebody's even where only one of the files that the note lists is left", async () => {
    await put("one", "1", { options: { sha256File: true } });
    const note = JSON.parse(await readFile(join(folder, "a.pst.owner.json"), "utf8")) as { files: { name: string }[] };
    assert.deepEqual(
      note.files.map(({ name }) => name),
      ["a.pst", "a.pst.sha256"],
    );
    await rm(join(folder, "a.pst"));
    await assert.rejects(put("two", "2"), /belongs to another export: .*a\.pst\.owner\.json says so/);
    await rm(join(folder, "a.pst.sha256"));
    await put("two", "3");
  });

  it("stays known when a part of it could not be put into place", async () => {
    await put("one", "1");
    await writeFile(join(folder, "a.pst.sha256"), "somebody else's");
    await assert.rejects(
      put("one", "2", { options: { sha256File: true } }),
      /a\.pst\.sha256 exists and is not an export/,
    );
    await put("one", "3");
    assert.deepEqual(await names(), ["a.pst", "a.pst.owner.json", "a.pst.sha256"]);
  });

  it("is nobody's where a link stands in its place, even one that leads nowhere", async () => {
    await symlink(join(folder, "nowhere"), join(folder, "a.pst"));
    await assert.rejects(draftPst(join(folder, "a.pst"), { identity: "one", attemptId: "1" }), /not an export/);
    assert.ok((await lstat(join(folder, "a.pst"))).isSymbolicLink());
  });

  it("is removed with all that its attempt wrote, once, and says whether it was there", async () => {
    const path = join(folder, "a.pst");
    await put("one", "1", { options: { sha256File: true } });
    assert.equal(await deletePst(path, "another"), false);
    await rm(join(folder, "a.pst.sha256"));
    assert.equal(await deletePst(path, "1"), true, "a list that somebody removed is none that was left");
    assert.equal(await deletePst(path, "1"), false);
    assert.deepEqual(await names(), []);
  });

  it("keeps what is no PST beside it, also where the note of an earlier one cannot be read", async () => {
    await put("one", "1");
    await writeFile(join(folder, "a.pst.rejected"), "earlier");
    await writeFile(join(folder, "a.pst.rejected.json"), "null");
    await assert.rejects(
      put("one", "2", { bytes: Buffer.from("<html>") }),
      /What came stands in .*a\.pst\.2\.rejected/,
    );
    assert.equal(await readFile(join(folder, "a.pst.2.rejected"), "utf8"), "<html>");
    assert.equal(await readFile(join(folder, "a.pst.rejected"), "utf8"), "earlier");
  });

  it("does not keep a page that is too long to take secrets out of it", async () => {
    const page = Buffer.from(`\n <html>${"the token is eyJ ".repeat(70_000)}`);
    assert.ok(page.length > 1024 * 1024);
    await assert.rejects(put("one", "1", { bytes: page }), /it looks like a page of HTML, from [a-z ]+ Veeam server$/);
    assert.deepEqual(await names(), []);
  });

  it("is kept beside its place where something else says that it is no good", async () => {
    const draft = await draftPst(join(folder, "a.pst"), { identity: "one", attemptId: "1" });
    await draft.receive(aFileServer(file).source, { contents: false, sha256File: false }, () => undefined);
    await assert.rejects(draft.reject("its event says no"), /was not kept: its event says no. What came stands in /);
    await draft.discard();
    assert.deepEqual(await names(), ["a.pst.rejected", "a.pst.rejected.json"]);
    assert.ok((await readFile(join(folder, "a.pst.rejected"))).equals(file));
  });

  it("says at once that a name is too long for what is needed later", async () => {
    await assert.rejects(
      draftPst(join(folder, `${"n".repeat(210)}.pst`), { identity: "one", attemptId: "1".repeat(36) }),
      /cannot be written: ENAMETOOLONG/,
    );
  });
});
