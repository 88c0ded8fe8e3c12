import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Simulator, startSimulator } from "../../simulator";
import { typingIn } from "../helpers/engine";
import { anEmptyFolder, pack, root, run } from "../package/package";

/** Whole programs, by what their README does beyond the settings, and what is sent then. */
const examples: Record<string, { stack: string; sent: number }> = {
  quickstart: { stack: "dev", sent: 3 },
  "dr-runbook": { stack: "INC-4711", sent: 4 },
  "scheduled-drill": { stack: "nightly", sent: 4 },
  gitops: { stack: "dev", sent: 1 },
};

describe("an example, taken by pulumi new into an empty folder", () => {
  let simulator: Simulator;
  let folder: string;
  let removeFolder: () => Promise<void>;

  before(async () => {
    const empty = await anEmptyFolder();
    ({ path: folder, remove: removeFolder } = empty);
    await mkdir(join(folder, "backend"));
    // One installation for all, in the folder above them: the packed package, and what the templates ask for besides.
    const manifest = await readFile(join(root, "examples", "gitops", "package.json"), "utf8");
    const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> };
    const others = Object.entries(devDependencies).map(([name, range]) => `${name}@${range}`);
    const args = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", "--no-save"];
    await run("npm", [...args, (await pack(folder)).path, "@pulumi/pulumi@^3.225.0", ...others], { cwd: folder });
  });
  after(() => removeFolder?.());
  beforeEach(async () => (simulator = await startSimulator({ restoreAnswer: "counters" })));
  afterEach(() => simulator?.stop());

  /** Types lines into a shell of their own, where Pulumi asks nothing back. */
  const type = (cwd: string, lines: string[]) => {
    const quiet = `pulumi() { case "$1" in up|destroy) command pulumi --non-interactive "$@" --yes;; *) command pulumi --non-interactive "$@";; esac; }`;
    return run("bash", ["-euc", [quiet, ...lines].join("\n")], { cwd, env: typingIn(folder) });
  };

  for (const [name, { stack, sent }] of Object.entries(examples)) {
    const template = join(root, "examples", name);

    it(`runs as its README says, and a second up sends nothing: ${name}`, async () => {
      const project = join(folder, name);
      await mkdir(project);
      await type(project, [`pulumi new "${template}" --generate-only --yes --name ${name}`]);
      const config = Object.entries(simulator.stackConfig).map(
        ([key, { value, secret }]) => `${secret === true ? "--secret" : "--plaintext"} '${key}=${value}'`,
      );
      await type(project, [`pulumi stack init ${stack}`, `pulumi config set-all ${config.join(" ")}`]);
      const defaults = await defaultsOf(template);
      await type(
        project,
        defaults.map(([key, value]) => `pulumi config set ${key} '${value}'`),
      );

      const printed = await type(project, await commandsIn(join(template, "README.md")));
      assert.equal(simulator.sent.length, sent, printed);
      // The quickstart's page ends with a destroy.
      if (name !== "quickstart") {
        await type(project, ["pulumi up"]);
        assert.equal(simulator.sent.length, sent, "after one more up");
      }
      assert.deepEqual(simulator.openSessions, []);
      assert.deepEqual(simulator.unknown, []);
    });

    if (existsSync(join(template, "test"))) {
      it(`passes its own tests there: ${name}`, async () => {
        assert.match(await type(join(folder, name), ["npm test"]), /\d+ passing/);
      });
    }
  }
});

/** Settings of a template that have a default, which pulumi new offers. */
async function defaultsOf(template: string): Promise<[string, string][]> {
  const text = await readFile(join(template, "Pulumi.yaml"), "utf8");
  return [...text.matchAll(/^ {4}(\S+):\n(?: {6}.*\n)*? {6}default: (.+)$/gm)].map(([, key = "", value = ""]) => [
    key,
    value,
  ]);
}

/** What a README's shell blocks say, but for the making of the project. */
async function commandsIn(readme: string): Promise<string[]> {
  const blocks = [...(await readFile(readme, "utf8")).matchAll(/```sh\n([^]*?)```/g)];
  return blocks
    .flatMap(([, block = ""]) => block.split("\n"))
    .filter((line) => line !== "" && !line.startsWith("pulumi new "));
}
