// Way 1: the CLI that the person has.
import fs from "node:fs";
import path from "node:path";

import { hasLanguageHost } from "../language-host/install.mjs";
import { EXECUTABLE, MINIMUM, isNewEnough, versionOf } from "./version.mjs";

/**
 * Looks for `pulumi` on PATH.
 *
 * It must be new enough and have a Node language host beside it or on PATH: without one no Node program runs under
 * plain `pulumi up`, and into a folder that is not ours we put nothing.
 *
 * @returns `{executable, version}`, or `{reason}` why not, with `unfit` when there is one that will not do.
 */
export async function findOnPath() {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  const executable = folders.map((folder) => path.join(folder, EXECUTABLE)).find(isExecutable);
  if (!executable) return { reason: "there is no pulumi on PATH" };
  const version = await versionOf(executable);
  if (!version) return { unfit: true, reason: `${executable} does not answer "pulumi version"` };
  if (!isNewEnough(version))
    return { unfit: true, reason: `${executable} is ${version}, at least ${MINIMUM} is needed` };
  // Package managers put links on PATH; the engine looks beside the file that the link leads to.
  const real = fs.realpathSync(executable);
  if (![path.dirname(real), ...folders].some(hasLanguageHost)) {
    return { unfit: true, reason: `${executable} has no Node language host (pulumi-language-nodejs)` };
  }
  return { executable, version };
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
