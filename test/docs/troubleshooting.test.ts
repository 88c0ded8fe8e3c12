import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { hintTable } from "../../provider/api/hints";

const root = resolve(__dirname, "../..");
const page = readFileSync(join(root, "docs/guides/troubleshooting.md"), "utf8");

/** What the first column of the tables quotes; `…` stands for anything. */
const quoted = [...page.replace(/<!-- hints -->[^]*?<!-- end -->/, "").matchAll(/^\| (.*?) \| /gm)].flatMap(
  ([, cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text),
);
const patternOf = (text: string) =>
  new RegExp(
    text
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^]*"),
  );

describe("the page of messages", () => {
  const messages = ["provider", "sdk", "cli", "evidence"].flatMap((folder) => sources(folder).flatMap(errorsIn));
  const everything = ["provider", "sdk", "cli", "evidence"]
    .flatMap(sources)
    .map((file) => textIn(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true)))
    .join("\n");

  it("quotes only what the product says", () => {
    const unsaid = quoted.filter((text) => !patternOf(text).test(everything));
    assert.deepEqual(unsaid, []);
  });

  it("has every error that a person can meet", () => {
    const patterns = quoted.map(patternOf);
    const missing = messages.filter((message) => !patterns.some((pattern) => pattern.test(message)));
    assert.deepEqual(missing, []);
  });

  it("has every code of an error", () => {
    const [, codes = ""] =
      /type ErrorCode =([^;]+);/.exec(readFileSync(join(root, "provider/errors.ts"), "utf8")) ?? [];
    const names = [...codes.matchAll(/"([^"]+)"/g)].map(([, code = ""]) => code);
    assert.ok(names.length > 5);
    assert.deepEqual(
      names.filter((code) => !page.includes(`\`[${code}]\``)),
      [],
    );
  });

  it("has every hint as the product gives it", () => {
    const [, shown = ""] = /<!-- hints -->\n([^]*?)<!-- end -->/.exec(page) ?? [];
    const words = (text: string) => text.replace(/\s+/g, " ");
    for (const { says, cause, action } of hintTable()) {
      for (const part of [says, cause, action]) {
        assert.ok(
          words(shown).includes(words(part)),
          `${part} is missing; npx tsx test/docs/write-hints.ts writes the table`,
        );
      }
    }
  });
});

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, folder, name));
}

/** The messages of the errors that a file makes on purpose, with `{}` where a value stands. */
function errorsIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && isToldToPeople(node.expression.getText())) {
      const [message = ""] = (node.arguments ?? []).map(textIn).filter(isASentence);
      if (message !== "") {
        found.push(message);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true));
  return found;
}

/** What others said, put together, is no message of its own. */
function isASentence(text: string): boolean {
  return /[a-z]{2,} [a-z]{2,}/i.test(text.replace("Nothing was sent.", "").replace(/^ .*/, ""));
}

function isToldToPeople(name: string): boolean {
  return /^((MailboxRestore|Config|Connection|Api|Authentication|NotFound)Error|pulumi\.RunError)$/.test(name);
}

function textIn(node: ts.Node): string {
  let text = "";
  const visit = (part: ts.Node): void => {
    if (ts.isStringLiteral(part) || ts.isNoSubstitutionTemplateLiteral(part) || ts.isTemplateTail(part)) {
      text += part.text;
    } else if (ts.isTemplateHead(part) || ts.isTemplateMiddle(part)) {
      text += `${part.text}{}`;
    }
    ts.forEachChild(part, visit);
  };
  visit(node);
  return text;
}
