import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ExportAnswer } from "../api/dialects/dialect";
import { MailboxRestoreError, messageOf } from "../errors";

/** A PST on disk, as it was proved. */
export interface PstFile {
  /** As the program wrote it; relative to the program's folder. */
  path: string;
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** The checks that ran and passed. */
  verified: string[];
  /** Was the file there, unchanged in size, when last looked at? */
  present: boolean;
}

/** Says whose file a PST is; stands beside it as `PATH.owner.json`. */
interface Owner {
  identity: string;
  attemptId: string;
  sha256: string;
}

const ownerPathOf = (path: string) => `${path}.owner.json`;

/**
 * Looks whether a PST may be written to `path`: the folder can be made, and what is there already is this resource's own.
 * Nothing is asked of the server.
 *
 * @throws MailboxRestoreError (`file`)
 */
export async function preparePst(path: string, identity: string): Promise<void> {
  const absolute = resolve(path);
  try {
    await mkdir(dirname(absolute), { recursive: true });
  } catch (error) {
    throw new MailboxRestoreError("file", `The folder of ${path} cannot be made: ${messageOf(error)}`);
  }
  if ((await sizeOf(absolute)) !== undefined && (await readOwner(absolute))?.identity !== identity) {
    throw new MailboxRestoreError(
      "file",
      `${path} exists and is not an export of this resource, so it is not overwritten. Move it away, or choose another path.`,
    );
  }
}

/** A received file, proved and not yet in place. */
export interface ReceivedPst {
  pst: PstFile;
  /** Moves the file into place and notes whose it is. */
  keep(owner: { identity: string; attemptId: string }): Promise<void>;
  discard(): Promise<void>;
}

/** Bytes gathered before a write. Writing each 16 KiB record by itself costs two thirds of the speed (measured). */
const writeBytes = 1024 * 1024;

/**
 * Streams an export to `PATH.part` (mode 0600), and checks size, magic bytes and the size that the PST states of itself.
 *
 * @param onBytes - told how many bytes have arrived so far
 * @throws MailboxRestoreError (`export`) when a check fails; the part file is removed then.
 */
export async function receivePst(
  answer: ExportAnswer,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<ReceivedPst> {
  const absolute = resolve(path);
  const part = `${absolute}.part`;
  const hash = createHash("sha256");
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    file = await open(part, "w+", 0o600);
    const handle = file;
    let gathered: Buffer[] = [];
    let waiting = 0;
    const write = async () => {
      await handle.writeFile(Buffer.concat(gathered));
      gathered = [];
      waiting = 0;
    };
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      waiting += chunk.length;
      hash.update(chunk);
      gathered.push(chunk);
      onBytes(bytes);
      if (waiting >= writeBytes) {
        await write();
      }
    }
    await write();
    await handle.sync();
    const verified = await provePst(handle, { bytes, announced: answer.bytes });
    await handle.close();
    file = undefined;
    const pst: PstFile = { path, bytes, sha256: hash.digest("hex"), verified, present: true };
    return {
      pst,
      async keep(owner) {
        const note: Owner = { ...owner, sha256: pst.sha256 };
        // The note goes first: a crash in between leaves a note without its file, never a file that nobody owns.
        await writeFile(ownerPathOf(absolute), `${JSON.stringify(note)}\n`, { mode: 0o600 });
        await rename(part, absolute);
      },
      discard: () => rm(part, { force: true }),
    };
  } catch (error) {
    await file?.close().catch(() => undefined);
    await rm(part, { force: true });
    throw new MailboxRestoreError("export", `The export to ${path} was not kept: ${messageOf(error)}`);
  }
}

/** Header fields of the PST format: [MS-PST] 2.2.2.6 HEADER and 2.2.2.5 ROOT. */
const header = { magic: "!BDN", versionOffset: 10, ansiEofOffset: 168, unicodeEofOffset: 184, bytes: 192 };

async function provePst(file: FileHandle, size: { bytes: number; announced: number | undefined }): Promise<string[]> {
  const verified: string[] = [];
  if (size.announced !== undefined) {
    if (size.announced !== size.bytes) {
      throw new Error(`the server announced ${size.announced} bytes and ${size.bytes} arrived`);
    }
    verified.push("content-length");
  }
  const { buffer, bytesRead } = await file.read(Buffer.alloc(header.bytes), 0, header.bytes, 0);
  if (bytesRead < header.bytes || buffer.toString("latin1", 0, 4) !== header.magic) {
    throw new Error(`what arrived (${size.bytes} bytes) is not a PST: it does not begin with ${header.magic}`);
  }
  verified.push("magic");
  // 14 and 15 are the ANSI format with 4-byte sizes; 23 and up is Unicode with 8-byte ones.
  const isAnsi = buffer.readUInt16LE(header.versionOffset) < 23;
  const stated = isAnsi
    ? buffer.readUInt32LE(header.ansiEofOffset)
    : Number(buffer.readBigUInt64LE(header.unicodeEofOffset));
  if (stated !== size.bytes) {
    throw new Error(`the PST states a size of ${stated} bytes in its header and ${size.bytes} arrived`);
  }
  verified.push("header-size");
  return verified;
}

/** Is the file there with the size that was stored? Reads no content. */
export async function isPstPresent(pst: Pick<PstFile, "path" | "bytes">): Promise<boolean> {
  return (await sizeOf(resolve(pst.path))) === pst.bytes;
}

/** Removes a PST and its note, if both are still those of this attempt. */
export async function deletePst(path: string, attemptId: string): Promise<void> {
  const absolute = resolve(path);
  if ((await readOwner(absolute))?.attemptId === attemptId) {
    await rm(absolute, { force: true });
    await rm(ownerPathOf(absolute), { force: true });
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw new MailboxRestoreError("file", `${path} cannot be looked at: ${messageOf(error)}`);
  }
}

async function readOwner(path: string): Promise<Partial<Owner> | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(ownerPathOf(path), "utf8"));
    return typeof note === "object" && note !== null ? note : undefined;
  } catch {
    // No note, or one that cannot be read: not provably ours, which is the safe answer.
    return undefined;
  }
}
