import assert from "node:assert/strict";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { type Tarball, anEmptyFolder, pack, readManifest, root, run } from "./package";

describe("the packed package", () => {
  let folder: string;
  let removeFolder: () => Promise<void>;
  let tarball: Tarball;
  let unpacked: string;

  before(async () => {
    ({ path: folder, remove: removeFolder } = await anEmptyFolder());
    tarball = await pack(folder);
    unpacked = join(folder, "node_modules", "pulumi-vb365");
    await mkdir(unpacked, { recursive: true });
    await run("tar", ["-xzf", tarball.path, "-C", unpacked, "--strip-components=1"], { cwd: folder });
  });
  after(async () => {
    await removeFolder?.();
  });

  it("holds the compiled sources, what they read, and four files, and nothing else", async () => {
    const build = JSON.parse(await readFile(join(root, "tsconfig.build.json"), "utf8")) as { include: string[] };
    const sources = (
      await Promise.all(
        build.include.map(async (part) =>
          (await readdir(join(root, part), { recursive: true })).map((file) => `${part}/${file.split(sep).join("/")}`),
        ),
      )
    ).flat();
    const compiled = sources
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [".d.ts", ".js", ".js.map"].map((ending) => `dist/${file.slice(0, -3)}${ending}`));
    const page = ["base.css", "browser.js", "mailboxes.css", "pictures.css", "places.css"].map(
      (file) => `page/${file}`,
    );
    const read = ["schema.json", ...page].map((file) => `dist/evidence/${file}`);
    assert.deepEqual(
      tarball.files,
      [...compiled, ...read, "CHANGELOG.md", "LICENSE", "README.md", "package.json"].sort(),
    );
    for (const part of ["sdk", "provider", "simulator", "evidence"]) {
      assert.ok(build.include.includes(part), part);
    }
  });

  it("is the same file, byte for byte, when packed again", async () => {
    assert.equal((await pack(folder)).integrity, tarball.integrity);
  });

  it("names no path of the machine that built it, neither in code nor in source maps", async () => {
    for (const file of tarball.files) {
      const text = await readFile(join(unpacked, file), "utf8");
      for (const place of [`${root}${sep}`, `${homedir()}${sep}`, "file:///"]) {
        assert.ok(!text.includes(place), `${file} holds ${place}`);
      }
      if (file.endsWith(".map")) {
        const { sourceRoot = "", sources } = JSON.parse(text) as { sourceRoot?: string; sources: string[] };
        assert.equal(sourceRoot, "");
        assert.ok(
          sources.every((source) => source.startsWith("../")),
          `${file}: ${sources.join(", ")}`,
        );
      }
    }
  });

  it("lets four entries be resolved, and nothing else", async () => {
    const inside = ["", "/provider", "/simulator", "/package.json"];
    const outside = ["/sdk", "/cli", "/dist/sdk/index.js", "/dist/provider/host/process.js", "/README.md", "/index.js"];
    const script = `
      const { createRequire } = require("node:module");
      const { resolve } = createRequire(process.cwd() + "/program.js");
      const paths = process.argv.slice(1).map((entry) => {
        try { return resolve("pulumi-vb365" + entry); } catch (error) { return error.code; }
      });
      console.log(JSON.stringify(paths));`;
    const printed = await run(process.execPath, ["-e", script, "--", ...inside, ...outside], { cwd: folder });
    const { exports } = await readManifest();
    assert.deepEqual(Object.keys(exports), [".", "./provider", "./simulator", "./package.json"]);
    const shorten = (path: string) =>
      path
        .split(sep)
        .join("/")
        .replace(/^.*\/node_modules\/pulumi-vb365\//, "");
    assert.deepEqual((JSON.parse(printed) as string[]).map(shorten), [
      "dist/sdk/index.js",
      "dist/provider/host/dynamic.js",
      "dist/simulator/index.js",
      "package.json",
      ...outside.map(() => "ERR_PACKAGE_PATH_NOT_EXPORTED"),
    ]);
  });
});
