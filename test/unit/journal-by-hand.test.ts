import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, journalFolderOf, openJournal, parseEntry } from "../../provider/restore/journal";
import { aRecord, anEntry, leaveBehind } from "../helpers/journal";

describe("the journal, for people", () => {
  let folder: string;
  let journal: Journal;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-journal-"));
    journal = openJournal(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe("a lease", () => {
    const leaseOf = (owner: string) => join(folder, `${owner}.lease`);
    /** A journal that watches three times, without waiting; `meanwhile` happens in its pauses. */
    const watching = (meanwhile: () => Promise<void>) =>
      openJournal(folder, { renewMs: 1, abandonedAfterMs: 3, pause: meanwhile });

    it("that is renewed belongs to somebody, whatever its clock says", async () => {
      const { owner } = anEntry();
      await writeFile(leaseOf(owner), "2020-01-01T00:00:00.000Z");
      let watched = 0;
      const reader = watching(() => writeFile(leaseOf(owner), "2020-01-01T00:00:01.000Z"));
      assert.equal(await reader.isWorkedOn({ owner }, () => (watched += 1)), true);
      assert.equal(watched, 1);
    });

    it("that nobody renews belongs to nobody", async () => {
      const { owner } = anEntry();
      await writeFile(leaseOf(owner), new Date().toISOString());
      let pauses = 0;
      const reader = watching(async () => void (pauses += 1));
      assert.equal(await reader.isWorkedOn({ owner }, () => undefined), false);
      assert.equal(pauses, 3);
    });

    it("that is given back while it is watched belongs to nobody", async () => {
      const { owner } = anEntry();
      await writeFile(leaseOf(owner), new Date().toISOString());
      const reader = watching(() => rm(leaseOf(owner)));
      assert.equal(await reader.isWorkedOn({ owner }, () => undefined), false);
    });

    it("that is not there is not waited for", async () => {
      const never = () => assert.fail("it waited");
      assert.equal(await watching(never).isWorkedOn(anEntry(), never), false);
    });
  });

  it("makes nothing when it is looked at", async () => {
    const nowhere = join(folder, "nowhere");
    assert.deepEqual(await openJournal(nowhere).files(), []);
    assert.equal(journalFolderOf(nowhere), undefined);
    await assert.rejects(readFile(nowhere), /ENOENT/);
  });

  it("stores a person's result with its reason, for the resource to take over", async () => {
    const entry = anEntry();
    await leaveBehind(journal, entry);
    await journal.settle(entry, "seen", aRecord(entry, "Accepted"));
    const [settled] = await openJournal(folder).entries();
    assert.deepEqual([settled?.stage, settled?.note, settled?.result?.outcome], ["answered", "seen", "Accepted"]);
  });

  it("closes without a result, and still counts what was begun in the session", async () => {
    const entry = anEntry();
    await leaveBehind(journal, entry);
    await journal.settle(entry, "no new mail");
    const fresh = openJournal(folder);
    assert.deepEqual(await fresh.entries(), []);
    const [closed] = await fresh.inSession(entry.sessionId);
    assert.deepEqual([closed?.attemptId, closed?.stage, closed?.note], [entry.attemptId, "sent", "no new mail"]);
  });

  it("marks a session with an entry that every reader takes", async () => {
    const { sessionId } = anEntry();
    await journal.settleSession(sessionId, "of a colleague");
    const [file] = await journal.files();
    assert.equal(file?.isClosed, true);
    const mark = parseEntry(await readFile(file.path, "utf8"));
    assert.deepEqual([mark.attemptId, mark.sessionId, mark.note], [sessionId, sessionId, "of a colleague"]);
  });

  it("knows its folder by an entry's path, be it open or closed, and by no other path", () => {
    const name = "0123456789abcdef-an-attempt.json";
    assert.equal(journalFolderOf(join(folder, name)), folder);
    assert.equal(journalFolderOf(join(folder, "closed", name)), folder);
    assert.equal(journalFolderOf(name), undefined);
    assert.equal(journalFolderOf(join(folder, "package.json")), undefined);
  });
});
