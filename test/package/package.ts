import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const root = resolve(__dirname, "../..");

/** A package.json, as far as the tests read one. */
export interface Manifest {
  version: string;
  main: string;
  types: string;
  bin: Record<string, string>;
  exports: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** What `npm pack` says of the file that it wrote. */
export interface Tarball {
  path: string;
  /** Hash of the whole file. */
  integrity: string;
  /** Paths inside of the package. */
  files: string[];
}

/** Runs a program to its end; throws with everything that it printed when it fails. */
export async function run(command: string, args: string[], options: { cwd: string; env?: NodeJS.ProcessEnv }) {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { ...options, maxBuffer: 2 ** 26 });
    return stdout + stderr;
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: unknown; stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} ended with ${String(code)}:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Packs what is in dist now, as a release does. */
export async function pack(folder: string): Promise<Tarball> {
  const args = ["pack", "--json", "--loglevel=error", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: root });
  const [packed] = Object.values(
    JSON.parse(stdout) as Record<string, { filename: string; integrity: string; files: { path: string }[] }>,
  );
  if (packed === undefined) {
    throw new Error(`npm pack answered ${stdout}`);
  }
  const { filename, integrity, files } = packed;
  return { path: join(folder, filename), integrity, files: files.map(({ path }) => path).sort() };
}

/** An empty folder far from the repository, whose node_modules cannot be found from there. */
export async function anEmptyFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "vb365-package-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
}
