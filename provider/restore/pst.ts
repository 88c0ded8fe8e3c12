import { createHash } from "node:crypto";
import { accessSync, constants, statSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
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

/** Says whose file a PST is, and recognises that file; stands beside it as `PATH.owner.json`. */
interface Owner {
  identity: string;
  attemptId: string;
  sha256: string;
  bytes: number;
  modifiedMs: number;
}

const ownerPathOf = (path: string) => `${path}.owner.json`;

/** Paths that exports of this process are writing to now. */
const reserved = new Set<string>();

/**
 * Looks whether a file can be written at a path, without making anything: why not, or undefined. Its folder, or the nearest one
 * around it that exists, must be a folder that can be written to.
 */
export function whyNotWritable(path: string): string | undefined {
  const absolute = resolve(path);
  try {
    if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
      return "is a folder: name a file in it";
    }
    const folder = nearestFolder(dirname(absolute));
    if (!statSync(folder).isDirectory()) {
      return `cannot be written: ${folder} is a file, not a folder`;
    }
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `cannot be written: ${messageOf(error)}`;
  }
}

function nearestFolder(folder: string): string {
  const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  return isThere || folder === dirname(folder) ? folder : nearestFolder(dirname(folder));
}

const partOf = (absolute: string, attemptId: string) => `${absolute}.${attemptId}.part`;

/** Removes what an export left that was broken off. */
export async function discardPart(path: string, attemptId: string): Promise<void> {
  const part = partOf(resolve(path), attemptId);
  await rm(part, { force: true });
  await rm(`${part}.owner`, { force: true });
}

/** A file that is being received. Nothing stands at its path before {@link PstDraft.keep}. */
export interface PstDraft {
  /**
   * Streams an export to a part file (mode 0600) and checks size, magic bytes and the size that the PST states of itself.
   *
   * @param onBytes - told how many bytes have arrived so far
   * @throws MailboxRestoreError (`export`) when a check fails.
   */
  receive(answer: ExportAnswer, onBytes: (bytes: number) => void): Promise<PstFile>;
  /** Moves the file into place and notes whose it is. */
  keep(): Promise<void>;
  /** Removes what is left of a file that was not kept, and frees the path. May be called at any time, and again. */
  discard(): Promise<void>;
}

/**
 * Makes ready to receive a PST before anything is asked of the server: the folder is made, the part file is open, and what stands
 * at the path already is this resource's own.
 *
 * @throws MailboxRestoreError (`file`)
 */
export async function draftPst(
  path: string,
  { formerIdentity, ...owner }: { identity: string; formerIdentity?: string | undefined; attemptId: string },
): Promise<PstDraft> {
  const identities = [owner.identity, formerIdentity];
  const absolute = resolve(path);
  if (reserved.has(absolute)) {
    throw fileError(`${path} is being written by another export of this program: give each its own path.`);
  }
  reserved.add(absolute);
  const part = partOf(absolute, owner.attemptId);
  const draftOfNote = `${part}.owner`;
  let file: FileHandle | undefined;
  let received: PstFile | undefined;
  const discard = async () => {
    reserved.delete(absolute);
    await file?.close().catch(() => undefined);
    file = undefined;
    await rm(part, { force: true });
    await rm(draftOfNote, { force: true });
  };
  try {
    await mkdir(dirname(absolute), { recursive: true });
    await refuseForeignFile(path, identities);
    // "x": never through a link, and never into a file that somebody else made.
    file = await open(part, "wx+", 0o600);
  } catch (error) {
    reserved.delete(absolute);
    throw error instanceof MailboxRestoreError ? error : fileError(`${path} cannot be written: ${messageOf(error)}`);
  }
  return {
    discard,
    async receive(answer, onBytes) {
      const handle = file;
      try {
        if (handle === undefined) {
          throw new Error("its file was closed");
        }
        const { bytes, sha256 } = await writeAndHash(answer.body, handle, onBytes);
        await handle.sync();
        const verified = await provePst(handle, { bytes, announced: answer.bytes });
        received = { path, bytes, sha256, verified, present: true };
        return received;
      } catch (error) {
        answer.body.destroy();
        throw new MailboxRestoreError("export", `The export to ${path} was not kept: ${messageOf(error)}`);
      }
    },
    async keep() {
      if (received === undefined) {
        throw fileError(`${path} was not received`);
      }
      const { mtimeMs } = await stat(part);
      const note: Owner = { ...owner, sha256: received.sha256, bytes: received.bytes, modifiedMs: mtimeMs };
      // Hours may have passed since the first look.
      const isThere = await refuseForeignFile(path, identities);
      await writeFile(draftOfNote, `${JSON.stringify(note)}\n`, { mode: 0o600, flag: "wx" });
      await (isThere ? rename(part, absolute) : moveWithoutReplacing(part, absolute, path));
      // A crash before this leaves a file that nobody owns, which nobody overwrites or deletes.
      await rename(draftOfNote, ownerPathOf(absolute));
    },
  };
}

/** @returns whether a file of ours stands there. */
async function refuseForeignFile(path: string, identities: (string | undefined)[]): Promise<boolean> {
  const absolute = resolve(path);
  const there = await look(absolute);
  if (there === undefined) {
    return false;
  }
  const owner = await readOwner(absolute);
  if (owner?.identity === undefined || !identities.includes(owner.identity) || !isSameFile(owner, there)) {
    throw fileError(
      `${path} exists and is not an export of this resource, so it is not overwritten. Move it away, or choose another path.`,
    );
  }
  return true;
}

/** A link fails where a rename would replace what appeared meanwhile. Not every file system has links. */
async function moveWithoutReplacing(part: string, absolute: string, path: string): Promise<void> {
  try {
    await link(part, absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw fileError(
        `${path} appeared while the export ran, so it is not overwritten. Move it away, or choose another path.`,
      );
    }
    await rename(part, absolute);
    return;
  }
  await rm(part, { force: true });
}

/** Bytes gathered before a write. Writing each 16 KiB record by itself costs two thirds of the speed (measured). */
const writeBytes = 1024 * 1024;

async function writeAndHash(body: AsyncIterable<Buffer>, file: FileHandle, onBytes: (bytes: number) => void) {
  const hash = createHash("sha256");
  let bytes = 0;
  let gathered: Buffer[] = [];
  let waiting = 0;
  const write = async () => {
    await file.writeFile(Buffer.concat(gathered));
    gathered = [];
    waiting = 0;
  };
  for await (const chunk of body) {
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
  return { bytes, sha256: hash.digest("hex") };
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

/** Is the file there with the size that was stored? Reads no content; a file that cannot be looked at is not there. */
export async function isPstPresent(pst: Pick<PstFile, "path" | "bytes">): Promise<boolean> {
  const there = await look(resolve(pst.path)).catch(() => undefined);
  return there?.size === pst.bytes;
}

/**
 * Removes a PST and its note, if the file is still the one that this attempt wrote.
 *
 * @returns whether the file was removed
 */
export async function deletePst(path: string, attemptId: string): Promise<boolean> {
  const absolute = resolve(path);
  const owner = await readOwner(absolute);
  if (owner?.attemptId !== attemptId) {
    return false;
  }
  const there = await look(absolute);
  const isOurs = there !== undefined && isSameFile(owner, there);
  if (isOurs) {
    await rm(absolute, { force: true });
  }
  await rm(ownerPathOf(absolute), { force: true });
  return isOurs;
}

/** Notes that the resource has another name now, if the file is still the one that this attempt wrote. */
export async function renameOwner(path: string, attemptId: string, identity: string): Promise<void> {
  const absolute = resolve(path);
  const owner = await readOwner(absolute);
  if (owner?.attemptId === attemptId && owner.identity !== identity) {
    await writeFile(ownerPathOf(absolute), `${JSON.stringify({ ...owner, identity })}\n`, { mode: 0o600 });
  }
}

interface Look {
  size: number;
  mtimeMs: number;
}

/** Times of files are kept to the nanosecond here and to two seconds there. */
const isSameFile = (owner: Partial<Owner>, { size, mtimeMs }: Look) =>
  owner.bytes === size && Math.abs((owner.modifiedMs ?? Number.NaN) - mtimeMs) <= 2000;

async function look(path: string): Promise<Look | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw fileError(`${path} cannot be looked at: ${messageOf(error)}`);
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

const fileError = (message: string) => new MailboxRestoreError("file", message);
