// Way 2: the CLI that an earlier run, the Automation API or Pulumi's own launcher keeps in the user's home.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { EXECUTABLE, VERSION, versionOf } from "./version.mjs";

const versions = path.join(process.env.PULUMI_HOME || path.join(os.homedir(), ".pulumi"), "versions");

/** The folder above `bin/` of the pinned version. */
export const cliRoot = path.join(versions, VERSION);

/** Held while the pinned version is fetched or built; in the home, because several checkouts share it. */
export const cliLock = path.join(versions, `.${VERSION}.lock`);

/** @returns `{executable, version}`, or `{reason}` why not, with `unfit` when there is one that does not work. */
export async function findInHome() {
  const executable = path.join(cliRoot, "bin", EXECUTABLE);
  if (!fs.existsSync(executable)) return { reason: `there is no ${executable}` };
  const version = await versionOf(executable);
  if (!version) return { unfit: true, reason: `${executable} does not answer "pulumi version"` };
  return { executable, version };
}

/** A folder of this process alone, on the same disk as {@link cliRoot}, so that its content can be renamed into place. */
export function makeWorkFolder() {
  fs.mkdirSync(versions, { recursive: true });
  for (const name of fs.readdirSync(versions)) {
    // Under the lock there is no other worker: what is there was left by one that was killed.
    if (name.startsWith(`.${VERSION}.work-`)) fs.rmSync(path.join(versions, name), { recursive: true, force: true });
  }
  return fs.mkdtempSync(path.join(versions, `.${VERSION}.work-`));
}

/** Puts a finished `bin` folder in place as a whole: another process sees the old one, or none, or all of the new one. */
export function putBin(finished) {
  const target = path.join(cliRoot, "bin");
  fs.mkdirSync(cliRoot, { recursive: true });
  if (fs.existsSync(target)) fs.renameSync(target, path.join(path.dirname(finished), "replaced"));
  fs.renameSync(finished, target);
}
