// Way 4: from the published Go module, for networks that reach a Go module proxy but not Pulumi's downloads.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { addLanguageHost } from "../language-host/install.mjs";
import { mustRun, run } from "../steps.mjs";
import { findInHome, makeWorkFolder, putBin } from "./home.mjs";
import { EXECUTABLE, VERSION } from "./version.mjs";

const LIMIT_MS = 45 * 60_000;

// As Pulumi builds its releases: no cgo for users and groups, no gRPC tracing, no symbols, the version put in.
const FLAGS = [
  ...["-trimpath", "-mod=readonly", "-tags", "osusergo,grpcnotrace"],
  ...["-ldflags", `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${VERSION}`],
];

/** Builds the CLI with the versions that the go.mod and go.sum beside this file pin. */
export async function build(say) {
  const go = await goVersion();
  if (!go) return { reason: "it cannot be built here, Go is not installed" };
  say(`Building the Pulumi CLI ${VERSION} with ${go} (once; 4 minutes on two cores and 4.5 GB of Go caches) …`);
  const started = Date.now();
  const ticker = setInterval(
    () => say(`  … still building (${Math.round((Date.now() - started) / 60_000)} min)`),
    60_000,
  );
  const work = makeWorkFolder();
  try {
    const bin = path.join(work, "bin");
    await mustRun("The build of the Pulumi CLI", "go", ["build", ...FLAGS, "-o", path.join(bin, EXECUTABLE), PACKAGE], {
      cwd: path.dirname(fileURLToPath(import.meta.url)),
      // A go.work above this folder, or flags of the user's own, must not change what is built.
      env: { ...process.env, GOWORK: "off", GOFLAGS: "" },
      timeoutMs: LIMIT_MS,
      advice: `Go needs its module proxy or its caches for this. Or install Pulumi (${INSTALL_PAGE}) and try again.`,
    });
    addLanguageHost(bin);
    putBin(bin);
    return await findInHome();
  } finally {
    clearInterval(ticker);
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Where a person gets the official CLI. */
export const INSTALL_PAGE = "https://www.pulumi.com/docs/install/";

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";

async function goVersion() {
  try {
    const { code, output } = await run("go", ["env", "GOVERSION"], { timeoutMs: 30_000 });
    return code === 0 ? output.trim() : undefined;
  } catch {
    return undefined;
  }
}
