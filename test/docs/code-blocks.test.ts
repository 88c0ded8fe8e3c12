import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { parseAllDocuments } from "yaml";
import { readConnectionSettings } from "../../provider/config";
import { script } from "../cli/command";

const root = resolve(__dirname, "../..");
const folders = [
  "docs",
  "docs/guides",
  "examples/quickstart",
  "examples/dr-runbook",
  "examples/scheduled-drill",
  "examples/gitops",
  "examples/policy",
];
const pages = ["README.md", "CONTRIBUTING.md", ...folders.flatMap((folder) => pagesIn(folder))];

interface Block {
  page: string;
  /** Of its first line, from 1. */
  line: number;
  language: string;
  text: string;
}

/** Every key that is asked for, whatever the others say. */
const configKeys = new Set<string>(["deviceCode"]);
for (const given of [
  { endpoint: "https://vb365.example.test", username: "a", password: "b" },
  { endpoint: "https://vb365.example.test", grantType: "jwt-bearer", clientId: "a", assertion: "b" },
  { endpoint: "https://vb365.example.test", token: "t" },
] as Record<string, string>[]) {
  readConnectionSettings((key) => (configKeys.add(key), given[key]), {});
}

const blocks = pages.flatMap(blocksIn);
const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const where = ({ page, line }: Block) => `${page}:${line}`;

describe("blocks of code in README and guides", () => {
  it("are in languages that are known here, so that none goes unlooked", () => {
    const known = ["ts", "js", "sh", "json", "yaml", "text", "mermaid"];
    assert.deepEqual(blocks.filter(({ language }) => !known.includes(language)).map(where), []);
    assert.ok(of("ts").length > 10 && of("sh").length > 20);
  });

  it("compile, strictly, when they are TypeScript", () => {
    // A program of a page that has more than one file finds the others, by the names that the page gives them.
    const files = new Map(of("ts").map((block, index) => [join(root, "test", "docs", `block-${index}.ts`), block]));
    const options: ts.CompilerOptions = {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      skipLibCheck: true,
      noEmit: true,
      types: ["node", "mocha"],
    };
    const host = ts.createCompilerHost(options);
    const { fileExists, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.getSourceFile = (name, version) => {
      const block = files.get(name);
      return block === undefined ? getSourceFile(name, version) : ts.createSourceFile(name, block.text, version);
    };
    host.resolveModuleNameLiterals = (literals, containing) =>
      literals.map(({ text }) => {
        const block = files.get(containing);
        const sibling = block && /^\.\//.test(text) ? siblingOf(block, text) : undefined;
        return sibling === undefined
          ? ts.resolveModuleName(text, containing, options, host)
          : {
              resolvedModule: { resolvedFileName: sibling, extension: ts.Extension.Ts, isExternalLibraryImport: false },
            };
      });
    const siblingOf = (block: Block, text: string) => {
      const name = { "./index": /^export = async function/m, "./stack": /^export async function aStack/m }[text];
      const found = [...files].find(([, other]) => other.page === block.page && name?.test(other.text) === true);
      return found?.[0];
    };
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host));
    assert.deepEqual(
      problems.map(({ file, messageText }) => {
        const block = files.get(file?.fileName ?? "");
        return `${block === undefined ? "?" : where(block)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      }),
      [],
    );
  });

  it("parse when they are JSON or YAML", () => {
    for (const block of of("json")) {
      assert.doesNotThrow(() => JSON.parse(block.text), where(block));
    }
    for (const block of of("yaml")) {
      assert.deepEqual(
        parseAllDocuments(block.text).flatMap(({ errors }) => errors.map(String)),
        [],
        where(block),
      );
    }
  });

  it("are whole lines of a shell", () => {
    for (const block of of("sh")) {
      assert.doesNotThrow(
        () => execFileSync("bash", ["-n"], { input: block.text, stdio: ["pipe", "ignore", "pipe"] }),
        where(block),
      );
    }
  });

  it("use commands and options of vb365 that exist", () => {
    const helps = new Map<string, string>();
    const helpOf = (words: string[]) => {
      const key = words.join(" ");
      helps.set(
        key,
        helps.get(key) ?? execFileSync(process.execPath, [script, ...words, "--help"], { encoding: "utf8" }),
      );
      return helps.get(key) ?? "";
    };
    let seen = 0;
    for (const block of of("sh")) {
      for (const [, line = ""] of block.text
        .replaceAll("\\\n", " ")
        .matchAll(/(?:^|[\s;|(])(?:npx )?vb365 ([^#|\n)]*)/gm)) {
        const words = line.trim().split(/\s+/);
        const command = words[0] === "journal" ? words.slice(0, 2) : words.slice(0, 1);
        const help = helpOf(command);
        for (const option of words.filter((word) => /^--[a-z]/.test(word))) {
          assert.ok(help.includes(option), `${where(block)}: vb365 ${command.join(" ")} has no ${option}`);
        }
        seen += 1;
      }
    }
    assert.ok(seen > 10);
  });

  it("set keys of the configuration that exist", () => {
    for (const block of blocks) {
      for (const [, key = ""] of block.text.matchAll(/vb365:([a-zA-Z]+)/g)) {
        assert.ok(/^[A-Z]/.test(key) || configKeys.has(key) || key === "index", `${where(block)}: vb365:${key}`);
      }
    }
  });

  it("run scripts of npm that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const block of of("sh")) {
      for (const [, name = ""] of block.text.matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(name in scripts, `${where(block)}: npm run ${name}`);
      }
    }
  });
});

function blocksIn(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    language: match[1] ?? "",
    text: match[2] ?? "",
  }));
}

function pagesIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
