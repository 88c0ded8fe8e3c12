import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type FileHandle, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { Readable } from "node:stream";
import fc from "fast-check";
import { ZipFile } from "yazl";
import { parseEvidence } from "../../evidence/parse";
import { createEnvelopeDialect } from "../../provider/api/dialects/envelope";
import { createFlatDialect } from "../../provider/api/dialects/flat";
import { hintFor } from "../../provider/api/hints";
import type { Http } from "../../provider/api/http";
import { MailboxRestoreError } from "../../provider/errors";
import { provePst } from "../../provider/pst/header";
import { expandPath } from "../../provider/pst/path";
import { unpack } from "../../provider/pst/unpack";
import { check as checkBulk } from "../../provider/resources/bulk-mailbox-restore/check";
import { readMailboxesFile } from "../../provider/resources/bulk-mailbox-restore/list";
import { readMarks } from "../../provider/resources/bulk-mailbox-restore/marks";
import { isGood, outcomeOf, policyOf, reasonOf } from "../../provider/resources/bulk-mailbox-restore/outputs";
import { check } from "../../provider/resources/mailbox-restore/check";
import { parseEntry } from "../../provider/restore/journal";
import { openResults } from "../../provider/restore/results";
import { organizationsFrom } from "../../simulator";
import { anEvidence } from "../helpers/evidence";
import { aRecord, anEntry } from "../helpers/journal";

/**
 * What comes from outside, as hostile as it can be: it is taken, or refused with an error that was meant. No bug's own error, nothing that
 * lasts for ever, no path out of the chosen folder, nothing in the prototypes of everything.
 */
export interface Property {
  name: string;
  /** Runs so many cases; throws with the smallest one that fails. */
  run(cases: number): Promise<void>;
}

/** Errors that nobody throws on purpose. */
const isBug = (error: unknown) =>
  !(error instanceof Error) ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError;

async function takenOrRefused(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(!isBug(error), error instanceof Error ? (error.stack ?? error.message) : String(error));
    assert.notEqual((error as Error).message.trim(), "");
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
}

const property = <T>(name: string, cases: fc.Arbitrary<T>, hold: (value: T) => unknown): Property => ({
  name,
  run: (numRuns) =>
    fc.assert(
      fc.asyncProperty(cases, async (value) => void (await hold(value))),
      { numRuns },
    ),
});

/** Keys that a careless merge would take for more than keys. */
const evilKeys = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "polluted", "hasOwnProperty");
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), evilKeys), tie("value"), { maxKeys: 6 }),
  ),
})).value;

const inputNames = [
  ...[
    "organization",
    "mailbox",
    "pointInTime",
    "showDeleted",
    "restoreSessionId",
    "mailboxId",
    "session",
    "runId",
    "adopt",
    "timeouts",
  ],
  ...[
    "exportToPst",
    "restoreToOriginalLocation",
    "restoreTo",
    "failurePolicy",
    "onUnknown",
    "verify",
    "confirmInPlace",
    "__urn",
  ],
];
const inputs = fc.dictionary(fc.oneof(fc.constantFrom(...inputNames), evilKeys, fc.string()), json, { maxKeys: 10 });

const surroundings = {
  configMistakes: [],
  journalDir: ".vb365/journal",
  exchange: {},
  apiVersion: "auto" as const,
  now: new Date("2026-11-25T08:00:00Z"),
};

/** A value of which some places were changed. */
const changed = (whole: Buffer) =>
  fc
    .record({
      cut: fc.integer({ min: 0, max: whole.length }),
      edits: fc.array(fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), {
        maxLength: 12,
      }),
      isCut: fc.boolean(),
    })
    .map(({ cut, edits, isCut }) => {
      const bytes = Buffer.from(whole);
      edits.forEach(([at, value]) => (bytes[at] = value));
      return isCut ? bytes.subarray(0, cut) : bytes;
    });

const aPst = () => readFileSync(createRequire(__filename).resolve("pst-extractor/example/testdata/enron.pst"));

const handleOf = (bytes: Buffer) =>
  ({
    read: (buffer: Buffer, offset: number, length: number, position: number) => {
      if (!Number.isSafeInteger(position)) {
        return Promise.reject(new Error("a position that no file has"));
      }
      const bytesRead = bytes.copy(
        buffer,
        offset,
        Math.min(position, bytes.length),
        Math.min(position + length, bytes.length),
      );
      return Promise.resolve({ buffer, bytesRead });
    },
  }) as unknown as Pick<FileHandle, "read">;

async function aZip(): Promise<Buffer> {
  const zip = new ZipFile();
  const pst = aPst().subarray(0, 3000);
  zip.addBuffer(pst, "one.pst", { compress: true, mtime: new Date(0) });
  zip.addBuffer(pst.subarray(0, 700), "two.pst", { compress: false, mtime: new Date(0) });
  zip.end();
  return Buffer.concat(await (zip.outputStream as Readable).toArray());
}

/** A folder that is there while a property runs. */
const withFolder = (of: (folder: string) => Property): Property => ({
  name: of("").name,
  async run(cases) {
    const folder = await mkdtemp(join(tmpdir(), "vb365-fuzz-"));
    try {
      await of(folder).run(cases);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
});

/** A client whose server answers what it is given, to whatever is asked. */
function dialectOf(answers: unknown[], isFlat: boolean) {
  let next = 0;
  const http = {
    json: () => Promise.resolve(answers[next++ % answers.length]),
    stream: () => Promise.reject(new MailboxRestoreError("api", "no file here")),
    logIn: () => Promise.resolve(),
    logOut: () => Promise.resolve(),
    redact: (text: string) => text,
  } as unknown as Http;
  return isFlat ? createFlatDialect(http, "v8") : createEnvelopeDialect(http, "v3");
}

const record: Record<string, unknown> = { ...aRecord(anEntry(), "PartiallyFailed") };
const base = {
  ...{ at: "2026-11-25T00:00:00.000Z", mailbox: "a@b.example", attemptId: "1", sessionId: "s", apiVersion: "v3" },
  ...{
    version: 1,
    identity: "urn:x",
    startedAt: "2026-11-25T00:00:00.000Z",
    reason: "busy",
    mailboxes: ["a@b.example"],
  },
};
/** Lines of a bulk restore's results: whole ones, and those in which a few values are others. */
const lines = fc
  .record({
    type: fc.oneof(fc.constantFrom("begun", "declared", "sent", "ended", "failed", "neverSent"), evilKeys),
    edits: fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(base)), evilKeys), json, { maxKeys: 2 }),
    inRecord: fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(record)), evilKeys), json, { maxKeys: 2 }),
  })
  .map(({ type, edits, inRecord }) => JSON.stringify({ ...base, record: { ...record, ...inRecord }, type, ...edits }));
const resultsText = Buffer.from(
  ["begun", "declared", "sent", "ended"].map((type) => `${JSON.stringify({ ...base, record, type })}\n`).join(""),
);

const shapes = fc.oneof(
  json,
  fc.record({ results: fc.array(json, { maxLength: 3 }), offset: json, limit: json }, { requiredKeys: ["results"] }),
  fc.dictionary(
    fc.constantFrom(
      "id",
      "name",
      "email",
      "state",
      "type",
      "status",
      "title",
      "results",
      "createdItemsCount",
      "failedItemsCount",
      "exceptions",
      "isArchive",
      "endTime",
    ),
    json,
    { maxKeys: 12 },
  ),
);

export async function properties(): Promise<Property[]> {
  const zip = await aZip();
  const pst = aPst().subarray(0, 200_000);
  const evidence = Buffer.from(JSON.stringify(anEvidence()));
  return [
    property("inputs of a restore are checked", fc.tuple(inputs, inputs), ([olds, news]) => {
      const { mistakes } = check(olds, news, surroundings);
      assert.ok(mistakes.every(({ reason }) => reason !== ""));
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    }),
    property("inputs of a bulk restore are checked", fc.tuple(inputs, inputs, json), ([olds, news, mailboxes]) =>
      takenOrRefused(() => checkBulk(olds, { ...news, mailboxes }, surroundings)),
    ),
    property(
      "answers of the server are read",
      fc.tuple(fc.array(shapes, { minLength: 1, maxLength: 3 }), fc.boolean()),
      async ([answers, isFlat]) => {
        const ask: ((dialect: ReturnType<typeof dialectOf>) => Promise<unknown>)[] = [
          (dialect) => dialect.listOrganizations(),
          (dialect) => dialect.listSessions(),
          (dialect) => dialect.getSession("s-1"),
          (dialect) => dialect.listEvents("s-1"),
          (dialect) => dialect.listMailboxes("s-1"),
          (dialect) => dialect.countsOf("s-1"),
          (dialect) => dialect.listRestorePoints("o-1"),
          (dialect) => dialect.getServiceInstance(),
          (dialect) =>
            dialect.openSession("o-1", {
              pointInTime: "2026-11-20T21:04:11Z",
              showDeleted: false,
              showAllVersions: false,
            }),
        ];
        for (const one of ask) {
          await takenOrRefused(() => one(dialectOf(answers, isFlat)));
        }
      },
    ),
    property(
      "an entry of the journal is read",
      fc.oneof(
        fc.string(),
        fc.json(),
        json.map((value) => JSON.stringify({ version: 1, ...(value as object) })),
      ),
      (text) => takenOrRefused(() => parseEntry(text)),
    ),
    withFolder((folder) =>
      property(
        "results of a bulk restore are read",
        fc.oneof(
          changed(resultsText).map((bytes) => bytes.toString("utf8")),
          fc
            .array(fc.oneof(lines, lines, fc.json(), fc.string()), { maxLength: 4 })
            .map((all) => all.map((line) => `${line}\n`).join("")),
        ),
        (text) =>
          takenOrRefused(async () => {
            const path = join(folder, "results.jsonl");
            await writeFile(path, text);
            const results = await openResults(path);
            await results.close();
            // What is taken is told to people.
            for (const mailbox of [...results.declared, ...results.known.keys()]) {
              const result = results.known.get(mailbox);
              assert.equal(typeof outcomeOf(result), "string");
              assert.equal(typeof isGood(result, policyOf({})), "boolean");
              assert.equal(typeof reasonOf(result), "string");
            }
          }),
      ),
    ),
    property(
      "evidence is read",
      fc.oneof(
        fc.string(),
        fc.json(),
        changed(evidence).map((bytes) => bytes.toString("utf8")),
      ),
      (text) => takenOrRefused(() => parseEvidence(text)),
    ),
    property(
      "a list of mailboxes is read",
      fc.tuple(fc.constantFrom("a.csv", "a.json", "a"), fc.oneof(fc.string(), fc.json())),
      ([name, text]) => takenOrRefused(() => readMailboxesFile(name, text)),
    ),
    property("organizations of a simulator are read", json, (document) =>
      takenOrRefused(() => organizationsFrom(document)),
    ),
    property("marks in a state are read", fc.dictionary(fc.string(), fc.string()), (marks) =>
      takenOrRefused(() => readMarks(marks)("a@b.example")),
    ),
    property(
      "the server's words get a hint",
      fc.record({ serverMessage: fc.string({ maxLength: 5000 }), vendorCode: fc.oneof(fc.string(), evilKeys) }),
      (words) => assert.equal(typeof hintFor(words), "string"),
    ),
    property("a PST is proved", changed(pst), (bytes) =>
      takenOrRefused(() => provePst(handleOf(bytes), { bytes: bytes.length, announced: undefined })),
    ),
    property("a ZIP is unpacked", changed(zip), (bytes) =>
      takenOrRefused(async () => {
        let received = 0;
        const unpacking = unpack(async (_, part) => {
          for await (const piece of part) {
            received += piece.length;
          }
        });
        try {
          await unpacking.write(bytes);
          await unpacking.finish();
        } finally {
          await unpacking.end();
        }
        assert.ok(received < 10_000_000);
      }),
    ),
    property(
      "the path of an export stays in its folder",
      fc.record({ email: fc.string(), mailboxId: fc.string(), date: fc.constant("2026-11-25"), runId: fc.string() }),
      (values) =>
        takenOrRefused(() => {
          const folder = resolve("/exports");
          const { path } = expandPath("{date}/{email}-{mailboxId}/{runId}.pst", values);
          const inside = relative(folder, resolve(folder, path));
          assert.ok(inside !== "" && !inside.startsWith("..") && !isAbsolute(inside), inside);
        }),
    ),
  ];
}
