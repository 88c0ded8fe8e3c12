import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { installedWithThePackage, licencesPage, permissive } from "./licences";
import { root } from "./package";

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
});
