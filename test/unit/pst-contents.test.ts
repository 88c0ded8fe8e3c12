import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { countContents } from "../../provider/pst/contents";

const real = createRequire(__filename).resolve("pst-extractor/example/testdata/enron.pst");

describe("the contents of a PST", () => {
  it("are counted, folder by folder", async () => {
    assert.deepEqual(await countContents(real), { folders: 11, items: 71 });
  });

  it("are given up when nothing more of it is read for too long: a damaged one can turn the library in a circle", async () => {
    await assert.rejects(countContents(real, 0), /nothing more of it could be read for/);
  });
});
