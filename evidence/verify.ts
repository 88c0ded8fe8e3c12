import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../provider/errors";
import { isDigestRight } from "./digest";
import type { Evidence, ExportedFile } from "./evidence";

/** What became of a file that was exported. */
export interface FileProof {
  mailbox: string;
  /** As the evidence names it. */
  path: string;
  /** `unreadable`: it is there, and could not be read; nothing is known of it. */
  result: "ok" | "missing" | "changed" | "unreadable";
  /** In words, where it is not ok. */
  detail: string;
}

/** What was proved of a document. */
export interface Proof {
  isDigestRight: boolean;
  /** One for each file, in the order of the document. */
  files: FileProof[];
  /** The digest is right, and every file is ok. */
  isRight: boolean;
}

/**
 * Proves that a document and the files that it names are still as they were written. Files are read to their end, one after another.
 *
 * @param base - folder that relative paths start from, default the current one
 */
export async function verifyEvidence(evidence: Evidence, base = process.cwd()): Promise<Proof> {
  const files: FileProof[] = [];
  for (const { mailbox, pst } of evidence.mailboxes) {
    for (const file of pst) {
      files.push({ mailbox, path: file.path, ...(await proveFile(file, base)) });
    }
  }
  const isRight = isDigestRight(evidence);
  return { isDigestRight: isRight, files, isRight: isRight && files.every(({ result }) => result === "ok") };
}

async function proveFile(file: ExportedFile, base: string): Promise<Pick<FileProof, "result" | "detail">> {
  try {
    const path = resolve(base, file.path);
    const { size, isFile } = await statOf(path);
    if (!isFile) {
      return { result: "changed", detail: "it is no ordinary file" };
    }
    if (size !== file.bytes) {
      return { result: "changed", detail: `${size} bytes instead of ${file.bytes}` };
    }
    const sha256 = await hashOf(path);
    return sha256 === file.sha256 ? { result: "ok", detail: "" } : { result: "changed", detail: `SHA-256 ${sha256}` };
  } catch (error) {
    const isMissing = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    return isMissing
      ? { result: "missing", detail: "there is no such file" }
      : { result: "unreadable", detail: messageOf(error) };
  }
}

async function statOf(path: string): Promise<{ size: number; isFile: boolean }> {
  const stats = await stat(path);
  return { size: stats.size, isFile: stats.isFile() };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
