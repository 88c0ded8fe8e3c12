// npm run setup: from a fresh clone to a state in which everything runs. Says what it does, and nothing when all is there.
import "./node-version.mjs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { compile, distIsFresh } from "./compile.mjs";
import { dependenciesAreInstalled, installDependencies } from "./dependencies.mjs";
import { withLock } from "./lock.mjs";
import { stateFolder } from "./paths.mjs";
import { getPulumiCli } from "./pulumi-cli/index.mjs";
import { main } from "./steps.mjs";

/**
 * Installs, compiles and finds a Pulumi CLI, as far as each is needed.
 *
 * @returns the CLI: `{root, bin, version}`.
 */
export async function setup() {
  const isReady = () => dependenciesAreInstalled() && distIsFresh();
  if (!isReady()) {
    await withLock(path.join(stateFolder, "setup.lock"), "the set-up", async () => {
      // Both are asked again: whoever held the lock before us has probably done it.
      if (!dependenciesAreInstalled()) await installDependencies();
      if (!distIsFresh()) await compile();
    });
  }
  return await getPulumiCli();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(setup);
