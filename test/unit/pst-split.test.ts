import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { PstFile } from "../../provider/pst/draft";
import { draftPst } from "../../provider/pst/draft";
import { syntheticPst } from "../../simulator/pst";
import { type Try, aFileServer } from "../helpers/file-server";
import { aWorkspace } from "../helpers/workspace";

interface Packing {
  compress?: boolean;
  /** Sizes and checksums behind each file, as of a ZIP that is made while it is sent. */
  streamed?: boolean;
  zip64?: boolean;
  names?: string[];
}

async function zipOf(
  files: readonly Buffer[],
  { compress = false, streamed = false, zip64 = false, names }: Packing = {},
) {
  const zip = new ZipFile();
  files.forEach((file, index) => {
    const options = { compress, forceZip64Format: zip64, mtime: new Date(0) };
    const name = names?.[index] ?? `Finance (${index + 1}).pst`;
    if (streamed) {
      zip.addReadStream(Readable.from([file]), name, options);
    } else {
      zip.addBuffer(file, name, options);
    }
  });
  zip.end({ forceZip64Format: zip64, comment: "" });
  return Buffer.concat(await (zip.outputStream as Readable).toArray());
}

describe("a split export", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let parts: Buffer[];
  let number = 0;
  before(async () => {
    ({ path: folder, remove } = await aWorkspace());
    const made = [700_000, 2_000, 1_300_000].map((bytes) => syntheticPst(bytes).open().toArray() as Promise<Buffer[]>);
    parts = (await Promise.all(made)).map((chunks) => Buffer.concat(chunks));
  });
  after(() => remove());

  const receive = (zip: Buffer, tries: Try[] = [], sha256File = false): Promise<PstFile> => {
    number += 1;
    return receiveAgain(zip, tries, sha256File);
  };
  const receiveAgain = async (zip: Buffer, tries: Try[] = [], sha256File = false): Promise<PstFile> => {
    const draft = await draftPst(join(folder, `${number}.pst`), { identity: "one", attemptId: "a" });
    try {
      const pst = await draft.receive(aFileServer(zip, tries).source, { contents: false, sha256File }, () => undefined);
      await draft.keep();
      return pst;
    } finally {
      await draft.discard();
    }
  };
  const sha256 = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");
  const namesNow = async () => (await readdir(folder)).filter((name) => name.startsWith(`${number}.`)).sort();
  const holdsAllParts = async (pst: PstFile) => {
    const files = pst.files ?? [];
    assert.deepEqual(
      files.map(({ bytes, sha256: digest }) => [bytes, digest]),
      parts.map((part) => [part.length, sha256(part)]),
    );
    for (const [index, { path }] of files.entries()) {
      assert.equal(path, join(folder, `${number}.${index + 1}.pst`));
      assert.ok((await readFile(path)).equals(parts[index] ?? Buffer.alloc(0)));
    }
    assert.equal(
      pst.bytes,
      parts.reduce((sum, part) => sum + part.length, 0),
    );
  };
  const refused = async (zip: Buffer, pattern: RegExp) => {
    await assert.rejects(receive(zip), pattern);
    const names = await namesNow();
    assert.deepEqual(
      names.filter((name) => !/\.rejected(\.json)?$/.test(name)),
      [],
    );
  };

  for (const compress of [false, true]) {
    for (const streamed of [false, true]) {
      for (const zip64 of [false, true]) {
        const how = `${compress ? "deflated" : "stored"}, ${streamed ? "sizes behind" : "sizes first"}${zip64 ? ", ZIP64" : ""}`;
        it(`is unpacked while it arrives, each part proved and listed: ${how}`, async () => {
          const pst = await receive(await zipOf(parts, { compress, streamed, zip64 }));
          await holdsAllParts(pst);
          assert.deepEqual(pst.verified, [
            "content-length",
            "zip",
            "magic",
            "format",
            "header-checksum",
            "header-size",
            "root-tables",
          ]);
        });
      }
    }
  }

  it("has a digest that sha256sum gives of its list of parts", async () => {
    const pst = await receive(await zipOf(parts), [], true);
    const list = await readFile(join(folder, `${number}.pst.sha256`), "utf8");
    assert.equal(list, parts.map((part, index) => `${sha256(part)}  ${number}.${index + 1}.pst\n`).join(""));
    assert.equal(pst.sha256, sha256(list));
  });

  it("goes on after a cut in the middle of a part", async () => {
    await holdsAllParts(await receive(await zipOf(parts), [{ cutAfter: 1_500_000 }]));
  });

  it("begins again where the server does not go on, and leaves nothing of the first try", async () => {
    const tries: Try[] = [{ cutAfter: 1_500_000 }, { range: "whole" }];
    await holdsAllParts(await receive(await zipOf(parts, { compress: true }), tries));
    assert.deepEqual(await namesNow(), [
      `${number}.1.pst`,
      `${number}.2.pst`,
      `${number}.3.pst`,
      `${number}.pst.owner.json`,
    ]);
  });

  it("may be one part in a ZIP, which stands at the path itself", async () => {
    const [only = Buffer.alloc(0)] = parts;
    const pst = await receive(await zipOf([only]));
    assert.equal(pst.sha256, sha256(only));
    assert.equal(pst.files, undefined);
    assert.ok((await readFile(join(folder, `${number}.pst`))).equals(only));
  });

  it("takes the place of a whole one, and a whole one that of its parts, as far as they are its own", async () => {
    const [whole = Buffer.alloc(0)] = parts;
    await receive(whole);
    await holdsAllParts(await receiveAgain(await zipOf(parts)));
    await rm(join(folder, `${number}.2.pst`));
    await writeFile(join(folder, `${number}.2.pst`), "somebody else's");
    await receiveAgain(whole);
    assert.deepEqual(await namesNow(), [`${number}.2.pst`, `${number}.pst`, `${number}.pst.owner.json`]);
    await assert.rejects(receiveAgain(await zipOf(parts)), /2\.pst exists and is not an export of this resource/);
    assert.deepEqual(await namesNow(), [`${number}.2.pst`, `${number}.pst`, `${number}.pst.owner.json`]);
  });

  it("is written beside its path, whatever the names in it say", async () => {
    const zip = await zipOf(parts, { names: ["aa/aa/evil.pst", "/etc/passwd".replace("/", "b"), "c".repeat(12)] });
    const evil = Buffer.from(
      zip.toString("latin1").replaceAll("aa/aa/evil.pst", "../../evil.pst").replaceAll("betc/", "/etc/"),
      "latin1",
    );
    await holdsAllParts(await receive(evil));
    assert.deepEqual(
      (await readdir(join(folder, ".."))).filter((name) => name === "evil.pst"),
      [],
    );
  });

  it("is refused where it is cut short, wherever that is", async () => {
    const zip = await zipOf(parts);
    const directory = zip.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
    for (const end of [
      5,
      30,
      700_000,
      700_100,
      1_900_000,
      directory,
      directory + 40,
      zip.length - 22,
      zip.length - 1,
    ]) {
      await refused(zip.subarray(0, end), /was not kept: (the ZIP of the split export|the PST|what arrived)/);
    }
  });

  it("is refused where a part is not what the directory says", async () => {
    const zip = await zipOf(parts);
    zip.writeUInt8(zip.readUInt8(400_000) ^ 1, 400_000);
    await refused(zip, /file 1 in it is not the one that its directory lists/);
  });

  it("is refused where the directory lists another number of parts", async () => {
    const zip = await zipOf(parts);
    const other = await zipOf(parts.slice(0, 2));
    const directory = (of: Buffer) => of.indexOf(Buffer.from("PK\x01\x02", "latin1"));
    const mixed = Buffer.concat([zip.subarray(0, directory(zip)), other.subarray(directory(other))]);
    await refused(mixed, /its directory lists 2 files, and 3 arrived/);
  });

  it("is refused where a part is no PST, which stays beside for a look", async () => {
    const zip = await zipOf([parts[0] ?? Buffer.alloc(0), Buffer.from("a text")]);
    await refused(zip, /what arrived \(6 bytes\) is not a PST/);
    assert.equal(await readFile(join(folder, `${number}.pst.rejected`), "utf8"), "a text");
  });

  it("is refused where it holds a folder", async () => {
    const zip = new ZipFile();
    zip.addEmptyDirectory("more");
    zip.end();
    await refused(Buffer.concat(await (zip.outputStream as Readable).toArray()), /it holds a folder/);
  });

  it("is refused where it holds nothing", async () => {
    const empty = await zipOf([]);
    await refused(empty, /is not a PST/);
  });

  it("is refused long before it fills the disk, where it unpacks to far more than mail does", async () => {
    const bomb = await zipOf([Buffer.alloc(400 * 1024 * 1024)], { compress: true });
    assert.ok(bomb.length < 1_000_000);
    await refused(bomb, /unpacks to far more than mail ever does/);
  });
});
