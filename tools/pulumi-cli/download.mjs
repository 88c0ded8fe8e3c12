// Way 3: the official download.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { run, tail } from "../steps.mjs";
import { findInHome, makeWorkFolder, putBin } from "./home.mjs";
import { VERSION } from "./version.mjs";

/** Enough for some 100 MB on a slow line; on a closed network the end of it is noticed at once, or by this. */
const LIMIT_MS = Number(process.env.VB365_PULUMI_DOWNLOAD_SECONDS || 60) * 1000;

/**
 * Lets the Automation API fetch the official CLI, in a child process that can be killed with all that it started:
 * it runs a shell script with curl in it and knows no limit of its own.
 */
export async function download(say) {
  say(`Downloading the Pulumi CLI ${VERSION} (about 100 MB; given up after ${LIMIT_MS / 1000} s) …`);
  const work = makeWorkFolder();
  try {
    const child = fileURLToPath(new URL("download-child.mjs", import.meta.url));
    const { code, output, timedOut } = await run(process.execPath, [child, work, VERSION], { timeoutMs: LIMIT_MS });
    if (timedOut) return { reason: `the download was not done after ${LIMIT_MS / 1000} s` };
    if (code !== 0) return { reason: `the download failed: ${tail(output).split("\n").at(-1)}` };
    putBin(path.join(work, "bin"));
    return await findInHome();
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}
