// Brings dist to what the sources say.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { assets } from "./assets.mjs";
import { root } from "./paths.mjs";
import { mustRun, npm, say } from "./steps.mjs";

const dist = path.join(root, "dist");
// Asking the compiler whether there is anything to do takes it a second; hashing what it would read takes milliseconds.
const stamp = path.join(dist, ".sources.sha256");

/** Whether dist was made, to the end, from the sources as they are now. */
export function distIsFresh() {
  return read(stamp) === hashOfSources();
}

/**
 * Compiles. The stamp goes first and comes back last, so that {@link distIsFresh} never says yes to half of a build;
 * who finds it gone waits for the lock under which this runs.
 */
export async function compile() {
  say("Compiling the TypeScript sources (some seconds) …");
  // Without a stamp nobody knows what the compiler's own notes are worth; with one, they save most of the work.
  if (read(stamp) === undefined) fs.rmSync(path.join(dist, ".tsbuildinfo"), { force: true });
  fs.rmSync(stamp, { force: true });
  const hash = hashOfSources();
  const [command, args] = npm("run", "--silent", "build");
  await mustRun("npm run build", command, args, { advice: "Mend the lines it names, then try again." });
  removeOutputsWithoutSource();
  fs.writeFileSync(`${stamp}.tmp`, hash);
  fs.renameSync(`${stamp}.tmp`, stamp);
}

function hashOfSources() {
  const hash = createHash("sha256");
  for (const file of [...sources(), ...assets, "tsconfig.json", "tsconfig.build.json", "package-lock.json"]) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(path.join(root, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

function sources() {
  const { include } = JSON.parse(fs.readFileSync(path.join(root, "tsconfig.build.json"), "utf8"));
  return include
    .flatMap((folder) => filesBelow(folder))
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

/** What a source that was renamed or removed left behind would still be loaded, and would be published. */
function removeOutputsWithoutSource() {
  const wanted = new Set([...sources(), ...assets].map((file) => file.replace(/\.(ts|js)$/, "")));
  for (const file of filesBelow("dist")) {
    const source = path.relative("dist", file).replace(/(\.d\.ts|\.js\.map|\.js)$/, "");
    if (/\.(d\.ts|js|js\.map|css|json)$/.test(file) && !wanted.has(source)) fs.rmSync(path.join(root, file));
  }
}

function filesBelow(folder) {
  // Like the compiler, take a folder that is not there for an empty one.
  if (!fs.existsSync(path.join(root, folder))) return [];
  const entries = fs.readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
