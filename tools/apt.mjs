// Debian's own packages, for the few commands that need a program which npm does not have.
import { StepError, mustRun, run, say } from "./steps.mjs";

const MINUTE_MS = 60_000;

/**
 * Installs a package with apt-get, and says so, where this user may.
 *
 * @param options - `missing`: what is not there, the begin of a sentence; `advice`: what to do where it cannot be installed
 */
export async function installDebianPackage(name, { missing, advice }) {
  const isRoot = process.getuid?.() === 0;
  const hasApt = isRoot && (await run("apt-get", ["--version"]).catch(() => ({ code: 1 }))).code === 0;
  if (!hasApt) throw new StepError(`${missing}. ${advice}`);
  say(`${missing}; installing Debian's package ${name} with apt-get (a minute or two) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { advice, env, timeoutMs: 10 * MINUTE_MS };
  await mustRun("apt-get update", "apt-get", ["update", "-qq"], options);
  await mustRun(`apt-get install ${name}`, "apt-get", ["install", "-y", "-qq", name], options);
}
