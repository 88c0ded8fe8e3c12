// npm run check:page: opens the HTML page of a drill's evidence in Chromium, in every way that a person may, and fails on what would be in
// their way. `--screenshots FOLDER` says where the pictures go.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { installDebianPackage } from "./apt.mjs";
import { dependenciesAreInstalled, installDependencies } from "./dependencies.mjs";
import { root, stateFolder } from "./paths.mjs";
import { StepError, main } from "./steps.mjs";

const NAMES = ["chromium", "chromium-browser"];

await main(async () => {
  const screenshots = foldersOf(process.argv.slice(2));
  if (!dependenciesAreInstalled()) await installDependencies();
  const chromium = findChromium() ?? (await installChromium());
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", "test/page/check.ts", chromium, screenshots], {
      cwd: root,
      stdio: "inherit",
    });
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
});

function foldersOf(args) {
  try {
    const { values } = parseArgs({ args, options: { screenshots: { type: "string" } } });
    return path.resolve(values.screenshots ?? path.join(stateFolder, "screenshots"));
  } catch (error) {
    throw new StepError(`${error.message}\nUsage: npm run check:page -- [--screenshots FOLDER]`);
  }
}

function findChromium() {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  return folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find(isExecutable);
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Debian's own package: playwright-core brings no browser, and downloads none. */
async function installChromium() {
  const advice = "Install Chromium so that `chromium` is on PATH, and run this again.";
  await installDebianPackage("chromium", { missing: `There is no Chromium on PATH (${NAMES.join(", ")})`, advice });
  const found = findChromium();
  if (found === undefined) throw new StepError(`chromium was installed and is not on PATH. ${advice}`);
  return found;
}
