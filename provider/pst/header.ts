import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** Header fields of the PST format: [MS-PST] 2.2.2.6 HEADER and 2.2.2.5 ROOT. */
const header = {
  magic: "!BDN",
  crcOffset: 4,
  /** What the checksum is of; both formats have it. */
  crcOf: { from: 8, bytes: 471 },
  versionOffset: 10,
  ansiEofOffset: 168,
  unicodeEofOffset: 184,
  bytes: 512,
};

/**
 * The two tables of a PST, which the header names: [MS-PST] 2.2.2.5 ROOT, 2.2.2.7.1 PAGETRAILER. Of a file that was put together from two
 * builds, or ends before them, they are not where the header says.
 */
const tables = [
  { kind: 0x81, offset: 216 },
  { kind: 0x80, offset: 232 },
];
const page = { bytes: 512, kindOffset: 496, crcOffset: 500, idOffset: 504 };

/**
 * Proves a PST by its header.
 *
 * @returns the checks that it passed
 * @throws Error that says which check it failed
 */
export async function provePst(
  file: Pick<FileHandle, "read">,
  size: { bytes: number; announced: number | undefined },
): Promise<string[]> {
  const verified: string[] = [];
  if (size.announced !== undefined) {
    if (size.announced !== size.bytes) {
      throw new Error(`the server announced ${size.announced} bytes and ${size.bytes} arrived`);
    }
    verified.push("content-length");
  }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(header.bytes), 0, header.bytes, 0);
  if (bytesRead < header.bytes || buffer.toString("latin1", 0, 4) !== header.magic) {
    throw new Error(`what arrived (${size.bytes} bytes) is not a PST: ${kindOf(buffer.subarray(0, bytesRead))}`);
  }
  verified.push("magic");
  const version = buffer.readUInt16LE(header.versionOffset);
  if (!isAnsi(version) && version < 23) {
    throw new Error(`the PST is of a format (${version}) that does not exist`);
  }
  verified.push("format");
  const { from, bytes } = header.crcOf;
  if (buffer.readUInt32LE(header.crcOffset) !== pstCrc(buffer.subarray(from, from + bytes))) {
    throw new Error("the PST's header is damaged: its checksum is another one");
  }
  verified.push("header-checksum");
  const stated = statedSize(buffer);
  if (stated !== size.bytes) {
    throw new Error(`the PST states a size of ${stated} bytes in its header and ${size.bytes} arrived`);
  }
  verified.push("header-size");
  if (version === 23) {
    await proveTables(file, buffer);
    verified.push("root-tables");
  }
  return verified;
}

/** The size that a PST states in its header, in bytes. */
export function statedSize(head: Buffer): number {
  return isAnsi(head.readUInt16LE(header.versionOffset))
    ? head.readUInt32LE(header.ansiEofOffset)
    : Number(head.readBigUInt64LE(header.unicodeEofOffset));
}

/** 14 and 15 are the ANSI format with 4-byte sizes; 23 and up is Unicode with 8-byte ones. */
const isAnsi = (version: number) => version === 14 || version === 15;

async function proveTables(file: Pick<FileHandle, "read">, head: Buffer): Promise<void> {
  for (const { kind, offset } of tables) {
    const at = Number(head.readBigUInt64LE(offset + 8));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(page.bytes), 0, page.bytes, at);
    const isWhole =
      bytesRead === page.bytes &&
      buffer[page.kindOffset] === kind &&
      buffer.readUInt32LE(page.crcOffset) === pstCrc(buffer.subarray(0, page.kindOffset)) &&
      buffer.readBigUInt64LE(page.idOffset) === head.readBigUInt64LE(offset);
    if (!isWhole) {
      throw new Error(
        "the PST's tables are not where its header says: it is damaged, or was put together from two builds",
      );
    }
  }
}

/** [MS-PST] 5.3: CRC-32 that begins with 0 and is not inverted at its end. */
const pstCrc = (bytes: Uint8Array): number => (crc32(bytes, 0xffffffff) ^ 0xffffffff) >>> 0;

/** Does it begin as a page or a document does, rather than a file of mail? */
export const looksLikeText = (head: Buffer): boolean => /^[<{[]/.test(head.toString("latin1").trimStart());

/** What else it looks like. Nothing of it is repeated: an error page may say again what it was sent. */
function kindOf(bytes: Buffer): string {
  const text = bytes.toString("latin1").trimStart();
  if (text.startsWith("<")) {
    return "it looks like a page of HTML, from something between here and the Veeam server";
  }
  return /^[{[]/.test(text) ? "it looks like JSON, as of an error" : `it does not begin with ${header.magic}`;
}
