// Puts what a Node program needs beside a Pulumi CLI that came without it.
import fs from "node:fs";
import path from "node:path";

import { root } from "../paths.mjs";

const HOST = "pulumi-language-nodejs";
const DYNAMIC_HOST = "pulumi-resource-pulumi-nodejs";
/** Stands in the second line of our host, and nowhere in Pulumi's own, which is a binary. */
const MARK = "// vb365-language-host:";

/**
 * Puts our language host, and the starter of dynamic providers from the SDK, into a CLI's folder.
 *
 * Files that Pulumi's own release put there are left alone; an older copy of ours is brought up to date.
 * Nothing on Windows: there the engine looks for an .exe or .cmd, and Pulumi's installer is the way.
 */
export function addLanguageHost(binFolder) {
  if (process.platform === "win32") return;
  const ours = fs.readFileSync(path.join(root, "tools/language-host/pulumi-language-nodejs.cjs"));
  const host = path.join(binFolder, HOST);
  if (!fs.existsSync(host) || (isOurs(host) && !fs.readFileSync(host).equals(ours))) putFile(host, ours);
  // Where the host finds an SDK for a project that has none yet.
  const sdk = path.join(root, "node_modules/@pulumi/pulumi/package.json");
  if (isOurs(host) && readIfThere(`${host}.sdk`) !== sdk) putFile(`${host}.sdk`, sdk, 0o644);
  const dynamicHost = path.join(binFolder, DYNAMIC_HOST);
  if (isOurs(host) && !fs.existsSync(dynamicHost)) {
    putFile(dynamicHost, fs.readFileSync(path.join(root, "node_modules/@pulumi/pulumi", DYNAMIC_HOST)));
  }
}

/** Whether a CLI in this folder can run a Node program by itself. */
export function hasLanguageHost(binFolder) {
  return [HOST, `${HOST}.exe`, `${HOST}.cmd`].some((name) => fs.existsSync(path.join(binFolder, name)));
}

function isOurs(file) {
  return fs.readFileSync(file).subarray(0, 200).includes(MARK);
}

function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

/** Under another name first: the engine of another run must never start half a file. */
function putFile(target, content, mode = 0o755) {
  const temporary = `${target}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content, { mode });
  fs.renameSync(temporary, target);
}
