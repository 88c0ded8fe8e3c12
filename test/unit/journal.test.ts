import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MailboxRestoreError } from "../../provider/errors";
import { type Journal, openJournal, parseEntry } from "../../provider/restore/journal";
import { aRecord, anEntry, leaveBehind } from "../helpers/journal";

const isJournal = (pattern: RegExp) => (error: unknown) =>
  error instanceof MailboxRestoreError && error.code === "journal" && pattern.test(error.message);

describe("the journal", () => {
  let folder: string;
  let journal: Journal;
  /** Entries as another process finds them. */
  const found = () => openJournal(folder).entries();
  const leaseOf = (owner: string) => join(folder, `${owner}.lease`);
  const ours = () => anEntry({ owner: journal.owner });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-journal-"));
    journal = openJournal(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("of what is begun", () => {
    it("has it on the disk, with a lease, before the action is sent", async () => {
      const entry = ours();
      await journal.begin(entry);
      assert.deepEqual(await found(), [entry]);
      assert.ok(!Number.isNaN(Date.parse(await readFile(leaseOf(journal.owner), "utf8"))));
    });

    it("keeps the lease until the last of them is answered", async () => {
      const [one, two] = [ours(), ours()];
      await journal.begin(one);
      await journal.begin(two);
      await journal.answer(one, aRecord(one, "Succeeded"));
      assert.ok(existsSync(leaseOf(journal.owner)));
      await journal.answer(two, aRecord(two, "Succeeded"));
      assert.ok(!existsSync(leaseOf(journal.owner)));
    });

    it("has the result when it is answered, whoever asks", async () => {
      const entry = ours();
      await journal.begin(entry);
      await journal.answer(entry, aRecord(entry, "Succeeded"));
      for (const [read] of [await found(), await journal.entries()]) {
        assert.deepEqual([read?.stage, read?.result?.outcome], ["answered", "Succeeded"]);
      }
    });

    it("has what was noted while it goes on", async () => {
      const entry = ours();
      await journal.begin(entry);
      await journal.note({ ...entry, hasBegun: true });
      assert.equal((await found())[0]?.hasBegun, true);
      assert.ok(existsSync(leaseOf(journal.owner)));
    });

    it("renews its lease while it works, so that nobody takes the entry for abandoned", async () => {
      const worker = openJournal(folder, { renewMs: 5 });
      const entry = anEntry({ owner: worker.owner });
      await worker.begin(entry);
      const reader = openJournal(folder, { renewMs: 20, abandonedAfterMs: 60_000 });
      assert.equal(await reader.isWorkedOn(entry, () => undefined), true);
      await worker.forget(entry);
    });

    it("says so where a note, a result or a mark cannot be written", async () => {
      const blocked = join(folder, "blocked");
      await writeFile(blocked, "a file");
      const other = openJournal(join(blocked, "journal"));
      const entry = ours();
      const unwritable = isJournal(/cannot be written/);
      await assert.rejects(other.note(entry), unwritable);
      await assert.rejects(other.answer(entry, aRecord(entry, "Failed")), unwritable);
      await assert.rejects(other.settle(entry, "why"), unwritable);
    });

    it("loses what is forgotten, and its lease; forgetting twice is no failure", async () => {
      const entry = ours();
      await journal.begin(entry);
      await journal.forget(entry);
      assert.deepEqual([await found(), await journal.entries(), existsSync(leaseOf(journal.owner))], [[], [], false]);
      await journal.forget(entry);
    });

    it("lists the oldest first", async () => {
      for (const hour of ["11", "09", "10"]) {
        await leaveBehind(journal, anEntry({ startedAt: `2026-11-20T${hour}:00:00.000Z` }));
      }
      const hours = (await found()).map(({ startedAt }) => startedAt.slice(11, 13));
      assert.deepEqual(hours, ["09", "10", "11"]);
      assert.deepEqual(
        (await journal.files()).map(({ entry }) => entry?.startedAt.slice(11, 13)),
        ["09", "10", "11"],
      );
    });

    it("finds what another process has answered since it was last looked at", async () => {
      const [other, entry] = [openJournal(folder), anEntry()];
      await leaveBehind(other, entry);
      assert.equal((await journal.entries())[0]?.stage, "sent");
      await other.answer(entry, aRecord(entry, "Succeeded"));
      assert.equal((await journal.entries())[0]?.stage, "answered");
    });

    it("finds what another process begins later", async () => {
      assert.deepEqual(await journal.entries(), []);
      const entry = anEntry();
      await leaveBehind(openJournal(folder), entry);
      assert.deepEqual(await journal.entries(), [entry]);
    });

    it("is nobody else's to read, and no part of a repository", async () => {
      await journal.begin(ours());
      assert.equal((await stat(join(folder, "closed"))).mode & 0o077, 0);
      assert.equal((await stat(leaseOf(journal.owner))).mode & 0o077, 0);
      assert.equal(await readFile(join(folder, ".gitignore"), "utf8"), "*\n");
    });

    it("leaves a .gitignore as it is", async () => {
      await writeFile(join(folder, ".gitignore"), "mine\n");
      await journal.begin(ours());
      assert.equal(await readFile(join(folder, ".gitignore"), "utf8"), "mine\n");
    });

    it("refuses to begin where it cannot write, and begins once it can", async () => {
      const blocked = join(folder, "blocked");
      await writeFile(blocked, "a file");
      const other = openJournal(join(blocked, "journal"));
      await assert.rejects(other.begin(ours()), isJournal(/cannot be written[^]*nothing is sent/));
      await rm(blocked);
      const entry = anEntry({ owner: other.owner });
      await other.begin(entry);
      assert.deepEqual(await other.entries(), [entry]);
      await other.abandon(entry);
    });
  });

  describe("asked whether an entry is still as this process wrote it", () => {
    it("says yes of one that is, and of no other", async () => {
      const entry = ours();
      await journal.begin(entry);
      assert.equal(await journal.isStillOurs(entry), true);
      await journal.abandon(entry);
      const strange = anEntry();
      await leaveBehind(openJournal(folder), strange);
      assert.equal(await journal.isStillOurs(strange), false, "of another process");
      assert.equal(await journal.isStillOurs(ours()), false, "never written");
    });

    it("says no when another process has settled it meanwhile, in either way", async () => {
      const [answered, noted] = [ours(), ours()];
      await journal.begin(answered);
      await journal.begin(noted);
      const other = openJournal(folder);
      await other.answer(answered, aRecord(answered, "Unknown"));
      await other.note({ ...noted, note: "a person was here" });
      assert.equal(await journal.isStillOurs(answered), false);
      assert.equal(await journal.isStillOurs(noted), false);
    });
  });

  describe("asked to wait until an entry is settled", () => {
    const waiting = (meanwhile: () => Promise<unknown>, waits: string[] = []) => {
      const reader = openJournal(folder, {
        renewMs: 1,
        abandonedAfterMs: 3,
        pause: async () => {
          waits.push("pause");
          await meanwhile();
        },
      });
      return { reader, waits, wait: () => void waits.push("told") };
    };
    const strange = async () => {
      const entry = anEntry();
      await leaveBehind(openJournal(folder), entry);
      await writeFile(leaseOf(entry.owner), new Date().toISOString());
      return entry;
    };

    it("sees that another process has answered it, or forgotten it", async () => {
      const [answered, forgotten] = [await strange(), await strange()];
      const { reader, wait, waits } = waiting(() => openJournal(folder).answer(answered, aRecord(answered, "Failed")));
      assert.equal(await reader.settled(answered, wait), "changed");
      assert.deepEqual(waits, ["told", "pause"]);
      const gone = waiting(() => openJournal(folder).forget(forgotten));
      assert.equal(await gone.reader.settled(forgotten, gone.wait), "changed");
    });

    it("gives it up without a pause when there is no lease, or one of long ago", async () => {
      const entry = await strange();
      const { reader, wait, waits } = waiting(() => assert.fail("it waited"));
      await writeFile(leaseOf(entry.owner), new Date(Date.now() - 61_000).toISOString());
      assert.equal(await reader.settled(entry, wait), "abandoned");
      await rm(leaseOf(entry.owner));
      assert.equal(await reader.settled(entry, wait), "abandoned");
      assert.deepEqual(waits, []);
    });

    it("waits as long as the lease is renewed, and gives it up when it is no more", async () => {
      const entry = await strange();
      let renewals = 10;
      const { reader, wait, waits } = waiting(async () => {
        if (renewals-- > 0) {
          await writeFile(leaseOf(entry.owner), new Date(Date.now() - renewals).toISOString());
        }
      });
      assert.equal(await reader.settled(entry, wait), "abandoned");
      assert.equal(waits.filter((one) => one === "pause").length, 13);
    });

    it("waits for this very process until it has answered, and not for what it does not work on", async () => {
      const entry = ours();
      await journal.begin(entry);
      let isTold = false;
      const settled = journal.settled(entry, () => (isTold = true));
      assert.ok(isTold);
      await journal.answer(entry, aRecord(entry, "Succeeded"));
      assert.equal(await settled, "changed");
      assert.equal(await journal.settled(ours(), assert.fail), "abandoned");
    });
  });

  describe("when it closes an entry", () => {
    it("answers nothing more with it, and still counts it in its session", async () => {
      const entry = ours();
      await journal.begin(entry);
      await journal.answer(entry, aRecord(entry, "Succeeded"));
      journal.close(entry);
      assert.deepEqual([await journal.entries(), await found()], [[], []]);
      assert.equal((await journal.inSession(entry.sessionId))[0]?.attemptId, entry.attemptId);
      assert.deepEqual(
        (await journal.files()).map(({ isClosed }) => isClosed),
        [true],
      );
    });

    it("leaves one alone that is not there", () => {
      journal.close(anEntry());
      assert.ok(!existsSync(join(folder, "closed")));
    });

    it("counts in a session what is open and closed of it, and nothing of another", async () => {
      const [open, closed, other] = [anEntry(), anEntry(), anEntry()];
      closed.sessionId = open.sessionId;
      for (const entry of [open, closed, other]) {
        await leaveBehind(journal, entry);
      }
      await leaveBehind(journal, { ...other, attemptId: "b", sessionId: other.sessionId });
      journal.close(closed);
      journal.close(other);
      const ids = (await openJournal(folder).inSession(open.sessionId)).map(({ attemptId }) => attemptId);
      assert.deepEqual(ids.sort(), [open.attemptId, closed.attemptId].sort());
    });

    it("keeps what is closed for a month, and leases of the dead no longer than that", async () => {
      const [old, young] = [anEntry(), anEntry()];
      for (const entry of [old, young]) {
        await leaveBehind(journal, entry);
        journal.close(entry);
      }
      const open = anEntry();
      await leaveBehind(journal, open);
      const longAgo = new Date(Date.now() - 31 * 86_400_000);
      const lately = new Date(Date.now() - 29 * 86_400_000);
      await writeFile(leaseOf("dead"), "");
      await writeFile(leaseOf("alive"), "");
      const isOld = (name: string) => name.includes(old.attemptId);
      for (const name of await readdir(join(folder, "closed"))) {
        const time = isOld(name) ? longAgo : lately;
        await utimes(join(folder, "closed", name), time, time);
      }
      for (const name of (await readdir(folder)).filter((one) => one.endsWith(".json"))) {
        await utimes(join(folder, name), longAgo, longAgo);
      }
      await utimes(leaseOf("dead"), longAgo, longAgo);
      await leaveBehind(openJournal(folder), anEntry());
      const closed = await readdir(join(folder, "closed"));
      assert.deepEqual([closed.length, closed.some(isOld)], [1, false]);
      assert.deepEqual([existsSync(leaseOf("dead")), existsSync(leaseOf("alive"))], [false, true]);
      assert.ok(
        (await found()).some(({ attemptId }) => attemptId === open.attemptId),
        "what is open stays for ever",
      );
    });
  });

  describe("with an entry that cannot be read", () => {
    const name = "0123456789abcdef-an-attempt.json";

    it("answers nothing, since it may be about any mailbox, and names the file", async () => {
      await writeFile(join(folder, name), "{");
      await assert.rejects(journal.entries(), isJournal(/an-attempt\.json cannot be read[^]*nothing is sent/));
    });

    it("answers again once it was set aside, with what a person said beside it", async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), '{"owner": "somebody"}');
      const [file] = await journal.files();
      assert.ok(file !== undefined && file.entry === undefined);
      assert.deepEqual([file.isClosed, file.owner], [false, "somebody"]);
      const moved = await journal.setAside(file.path, "nothing was sent");
      assert.deepEqual(await journal.entries(), []);
      assert.equal(await readFile(moved, "utf8"), '{"owner": "somebody"}');
      assert.match(await readFile(`${moved}.note`, "utf8"), /^\S+ nothing was sent\n$/);
    });

    it("says that the file system failed, where it did", async () => {
      await symlink(name, join(folder, name));
      await assert.rejects(found(), isJournal(/could not be opened[^]*nothing wrong with the entry itself/));
    });

    it("answers nothing where the folder itself cannot be read: it is not empty because of that", async () => {
      const blocked = join(folder, "blocked");
      await writeFile(blocked, "a file");
      await assert.rejects(openJournal(blocked).entries(), isJournal(/blocked cannot be read[^]*nothing is sent/));
    });

    it("does not look at other files", async () => {
      await writeFile(join(folder, "package.json"), "{");
      assert.deepEqual(await journal.entries(), []);
    });
  });

  describe("reading the text of an entry", () => {
    const refused = (difference: object, pattern: RegExp) =>
      assert.throws(() => parseEntry(JSON.stringify({ ...anEntry(), ...difference })), pattern);

    it("takes what was written", () => {
      const restore = anEntry();
      const toFile = anEntry({ action: "exportToPst", writesTo: null, target: null });
      const answered = anEntry({ stage: "answered", result: aRecord(restore, "Failed") });
      for (const entry of [restore, toFile, answered]) {
        assert.deepEqual(parseEntry(JSON.stringify(entry)), entry);
      }
    });

    it("refuses what is no object, or of another version", () => {
      for (const text of ["null", "7", '"x"']) {
        assert.throws(() => parseEntry(text), /it is no object/);
      }
      refused({ version: 2 }, /another version/);
    });

    it("refuses one in which something is missing that decides", () => {
      for (const name of [
        ...["identity", "attemptId", "intentHash", "endpoint"],
        ...["apiVersion", "sessionId", "startedAt", "owner"],
      ]) {
        refused({ [name]: undefined }, new RegExp(`its ${name} is missing`));
      }
      for (const difference of [
        { mailbox: undefined },
        { mailbox: { id: "m-1", name: "" } },
        { mailbox: { name: "", email: "a@b.example" } },
        { ignoredEvents: undefined },
        { writesTo: null },
        { action: "exportToPst" },
        { stage: "begun" },
        { stage: "begun", result: aRecord(anEntry(), "Failed") },
      ]) {
        refused(difference, /it is not whole/);
      }
    });

    it("refuses one whose result is not all there, or says what no result does, and says where", () => {
      const result = aRecord(anEntry(), "Failed");
      refused({ stage: "answered", result: undefined }, /its result is not whole: it must be object/);
      refused({ stage: "answered", result: {} }, /its result is not whole: it must have required property/);
      for (const [difference, where] of [
        [{ outcome: "Sucbeeded" }, "outcome must be equal to one of the allowed values"],
        [{ counts: undefined }, "it must have required property 'counts'"],
        [{ counts: { ...result.counts, failed: "none" } }, "counts/failed must be number,null"],
        [{ failures: [1] }, "failures/0 must be string"],
        [{ pst: { path: "a.pst" } }, "pst must have required property 'bytes'"],
        [{ pending: {} }, "pending must have required property 'mailboxName'"],
      ] as const) {
        const changed = { stage: "answered", result: { ...result, ...difference } };
        refused(changed, new RegExp(`its result is not whole: ${where}`));
      }
    });
  });

  it("makes names that do not lead out of its folder, whatever ids it is given", async () => {
    const wild = anEntry({ attemptId: "../../evil/a b", sessionId: "../x" });
    await leaveBehind(journal, wild);
    assert.deepEqual(await found(), [wild]);
    const [name = ""] = (await readdir(folder)).filter((one) => one.endsWith(".json"));
    assert.match(name, /^[0-9a-f]{16}-[0-9a-f]{16}\.json$/);
  });

  it("reads more entries than it opens files at once", async () => {
    const entries = Array.from({ length: 40 }, () => anEntry());
    for (const entry of entries) {
      await leaveBehind(journal, entry);
    }
    assert.equal(new Set((await found()).map(({ attemptId }) => attemptId)).size, 40);
  });
});
