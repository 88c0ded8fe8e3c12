import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { PstFile } from "./draft";
import { isSameTime, look } from "./owner";

/**
 * Are the files there, unchanged? Size and time are compared; where the time is another one, or it is asked for, the content, too. What
 * cannot be looked at is not there.
 */
export async function isPstPresent(
  pst: Pick<PstFile, "path" | "bytes" | "sha256" | "modifiedAt" | "files">,
  { hash = false }: { hash?: boolean } = {},
): Promise<boolean> {
  for (const file of pst.files ?? [pst]) {
    const path = resolve(file.path);
    const there = await look(path).catch(() => undefined);
    if (there?.size !== file.bytes) {
      return false;
    }
    const isTouched = file.modifiedAt !== undefined && !isSameTime(Date.parse(file.modifiedAt), there.mtimeMs);
    if ((hash || isTouched) && (await sha256Of(path).catch(() => undefined)) !== file.sha256) {
      return false;
    }
  }
  return true;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}
