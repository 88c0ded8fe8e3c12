import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";

/** A file that the server sends: its size in bytes, and a way to read it or a part of it. */
export interface PstFile {
  bytes: number;
  /**
   * @param first - Position of the first byte; default 0.
   * @param last - Of the last one, inclusive; default the file's last.
   */
  open(first?: number, last?: number): Readable;
}

/** Which PST an export sends: a file of the machine, or a made one of a given size (at least 564 bytes, the header). */
export type PstSource = { sizeBytes: number } | { path: string };

const headerBytes = 564;
const blockBytes = 1024 * 1024;
const emptyPstBytes = 271_360;

/**
 * The PST of every export that found something.
 *
 * @param source - Default: the real file of 14 MB that the npm package `pst-extractor` ships with its example.
 * @throws RangeError when the size is smaller than a header; the file system's error when the file is missing.
 */
export function pstFile(source: PstSource | undefined): PstFile {
  if (source !== undefined && "sizeBytes" in source) {
    return syntheticPst(source.sizeBytes);
  }
  const path = source?.path ?? require.resolve("pst-extractor/example/testdata/enron.pst");
  const { size: bytes } = statSync(path);
  return {
    bytes,
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
 * A file of any size with a valid Unicode PST header, made while it is read: one block of memory whatever the size.
 * Everything behind the header is filler.
 */
export function syntheticPst(sizeBytes: number): PstFile {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < headerBytes) {
    throw new RangeError(`A PST has at least ${headerBytes} bytes, not ${sizeBytes}.`);
  }
  return fileOf(sizeBytes, () => blocks(sizeBytes));
}

/**
 * The same file as if it had been made once more: the counter in its header differs, and with it the header's checksums. [MS-PST] 2.2.2.6
 *
 * @param times - How often it has been made before.
 */
export function rebuilt(file: PstFile, times: number): PstFile {
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

/** A file whose content is made while it is read. A part of it costs the making of what stands before it. */
function fileOf(bytes: number, content: () => Iterable<Buffer> | AsyncIterable<Buffer>): PstFile {
  return {
    bytes,
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

function* blocks(sizeBytes: number): Generator<Buffer> {
  yield pstHeader(sizeBytes);
  const filler = Buffer.alloc(blockBytes);
  for (let position = 0; position < filler.length; position += 4) {
    filler.writeUInt32LE(Math.imul(position, 2_654_435_761) >>> 0, position);
  }
  for (let left = sizeBytes - headerBytes; left > 0; left -= filler.length) {
    yield left < filler.length ? filler.subarray(0, left) : filler;
  }
}

/** The header of a Unicode PST: [MS-PST] 2.2.2.6 HEADER, with 2.2.2.5 ROOT inside it. */
function pstHeader(sizeBytes: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write("!BDN", 0, "latin1"); // dwMagic
  header.write("SM", 8, "latin1"); // wMagicClient
  header.writeUInt16LE(23, 10); // wVer: Unicode
  header.writeUInt16LE(19, 12); // wVerClient
  header.writeUInt8(1, 14); // bPlatformCreate
  header.writeUInt8(1, 15); // bPlatformAccess
  header.writeBigUInt64LE(BigInt(sizeBytes), 184); // ROOT.ibFileEof
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
