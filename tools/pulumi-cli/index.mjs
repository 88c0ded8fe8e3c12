// Finds or gets a Pulumi CLI, by the cheapest way that works.
import path from "node:path";

import { addLanguageHost } from "../language-host/install.mjs";
import { withLock } from "../lock.mjs";
import { StepError, say } from "../steps.mjs";
import { INSTALL_PAGE, build } from "./build.mjs";
import { download } from "./download.mjs";
import { cliLock, findInHome } from "./home.mjs";
import { findOnPath } from "./on-path.mjs";
import { MINIMUM } from "./version.mjs";

/** The ways in their order. `takesLong`: it changes the user's home, so only one process at a time may do it. */
const WAYS = {
  path: { find: findOnPath, from: "found on PATH" },
  home: { find: findInHome, from: "kept in PULUMI_HOME" },
  download: { find: () => download(say), from: "downloaded", takesLong: true },
  build: { find: () => build(say), from: "built from its Go module", takesLong: true },
};

/**
 * Finds or gets a CLI, and says in one line which.
 *
 * `VB365_PULUMI_CLI_WAYS` limits the ways and sets their order, for example `home,build` where downloads are not wanted.
 *
 * @returns `{root, bin, version}`: `bin` is the folder with the executable, `root` the one above it.
 * @throws {@link StepError} that lists what was tried.
 */
export async function getPulumiCli() {
  const tried = [];
  const quick = wantedWays().filter((way) => !WAYS[way].takesLong);
  const found =
    (await tryWays(quick, tried)) ??
    (await withLock(cliLock, "getting a Pulumi CLI", async () => {
      // Whoever held the lock before us may have brought what we came for.
      const ways = wantedWays().filter((way) => WAYS[way].takesLong);
      return await tryWays(ways.length > 0 && quick.includes("home") ? ["home", ...ways] : ways, tried);
    }));
  if (!found) throw new StepError(nothingFound(tried));
  const bin = path.dirname(found.executable);
  if (found.way !== "path") addLanguageHost(bin);
  say(`Pulumi CLI ${found.version}, ${WAYS[found.way].from}: ${found.executable}`);
  return { root: path.dirname(bin), bin, version: found.version };
}

async function tryWays(ways, tried) {
  for (const way of ways) {
    const { executable, version, reason, unfit } = await WAYS[way].find();
    if (executable) return { way, executable, version };
    if (tried.includes(reason)) continue;
    tried.push(reason);
    if (WAYS[way].takesLong || unfit) say(`  … ${reason}; looking further.`);
  }
  return undefined;
}

function wantedWays() {
  const wanted = process.env.VB365_PULUMI_CLI_WAYS;
  if (!wanted) return Object.keys(WAYS);
  const ways = wanted.split(",").map((way) => way.trim());
  const unknown = ways.filter((way) => !Object.hasOwn(WAYS, way));
  if (unknown.length === 0) return ways;
  throw new StepError(`VB365_PULUMI_CLI_WAYS names "${unknown[0]}"; known ways are ${Object.keys(WAYS).join(", ")}.`);
}

function nothingFound(tried) {
  return [
    "No Pulumi CLI could be found or made:",
    ...tried.map((reason) => `  - ${reason}`),
    `Install Pulumi ${MINIMUM} or newer (${INSTALL_PAGE}), or Go (https://go.dev/dl/), and try again.`,
  ].join("\n");
}
