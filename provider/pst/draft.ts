import { createHash } from "node:crypto";
import { link, mkdir, open, readFile, readdir, rm, stat, statfs, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { MailboxRestoreError, messageOf } from "../errors";
import { moveFile } from "../move-file";
import { type Contents, countContents } from "./contents";
import type { Download, ExportSource } from "./download";
import { looksLikeText } from "./header";
import {
  type OwnedFile,
  type Owner,
  fileError,
  look,
  ownerPathOf,
  readOwner,
  refuseForeignFiles,
  removeUnchanged,
} from "./owner";
import { BadFileError, type ReceivedFile, receiveExport } from "./receive";

/** A PST on disk, as it was proved. */
export interface PstFile {
  /** As the program wrote it, with what its names in braces stand for; relative to the program's folder. */
  path: string;
  /** Of all parts together, where the export was split. */
  bytes: number;
  /** Lower-case hexadecimal. Of a split export: of the list of its parts, as `sha256sum` prints it. */
  sha256: string;
  /** The checks that ran and passed. */
  verified: string[];
  /** Was the file there, unchanged, when last looked at? */
  present: boolean;
  /** When it was written, ISO 8601 UTC. */
  modifiedAt?: string;
  /** The parts of a split export, in their order. */
  files?: PstPart[];
  /** What a PST library counted in it, where that was asked for. */
  contents?: Contents;
}

/** A part of a split export. */
export interface PstPart {
  /** Relative to the program's folder. */
  path: string;
  bytes: number;
  sha256: string;
  /** ISO 8601 UTC. */
  modifiedAt: string;
}

/** What is asked of a file beyond the checks that always run. */
export interface PstOptions {
  /** Open it with a PST library, and count folders and items. */
  contents: boolean;
  /** Write `PATH.sha256` beside it, for `sha256sum -c`. */
  sha256File: boolean;
}

/** A file that is being received. Nothing stands at its path before {@link PstDraft.keep}. */
export interface PstDraft {
  /**
   * Streams an export to a part file (mode 0600), and proves it: size, header, and contents where asked. A split export is unpacked on the
   * way. What is no good PST is kept beside its place as `PATH.rejected`, and why in `PATH.rejected.json`.
   *
   * @param onBytes - told how many bytes have arrived so far, and of how many
   * @throws MailboxRestoreError (`export`) when a check fails.
   */
  receive(
    source: ExportSource,
    options: PstOptions,
    onBytes: (bytes: number, total: number | undefined) => void,
  ): Promise<PstFile>;
  /**
   * Moves the file into place and notes whose it is.
   *
   * @throws MailboxRestoreError (`file`)
   */
  keep(): Promise<void>;
  /** Keeps the file beside its place, because it is no good for another reason. @throws MailboxRestoreError (`export`), always */
  reject(reason: string): Promise<never>;
  /** Removes what is left of a file that was not kept, and frees the path. May be called at any time, and again. */
  discard(): Promise<void>;
}

/** Paths that exports of this process are writing to now. Where `A.pst` and `a.pst` are one file, they are one here. */
const reserved = new Set<string>();
const placeOf = (absolute: string) =>
  ["win32", "darwin"].includes(process.platform) ? absolute.toLowerCase() : absolute;

/** Free space that is left alone, in bytes. */
const spareBytes = 64 * 1024 * 1024;

const partOf = (absolute: string, attemptId: string) => `${absolute}.${attemptId}.part`;

/** Removes what an export left that was broken off. */
export async function discardParts(path: string, attemptId: string): Promise<void> {
  const parts = await partsOf(resolve(path), attemptId);
  await Promise.all(parts.map((part) => rm(part, { force: true })));
}

async function partsOf(absolute: string, attemptId: string): Promise<string[]> {
  const begin = `${basename(absolute)}.${attemptId}.`;
  const names = await readdir(dirname(absolute)).catch(() => []);
  const parts = names.filter((name) => name.startsWith(begin) && name.endsWith(".part"));
  return parts.map((name) => join(dirname(absolute), name));
}

/**
 * Makes ready to receive a PST before anything is asked of the server: its folder is made, and what stands at the path already is this
 * resource's own.
 *
 * @throws MailboxRestoreError (`file`)
 */
export async function draftPst(
  path: string,
  { identity, formerIdentity, attemptId }: { identity: string; formerIdentity?: string | undefined; attemptId: string },
): Promise<PstDraft> {
  const identities = [identity, formerIdentity];
  const absolute = resolve(path);
  const folder = dirname(absolute);
  const part = partOf(absolute, attemptId);
  if (reserved.has(placeOf(absolute))) {
    throw fileError(`${path} is being written by another export of this program: give each its own path.`);
  }
  reserved.add(placeOf(absolute));
  let received: Draft[] | undefined;
  let redact = (text: string) => text;
  const discard = async () => {
    reserved.delete(placeOf(absolute));
    await discardParts(path, attemptId);
  };
  try {
    await mkdir(folder, { recursive: true });
    await refuseForeignFiles(path, [basename(absolute)], identities);
    // Whether a file can be made here is better known now than in some hours; no name that is needed later is longer.
    const probe = partOf(absolute, `${attemptId}.checking`);
    await writeFile(probe, "", { flag: "wx", mode: 0o600 });
    await rm(probe);
  } catch (error) {
    await discard();
    throw error instanceof MailboxRestoreError ? error : fileError(`${path} cannot be written: ${messageOf(error)}`);
  }

  /** Keeps what is no good where a person can look at it. Answers with its place; undefined where there is nothing. */
  const setAside = async ({ path: bad, reason }: BadFileError): Promise<string | undefined> => {
    if (bad === undefined) {
      return undefined;
    }
    if (!(await isFitToKeep(bad, redact))) {
      return undefined;
    }
    const place = await placeForRejected(absolute, attemptId, identities);
    await moveFile(bad, place);
    const note = { identity, attemptId, reason, rejectedAt: new Date().toISOString() };
    await writeFile(`${place}.json`, `${JSON.stringify(note, undefined, 2)}\n`, { mode: 0o600 }).catch(() => undefined);
    return join(dirname(path), basename(place));
  };
  const explain = async (error: unknown): Promise<string> => {
    if (error instanceof BadFileError) {
      const place = await setAside(error).catch(() => undefined);
      return `${error.reason}${place === undefined ? "" : `. What came stands in ${place}`}`;
    }
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOSPC" || code === "EDQUOT"
      ? `the disk is full (${code}); make room and run it again`
      : messageOf(error);
  };
  const notKept = async (error: unknown) =>
    new MailboxRestoreError("export", `The export to ${path} was not kept: ${await explain(error)}`);

  const receiveFrom = async (
    source: ExportSource,
    options: PstOptions,
    onBytes: (bytes: number, total: number | undefined) => void,
  ): Promise<{ files: ReceivedFile[]; contents: Contents | undefined }> => {
    const proved = async (files: ReceivedFile[]) => ({
      files,
      contents: options.contents ? await contentsOf(files) : undefined,
    });
    const places = { at: part, partOf: (number: number) => partOf(absolute, `${attemptId}.${number}`) };
    let wentOn = false;
    let arrived = 0;
    try {
      const broke: Download["broke"] = (problem) => {
        wentOn ||= problem.goesOn;
        source.broke(problem);
      };
      const onArrived = (bytes: number, total: number | undefined) => {
        arrived = bytes;
        onBytes(bytes, total);
      };
      return await proved(await receiveExport({ ...source, broke }, places, onArrived));
    } catch (error) {
      if (!(error instanceof BadFileError) || !wentOn) {
        throw error;
      }
      // The server may have built another file for the second part. One that comes in one go is its own proof.
      source.broke({
        at: arrived,
        reason: `what was sent after a break does not fit (${error.reason})`,
        goesOn: false,
      });
      await discardParts(path, attemptId);
      return proved(await receiveExport({ ...source, canResume: false }, places, onBytes));
    }
  };

  return {
    discard,
    async receive(source, options, onBytes) {
      try {
        const ask: Download["ask"] = async (start) => {
          const answer = await source.ask(start);
          redact = answer.redact ?? redact;
          await refuseFullDisk(folder, answer, await heldBy(absolute, attemptId)).catch((error: unknown) => {
            answer.body.destroy();
            throw error;
          });
          return answer;
        };
        const { files, contents } = await receiveFrom({ ...source, ask }, options, onBytes);
        received = await draftsOf(files, absolute);
        const list = received.map(({ sha256, name }) => `${sha256}  ${name}\n`).join("");
        const pst = describe(path, files, received, list, contents);
        if (options.sha256File) {
          received.push(await writeSums(list, absolute, attemptId));
        }
        return pst;
      } catch (error) {
        throw await notKept(error);
      }
    },
    async keep() {
      if (received === undefined) {
        throw fileError(`${path} was not received`);
      }
      const names = received.map(({ name }) => name);
      // Hours may have passed since the first look.
      const there = await refuseForeignFiles(path, names, identities);
      const note: Owner = { identity, attemptId, files: received.map(({ part: _, ...file }) => file) };
      const former = await readOwner(absolute);
      const formerFiles = former !== undefined && identities.includes(former.identity) ? former.files : [];
      try {
        // Whatever happens from here on, what stands there is known as ours: the old files, the new ones, or some of both.
        await writeOwner(absolute, attemptId, { ...note, files: [...note.files, ...formerFiles] });
        for (const { part: from, name } of received) {
          const to = join(folder, name);
          await (there.includes(name) ? moveFile(from, to) : moveWithoutReplacing(from, to, join(dirname(path), name)));
        }
      } catch (error) {
        throw error instanceof MailboxRestoreError
          ? error
          : fileError(`${path} cannot be written: ${messageOf(error)}`);
      }
      // The rest is good order: the file is kept.
      const leftOver = formerFiles.filter(({ name }) => !names.includes(name));
      await removeUnchanged(absolute, leftOver).catch(() => undefined);
      await writeOwner(absolute, attemptId, note).catch(() => undefined);
    },
    async reject(reason) {
      throw await notKept(new BadFileError(received?.[0]?.part, reason));
    },
  };
}

async function writeOwner(absolute: string, attemptId: string, note: Owner): Promise<void> {
  const draft = partOf(absolute, `${attemptId}.owner`);
  await writeFile(draft, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  await moveFile(draft, ownerPathOf(absolute));
}

/** A file that is proved, and stands beside its place. */
interface Draft extends OwnedFile {
  part: string;
}

/** One file has the declared name; the parts of a split export are numbered: `finance.1.pst`. */
async function draftsOf(files: ReceivedFile[], absolute: string): Promise<Draft[]> {
  const name = basename(absolute);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return Promise.all(
    files.map(async ({ path, bytes, sha256 }, index) => ({
      part: path,
      name: files.length === 1 ? name : `${stem}.${index + 1}${extension}`,
      bytes,
      sha256,
      modifiedMs: (await stat(path)).mtimeMs,
    })),
  );
}

async function writeSums(list: string, absolute: string, attemptId: string): Promise<Draft> {
  const part = partOf(absolute, `${attemptId}.sha256`);
  await writeFile(part, list, { mode: 0o600, flag: "wx" });
  const { mtimeMs, size } = await stat(part);
  return { part, name: `${basename(absolute)}.sha256`, bytes: size, sha256: sha256Of(list), modifiedMs: mtimeMs };
}

function describe(
  path: string,
  files: ReceivedFile[],
  drafts: Draft[],
  list: string,
  contents: Contents | undefined,
): PstFile {
  const [first] = files;
  const parts = drafts.map(({ name, bytes, sha256, modifiedMs }) => ({
    path: join(dirname(path), name),
    bytes,
    sha256,
    modifiedAt: new Date(modifiedMs).toISOString(),
  }));
  return {
    path,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: files.length === 1 && first !== undefined ? first.sha256 : sha256Of(list),
    verified: [...(first?.verified ?? []), ...(contents === undefined ? [] : ["contents"])],
    present: true,
    modifiedAt: parts.at(-1)?.modifiedAt ?? "",
    ...(files.length === 1 ? {} : { files: parts }),
    ...(contents === undefined ? {} : { contents }),
  };
}

const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");

/** Folders and items of all parts. */
async function contentsOf(files: ReceivedFile[]): Promise<Contents> {
  const sum: Contents = { folders: 0, items: 0 };
  for (const { path } of files) {
    try {
      const { folders, items } = await countContents(path);
      sum.folders += folders;
      sum.items += items;
    } catch (error) {
      throw new BadFileError(path, `the PST cannot be opened: ${messageOf(error)}`);
    }
  }
  return sum;
}

/**
 * What a page or a document repeats of what the server was sent, is taken out of it; one that is too long for that is not kept. A file of
 * mail holds nothing of that.
 */
async function isFitToKeep(path: string, redact: (text: string) => string): Promise<boolean> {
  const { size } = await stat(path);
  if (size > mostText) {
    return !looksLikeText(await firstBytesOf(path));
  }
  const text = await readFile(path, "utf8");
  const redacted = redact(text);
  if (!text.startsWith("!BDN") && redacted !== text) {
    await writeFile(path, redacted);
  }
  return true;
}

/** Bytes that a text has at most. */
const mostText = 1024 * 1024;

async function firstBytesOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Bytes on the disk that are given back when the file begins again. */
async function heldBy(absolute: string, attemptId: string): Promise<number> {
  const sizes = await Promise.all(
    (await partsOf(absolute, attemptId)).map(async (part) => (await look(part))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * @param held - bytes that this export has on the disk already
 * @throws MailboxRestoreError (`file`) when there is no room for what the server is about to send.
 */
async function refuseFullDisk(
  folder: string,
  { bytes, first }: { bytes: number | undefined; first: number },
  held: number,
): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize + (first === 0 ? held : 0);
  const needed = (bytes ?? 0) - first + spareBytes;
  if (bytes !== undefined && free < needed) {
    throw fileError(
      `${folder} has ${inMegabytes(free)} free, and the server is about to send ${inMegabytes(bytes)}: make room`,
    );
  }
}

const inMegabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;

/** An earlier one of this resource is replaced; one of somebody else is not. */
async function placeForRejected(
  absolute: string,
  attemptId: string,
  identities: (string | undefined)[],
): Promise<string> {
  const place = `${absolute}.rejected`;
  if ((await stat(place).catch(() => undefined)) === undefined) {
    return place;
  }
  const { identity } = await readFile(`${place}.json`, "utf8")
    .then((text) => (JSON.parse(text) as { identity?: string } | null) ?? {})
    .catch(() => ({ identity: undefined }));
  return identity !== undefined && identities.includes(identity) ? place : `${absolute}.${attemptId}.rejected`;
}

/** A link fails where a rename would replace what appeared meanwhile. Not every file system has links. */
async function moveWithoutReplacing(from: string, to: string, shown: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw fileError(
        `${shown} appeared while the export ran, so it is not overwritten. Move it away, or choose another path.`,
      );
    }
    await moveFile(from, to);
    return;
  }
  await rm(from, { force: true });
}
