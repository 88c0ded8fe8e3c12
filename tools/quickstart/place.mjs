// Where the quickstart keeps its things: all of it below .vb365, which git ignores.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { stateFolder } from "../paths.mjs";

export const PROJECT = "vb365";
export const STACK = "quickstart";

/** The stack's working folder: its Pulumi.yaml, its settings, its journal and its exports. */
export const workFolder = path.join(stateFolder, STACK);

const backend = path.join(stateFolder, "backend");
const passphraseFile = path.join(stateFolder, "passphrase");

export const backendUrl = pathToFileURL(backend).href;

/** Held during a whole run: two at once would be one stack with two simulators. */
export const runLock = path.join(stateFolder, `${STACK}.lock`);

/** Makes the folders and the passphrase, and answers the environment that Pulumi needs to use them. */
export function prepare() {
  for (const folder of [workFolder, backend]) fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(passphraseFile)) {
    // Complete under another name first, and for this user only from its first byte on.
    const temporary = `${passphraseFile}.${process.pid}.tmp`;
    fs.writeFileSync(temporary, randomBytes(24).toString("base64url"), { mode: 0o600 });
    fs.renameSync(temporary, passphraseFile);
  }
  return {
    PULUMI_BACKEND_URL: backendUrl,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** Forgets the quickstart: its folder, and its stack in the backend. Other stacks in the same backend stay. */
export function forget() {
  fs.rmSync(workFolder, { recursive: true, force: true });
  const store = path.join(backend, ".pulumi");
  if (!fs.existsSync(store)) return;
  const isOurs = new RegExp(`(^|/)${PROJECT}/${STACK}($|\\.json)`);
  for (const name of fs.readdirSync(store, { recursive: true }).map((entry) => entry.split(path.sep).join("/"))) {
    if (isOurs.test(name)) fs.rmSync(path.join(store, name), { recursive: true, force: true });
  }
}

/** Whether a run that was killed left Pulumi's own lock on the stack: who holds ours knows that no other run lives. */
export function hasLeftoverLock() {
  const locks = path.join(backend, ".pulumi", "locks");
  if (!fs.existsSync(locks)) return false;
  const names = fs.readdirSync(locks, { recursive: true }).map((entry) => entry.split(path.sep).join("/"));
  return names.some((name) => name.includes(`/${PROJECT}/${STACK}/`) && name.endsWith(".json"));
}
