import { readFile } from "node:fs/promises";
import type { DeclaredDrill, Evidence, Shard } from "./evidence";
import { shown } from "./text";

/** Whose evidence it is: a part of a drill of a stack. Each run of it replaces what an earlier one left under the same name. */
export type Owner = Pick<DeclaredDrill, "name" | "project" | "stack" | "shard">;

/**
 * Whose the evidence at a path is, in words, when it is another drill's; undefined where there is none, or it is this one's own.
 *
 * What was changed or damaged since still says whose it is. What is no JSON, or says nothing of it, is nobody's.
 *
 * @param ownDigest - of evidence that is known to be its own, whatever drill and stack were called then
 * @throws what the system says, when a file is there and cannot be read
 */
export async function otherOwnerOf(path: string, owner: Owner, ownDigest?: string): Promise<string | undefined> {
  const found = await evidenceAt(path);
  if (found?.drill === undefined || (ownDigest !== undefined && found.digest?.value === ownDigest)) {
    return undefined;
  }
  const isMerged = (found.mergedFrom?.length ?? 0) > 0;
  return !isMerged && wordsOf(found.drill) === wordsOf(owner)
    ? undefined
    : shown(`${isMerged ? "merged, " : ""}${wordsOf(found.drill)}`);
}

/** Loosely: what is not whole by the schema may be another drill's all the same. */
async function evidenceAt(path: string): Promise<Partial<Evidence> | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  try {
    const document = JSON.parse(text) as Partial<Evidence> | null;
    return typeof document?.drill === "object" && document.drill !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf({ name, project, stack, shard }: Owner): string {
  return `drill ${name} of project ${project}, stack ${stack}${partOf(shard ?? null)}`;
}

const partOf = (shard: Shard | null) => (shard === null ? "" : `, shard ${shard.index + 1} of ${shard.count}`);
