import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Mailbox } from "../../provider/api/dialects/dialect";
import { chosenFrom, isOfShard, nameOf, readMailboxesFile } from "../../provider/resources/bulk-mailbox-restore/list";
import { markOf, marksOf, readMarks } from "../../provider/resources/bulk-mailbox-restore/marks";
import { inWords } from "../../provider/resources/bulk-mailbox-restore/progress";
import { openJournal } from "../../provider/restore/journal";
import {
  type MailboxResult,
  beginResults,
  closeResults,
  listOpenResults,
  openResults,
} from "../../provider/restore/results";

const address = fc.emailAddress().map((text) => text.toLowerCase());

describe("marks of mailboxes", () => {
  it("tell the outcome of each name, and of no other", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(address, fc.constantFrom("Succeeded", "Failed", "NeverSent")), {
          selector: ([name]) => name,
        }),
        address,
        (outcomes, other) => {
          const read = readMarks(marksOf(outcomes));
          outcomes.forEach(([name, outcome]) => assert.equal(read(name), outcome));
          assert.equal(read(other), outcomes.find(([name]) => name === other)?.[1]);
        },
      ),
    );
  });

  it("are 80 kB for ten thousand mailboxes", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `mailbox-${index}@contoso.example`);
    assert.equal(new Set(names.map(markOf)).size, names.length);
    const marks = marksOf(names.map((name) => [name, "Succeeded"]));
    assert.equal(JSON.stringify(marks).length, 80_000 + '{"Succeeded":""}'.length);
  });
});

describe("a list of mailboxes", () => {
  const mailbox = (email: string, difference: Partial<Mailbox> = {}): Mailbox => ({
    id: `id-${email}`,
    name: email,
    email,
    isArchive: false,
    isPublic: false,
    ...difference,
  });

  it("is read from CSV whatever the delimiter, the line ends, and the mark at its begin", () => {
    for (const [delimiter, end] of [
      [",", "\n"],
      [";", "\r\n"],
      ["\t", "\n"],
    ]) {
      const text = ["Name|EMail|archive", '"Doe, J"|a@b.example|yes', "|c@d.example|"]
        .join(end)
        .replaceAll("|", delimiter ?? "");
      assert.deepEqual(readMailboxesFile("list.csv", text), [
        { email: "a@b.example", archive: true },
        { email: "c@d.example" },
      ]);
    }
  });

  it("never fails but with words that name the file, whatever the file holds", () => {
    fc.assert(
      fc.property(fc.constantFrom("list.csv", "list.json"), fc.oneof(fc.string(), fc.json()), (path, text) => {
        try {
          readMailboxesFile(path, text).forEach((one) => assert.ok(typeof one === "object" && (one.email ?? one.id)));
        } catch (error) {
          assert.match(String(error), /MailboxRestoreError: mailboxesFile list\.(csv|json): /);
        }
      }),
    );
  });

  it("of an organisation names a mailbox by its address, and by its id where that is not its own", () => {
    const all = [
      mailbox("b@x.example"),
      mailbox("B@x.example", { id: "archive", isArchive: true }),
      mailbox("", { id: "nameless" }),
      mailbox("a@x.example", { id: "1" }),
      mailbox("A@x.example", { id: "2" }),
    ];
    const names = chosenFrom(all, { archives: true }).map(({ name }) => name);
    assert.deepEqual(names, ["b@x.example", "b@x.example (archive)", "id 1", "id 2", "id nameless"]);
    assert.equal(chosenFrom(all, {}).length, 4);
  });

  it("knows * and ? in patterns, in any case, and nothing else", () => {
    const emails = ["anna@x.example", "a+b@x.example", "[ab]@x.example", "hanna@y.example"];
    const chosen = (include: string[], exclude?: string[]) =>
      chosenFrom(
        emails.map((email) => mailbox(email)),
        { include, ...(exclude === undefined ? {} : { exclude }) },
      ).map(({ name }) => name);
    assert.deepEqual(chosen(["*ANNA@*"]), ["anna@x.example", "hanna@y.example"]);
    assert.deepEqual(chosen(["?anna@*"]), ["hanna@y.example"]);
    assert.deepEqual(chosen(["[ab]@x.example"]), ["[ab]@x.example"]);
    assert.deepEqual(chosen(["a+b@x.example"]), ["a+b@x.example"]);
    assert.deepEqual(chosen(["!anna@*"]), []);
    assert.deepEqual(chosen(["*"], ["*@x.example"]), ["hanna@y.example"]);
  });

  it("belongs to one shard each, whatever else is in the list", () => {
    fc.assert(
      fc.property(address, fc.integer({ min: 1, max: 16 }), (email, count) => {
        const selector = { email, archive: false };
        const listed = { name: nameOf(selector), selector };
        const parts = Array.from({ length: count }, (_, index) => isOfShard(listed, { index, count }));
        assert.equal(parts.filter(Boolean).length, 1);
      }),
    );
  });
});

describe("results of a bulk restore", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "vb365-results-"))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const header = {
    version: 1,
    identity: "urn:pulumi:dev::p::t::all",
    attemptId: "a-1",
    intentHash: "h",
    intentLayout: 1,
    again: false,
    endpoint: "https://vb365.example.test",
    owner: "o",
  } as const;
  const line = (mailbox: string, reason: string): MailboxResult => ({
    at: "2026-11-25T00:00:00.000Z",
    type: "neverSent",
    mailbox,
    reason,
  });
  const begun = () => beginResults(openJournal(folder), header);

  it("keep every line, in whatever number they come at once, and the last one of a mailbox counts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.string()), { maxLength: 30 }),
        async (lines) => {
          const results = await begun();
          await Promise.all(
            lines.flatMap(([mailbox, reason]) => [results.add(line(mailbox, reason)), results.refresh()]),
          );
          await results.close();
          const again = await openResults(results.path);
          const last = new Map(lines.map(([mailbox, reason]) => [mailbox, line(mailbox, reason)]));
          assert.deepEqual(new Map(again.known), last);
          assert.deepEqual(new Map(results.known), last);
          await again.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("forget a line that was cut anywhere, and nothing before it", async () => {
    const results = await begun();
    await results.add(line("a", "first"));
    const { length } = await readFile(results.path);
    await results.add(line("b", "second"));
    await results.close();
    const whole = await readFile(results.path);
    for (let bytes = length; bytes < whole.length; bytes += 1) {
      await writeFile(results.path, whole);
      await truncate(results.path, bytes);
      const cut = await openResults(results.path);
      assert.deepEqual([...cut.known.keys()], ["a"]);
      await cut.add(line("c", "third"));
      await cut.close();
      const next = await openResults(results.path);
      assert.deepEqual([...next.known.keys()], ["a", "c"]);
      await next.close();
    }
  });

  it("take in what another process adds", async () => {
    const [one, other] = [
      await begun(),
      await openResults(
        join(folder, "bulk", (await listOpenResults(openJournal(folder)))[0]?.path.split("/").at(-1) ?? ""),
      ),
    ];
    await Promise.all([
      one.add(line("a", "of one")),
      other.add(line("b", "of the other")),
      one.add(line("c", "of one")),
    ]);
    await Promise.all([one.refresh(), other.refresh()]);
    assert.deepEqual([...one.known.keys()].sort(), ["a", "b", "c"]);
    assert.deepEqual([...other.known.keys()].sort(), ["a", "b", "c"]);
    await Promise.all([one.close(), other.close()]);
  });

  it("are not taken back by a process that says nothing was sent, when another one has sent it since", async () => {
    const results = await begun();
    const at = "2026-11-25T00:00:00.000Z";
    const sent = { at, type: "sent", mailbox: "a", attemptId: "1", sessionId: "s", apiVersion: "v3" } as const;
    const failed = { at, type: "failed", mailbox: "b", attemptId: "2", startedAt: at, reason: "no" } as const;
    for (const one of [sent, failed, line("a", "the engine is gone"), line("b", "the engine is gone")]) {
      await results.add(one);
    }
    await results.close();
    const again = await openResults(results.path);
    assert.deepEqual([again.known.get("a"), again.known.get("b")], [sent, failed]);
    // Its own attempt says it.
    await again.add({ ...line("a", "no disk"), attemptId: "1" });
    assert.equal(again.known.get("a")?.type, "neverSent");
    await again.close();
  });

  it("never take another line for a result, whatever it holds", async () => {
    const results = await begun();
    await results.close();
    const text = await readFile(results.path, "utf8");
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (strange) => {
        await writeFile(results.path, text);
        await appendFile(results.path, `${strange.replaceAll("\n", " ")}\n`);
        await assert.rejects(openResults(results.path), /cannot be read/);
      }),
      { numRuns: 50 },
    );
  });

  it("are open until the state has them", async () => {
    const results = await begun();
    await results.close();
    const journal = openJournal(folder);
    assert.deepEqual(
      (await listOpenResults(journal)).map(({ attemptId }) => attemptId),
      ["a-1"],
    );
    await closeResults(results.path);
    assert.deepEqual(await listOpenResults(journal), []);
  });
});

describe("the row of a bulk restore", () => {
  it("says what is done, what failed, what runs, how fast, and how long it takes", () => {
    assert.equal(
      inWords({ total: 500, begun: 122, done: 120, failed: 3, elapsedMs: 60_000 }),
      "120 of 500 mailboxes, 3 failed, 2 running, 120 a minute, 3 m 10 s left",
    );
    assert.equal(inWords({ total: 5, begun: 2, done: 0, failed: 0, elapsedMs: 10 }), "0 of 5 mailboxes, 2 running");
  });
});
