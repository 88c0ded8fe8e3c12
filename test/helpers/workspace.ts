import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** An empty folder in which a program of ours can run: the repository's packages are found from there. */
export async function aWorkspace(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "vb365-test-"));
  await symlink(join(root, "node_modules"), join(path, "node_modules"), "dir");
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
