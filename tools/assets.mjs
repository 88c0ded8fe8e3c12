// The last step of npm run build: what the compiler leaves where it is, and the compiled package reads, goes to dist.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { root } from "./paths.mjs";

/** Files beside the sources that the package reads when it runs, relative to the root. */
export const assets = [
  "evidence/schema.json",
  ...["browser.js", "base.css", "pictures.css", "mailboxes.css", "places.css"].map((name) => `evidence/page/${name}`),
];

function copyAssets() {
  for (const asset of assets) {
    const target = path.join(root, "dist", asset);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.copyFileSync(path.join(root, asset), target);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) copyAssets();
