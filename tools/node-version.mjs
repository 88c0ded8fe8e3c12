// Imported first by every tool: says in one sentence what an old Node would say in a page of syntax errors.
import fs from "node:fs";

const { engines } = JSON.parse(fs.readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [major, minor] = process.versions.node.split(".").map(Number);
const [wantedMajor, wantedMinor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);

if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(
    `This needs Node ${wantedMajor}.${wantedMinor} or newer, and ${process.execPath} is ${process.version}.`,
  );
  process.exit(1);
}
