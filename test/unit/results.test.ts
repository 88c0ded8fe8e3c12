import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MailboxRestoreError } from "../../provider/errors";
import { type Journal, openJournal } from "../../provider/restore/journal";
import {
  CarriedOutElsewhere,
  type MailboxResult,
  type Results,
  beginResults,
  closeResults,
  identityIn,
  journalWith,
  listOpenResults,
  openResults,
  retireResults,
} from "../../provider/restore/results";
import { aRecord, aResultsHeader as header, anEntry } from "../helpers/journal";

const never = (mailbox: string, reason: string): MailboxResult => ({ at: "", type: "neverSent", mailbox, reason });

describe("the results of a bulk restore", () => {
  let folder: string;
  let journal: Journal;
  let results: Results;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-results-"));
    journal = openJournal(folder);
    results = await beginResults(journal, header);
  });
  afterEach(async () => {
    await results.close();
    await rm(folder, { recursive: true });
  });

  it("know the last line of each mailbox while many add lines and read those of another process at once", async () => {
    const other = await openResults(results.path);
    const turn = async (mailbox: string) => {
      for (const step of ["first", "second", "last"]) {
        await results.refresh();
        await results.add(never(mailbox, step));
        await other.add(never(`other ${mailbox}`, step));
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, number) => turn(`m-${number}`)));
    await results.refresh();
    await other.close();
    const said = [...results.known.values()].map((one) => (one.type === "neverSent" ? one.reason : one.type));
    assert.deepEqual(
      said,
      Array.from({ length: 80 }, () => "last"),
    );
  });

  /** What a process that begins now knows. */
  const fresh = async () => {
    const other = await openResults(results.path);
    await other.close();
    return other;
  };
  const isJournal = (pattern: RegExp) => (error: unknown) =>
    error instanceof MailboxRestoreError && error.code === "journal" && pattern.test(error.message);

  describe("of which one is open", () => {
    it("are listed with their header and path, until the state has them", async () => {
      assert.deepEqual(await listOpenResults(journal), [{ ...header, path: results.path }]);
      await closeResults(results.path);
      assert.deepEqual(await listOpenResults(journal), []);
      assert.equal((await fresh()).header?.identity, "urn:all");
    });

    it("are none where nothing was ever begun", async () => {
      assert.deepEqual(await listOpenResults(openJournal(join(folder, "nowhere"))), []);
    });

    it("send nothing where the folder cannot be read: it is not empty because of that", async () => {
      await writeFile(join(folder, "bulk.file"), "");
      const elsewhere = { ...journal, folder: join(folder, "bulk.file") };
      await assert.rejects(listOpenResults(elsewhere), isJournal(/cannot be read/));
      await assert.rejects(beginResults(elsewhere, header), isJournal(/cannot be written, so nothing is sent/));
    });

    it("are put with what is closed when their resource is forgotten", async () => {
      await retireResults(results.path);
      assert.deepEqual(await readdir(join(folder, "bulk")), []);
      assert.equal((await readdir(join(folder, "closed"))).length, 1);
    });

    it("send nothing where a mark cannot be read", async () => {
      const whole = { version: 1, identity: "x", attemptId: "y" };
      const wrong = [{ version: 2 }, { identity: 1 }, { attemptId: 1 }].map((one) =>
        JSON.stringify({ ...whole, ...one }),
      );
      for (const text of ["{", "null", ...wrong]) {
        await writeFile(results.path.replace(/jsonl$/, "open"), text);
        await assert.rejects(listOpenResults(journal), isJournal(/cannot be read[^]*nothing is sent without them/));
      }
    });
  });

  describe("read by another process", () => {
    it("are what was declared last, and the last line of each mailbox", async () => {
      await results.declare(["a", "b"]);
      await results.declare(["b", "c"]);
      await results.declare(["b", "c"]);
      await results.add(never("b", "busy"));
      const { declared, known, header: read } = await fresh();
      assert.deepEqual([declared, [...known.keys()], read?.attemptId], [["b", "c"], ["b"], "a-1"]);
      assert.equal((await readFile(results.path, "utf8")).split("\n").length, 5);
    });

    it("are what stands before and behind a line that a crash cut off, whoever was there first", async () => {
      const other = await openResults(results.path);
      for (const writer of [results, other, results]) {
        await appendFile(results.path, '{"type":"neverSent","mailb');
        await writer.add(never("a", "busy"));
        await writer.add(never("b", "busy"));
      }
      await other.close();
      await results.refresh();
      assert.deepEqual([...(await fresh()).known.keys()], ["a", "b"]);
      assert.deepEqual([...results.known.keys()], ["a", "b"]);
    });

    it("lose nothing of what that process is writing while they are opened", async () => {
      await results.add(never("a", "busy"));
      const line = `${JSON.stringify(never("b", "busy"))}\n`;
      await appendFile(results.path, line.slice(0, 30));
      const other = await openResults(results.path);
      await appendFile(results.path, line.slice(30));
      assert.deepEqual([...(await fresh()).known.keys()], ["a", "b"]);
      await other.add(never("c", "busy"));
      await other.close();
      assert.deepEqual([...(await fresh()).known.keys()], ["a", "b", "c"]);
    });

    it("are what stands before a line that a crash cut off", async () => {
      await results.add(never("a", "busy"));
      await appendFile(results.path, '{"type":"neverSent","mailb');
      const other = await openResults(results.path);
      await other.add(never("b", "busy"));
      await other.close();
      assert.deepEqual([...(await fresh()).known.keys()], ["a", "b"]);
    });

    it("say nothing where one whole line is wrong, and that nothing is sent without them", async () => {
      const good = await readFile(results.path, "utf8");
      for (const line of [
        "{",
        "null",
        '{"type":"other","mailbox":"a"}',
        '{"type":"sent"}',
        '{"type":"declared","mailboxes":"a"}',
        '{"type":"declared","mailboxes":["a",1]}',
        '{"type":"begun","version":2}',
        '{"type":"ended","mailbox":"a","attemptId":"1","record":{}}',
        '{"type":"ended","mailbox":"a","attemptId":"1"}',
      ]) {
        await writeFile(results.path, `${good}${line}\n`);
        await assert.rejects(openResults(results.path), isJournal(/nothing is sent without them/), line);
      }
    });

    it("say nothing where one thing is missing in a line", async () => {
      const good = await readFile(results.path, "utf8");
      const at = "2026-11-20T19:00:00.125Z";
      const ended = { at, mailbox: "a", attemptId: "1" };
      const whole: Record<string, object> = {
        sent: { ...ended, sessionId: "s-1", apiVersion: "v3" },
        ended: { ...ended, record: aRecord(anEntry(), "Succeeded") },
        failed: { ...ended, startedAt: at, reason: "busy" },
        neverSent: { at, mailbox: "a", reason: "busy" },
      };
      for (const [type, fields] of Object.entries(whole)) {
        await writeFile(results.path, `${good}${JSON.stringify({ type, ...fields })}\n`);
        assert.equal((await fresh()).known.get("a")?.type, type);
        for (const name of Object.keys(fields)) {
          const line = JSON.stringify({ type, ...fields, [name]: undefined });
          await writeFile(results.path, `${good}${line}\n`);
          await assert.rejects(openResults(results.path), isJournal(/nothing is sent without them/), line);
        }
      }
    });

    it("say so where they are gone", async () => {
      await assert.rejects(openResults(join(folder, "gone.jsonl")), isJournal(/gone\.jsonl cannot be read/));
    });
  });

  describe("of one mailbox", () => {
    const entry = anEntry();
    const at = "2026-11-20T19:00:00.000Z";
    const sent = (attemptId: string): MailboxResult => ({
      ...{ at, type: "sent", mailbox: "a", attemptId },
      ...{ sessionId: "s-1", apiVersion: "v3" },
    });
    const ended = (attemptId: string, outcome: "Succeeded" | "Unknown"): MailboxResult => ({
      ...{ at, type: "ended", mailbox: "a", attemptId },
      record: aRecord(entry, outcome),
    });
    const failed = (attemptId: string): MailboxResult => ({
      ...{ at, type: "failed", mailbox: "a", attemptId },
      ...{ startedAt: at, reason: "no" },
    });
    const unsent = (attemptId: string): MailboxResult => ({
      ...{ at, type: "neverSent", mailbox: "a", attemptId },
      reason: "refused",
    });
    const last = async (...lines: MailboxResult[]) => {
      for (const line of lines) {
        await results.add(line);
      }
      const types = [results.known.get("a")?.type, (await fresh()).known.get("a")?.type];
      assert.equal(types[0], types[1]);
      return types[0];
    };

    it("are taken back by its own attempt, when nothing came of it", async () => {
      assert.equal(await last(sent("a-1"), unsent("a-1")), "neverSent");
      assert.equal(await last(ended("a-2", "Unknown"), unsent("a-2")), "neverSent");
    });

    it("are not taken back by a process that is late with what it says of another attempt", async () => {
      assert.equal(await last(sent("a-2"), unsent("a-1")), "sent");
      assert.equal(await last(ended("a-2", "Unknown"), unsent("a-1")), "ended");
    });

    it("are not taken back once they are over", async () => {
      assert.equal(await last(ended("a-1", "Succeeded"), unsent("a-1")), "ended");
      assert.equal(await last(failed("a-2"), unsent("a-2")), "failed");
    });
  });

  describe("beside the journal", () => {
    const bulk = "urn:all";
    const mine = () => anEntry({ identity: identityIn(bulk, "a"), owner: journal.owner });
    const bound = (retry?: string) => {
      const begun: string[] = [];
      const onSend = ({ attemptId }: { attemptId: string }) => void begun.push(attemptId);
      return { both: journalWith(journal, results, { bulks: [bulk], retry, onSend }), begun };
    };
    const stages = async () => (await openJournal(folder).entries()).map(({ stage }) => stage);

    it("have a line of what is about to be sent, after the journal has it", async () => {
      const { both, begun } = bound("second try");
      const entry = mine();
      await both.begin(entry);
      const now = await fresh();
      assert.deepEqual([now.known.get("a")?.type, now.retried.get("a")], ["sent", "second try"]);
      assert.deepEqual([await stages(), begun], [["sent"], [entry.attemptId]]);
      await both.abandon(entry);
    });

    it("send nothing of what another process has carried out since this one decided, and leave no entry", async () => {
      const { both, begun } = bound();
      const other = await openResults(results.path);
      const theirs = mine();
      await other.add({
        ...{ at: "", type: "ended", mailbox: "a", attemptId: theirs.attemptId },
        record: aRecord(theirs, "Succeeded"),
      });
      await other.close();
      await assert.rejects(both.begin(mine()), CarriedOutElsewhere);
      assert.deepEqual([await stages(), begun], [[], []]);
    });

    it("send what another process could not see the end of, or what was known when this one decided", async () => {
      const theirs = mine();
      const line = (outcome: "Succeeded" | "Unknown"): MailboxResult => ({
        ...{ at: "", type: "ended", mailbox: "a", attemptId: theirs.attemptId },
        record: aRecord(theirs, outcome),
      });
      const early = bound();
      await results.add(line("Unknown"));
      const entry = mine();
      await early.both.begin(entry);
      await early.both.forget(entry);
      await results.add(line("Succeeded"));
      const again = mine();
      const decided = bound();
      await decided.both.begin(again);
      assert.deepEqual(decided.begun, [again.attemptId]);
      await decided.both.abandon(again);
    });

    it("have the end before its entry is closed; one whose end was not seen stays open", async () => {
      const { both } = bound();
      const [over, open] = [mine(), mine()];
      await both.begin(over);
      await both.answer(over, aRecord(over, "Succeeded"));
      assert.deepEqual([await stages(), (await fresh()).known.get("a")?.type], [[], "ended"]);
      const again = bound("second try").both;
      await again.begin(open);
      await again.answer(open, aRecord(open, "Unknown"));
      assert.deepEqual(await stages(), ["answered"]);
    });

    it("close no entry of another process, and tell nothing of another resource", async () => {
      const { both } = bound();
      const [theirs, strange] = [anEntry({ identity: identityIn(bulk, "a") }), anEntry({ identity: "urn:other" })];
      for (const entry of [theirs, strange]) {
        await journal.begin(entry);
        await both.answer(entry, aRecord(entry, "Succeeded"));
      }
      assert.deepEqual(await stages(), ["answered", "answered"]);
      assert.deepEqual([...(await fresh()).known.keys()], ["a"]);
    });

    it("say that nothing was sent when an entry is forgotten", async () => {
      const { both } = bound();
      const entry = mine();
      await both.begin(entry);
      await both.forget(entry);
      assert.deepEqual([await stages(), (await fresh()).known.get("a")?.type], [[], "neverSent"]);
    });
  });
});
