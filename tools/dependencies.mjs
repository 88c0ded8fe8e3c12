// Brings node_modules to what package-lock.json says.
import fs from "node:fs";
import path from "node:path";

import { root } from "./paths.mjs";
import { mustRun, npm, say } from "./steps.mjs";

/** Whether node_modules holds what package-lock.json asks for. */
export function dependenciesAreInstalled() {
  // npm writes this file last, after every package is in place: it is the stamp, and it holds for installs of any kind.
  const installed = readPackages("node_modules/.package-lock.json");
  if (!installed) return false;
  return Object.entries(readPackages("package-lock.json") ?? {}).every(([name, wanted]) => {
    const there = installed[name];
    // Optional packages are for other systems; the entry without a name is the project itself.
    if (!there) return name === "" || wanted.optional === true;
    return there.version === wanted.version && there.integrity === wanted.integrity && there.link === wanted.link;
  });
}

export async function installDependencies() {
  say("Installing the packages of package-lock.json with npm ci (usually less than a minute) …");
  const [command, args] = npm("ci", "--no-audit", "--no-fund");
  await mustRun("npm ci", command, args, {
    advice: "Look at the network and at the registry in your npm settings, then try again.",
  });
}

function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), "utf8")).packages;
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
