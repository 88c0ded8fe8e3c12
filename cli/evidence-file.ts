import { readFile, stat } from "node:fs/promises";
import { dirname, parse, resolve } from "node:path";
import { MailboxRestoreError, messageOf } from "../provider/errors";
import type { Evidence } from "../evidence/evidence";
import { largestDocumentBytes, parseEvidence } from "../evidence/parse";

/** A document that was named on the command line. */
export interface EvidenceFile {
  /** As it was named. */
  path: string;
  folder: string;
  /** Without its ending. */
  name: string;
  evidence: Evidence;
}

/** Reads a document. @throws {@link MailboxRestoreError} with code `file` */
export async function readEvidenceFile(path: string): Promise<EvidenceFile> {
  try {
    const { size } = await stat(path);
    if (size > largestDocumentBytes) {
      throw new MailboxRestoreError("file", `${path} is too large for evidence of a drill (${size} bytes).`);
    }
    const evidence = parseEvidence(await readFile(path, "utf8"), path);
    return { path, folder: dirname(resolve(path)), name: parse(path).name, evidence };
  } catch (error) {
    throw error instanceof MailboxRestoreError
      ? error
      : new MailboxRestoreError("file", `${path} cannot be read: ${messageOf(error)}.`);
  }
}
