import { randomUUID } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MailboxRestoreError, messageOf } from "../provider/errors";
import { moveFile } from "../provider/move-file";
import type { Evidence } from "./evidence";
import { toHtml } from "./html";
import { toJUnit } from "./junit";
import { toMarkdown } from "./markdown";
import { otherOwnerOf } from "./whose";

/** The formats of evidence, in the order in which they are written: the record itself first. */
export const formats = ["json", "markdown", "junit", "html"] as const;

export type Format = (typeof formats)[number];

/** What was written where. */
export interface WrittenEvidence extends Record<Format, string> {
  /** Digest of the document, lower-case hexadecimal. */
  digest: string;
}

const endings: Record<Format, string> = { json: ".json", markdown: ".md", junit: ".junit.xml", html: ".html" };

/**
 * The owner writes, the group reads (auditors, say), and nobody else: there is no secret in evidence, but there are addresses of people and
 * what the server said of their mailboxes.
 */
const mode = 0o640;

/**
 * Writes a document in every format, each file as a whole or not at all. It replaces what the same drill left there, and nothing of another one.
 *
 * @param folder - made where it is missing
 * @param name - names of the files without their ending: `NAME.json`, `NAME.md`, `NAME.junit.xml`, `NAME.html`
 * @param ownDigest - of the evidence that this drill is known to have written, should it have had another name then
 * @throws {@link MailboxRestoreError} with code `file`
 */
export async function writeEvidence(
  evidence: Evidence,
  folder: string,
  name: string,
  ownDigest?: string,
): Promise<WrittenEvidence> {
  const path = pathOf("json", folder, name);
  const other = await otherOwnerOf(path, evidence.drill, ownDigest).catch((error: unknown) => {
    // Whose it is cannot be seen, so it may be another's.
    throw unwritable(path, error);
  });
  if (other !== undefined) {
    throw new MailboxRestoreError(
      "file",
      `${anothers(path, other)} Nothing was written, and nothing that was restored is restored again by another pulumi up.`,
    );
  }
  const paths: Partial<Record<Format, string>> = {};
  for (const format of formats) {
    paths[format] = await writeFormat(evidence, format, folder, name);
  }
  return { ...(paths as Record<Format, string>), digest: evidence.digest.value };
}

/** Why a path is not written to, and what to do. */
export const anothers = (path: string, other: string) =>
  `${path} is the evidence of another drill and is not replaced: ${other}. Give this one another evidence.folder or evidence.name, or put ` +
  `that file away.`;

const unwritable = (path: string, error: unknown) =>
  new MailboxRestoreError("file", `The evidence ${path} could not be written: ${messageOf(error)}.`);

/** Writes one format. @returns the path of the file */
export async function writeFormat(evidence: Evidence, format: Format, folder: string, name: string): Promise<string> {
  const path = pathOf(format, folder, name);
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(path, textOf(evidence, format));
  } catch (error) {
    throw unwritable(path, error);
  }
  return path;
}

/** Where a format is written to. @throws {@link MailboxRestoreError} for a name that would lead into another folder */
export function pathOf(format: Format, folder: string, name: string): string {
  if (name === "" || name !== basename(name) || /[\\\0]/.test(name)) {
    throw new MailboxRestoreError("file", `${JSON.stringify(name)} is no name of a file.`);
  }
  return join(folder, `${name}${endings[format]}`);
}

function textOf(evidence: Evidence, format: Format): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(evidence, null, 2)}\n`;
    case "markdown":
      return toMarkdown(evidence);
    case "junit":
      return toJUnit(evidence);
    case "html":
      return toHtml(evidence);
  }
}

/** After a crash or a power cut the old file is there or the new one, and nothing in between. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveFile(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  // A new name is on disk when its folder is. Not every system can say so (Windows: EPERM); those that cannot write it at once.
  const handle = await open(dirname(path), "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
