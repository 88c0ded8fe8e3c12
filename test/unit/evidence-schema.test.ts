import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { parseEvidence, schemaPath } from "../../evidence/parse";
import { aHostileEvidence, aMailbox, aMixedEvidence, aShard, anEvidence } from "../helpers/evidence";

type Json = { [key: string]: unknown } | unknown[];

const refusal = (text: string): string => {
  try {
    parseEvidence(text, "drill.json");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

describe("evidence that is read", () => {
  it("is what was written: of good drills, mixed ones, shards, and hostile words", () => {
    for (const evidence of [anEvidence(), anEvidence([]), aMixedEvidence(500), aShard(0, 3), aHostileEvidence()]) {
      const text = JSON.stringify(evidence);
      assert.equal(JSON.stringify(parseEvidence(text)), text);
    }
  });

  it("is refused when any field is missing, and the message says where", () => {
    const whole = aFullDocument();
    const places = placesOf(whole);
    assert.ok(places.length > 90, `${places.length} fields`);
    for (const place of places.filter(
      ([top, , last]) => !(top === "totals" && last !== undefined && isOutcome(last)),
    )) {
      const broken = structuredClone(whole);
      const parent = at(broken, place.slice(0, -1));
      const field = place.at(-1) ?? "";
      delete (parent as Record<string, unknown>)[field];
      const message = refusal(JSON.stringify(broken));
      const expected =
        field === "evidenceVersion" ? /no evidenceVersion/ : new RegExp(`must have required property '${field}'`);
      assert.match(message, expected, place.join("."));
      assert.ok(message.includes(place.length > 1 ? `/${place.slice(0, -1).join("/")} ` : "drill.json"), message);
    }
  });

  it("is refused when any object holds a field that nobody knows", () => {
    const whole = aFullDocument();
    const parents = new Set(placesOf(whole).map((place) => place.slice(0, -1).join("/")));
    for (const parent of parents) {
      for (const name of ["more", "constructor", "__proto__"]) {
        const broken = structuredClone(whole);
        const object = at(broken, parent.split("/").filter(Boolean));
        Object.defineProperty(object, name, { value: {}, enumerable: true });
        assert.notEqual(refusal(JSON.stringify(broken)), "", `${parent} ${name}`);
      }
    }
  });

  it("changes no prototype, whatever its keys are", () => {
    const text = JSON.stringify(anEvidence()).replace(/^\{/, '{"__proto__":{"polluted":true},');
    assert.match(refusal(text), /must NOT have additional properties: "__proto__"/);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it("is refused in words when it is no JSON, no evidence, or of another version", () => {
    assert.match(refusal("{"), /^drill\.json is no JSON: /);
    assert.match(refusal("[]"), /^drill\.json is JSON, and no evidence of a drill/);
    assert.match(refusal("null"), /no evidence of a drill/);
    assert.match(
      refusal('{"evidenceVersion":2}'),
      /has evidenceVersion 2; this version of pulumi-vb365 reads version 1/,
    );
  });

  it("is refused with place and reason when a value is wrong", () => {
    const {
      mailboxes: [mailbox = aMailbox()],
    } = anEvidence();
    for (const [difference, message] of [
      [{ outcome: "Good" }, /\/mailboxes\/0\/outcome must be equal to one of the allowed values: .*"NeverSent"/],
      [{ startedAt: "yesterday" }, /\/mailboxes\/0\/startedAt must match pattern/],
      [{ failureCount: -1 }, /\/mailboxes\/0\/failureCount must be >= 0/],
      [{ passed: "yes" }, /\/mailboxes\/0\/passed must be boolean/],
    ] as const) {
      const broken = { ...anEvidence(), mailboxes: [{ ...mailbox, ...difference }] };
      assert.match(refusal(JSON.stringify(broken)), message);
    }
  });

  it("is refused with an error of ours, and nothing else, for any JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.match(refusal(text), /^drill\.json /);
      }),
    );
  });

  it("may begin with the mark that some editors put there", () => {
    assert.doesNotThrow(() => parseEvidence(`\uFEFF${JSON.stringify(anEvidence())}`));
  });
});

describe("schema.json", () => {
  it("has exactly the fields that the type has, null where the type allows it", () => {
    assert.deepEqual(fieldsOfSchema(), fieldsOfType());
  });
});

/** A document in which every field that may be null or empty holds something. */
function aFullDocument(): Json {
  const full = anEvidence([aMailbox(0, { missed: ["rto"], failures: ["a"], warnings: ["b"] })]);
  const run = { name: "a", stack: "b", shard: { index: 0, count: 1 }, digest: full.digest };
  const drill = { ...full.drill, shard: { index: 0, count: 1 } };
  return JSON.parse(JSON.stringify({ ...full, drill, mergedFrom: [run] })) as Json;
}

const isOutcome = (name: string) => /^[A-Z]/.test(name);

/** Paths of all fields of objects. */
function placesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = [...path, key];
    return [...(Array.isArray(value) ? [] : [place]), ...placesOf(inner, place)];
  });
}

const at = (value: unknown, path: string[]): unknown =>
  path.reduce((inner, key) => (inner as Record<string, unknown>)[key], value);

interface Schema {
  $ref?: string;
  type?: string | string[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  definitions?: Record<string, Schema>;
}

/** `path` of each field, with `?` behind it where it may be null. Of outcomes only that they are there. */
function fieldsOfSchema(): string[] {
  const root = JSON.parse(readFileSync(schemaPath, "utf8")) as Schema;
  const follow = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : follow(root.definitions?.[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  const fields = (schema: Schema, path: string): string[] => {
    const { properties = {}, required, items, anyOf = [] } = follow(schema);
    assert.deepEqual(required ?? [], Object.keys(properties), path);
    return [
      ...Object.entries(properties).flatMap(([name, inner]) => {
        const { type, anyOf: either = [] } = follow(inner);
        const isNullable = [type, ...either.map((one) => one.type)].flat().includes("null");
        return [`${path}${name}${isNullable ? "?" : ""}`, ...fields(inner, `${path}${name}.`)];
      }),
      ...[...(items === undefined ? [] : [items]), ...anyOf].flatMap((inner) => fields(inner, path)),
    ];
  };
  return fields(root, "").sort();
}

function fieldsOfType(): string[] {
  const file = resolve(__dirname, "../../evidence/evidence.ts");
  const program = ts.createProgram([file], { strict: true, target: ts.ScriptTarget.ES2022, skipLibCheck: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(file)) ?? assert.fail();
  const module = checker.getSymbolAtLocation(source) ?? assert.fail();
  const symbol = checker.getExportsOfModule(module).find(({ name }) => name === "Evidence") ?? assert.fail();
  const fields = (type: ts.Type, path: string): string[] => {
    const one = checker.getNonNullableType(type);
    const element = checker.isArrayType(one) ? checker.getTypeArguments(one as ts.TypeReference)[0] : undefined;
    if (element !== undefined) {
      return fields(element, path);
    }
    return (one.flags & ts.TypeFlags.Object) === 0
      ? []
      : checker.getPropertiesOfType(one).flatMap((property) => {
          const inner = checker.getTypeOfSymbol(property);
          const isNullable = checker.getNonNullableType(inner) !== inner;
          const name = `${path}${property.name}`;
          return [`${name}${isNullable ? "?" : ""}`, ...fields(inner, `${name}.`)];
        });
  };
  return fields(checker.getDeclaredTypeOfSymbol(symbol), "").sort();
}
