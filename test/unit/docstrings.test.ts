import assert from "node:assert/strict";
import { join, relative, resolve, sep } from "node:path";
import ts from "typescript";

const root = resolve(__dirname, "../..");
const entries = ["sdk/index.ts", "simulator/index.ts"];

const configuration = ts.readConfigFile(join(root, "tsconfig.json"), (file) => ts.sys.readFile(file));
const { options } = ts.parseJsonConfigFileContent(configuration.config, ts.sys, root);
const program = ts.createProgram(
  entries.map((entry) => join(root, entry)),
  options,
);
const checker = program.getTypeChecker();

for (const entry of entries) {
  describe(`what an editor shows of ${entry}`, () => {
    it("is a docstring for every name", () => {
      const bare = exportsOf(entry)
        .filter(isBare)
        .map(({ name }) => name);
      assert.deepEqual(bare, []);
    });
  });
}

describe("what an editor shows while a program is written", () => {
  it("is a docstring for every argument and every output of sdk/", () => {
    const found = exportsOf("sdk/index.ts").flatMap((symbol) => bareProperties(symbol, new Set()));
    const bare = new Set(found.filter((place) => place.startsWith("sdk/")));
    assert.deepEqual([...bare].sort(), []);
  });
});

function exportsOf(entry: string): ts.Symbol[] {
  const source = program.getSourceFile(join(root, entry));
  const module = source && checker.getSymbolAtLocation(source);
  assert.ok(module !== undefined, `${entry} is no module`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
}

function isBare(symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length === 0;
}

/** Properties without a docstring, as `FILE NAME`: those of the symbol's own type, of its parameters, and of what these hold. */
function bareProperties(symbol: ts.Symbol, seen: Set<ts.Type>): string[] {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) {
    return [];
  }
  const own = symbol.flags & (ts.SymbolFlags.Type | ts.SymbolFlags.Class);
  const type = own ? checker.getDeclaredTypeOfSymbol(symbol) : checker.getTypeOfSymbolAtLocation(symbol, declaration);
  return bareInType(type, seen);
}

function bareInType(type: ts.Type, seen: Set<ts.Type>): string[] {
  if (seen.has(type)) {
    return [];
  }
  seen.add(type);
  if (type.isUnionOrIntersection()) {
    return type.types.flatMap((part) => bareInType(part, seen));
  }
  const parameters = type.getCallSignatures().flatMap((signature) => signature.getParameters());
  const inner = [...parameters, ...(checker.getPropertiesOfType(type) ?? [])].filter(isOurs);
  const generic = type.aliasTypeArguments ?? checker.getTypeArguments(type as ts.TypeReference);
  return [
    ...inner.filter((property) => !parameters.includes(property) && isBare(property) && !isAbsent(property)).map(place),
    ...inner.flatMap((property) => bareProperties(property, seen)),
    ...generic.flatMap((part) => bareInType(part, seen)),
  ];
}

/** Declared in this repository, and not in a package or in the language. */
function isOurs(symbol: ts.Symbol): boolean {
  const file = fileOf(symbol);
  return file !== undefined && !file.startsWith("..") && !file.includes("node_modules");
}

/** `name?: undefined` says that a property must not be there. */
function isAbsent(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).every(
    (declaration) => ts.isPropertySignature(declaration) && declaration.type?.kind === ts.SyntaxKind.UndefinedKeyword,
  );
}

function place(symbol: ts.Symbol): string {
  const [declaration] = symbol.declarations ?? [];
  const parent = declaration?.parent;
  const owner = parent && "name" in parent ? `${(parent.name as ts.Identifier | undefined)?.text ?? ""}.` : "";
  return `${fileOf(symbol)} ${owner}${symbol.name}`;
}

function fileOf(symbol: ts.Symbol): string | undefined {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName;
  return file === undefined ? undefined : relative(root, file).split(sep).join("/");
}
