// Which Pulumi CLI we want, and which one a file is.
import path from "node:path";

import { run } from "../steps.mjs";

/** The version that is fetched or built. The go.mod beside this file names the same one; a change must edit both. */
export const VERSION = "3.259.0";

/** The oldest CLI that will do: the oldest SDK that the package supports (its peer dependency) came with it. */
export const MINIMUM = "3.225.0";

/** The name of the executable on this system. */
export const EXECUTABLE = process.platform === "win32" ? "pulumi.exe" : "pulumi";

const ANSWER_MS = 30_000;

/** A CLI's version, or undefined when the file does not answer like one: missing, half written, for another machine. */
export async function versionOf(executable) {
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { code, output } = await run(executable, ["version"], {
      cwd: path.dirname(executable),
      env,
      timeoutMs: ANSWER_MS,
    });
    return code === 0 ? /^v?(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1] : undefined;
  } catch {
    return undefined;
  }
}

export function isNewEnough(version) {
  const [major, minor, patch] = version.split(/[.+-]/).map(Number);
  const [wantedMajor, wantedMinor, wantedPatch] = MINIMUM.split(".").map(Number);
  // Another major version is another program: the Automation API refuses it, and so do we.
  return major === wantedMajor && (minor - wantedMinor || patch - wantedPatch) >= 0;
}
