import { accessSync, constants, statSync } from "node:fs";
import { lstat, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MailboxRestoreError, messageOf } from "../errors";

/** Says whose the files of an export are, and recognises them; stands beside as `PATH.owner.json`. */
export interface Owner {
  identity: string;
  attemptId: string;
  files: OwnedFile[];
}

export interface OwnedFile {
  /** In the same folder. */
  name: string;
  sha256: string;
  bytes: number;
  modifiedMs: number;
}

export const ownerPathOf = (absolute: string) => `${absolute}.owner.json`;

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

/**
 * Refuses to replace what is not a file of this resource.
 *
 * @param names - of files in the folder of `path`
 * @returns those of them that stand there
 * @throws MailboxRestoreError (`file`)
 */
export async function refuseForeignFiles(
  path: string,
  names: string[],
  identities: (string | undefined)[],
): Promise<string[]> {
  const absolute = resolve(path);
  const owner = await readOwner(absolute);
  const isOurs = owner !== undefined && identities.includes(owner.identity);
  const known = isOurs ? owner.files : [];
  if (owner !== undefined && !isOurs && (await unchanged(absolute, owner.files)).length > 0) {
    throw fileError(
      `${path} belongs to another export: ${ownerPathOf(path)} says so. Move its files away, or choose another path.`,
    );
  }
  const there: string[] = [];
  for (const name of names) {
    // A link at its place is nothing of ours, wherever it leads to.
    const found = await look(join(dirname(absolute), name), lstat);
    if (found === undefined) {
      continue;
    }
    if (!known.some((file) => file.name === name && isSameFile(file, found))) {
      const shown = join(dirname(path), name);
      throw fileError(
        `${shown} exists and is not an export of this resource, so it is not overwritten. Move it away, or choose another path.`,
      );
    }
    there.push(name);
  }
  return there;
}

/**
 * Removes the files of an attempt, and its note, as far as they are still what it wrote.
 *
 * @returns whether they were there and are gone; what somebody else had put in the place of one stays
 */
export async function deletePst(path: string, attemptId: string): Promise<boolean> {
  const absolute = resolve(path);
  const owner = await readOwner(absolute);
  if (owner?.attemptId !== attemptId) {
    return false;
  }
  const removed = await removeUnchanged(absolute, owner.files);
  await rm(ownerPathOf(absolute), { force: true });
  const names = new Set(owner.files.map(({ name }) => name));
  const left = await Promise.all([...names].map((name) => look(join(dirname(absolute), name))));
  return removed > 0 && left.every((file) => file === undefined);
}

/** @returns how many there were; what is something else is left alone */
export async function removeUnchanged(absolute: string, files: OwnedFile[]): Promise<number> {
  const found = await unchanged(absolute, files);
  await Promise.all(found.map((path) => rm(path, { force: true })));
  return found.length;
}

/** Paths of those files that are still there as they were noted. */
async function unchanged(absolute: string, files: OwnedFile[]): Promise<string[]> {
  const paths = await Promise.all(
    files.map(async (file) => {
      const path = join(dirname(absolute), file.name);
      const there = await look(path);
      return there !== undefined && isSameFile(file, there) ? path : undefined;
    }),
  );
  return [...new Set(paths.filter((path) => path !== undefined))];
}

/** Notes that the resource has another name now, if the files are still those that this attempt wrote. */
export async function renameOwner(path: string, attemptId: string, identity: string): Promise<void> {
  const absolute = resolve(path);
  const owner = await readOwner(absolute);
  if (owner?.attemptId === attemptId && owner.identity !== identity) {
    await writeFile(ownerPathOf(absolute), `${JSON.stringify({ ...owner, identity })}\n`, { mode: 0o600 });
  }
}

export async function readOwner(absolute: string): Promise<Owner | undefined> {
  try {
    const note = JSON.parse(await readFile(ownerPathOf(absolute), "utf8")) as Partial<Owner & OwnedFile> | null;
    const { identity, attemptId, files, sha256, bytes, modifiedMs } = note ?? {};
    if (typeof identity !== "string" || typeof attemptId !== "string") {
      return undefined;
    }
    // 0.1.0 noted one file, without its name.
    const one = { name: basename(absolute), sha256: sha256 ?? "", bytes: bytes ?? -1, modifiedMs: modifiedMs ?? -1 };
    // A name that leads elsewhere was not written by us.
    const named = Array.isArray(files) ? files.filter(({ name }) => basename(name) === name) : [one];
    return { identity, attemptId, files: named };
  } catch {
    // No note, or one that cannot be read: not provably ours, which is the safe answer.
    return undefined;
  }
}

export interface Look {
  size: number;
  mtimeMs: number;
}

/** Times of files are kept to the nanosecond here and to two seconds there. */
export const isSameTime = (a: number, b: number) => Math.abs(a - b) <= 2000;

const isSameFile = ({ bytes, modifiedMs }: OwnedFile, { size, mtimeMs }: Look) =>
  bytes === size && isSameTime(modifiedMs, mtimeMs);

/** Undefined where there is nothing. */
export async function look(path: string, ask: (path: string) => Promise<Look> = stat): Promise<Look | undefined> {
  try {
    return await ask(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw fileError(`${path} cannot be looked at: ${messageOf(error)}`);
  }
}

export const fileError = (message: string) => new MailboxRestoreError("file", message);
