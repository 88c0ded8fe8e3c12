// Runs in a process of its own, see download.mjs. Arguments: the folder to install into, the version.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { PulumiCommand } = require("@pulumi/pulumi/automation");
// The SDK compares versions with its own copy of semver, and wants an object of that copy.
const { SemVer } = createRequire(require.resolve("@pulumi/pulumi"))("semver");

const [root, version] = process.argv.slice(2);
try {
  await PulumiCommand.install({ root, version: new SemVer(version) });
} catch (error) {
  console.error(error.message.trim());
  process.exitCode = 1;
}
