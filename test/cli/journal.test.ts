import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { readConnectionSettings } from "../../provider/config";
import { type Connection, connect } from "../../provider/restore/connection";
import { createSessionLook, settleOwn } from "../../provider/restore/earlier";
import { type Journal, type JournalEntry, openJournal } from "../../provider/restore/journal";
import { aRecord, anEntry, leaveBehind } from "../helpers/journal";
import { type Result, type Rig, rigs, start } from "./command";

describe("vb365 journal", () => {
  const aRig = rigs();
  let folder: string;
  let journalDir: string;
  let journal: Journal;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "vb365-journal-")));
    journalDir = join(folder, ".vb365/journal");
    journal = openJournal(journalDir);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const vb365 = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Result> =>
    start(["journal", ...args], { cwd: folder, ...options }).result;
  const settled = (what: string, flag: string, why = "looked into the mailbox") =>
    vb365(["resolve", what, `--${flag}`, why]);

  const left = async (difference: Partial<JournalEntry> = {}): Promise<JournalEntry> => {
    const entry = anEntry(difference);
    await leaveBehind(journal, entry);
    return entry;
  };
  const answered = async (outcome: Parameters<typeof aRecord>[1], difference: Partial<JournalEntry> = {}) => {
    const entry = await left(difference);
    await journal.answer(entry, aRecord(entry, outcome));
    return entry;
  };
  const fileOf = async (entry: JournalEntry): Promise<string> => {
    const file = (await journal.files()).find((one) => one.entry?.attemptId === entry.attemptId);
    assert.ok(file !== undefined);
    return file.path;
  };
  /** An open entry, with this text in its file instead of its own. */
  const damaged = async (textOf: (entry: JournalEntry) => string): Promise<string> => {
    const entry = await left();
    const path = await fileOf(entry);
    await writeFile(path, textOf(entry));
    return path;
  };
  const unreadable = () => damaged((entry) => JSON.stringify(entry).slice(0, 40));
  const openOnes = () => openJournal(journalDir).entries();

  const connectionTo = ({ env }: Pick<Rig, "env">): Connection => {
    const result = readConnectionSettings(() => undefined, env);
    assert.ok("settings" in result);
    return connect(result.settings);
  };
  /** What the next `up` of the entry's resource finds before it sends anything. */
  const nextUp = (connection: Connection, { identity, intentHash, intentLayout }: JournalEntry) =>
    settleOwn(
      connection,
      { identity, intentHash, intentLayout, formerIdentity: undefined },
      {
        journal: openJournal(journalDir),
        report: () => undefined,
        warn: (text) => assert.fail(text),
        engineIsGone: async () => false,
        limitMs: undefined,
      },
    );

  describe("list", () => {
    it("says so when there is no journal, and ends with 0", async () => {
      const { code, stdout, stderr } = await vb365(["list"]);
      assert.equal(code, 0);
      assert.equal(
        stdout,
        `There is no journal at ${journalDir}, so nothing is open in it. It is made when something is sent first.\n`,
      );
      assert.equal(stderr, "");
      assert.ok(!existsSync(journalDir));
    });

    it("says so when nothing is open", async () => {
      journal.close(await answered("Succeeded"));
      const { code, stdout } = await vb365(["list"]);
      assert.equal(code, 0);
      assert.equal(stdout, `The journal ${journalDir} holds nothing that is open.\n`);
    });

    it("shows what is open, the oldest first, with its stage in words", async () => {
      const sent = await left();
      const pst = await answered("Succeeded", {
        identity: "urn:pulumi:dev::mail::pulumi-nodejs:dynamic/vb365:MailboxRestore::to-pst",
        action: "exportToPst",
        writesTo: null,
        target: null,
        path: "/exports/finance.pst",
        startedAt: "2026-11-20T18:59:00.000Z",
      });
      const { code, stdout, stderr } = await vb365(["list"]);
      assert.equal(code, 0, stderr);
      const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
      assert.deepEqual(rows, [
        ["ATTEMPT", "RESOURCE", "ACTION", "MAILBOX", "WRITES TO", "BEGUN", "STAGE", "RESTORE SESSION"],
        [
          ...[pst.attemptId, "to-pst", "exportToPst", "finance@contoso.example", "/exports/finance.pst"],
          ...["2026-11-20T18:59:00Z", "answered, Succeeded", pst.sessionId],
        ],
        [
          ...[sent.attemptId, "finance", "restoreTo", "finance@contoso.example", "support@contoso.example"],
          ...["2026-11-20T19:00:00Z", "sent", sent.sessionId],
        ],
        [""],
      ]);
      assert.equal(stderr, "2 open attempts, 1 without an answer.\n");
    });

    it("shows the closed ones only with --all, and what was said of them", async () => {
      const taken = await answered("PartiallyFailed");
      journal.close(taken);
      const denied = await left();
      await settled(denied.attemptId, "not-carried-out");
      const { sessionId } = anEntry();
      await settled(sessionId, "unrelated");

      assert.match((await vb365(["list"])).stdout, /holds nothing that is open/);
      const { code, stdout } = await vb365(["list", "--all"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^${taken.attemptId} .* closed, PartiallyFailed +${taken.sessionId}$`, "m"));
      assert.match(stdout, new RegExp(`^${denied.attemptId} .* closed, not carried out +${denied.sessionId}$`, "m"));
      assert.match(stdout, new RegExp(`^ +closed, unrelated +${sessionId}$`, "m"));
    });

    it("writes entries as JSON, without what only the provider can use", async () => {
      const entry = await answered("Unknown");
      const { code, stderr, json } = await vb365(["list", "--json"]);
      assert.equal(code, 0);
      assert.equal(stderr, "");
      const { owner: _owner, ignoredEvents: _ignoredEvents, intentHash: _intentHash, ...shown } = entry;
      assert.deepEqual(json(), {
        folder: journalDir,
        entries: [
          {
            file: await fileOf(entry),
            closed: false,
            ...shown,
            stage: "answered",
            result: aRecord(entry, "Unknown"),
          },
        ],
        unreadable: [],
      });
    });

    for (const [what, textOf, reason] of [
      ["is cut", (entry: JournalEntry) => JSON.stringify(entry).slice(0, 40), /JSON/],
      ["is no entry", () => "[]", /another version of pulumi-vb365 wrote it/],
      ["lacks its session", (entry: JournalEntry) => JSON.stringify({ ...entry, sessionId: 7 }), /its sessionId is/],
      [
        "a newer version wrote",
        (entry: JournalEntry) => JSON.stringify({ ...entry, version: 2 }),
        /another version of pulumi-vb365 wrote it/,
      ],
    ] as const) {
      it(`tells of a file that ${what}, beside the others, and ends with 1`, async () => {
        const path = await damaged(textOf);
        const entry = await left();
        const { code, stdout, stderr } = await vb365(["list"]);
        assert.equal(code, 1);
        assert.match(stdout, new RegExp(`^${entry.attemptId} `, "m"));
        const [, told = ""] = stdout.split(`\n${path}`);
        assert.match(told, reason);
        assert.ok(stderr.includes(`vb365 journal resolve ${path} --not-carried-out "why"`), stderr);
        const { unreadable } = (await vb365(["list", "--json"])).json<{ unreadable: Record<string, unknown>[] }>();
        assert.deepEqual(
          unreadable.map(({ file, closed }) => [file, closed]),
          [[path, false]],
        );
      });
    }

    it("looks where --journal-dir says, else where VB365_JOURNAL_DIR says", async () => {
      const entry = await left();
      const [elsewhere, nowhere] = [join(folder, "elsewhere"), join(folder, "nowhere")];
      await mkdir(elsewhere);
      const env = { VB365_JOURNAL_DIR: "../.vb365/journal" };
      assert.match((await vb365(["list"], { cwd: elsewhere })).stdout, /^There is no journal at /);
      assert.ok((await vb365(["list"], { cwd: elsewhere, env })).stdout.includes(entry.attemptId));
      const { stdout } = await vb365(["list", "--journal-dir", nowhere], { cwd: elsewhere, env });
      assert.ok(stdout.startsWith(`There is no journal at ${nowhere}`), stdout);
    });
  });

  describe("resolve --carried-out", () => {
    it("lets the next up take the restore over, and ask the server nothing", async () => {
      const rig = await aRig();
      const connection = connectionTo(rig);
      const entry = await left({ endpoint: rig.simulator.endpoint });
      const { code, stdout, stderr } = await settled(entry.attemptId, "carried-out", "45 items are there");
      assert.equal(code, 0, stderr);
      assert.equal(
        stdout,
        `Noted: the restore of finance@contoso.example into support@contoso.example (attempt ${entry.attemptId}, resource finance) ` +
          `was carried out.\n` +
          `The next pulumi up of finance takes it over as Accepted and sends nothing, unless it declares something else.\n`,
      );
      const earlier = await nextUp(connection, entry);
      connection.close();
      assert.equal(earlier?.record.outcome, "Accepted");
      assert.equal(earlier.entry.note, "45 items are there");
      assert.deepEqual(earlier.record.warnings, ["Settled by hand: 45 items are there"]);
      assert.equal(earlier.record.startedAt, entry.startedAt);
      assert.equal(earlier.record.counts.created, null);
      assert.ok(!("pending" in earlier.record));
      assert.deepEqual(rig.simulator.requests, []);
    });

    it("finds the attempt by its restore session, too", async () => {
      const entry = await left();
      await left({ sessionId: "another-session" });
      assert.equal((await settled(entry.sessionId, "carried-out")).code, 0);
      const stages = (await openOnes()).map(({ attemptId, stage }) => [attemptId === entry.attemptId, stage]);
      assert.deepEqual(stages.sort(), [
        [false, "sent"],
        [true, "answered"],
      ]);
    });

    it("changes nothing of an attempt that is answered, and shows how it ended", async () => {
      const entry = await answered("PartiallyFailed");
      const before = await readFile(await fileOf(entry), "utf8");
      const { code, stdout } = await settled(entry.attemptId, "carried-out");
      assert.equal(code, 0);
      assert.match(stdout, /^Nothing needs to be done: .* is answered already, PartiallyFailed\.$/m);
      assert.match(stdout, /^The next pulumi up of finance takes it over as PartiallyFailed and sends nothing/m);
      assert.equal(await readFile(await fileOf(entry), "utf8"), before);
    });

    it("says which way is left when another version declared it", async () => {
      const entry = await left({ intentLayout: 2 });
      const { stdout } = await settled(entry.attemptId, "carried-out");
      assert.match(
        stdout,
        /^Another version of pulumi-vb365 began it: run pulumi up with that version, or declare adopt/m,
      );
    });

    it("is refused for an export: its file is what counts", async () => {
      const entry = await left({ action: "exportToPst", writesTo: null, target: null, path: join(folder, "a.pst") });
      const { code, stderr } = await settled(entry.attemptId, "carried-out");
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error: The export of .* the next pulumi up of finance makes it again\. Nothing was changed\.$/m,
      );
      assert.equal((await openOnes())[0]?.stage, "sent");
    });

    it("is refused for what is closed already", async () => {
      const entry = await answered("Unknown");
      journal.close(entry);
      const { code, stderr } = await settled(entry.attemptId, "carried-out");
      assert.equal(code, 1);
      assert.match(stderr, /is closed already\. .* adopt: \{ note: "why" \}/);
    });
  });

  describe("resolve --not-carried-out", () => {
    it("lets the next up send", async () => {
      const rig = await aRig();
      const connection = connectionTo(rig);
      const entry = await left({ endpoint: rig.simulator.endpoint });
      const { code, stdout, stderr } = await settled(entry.attemptId, "not-carried-out", "no new mail");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^Noted and closed: .* was not carried out\.\nThe next pulumi up of finance sends it\.\n$/);
      assert.equal(await nextUp(connection, entry), undefined);
      connection.close();
      assert.deepEqual(rig.simulator.requests, []);
      const [closed] = await openJournal(journalDir).inSession(entry.sessionId);
      assert.equal(closed?.note, "no new mail");
    });

    it("closes what ended as Unknown", async () => {
      const entry = await answered("Unknown");
      const { code, stdout } = await settled(entry.attemptId, "not-carried-out");
      assert.equal(code, 0);
      assert.match(stdout, /sends it, unless the stack's state has this attempt already\.$/m);
      assert.deepEqual(await openOnes(), []);
    });

    it("is refused where it is known how the restore ended", async () => {
      const entry = await answered("Succeeded");
      const { code, stderr } = await settled(entry.attemptId, "not-carried-out");
      assert.equal(code, 1);
      assert.match(stderr, /^error: It is known how the restore of .* ended: Succeeded\. .* new runId\./m);
      assert.equal((await openOnes()).length, 1);
    });

    it("removes what an export had received", async () => {
      const path = join(folder, "finance.pst");
      const entry = await left({ action: "exportToPst", writesTo: null, target: null, path });
      await writeFile(`${path}.${entry.attemptId}.part`, "half a PST");
      const { code, stdout } = await settled(entry.attemptId, "not-carried-out");
      assert.equal(code, 0);
      assert.match(stdout, /^The next pulumi up of finance makes it again\.$/m);
      assert.deepEqual(await readdir(folder), [".vb365"]);
    });

    for (const [what, named] of [
      ["path", (path: string) => path],
      ["file name", (path: string) => basename(path)],
    ] as const) {
      it(`moves a file that cannot be read aside, by its ${what}`, async () => {
        const path = await unreadable();
        await assert.rejects(openOnes(), /cannot be read/);
        const { code, stdout, stderr } = await settled(named(path), "not-carried-out", "no new mail anywhere");
        assert.equal(code, 0, stderr);
        const aside = join(journalDir, "closed", `${basename(path)}.damaged`);
        assert.ok(stdout.includes(`${path} could not be read`) && stdout.includes(`is now ${aside}.`), stdout);
        assert.match(await readFile(`${aside}.note`, "utf8"), / no new mail anywhere\n$/);
        assert.ok(existsSync(aside));
        assert.deepEqual(await openOnes(), []);
        assert.equal((await vb365(["list", "--all"])).code, 0);
      });
    }

    it("moves a closed file aside, too: it would stop everything in its session", async () => {
      const entry = await answered("Succeeded");
      journal.close(entry);
      const path = await fileOf(entry);
      await writeFile(path, "");
      await assert.rejects(openJournal(journalDir).inSession(entry.sessionId), /cannot be read/);
      assert.equal((await settled(path, "not-carried-out")).code, 0);
      assert.deepEqual(await openJournal(journalDir).inSession(entry.sessionId), []);
    });

    it("knows the journal by a file's path, wherever it is called", async () => {
      const path = await unreadable();
      const elsewhere = join(folder, "elsewhere");
      await mkdir(elsewhere);
      const { code } = await vb365(["resolve", path, "--not-carried-out", "looked"], { cwd: elsewhere });
      assert.equal(code, 0);
      assert.deepEqual(await openOnes(), []);
      assert.deepEqual(await readdir(elsewhere), []);
    });
  });

  it("takes no restore over from a file that cannot be read", async () => {
    const path = await unreadable();
    const { code, stderr } = await settled(path, "carried-out");
    assert.equal(code, 1);
    assert.match(stderr, /nobody can take over what it tells of\. .* declare adopt: \{ note: "why" \}/);
    assert.ok(existsSync(path));
  });

  describe("an attempt that somebody works on", () => {
    for (const [what, change] of [
      ["is", (entry: JournalEntry) => entry],
      ["is, in a newer version,", (entry: JournalEntry) => ({ ...entry, version: 2 })],
    ] as const) {
      it(`${what} left to whom it belongs`, async () => {
        const working = openJournal(journalDir, { renewMs: 50 });
        const entry = anEntry({ owner: working.owner });
        await working.begin(entry);
        const path = await fileOf(entry);
        const text = JSON.stringify(change(entry));
        await writeFile(path, text);
        for (const flag of ["carried-out", "not-carried-out"]) {
          const { code, stderr } = await settled(basename(path), flag);
          assert.equal(code, 1);
          assert.match(stderr, /^error: A pulumi up that runs now works on .*: wait until it has ended;/m);
        }
        assert.equal(await readFile(path, "utf8"), text);
        await working.abandon(entry);
      });
    }

    it("may be settled when its process was killed and left its lease", async () => {
      const entry = await left();
      await writeFile(join(journalDir, `${entry.owner}.lease`), new Date().toISOString());
      const { code, stderr } = await settled(entry.attemptId, "not-carried-out");
      assert.equal(code, 0);
      assert.equal(stderr, "Looking for some seconds whether a pulumi up still works on it.\n");
    });
  });

  describe("resolve --unrelated", () => {
    it("takes a restore session for settled that holds restores of others", async () => {
      const rig = await aRig();
      const strangers = connectionTo(rig);
      const { dialect } = strangers;
      const [organization] = await dialect.listOrganizations();
      const options = { pointInTime: "2026-11-20T18:00:00.000Z", showDeleted: false, showAllVersions: false };
      const { id } = await dialect.openSession(organization?.id ?? "", options);
      const mailboxes = (await dialect.listMailboxes(id)).slice(0, 2);
      for (const mailbox of mailboxes) {
        await dialect.restoreToOriginalLocation(id, mailbox.id, rig.simulator.exchange);
      }
      const strange = () => createSessionLook(openJournal(journalDir)).strangeRestores(strangers);
      assert.deepEqual(
        (await strange()).map(({ session }) => session.id),
        [id, id],
      );

      const { code, stdout } = await settled(id, "unrelated", "restored by a colleague");

      assert.equal(code, 0);
      assert.equal(
        stdout,
        `Noted in ${journalDir}: restore session ${id} holds restores of others.\n` +
          `With this journal, the next pulumi up stops no more because of what that session holds.\n`,
      );
      assert.deepEqual(await strange(), []);
      assert.equal((await settled(id, "unrelated")).code, 0, "said again");
      strangers.close();
    });

    it("settles no attempt of that session", async () => {
      const entry = await left();
      const { code, stdout } = await settled(entry.sessionId, "unrelated");
      assert.equal(code, 0);
      assert.ok(stdout.includes(`open there stays so: ${entry.attemptId}.`), stdout);
      assert.equal((await settled(entry.sessionId, "carried-out")).code, 0, "the session's only attempt");
    });

    it("is refused for an attempt, and for what is no id", async () => {
      const entry = await left();
      const attempt = await settled(entry.attemptId, "unrelated");
      assert.equal(attempt.code, 1);
      assert.match(attempt.stderr, /is an attempt of resource finance/);
      const file = await settled(await fileOf(entry), "unrelated");
      assert.equal(file.code, 1);
      assert.match(file.stderr, /is no id of a restore session/);
    });
  });

  it("names the nearest ids for one that it does not know", async () => {
    const entry = await left();
    const far = await left({ attemptId: "zzzz" });
    const path = await unreadable();
    const { code, stderr } = await settled(`${entry.attemptId.slice(0, -1)}x`, "carried-out");
    assert.equal(code, 1);
    const [, first, ...rest] = stderr.trimEnd().split("\n");
    assert.equal(first, `  ${entry.attemptId} (finance)`);
    assert.deepEqual(rest.sort(), [`  ${basename(path)} (cannot be read)`, `  ${far.attemptId} (finance)`].sort());
  });

  it("wants to know which attempt of a session is meant", async () => {
    const first = await left();
    const second = await left({ sessionId: first.sessionId });
    const { code, stderr } = await settled(first.sessionId, "not-carried-out");
    assert.equal(code, 1);
    assert.match(stderr, /holds several open attempts; name one of them:/);
    assert.ok(stderr.includes(first.attemptId) && stderr.includes(second.attemptId));
    assert.equal((await openOnes()).length, 2);
  });

  it("writes what was settled as JSON", async () => {
    const entry = await left();
    const running = start(["journal", "resolve", entry.attemptId, "--carried-out", "seen", "--json"], { cwd: folder });
    const { code, stderr, json } = await running.result;
    assert.deepEqual([code, stderr], [0, ""]);
    const { next, ...document } = json();
    assert.deepEqual(document, {
      folder: journalDir,
      settled: "carriedOut",
      attemptId: entry.attemptId,
      sessionId: entry.sessionId,
      identity: entry.identity,
      outcome: "Accepted",
    });
    assert.match(String(next), /^The next pulumi up of finance takes it over/);
    const refused = await vb365(["resolve", "unknown", "--carried-out", "seen", "--json"]);
    assert.equal(refused.json<{ error: { code: string } }>().error.code, "selection");
  });

  for (const name of ["list", "resolve"]) {
    it(`explains ${name} with an example and the exit codes`, async () => {
      const { code, stdout } = await vb365([name, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Examples:\n  vb365 journal ${name}`, "m"));
      assert.match(stdout, /^Exit codes:$/m);
    });
  }
});
