import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const pages = [
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...filesIn("docs", ".md"),
  ...filesIn("examples", "README.md"),
];

/** A page without its blocks of code, which link to nothing. */
const textOf = (page: string) => readFileSync(join(root, page), "utf8").replace(/^```[^]*?^```/gm, "");

describe("links between the pages of the repository, as GitHub resolves them", () => {
  for (const page of pages) {
    it(`lead somewhere: ${page}`, () => {
      const dead = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
        if (/^https?:/.test(target)) {
          return [];
        }
        const [file = "", anchor] = target.split("#");
        const there = file === "" ? join(root, page) : resolve(root, dirname(page), file);
        if (!existsSync(there)) {
          return [target];
        }
        return anchor === undefined || anchorsOf(relative(root, there)).has(anchor) ? [] : [target];
      });
      assert.deepEqual(dead, []);
    });
  }

  it("give a reason for every package that is depended on", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
      string,
      Record<string, string>
    >;
    const names = Object.keys({
      ...manifest["dependencies"],
      ...manifest["devDependencies"],
      ...manifest["peerDependencies"],
    });
    const page = readFileSync(join(root, "docs/decisions/0002-dependencies.md"), "utf8");
    assert.deepEqual(
      names.filter((name) => !name.startsWith("@types/") && !page.includes(`\`${name}\``)),
      [],
    );
  });

  it("name files that exist, in the page about the architecture", () => {
    const named = [
      ...textOf("docs/architecture.md").matchAll(/`((?:provider|sdk|simulator|evidence|cli|test)\/[\w./-]*)`/g),
    ];
    assert.ok(named.length > 20);
    const wrong = named
      .map(([, name = ""]) => name)
      .filter((name) => !/v9|NAME|-\*/.test(name) && !existsSync(join(root, name)));
    assert.deepEqual(wrong, []);
  });
});

/** Headings as GitHub makes anchors of them. */
function anchorsOf(page: string): Set<string> {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}
