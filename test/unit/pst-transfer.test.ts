import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import fc from "fast-check";
import { ApiError, ConnectionError } from "../../provider/errors";
import type { Download } from "../../provider/pst/download";
import { type PstOptions, draftPst } from "../../provider/pst/draft";
import { syntheticPst } from "../../simulator/pst";
import { type Try, aFileServer, bodyOf } from "../helpers/file-server";
import { aWorkspace } from "../helpers/workspace";

const megabyte = 1024 * 1024;
const plain: PstOptions = { contents: false, sha256File: false };

async function bytesOf(file: { open(): Readable }): Promise<Buffer> {
  return Buffer.concat(await (file.open() as AsyncIterable<Buffer> & Readable).toArray());
}

describe("the transfer of a PST", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let file: Buffer;
  let number = 0;
  before(async () => {
    ({ path: folder, remove } = await aWorkspace());
    file = await bytesOf(syntheticPst(3 * megabyte + 4321));
  });
  after(() => remove());

  const receive = async (source: Omit<Download, "recent">, options = plain) => {
    number += 1;
    const path = join(folder, `${number}.pst`);
    const draft = await draftPst(path, { identity: "one", attemptId: `attempt-${number}` });
    try {
      const pst = await draft.receive(source, options, () => undefined);
      await draft.keep();
      return { pst, path };
    } finally {
      await draft.discard();
    }
  };
  const isExact = async ({ pst, path }: Awaited<ReturnType<typeof receive>>) => {
    const there = await readFile(path);
    assert.ok(there.equals(file), "the file is the server's, byte by byte");
    assert.equal(pst.sha256, createHash("sha256").update(file).digest("hex"));
    assert.equal(pst.bytes, file.length);
  };

  it("is exact and hashed right wherever the line is cut, however often, and whatever a wish for the rest gets", async () => {
    const oneTry = fc.record({
      cutAfter: fc.oneof(fc.integer({ min: 0, max: 4 * megabyte }), fc.constantFrom(0, 1, 3, 4, 511, 512, megabyte)),
      range: fc.constantFrom("rest", "whole", "elsewhere", "416", "other file"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(oneTry, { maxLength: 6 }), fc.boolean(), async (tries, hasTag) => {
        const spoilt = tries as Try[];
        const { source } = aFileServer(file, spoilt, hasTag ? { tag: '"1"' } : {});
        try {
          await isExact(await receive(source));
        } catch (error) {
          // Only tries without end are given up, and then nothing is left of it.
          assert.ok(
            spoilt.length > 2 && /was not kept: the (line was cut|server sends another)/.test(String(error)),
            String(error),
          );
          assert.deepEqual(await filesOf(number), []);
        }
      }),
      { numRuns: 60 },
    );
  });

  for (const canResume of [true, false]) {
    it(`is exact after a cut at every interesting byte, and ${canResume ? "goes on from there" : "begins again"}`, async () => {
      for (const cutAfter of interesting(file.length)) {
        const { source, asked, breaks } = aFileServer(file, [{ cutAfter }], { canResume });
        await isExact(await receive(source));
        const goesOn = canResume && cutAfter > megabyte;
        const second = goesOn ? { first: cutAfter - megabyte, tag: undefined } : undefined;
        assert.deepEqual(asked, [undefined, second], `cut after ${cutAfter}`);
        assert.deepEqual(
          breaks.map(({ at, goesOn }) => ({ at, goesOn })),
          [{ at: cutAfter, goesOn }],
        );
      }
    });
  }

  it("goes on only if it is still the same file, where the server names it", async () => {
    const { source, asked } = aFileServer(file, [{ cutAfter: 2 * megabyte }], { tag: '"42"' });
    await isExact(await receive(source));
    assert.deepEqual(asked[1], { first: megabyte, tag: '"42"' });
  });

  it("is made again in one go when what was sent after a break does not fit", async () => {
    const [first, second] = [await bytesOf(syntheticPst(file.length, 1)), await bytesOf(syntheticPst(file.length, 2))];
    const { source, breaks } = aFileServer(first, [{ cutAfter: 2 * megabyte }]);
    const { ask } = source;
    let tries = 0;
    // Built anew for each request: all bytes around the break are the same.
    source.ask = async (start) => {
      tries += 1;
      const { body, ...answer } = await ask(start);
      body.on("error", () => undefined).destroy();
      const bytes = tries === 1 ? first : second;
      return { ...answer, body: bodyOf(bytes.subarray(answer.first), tries === 1 ? 2 * megabyte : undefined) };
    };
    const { pst, path } = await receive(source);
    assert.ok((await readFile(path)).equals(second));
    assert.equal(pst.sha256, createHash("sha256").update(second).digest("hex"));
    assert.equal(tries, 3);
    assert.match(breaks.at(-1)?.reason ?? "", /does not fit \(the PST's tables are not where its header says/);
    assert.deepEqual(await partsIn(), []);
  });

  for (const [range, reasons] of [
    ["whole", ["the line was cut"]],
    ["elsewhere", ["the line was cut"]],
    ["416", ["the line was cut"]],
    ["other file", ["the line was cut", "the server sends another file than before"]],
  ] as const) {
    it(`begins again at once when a wish for the rest gets: ${range}`, async () => {
      const { source, asked, breaks } = aFileServer(file, [{ cutAfter: 2 * megabyte }, { range }]);
      await isExact(await receive(source));
      const rest = { first: megabyte, tag: undefined };
      assert.deepEqual(asked, range === "whole" ? [undefined, rest] : [undefined, rest, undefined]);
      assert.deepEqual(
        breaks.map(({ reason, goesOn }) => [reason, goesOn]),
        reasons.map((reason) => [reason, false]),
      );
    });
  }

  it("survives an expiry of the login in the middle", async () => {
    const expired = new ApiError("the token is not valid", { status: 401, method: "POST", path: "/" });
    const { source, asked } = aFileServer(file, [{ cutAfter: 2 * megabyte }, { refusal: expired }]);
    await isExact(await receive(source));
    assert.equal(source.logins, 1);
    assert.deepEqual(asked.at(-1), { first: megabyte, tag: undefined });
  });

  describe("is given up", () => {
    const refused = async (source: Omit<Download, "recent">, pattern: RegExp) => {
      await assert.rejects(receive(source), pattern);
      assert.deepEqual(await partsIn(), []);
    };
    const cuts = (count: number, cutAfter: number) => Array.from({ length: count }, () => ({ cutAfter }));

    it("after three tries of a file that comes only as a whole", async () => {
      const { source, asked } = aFileServer(file, cuts(9, megabyte), { canResume: false });
      await refused(source, /was not kept: the line was cut/);
      assert.equal(asked.length, 3);
    });

    it("after three tries of which each began again, whatever was wished for", async () => {
      const tries = Array.from({ length: 60 }, (_, index) => ({
        cutAfter: (index % 2) + megabyte,
        range: "whole" as const,
      }));
      const { source, asked, breaks } = aFileServer(file, tries);
      await refused(source, /the line was cut/);
      assert.equal(asked.length, 3);
      assert.deepEqual(
        breaks.map(({ goesOn }) => goesOn),
        [false, false],
      );
    });

    it("after six tries in a row that brought next to nothing", async () => {
      const { source, asked } = aFileServer(file, [{ cutAfter: 2 * megabyte }, ...cuts(20, megabyte)]);
      await refused(source, /the line was cut/);
      assert.equal(asked.length, 6);
    });

    it("never, as long as each try brings a good part of it", async () => {
      const large = await bytesOf(syntheticPst(160 * megabyte));
      const { source, asked } = aFileServer(large, cuts(8, 18 * megabyte));
      const { pst } = await receive(source);
      assert.equal(pst.bytes, large.length);
      assert.equal(asked.length, 9);
    });

    it("at once when a limit of ours has passed", async () => {
      const late = new ConnectionError("nothing came for 2 m", { notSent: false, timedOut: true });
      const { source, asked } = aFileServer(file, [{ refusal: late }]);
      await refused(source, /nothing came for 2 m/);
      assert.equal(asked.length, 1);
    });

    it("at once when the server refuses the export itself", async () => {
      const no = new ApiError("the mailbox is gone", { status: 500, method: "POST", path: "/" });
      const { source, asked } = aFileServer(file, [{ refusal: no }]);
      await refused(source, /the mailbox is gone/);
      assert.equal(asked.length, 1);
    });
  });

  describe("proves", () => {
    const rejected = async (bytes: Buffer, pattern: RegExp) => {
      const { source } = aFileServer(bytes, []);
      await assert.rejects(receive(source), pattern);
      const names = await filesOf(number);
      assert.deepEqual(names, [`${number}.pst.rejected`, `${number}.pst.rejected.json`]);
      const note = JSON.parse(await readFile(join(folder, `${number}.pst.rejected.json`), "utf8")) as Record<
        string,
        string
      >;
      assert.match(note["reason"] ?? "", pattern);
      assert.ok((await readFile(join(folder, `${number}.pst.rejected`))).equals(bytes));
    };
    const damaged = (offset: number) => {
      const copy = Buffer.from(file);
      copy.writeUInt8(copy.readUInt8(offset) ^ 0x01, offset);
      return copy;
    };

    it("size, magic, format, the header's checksum and size, and the tables", async () => {
      const { pst } = await receive(aFileServer(file, []).source);
      const all = ["content-length", "magic", "format", "header-checksum", "header-size", "root-tables"];
      assert.deepEqual(pst.verified, all);
    });

    it("less where the server says less", async () => {
      const { source } = aFileServer(file, []);
      const { ask } = source;
      source.ask = async (start) => ({ ...(await ask(start)), bytes: undefined });
      const { pst } = await receive(source);
      assert.deepEqual(pst.verified, ["magic", "format", "header-checksum", "header-size", "root-tables"]);
    });

    for (const [what, offset, pattern] of [
      ["magic", 1, /is not a PST: it does not begin with !BDN/],
      ["format", 11, /header is damaged/],
      ["size", 186, /header is damaged/],
      ["checksum", 5, /header is damaged/],
    ] as const) {
      it(`a damaged ${what} in the header`, () => rejected(damaged(offset), pattern));
    }

    it("a damaged table", () => rejected(damaged(file.length - 1000), /tables are not where its header says/));
    it("a file that ends early, in an answer that is whole", () =>
      rejected(file.subarray(0, 2 * megabyte), /states a size of 3150049 bytes in its header and 2097152 arrived/));
    it("a page of HTML, without repeating it", async () => {
      const page = Buffer.from("<html>token eyJhbGciOi</html>");
      await rejected(page, /is not a PST: it looks like a page of HTML/);
      assert.doesNotMatch(await readFile(join(folder, `${number}.pst.rejected.json`), "utf8"), /eyJ/);
    });
    it("an error as JSON", () => rejected(Buffer.from('{"message":"no"}'), /it looks like JSON/));
    it("nothing at all", () => rejected(Buffer.alloc(0), /what arrived \(0 bytes\) is not a PST/));
  });

  const filesOf = async (of: number) => (await readdir(folder)).filter((name) => name.startsWith(`${of}.pst`)).sort();
  const partsIn = async () => (await readdir(folder)).filter((name) => name.endsWith(".part"));
});

/** Where a length, a buffer, a record or a header ends, and one byte around each. */
function interesting(length: number): number[] {
  const ends = [0, 4, 512, 16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024, 2 * 1024 * 1024, length - 512, length - 1];
  const around = ends.flatMap((end) => [end - 1, end, end + 1]).filter((at) => at >= 0 && at < length);
  return [...new Set(around)];
}
