import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SimulatorOptions, numberedMailboxes } from "../../simulator";
import { type Bench, aBench, failureOf, isAction, stateOf, warningsOf } from "../helpers/bench";

type Bag = Record<string, unknown>;
type Outputs = Bag & { totals: { outcomes: Record<string, number> }; resultsFile: string; failureCount: number };

const urn = "urn:pulumi:test::vb365-test::pulumi-nodejs:dynamic/vb365:BulkMailboxRestore::all";
const address = (number: number) => `mailbox-${String(number).padStart(4, "0")}@contoso.example`;
const addresses = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => address(from + index));
const inputs = (difference: Bag = {}): Bag => ({
  organization: "contoso.example",
  mailboxes: addresses(1, 4),
  pointInTime: "latest",
  restoreTo: { mailbox: address(9) },
  __urn: urn,
  ...difference,
});
const exported = ({ path = "exports/{email}.pst", ...difference }: Bag = {}): Bag =>
  inputs({ restoreTo: undefined, exportToPst: { path }, ...difference });

const isAnAction = /POST .*mailboxes\/.*action$/i;

describe("a bulk restore in the provider process", () => {
  let bench: Bench;
  const begin = async (options: SimulatorOptions = {}) => {
    bench = await aBench({
      organizations: [
        {
          name: "contoso.example",
          firstBackupTime: "2026-01-05T22:00:00Z",
          lastBackupTime: "2026-11-20T22:00:00Z",
          mailboxes: numberedMailboxes(9),
        },
      ],
      pst: { sizeBytes: 4096 },
      restoreAnswer: "counters",
      ...options,
    });
  };
  const start = (config: Record<string, string> = {}) => bench.start(config, {}, "BulkMailboxRestore");
  afterEach(() => bench.stop());

  const create = async (news: Bag, config?: Record<string, string>) => {
    const { outputs } = await (await start(config)).create(news);
    return outputs as Outputs;
  };
  const update = async (olds: Bag, news: Bag, config?: Record<string, string>) =>
    (await (await start(config)).update(String(olds["attemptId"]), olds, news)) as Outputs;
  const idOf = (number: number) =>
    bench.simulator.organizations[0]?.mailboxes.find(({ email }) => email === address(number))?.id ?? "";
  const actionOn = (number: number) => ({
    method: "POST",
    path: new RegExp(`${idOf(number)}/(action|restore|restoreTo|exportToPst)$`, "i"),
  });
  /** Numbers of the mailboxes whose mail was written somewhere, in the order of the writes. */
  const restored = () => {
    const mailboxes = bench.simulator.organizations[0]?.mailboxes ?? [];
    return bench.simulator.writes.map(
      ({ sourceMailboxId }) => mailboxes.findIndex(({ id }) => id === sourceMailboxId) + 1,
    );
  };
  const linesOf = async ({ resultsFile }: Bag) =>
    (await readFile(join(bench.folder, String(resultsFile)), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Bag);
  const mistakesIn = async (news: Bag) => (await (await start()).check({}, news)).failures.map(({ reason }) => reason);

  describe("of a list", () => {
    it("restores each mailbox once, with one login and one restore session, which is stopped", async () => {
      await begin();
      const host = await start();
      const { outputs } = await host.create(inputs());
      assert.deepEqual(outputs["totals"], {
        mailboxes: 4,
        outcomes: { Succeeded: 4 },
        items: { written: 40, skipped: 0, failed: 0 },
        pstBytes: 0,
      });
      assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
      assert.equal(bench.simulator.logins, 1);
      assert.equal(bench.simulator.sessions.length, 1);
      await host.end();
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    it("has a line on the disk before and after each send", async () => {
      await begin();
      const host = await start();
      const working = bench.simulator.faults.hold({ match: isAction, when: "beforeWork" });
      const creating = host.create(inputs({ mailboxes: [address(1)] }));
      await working.reached;
      const [file = ""] = (await readdir(join(bench.journalDir, "bulk"))).filter((name) => name.endsWith(".jsonl"));
      const before = await linesOf({ resultsFile: join(".vb365/journal/bulk", file) });
      assert.deepEqual(
        before.map(({ type, mailbox }) => [type, mailbox]),
        [
          ["begun", undefined],
          ["declared", undefined],
          ["sent", address(1)],
        ],
      );
      working.release();
      const { outputs } = await creating;
      assert.deepEqual(
        (await linesOf(outputs)).map(({ type }) => type),
        ["begun", "declared", "sent", "ended"],
      );
    });

    it("names its results so that they are found by a program in another folder, where the journal is elsewhere", async () => {
      await begin();
      const journalDir = await mkdtemp(join(tmpdir(), "vb365-journal-"));
      try {
        const outputs = await create(inputs({ mailboxes: addresses(1, 2) }), { journalDir });
        assert.ok(outputs.resultsFile.startsWith(join(journalDir, "bulk")), outputs.resultsFile);
        const more = await update(outputs, inputs({ mailboxes: addresses(1, 3) }), { journalDir });
        assert.deepEqual(more.totals.outcomes, { Succeeded: 3 });
      } finally {
        await rm(journalDir, { recursive: true });
      }
    });

    it("takes an address and an id for the same mailbox: both together are refused, and one for the other sends nothing", async () => {
      await begin();
      const both = inputs({ mailboxes: [address(1), { email: address(3) }, { id: idOf(3) }] });
      assert.match((await failureOf(create(both))).message, /mailbox-0003@contoso.example is named twice/);
      assert.deepEqual(restored(), []);
      const first = await create(inputs({ mailboxes: [address(1), { id: idOf(3) }] }));
      const second = await update(first, inputs({ mailboxes: addresses(1, 3) }));
      assert.deepEqual(second.totals.outcomes, { Succeeded: 3 });
      assert.deepEqual(restored().sort(), [1, 2, 3]);
    });

    it("exports each mailbox into its own file", async () => {
      await begin();
      const outputs = await create(exported());
      const files = (await readdir(join(bench.folder, "exports"))).filter((name) => name.endsWith(".pst"));
      assert.deepEqual(
        files,
        addresses(1, 4).map((one) => `${one}.pst`),
      );
      assert.equal((outputs.totals as Bag)["pstBytes"], 4 * 4096);
    });

    it("runs no more at a time than it or the provider allows", async () => {
      await begin();
      const host = await start({ maxConcurrentRestores: "8" });
      const held = [1, 2, 3].map((number) =>
        bench.simulator.faults.hold({ match: actionOn(number), when: "beforeWork" }),
      );
      const creating = host.create(inputs({ maxConcurrentRestores: 3, mailboxes: addresses(1, 8) }));
      await Promise.all(held.map(({ reached }) => reached));
      const underWay = bench.asked(isAnAction);
      held.forEach((one) => one.release());
      await creating;
      assert.equal(underWay, 3);
      assert.equal(restored().length, 8);
    });

    it("says of a mailbox that is not there that it was never sent, restores the others, and asks for it again", async () => {
      await begin();
      const { properties, reasons } = await stateOf(
        create(inputs({ mailboxes: [address(1), "nobody@contoso.example", address(2)] })),
      );
      const outputs = properties as Outputs;
      assert.deepEqual(outputs.totals.outcomes, { NeverSent: 1, Succeeded: 2 });
      assert.match(reasons[0] ?? "", /nobody@contoso.example: NeverSent, There is no mailbox nobody@contoso.example/);
      const corrected = await update(outputs, inputs({ mailboxes: [address(1), address(3), address(2)] }));
      assert.deepEqual(corrected.totals.outcomes, { Succeeded: 3 });
      assert.deepEqual(restored().sort(), [1, 2, 3]);
    });
  });

  describe("of a file", () => {
    const withFile = (name: string, text: string) => writeFile(join(bench.folder, name), text);

    it("takes the column email of a CSV file, and archives", async () => {
      await begin();
      await withFile("list.csv", `Name,Email,Archive\nOne,${address(1)},no\nTwo,${address(2).toUpperCase()},\n`);
      const host = await start();
      const { inputs: checked, failures } = await host.check(
        {},
        inputs({ mailboxes: undefined, mailboxesFile: "list.csv" }),
      );
      assert.deepEqual(failures, []);
      const { outputs } = await host.create(checked);
      assert.deepEqual((outputs["totals"] as Bag)["outcomes"], { Succeeded: 2 });
    });

    it("takes a JSON file, and restores what comes to it alone", async () => {
      await begin();
      await withFile("list.json", JSON.stringify([address(1), { email: address(2) }]));
      const news = inputs({ mailboxes: undefined, mailboxesFile: "list.json" });
      const host = await start();
      const { inputs: first } = await host.check({}, news);
      const { outputs } = await host.create(first);
      await withFile("list.json", JSON.stringify([address(1), { id: idOf(3) }]));
      const { inputs: second } = await host.check(first, news);
      assert.notDeepEqual(second["__mailboxes"], first["__mailboxes"]);
      const after = (await host.update("", outputs, second)) as Outputs;
      assert.deepEqual(after.totals.outcomes, { Succeeded: 2 });
      assert.deepEqual(restored().sort(), [1, 2, 3]);
    });

    it("refuses a file that changed between preview and update", async () => {
      await begin();
      await withFile("list.csv", address(1));
      const host = await start();
      const { inputs: checked } = await host.check({}, inputs({ mailboxes: undefined, mailboxesFile: "list.csv" }));
      await withFile("list.csv", `${address(1)}\n${address(2)}`);
      assert.match((await failureOf(host.create(checked))).message, /another one than at the preview/);
      assert.deepEqual(restored(), []);
    });

    for (const [what, name, text, reason] of [
      ["a word that is no address", "l.csv", "email\nnobody", /l\.csv: line 2 must have an e-mail address or an id/],
      ["columns without a head", "l.csv", "a@b.example,1\nc@d.example,2", /its first line must name the columns/],
      [
        "an archive that is neither yes nor no",
        "l.csv",
        "email,archive\na@b.example,maybe",
        /line 2: archive must be true or false/,
      ],
      ["an object instead of a list", "l.json", "{}", /it must be an array of addresses/],
      ["a number", "l.json", "[1]", /entry 1 must have an e-mail address or an id/],
      ["nothing", "l.csv", "\n", /it names no mailbox/],
      ["the same mailbox twice", "l.csv", "a@b.example\nA@B.example", /more than once: a@b.example/],
    ] as const) {
      it(`says at preview what is wrong with a file that holds ${what}`, async () => {
        await begin();
        await withFile(name, text);
        const mistakes = await mistakesIn(inputs({ mailboxes: undefined, mailboxesFile: name }));
        assert.equal(mistakes.length, 1);
        assert.match(mistakes[0] ?? "", reason);
      });
    }
  });

  describe("of the whole organisation", () => {
    const all = (difference: Bag = {}) => inputs({ mailboxes: undefined, allMailboxes: {}, ...difference });

    it("restores all mailboxes but the excluded ones", async () => {
      await begin();
      const host = await start();
      const exclude = ["*-0009@*", "MAILBOX-000?@contoso.example"];
      const outputs = await create(all({ allMailboxes: { exclude: exclude.slice(0, 1) } }));
      assert.deepEqual(outputs.totals.outcomes, { Succeeded: 8 });
      const { outputs: none } = await host.create(all({ __urn: `${urn}2`, allMailboxes: { exclude } }));
      assert.deepEqual((none as Outputs).totals.outcomes, {});
      assert.match(warningsOf(host), /No mailbox is chosen: allMailboxes matches none in the backup. Nothing was sent/);
    });

    it("asks nothing of the server when policies are edited, and restores nothing when patterns take less", async () => {
      await begin();
      const news = all({ allMailboxes: { include: ["*-0001@*", "*-0002@*"] } });
      const outputs = await create(news);
      const asked = bench.simulator.requests.length;
      const edited = await update(outputs, { ...news, failurePolicy: { maxFailedMailboxes: 1 } });
      assert.equal(bench.simulator.requests.length, asked);
      const less = await update(edited, all({ allMailboxes: { include: ["*-0001@*"] } }));
      assert.deepEqual(less.totals.outcomes, { Succeeded: 1 });
      const more = await update(less, all({ allMailboxes: { include: ["*-000[123]@*", "*-0001@*", "*-0003@*"] } }));
      assert.deepEqual(more.totals.outcomes, { Succeeded: 2 });
      assert.deepEqual(restored().sort(), [1, 2, 3]);
    });

    describe("in which two mailboxes have one address", () => {
      const twin = { name: "Twin", email: "twin@contoso.example", items: [{ count: 10 }] };
      const idOf = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-000000000000`;
      const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];
      /** How the server lists the twins, by their ids. */
      let listed: Record<string, string | undefined>;
      const beginWith = async (ids: typeof listed) => {
        listed = ids;
        await begin({
          apiVersions: ["v7"],
          organizations: [
            {
              name: "contoso.example",
              firstBackupTime: "2026-01-05T22:00:00Z",
              lastBackupTime: "2026-11-20T22:00:00Z",
              mailboxes: [...numberedMailboxes(9), { ...twin, id: a }, { ...twin, id: b }],
            },
          ],
          reshape(body, { path }) {
            const { results, ...rest } = body as { results?: { id: string; email?: string }[] };
            return results === undefined || !/organization\/mailboxes/i.test(path)
              ? body
              : {
                  ...rest,
                  results: results.flatMap((one) => {
                    const id = one.email === twin.email ? listed[one.id] : one.id;
                    return id === undefined ? [] : [{ ...one, id }];
                  }),
                };
          },
        });
      };
      const of = (include: string[]) => all({ allMailboxes: { include } });
      const twins = () => bench.simulator.writes.filter(({ sourceMailboxId: id }) => id === a || id === b).length;
      const firstId = () => bench.simulator.organizations[0]?.mailboxes[0]?.id;
      const [few, more] = [of(["twin@*"]), of(["twin@*", "*-0001@*"])];

      it("restores each by its id", async () => {
        await beginWith({ [a]: a, [b]: b });
        const outputs = await create(few);
        assert.deepEqual(outputs.totals.outcomes, { Succeeded: 2 });
        assert.equal(twins(), 2);
      });

      it("sends none when one that was restored is there under another id: it may be the same", async () => {
        await beginWith({ [a]: a, [b]: b });
        const first = await create(few);
        listed = { [a]: a, [b]: c };
        const { message } = await failureOf(update(first, more));
        assert.match(
          message,
          /id c+-.*NeverSent, it shares its address with a mailbox that was restored and is not there any more/,
        );
        assert.equal(twins(), 2);
        assert.ok(restored().includes(1), "the others are restored");
      });

      it("sends the one that is left not again when the other is gone", async () => {
        await beginWith({ [a]: a, [b]: b });
        const first = await create(few);
        listed = { [a]: a };
        await update(first, more);
        assert.equal(twins(), 2);
      });

      it("sends the one that was alone not again when another one comes", async () => {
        await beginWith({ [a]: a });
        const first = await create(few);
        listed = { [a]: a, [b]: b };
        await update(first, more);
        const sent = bench.simulator.writes.map(({ sourceMailboxId }) => sourceMailboxId);
        assert.deepEqual(sent.sort(), [firstId(), a, b].sort());
      });

      it("sends none of two when one was alone, and both have other ids now", async () => {
        await beginWith({ [a]: a });
        const first = await create(few);
        listed = { [a]: c, [b]: idOf("d") };
        assert.match((await failureOf(update(first, more))).message, /2 NeverSent/);
        assert.equal(twins(), 1);
      });

      it("is one of the same part for good, whatever it is called", async () => {
        await beginWith({ [a]: a, [b]: b });
        const parts = (index: number) => ({ ...few, __urn: `${urn}${index}`, shard: { index, count: 2 } });
        const first = [await create(parts(0)), await create(parts(1))];
        assert.equal(twins(), 2);
        listed = { [a]: a };
        await Promise.all(
          first.map((outputs, index) => update(outputs, { ...parts(index), allMailboxes: more["allMailboxes"] })),
        );
        assert.equal(twins(), 2);
      });
    });

    it("splits into shards that are whole together and share nothing", async () => {
      await begin();
      const parts = [];
      for (const index of [0, 1, 2]) {
        parts.push(
          await create(
            exported({ __urn: `${urn}${index}`, mailboxes: undefined, allMailboxes: {}, shard: { index, count: 3 } }),
          ),
        );
      }
      assert.equal(
        parts.reduce((sum, { totals }) => sum + (totals.outcomes["Succeeded"] ?? 0), 0),
        9,
      );
      assert.equal(bench.simulator.exports.length, 9);
    });
  });

  describe("that is edited", () => {
    it("goes on from its backup where an older version has cut the time of that to milliseconds", async () => {
      const time = "2026-07-14T09:20:11.3371324Z";
      const seed = { name: "contoso.example", mailboxes: numberedMailboxes(9) };
      await begin({ organizations: [{ ...seed, firstBackupTime: time, lastBackupTime: time }] });
      const outputs = await create(inputs({ mailboxes: [address(1)] }));
      assert.equal(outputs["resolvedPointInTime"], "2026-07-14T09:20:11.338Z");
      const older = { ...outputs, resolvedPointInTime: "2026-07-14T09:20:11.337Z" };
      await update(older, inputs({ mailboxes: [address(1), address(2)] }));
      assert.equal(bench.simulator.writes.length, 2);
    });

    it("restores one mailbox more alone, from the same point in time, and forgets one less", async () => {
      await begin();
      const first = await create(inputs());
      const second = await update(first, inputs({ mailboxes: addresses(2, 5) }));
      assert.deepEqual(second.totals.outcomes, { Succeeded: 4 });
      assert.equal(second["resolvedPointInTime"], first["resolvedPointInTime"]);
      assert.deepEqual(restored().sort(), [1, 2, 3, 4, 5]);
      // It comes back: what the results know of it is not done again.
      await update(second, inputs({ mailboxes: addresses(1, 5) }));
      assert.equal(restored().length, 5);
    });

    it("is replaced for another runId or action, and not for another list or policy", async () => {
      await begin();
      const host = await start();
      const { outputs } = await host.create(inputs());
      const replaces = async (difference: Bag) => (await host.diff(outputs, inputs(difference))).replaces;
      assert.deepEqual(await replaces({ runId: "2" }), ["runId"]);
      assert.deepEqual(await replaces({ restoreTo: { mailbox: address(8) } }), ["restoreTo"]);
      assert.deepEqual(
        await replaces({ mailboxes: [address(1)], failurePolicy: { maxFailedMailboxes: 3 }, retryFailed: "1" }),
        [],
      );
      await host.create(inputs({ runId: "2" }));
      assert.equal(restored().length, 8);
    });

    it("asks for results that are gone before it sends something, and takes an empty file for a word", async () => {
      await begin();
      const first = await create(inputs());
      await rm(join(bench.folder, first.resultsFile));
      const more = inputs({ mailboxes: addresses(1, 5) });
      assert.match((await failureOf(update(first, more))).message, /cannot be read[^]*Put the file back/);
      assert.equal(restored().length, 4);
      await writeFile(join(bench.folder, first.resultsFile), "");
      const after = await update(first, more);
      assert.deepEqual(after.totals.outcomes, { Succeeded: 5 });
      assert.equal(restored().length, 5);
    });

    it("refuses results of which a line is damaged, and forgets one that a crash cut off", async () => {
      await begin();
      const first = await create(inputs());
      const path = join(bench.folder, first.resultsFile);
      await appendFile(path, `{"at":"2026-11-20T22:00:00Z","type":"ended","mail`);
      const more = inputs({ mailboxes: addresses(1, 5) });
      const second = await update(first, more);
      assert.deepEqual(second.totals.outcomes, { Succeeded: 5 });
      await appendFile(path, "what is this\n");
      assert.match((await failureOf(update(second, inputs({ mailboxes: addresses(1, 6) })))).message, /cannot be read/);
      assert.equal(restored().length, 5);
    });
  });

  describe("of which some fail", () => {
    const failing = (numbers: number[]) => {
      numbers.forEach((number) =>
        bench.simulator.faults.next({
          match: actionOn(number),
          effect: { restoreResult: { failedItems: 2, answer: "counters" } },
        }),
      );
    };

    it("fails, names them, and keeps the results of all", async () => {
      await begin();
      failing([2]);
      const { properties, reasons } = await stateOf(create(inputs()));
      assert.deepEqual((properties as Outputs).totals.outcomes, { PartiallyFailed: 1, Succeeded: 3 });
      assert.match(
        reasons[0] ?? "",
        /1 not good enough[^]*mailbox-0002@contoso.example: PartiallyFailed[^]*result is in .*\.jsonl[^]*retryFailed[^]*maxFailedMailboxes: 1/,
      );
    });

    it("passes when so many may fail, and sends nothing when that is edited", async () => {
      await begin();
      failing([2]);
      const { properties } = await stateOf(create(inputs()));
      const accepted = await update(properties, inputs({ failurePolicy: { maxFailedMailboxes: 1 } }));
      assert.equal(accepted.failureCount, 1);
      const byItems = await update(properties, inputs({ failurePolicy: { maxFailedItems: 2 } }));
      assert.equal(byItems.failureCount, 0);
      assert.equal(restored().length, 4);
    });

    it("sends those that failed again, and those alone, for another retryFailed", async () => {
      await begin();
      failing([2, 3]);
      const { properties } = await stateOf(create(inputs()));
      await failureOf(update(properties, inputs({ reason: "an edit" })));
      assert.equal(restored().length, 4);
      const mended = await update(properties, inputs({ retryFailed: "1" }));
      assert.deepEqual(mended.totals.outcomes, { Succeeded: 4 });
      assert.deepEqual(restored().sort(), [1, 2, 2, 3, 3, 4]);
      await update(mended, inputs({ retryFailed: "2" }));
      assert.equal(restored().length, 6);
    });

    it("sends what failed again once for a retryFailed, also when the run of it is killed", async () => {
      await begin();
      failing([2, 3]);
      const { properties } = await stateOf(create(inputs()));
      failing([2]);
      const host = await start({ maxConcurrentRestores: "1" });
      const held = bench.simulator.faults.hold({ match: actionOn(3), when: "duringWork" });
      const failed = failureOf(host.update("", properties, inputs({ retryFailed: "1" })));
      await held.reached;
      await host.kill();
      await failed;
      await bench.expireLeases();
      held.release();
      const { properties: after } = await stateOf(update(properties, inputs({ retryFailed: "1" })));
      assert.deepEqual((after as Outputs).totals.outcomes, { PartiallyFailed: 1, Succeeded: 3 });
      assert.deepEqual(restored().sort(), [1, 2, 2, 3, 3, 4]);
    });

    it("counts one that the server refused as failed, and does not send it again by itself", async () => {
      await begin();
      bench.simulator.faults.next({
        match: actionOn(2),
        effect: { status: 403, json: { message: "Access is denied" } },
      });
      const { properties } = await stateOf(create(inputs()));
      assert.deepEqual((properties as Outputs).totals.outcomes, { Failed: 1, Succeeded: 3 });
      await failureOf(update(properties, inputs({ reason: "an edit" })));
      assert.equal(restored().length, 3);
    });

    for (const versions of ["v3", "v8"] as const) {
      it(`goes on with a new login when its token ends at an action, which was never sent and is by the next up: ${versions}`, async () => {
        await begin({ apiVersions: [versions] });
        bench.simulator.faults.next({ match: actionOn(2), effect: { expireToken: true } });
        const { properties } = await stateOf(create(inputs(), { maxConcurrentRestores: "1" }));
        assert.deepEqual((properties as Outputs).totals.outcomes, { NeverSent: 1, Succeeded: 3 });
        assert.deepEqual(restored(), [1, 3, 4]);
        assert.deepEqual([bench.simulator.logins, bench.simulator.refreshes], [1, 1]);
        const outputs = await update(properties, inputs());
        assert.deepEqual(outputs.totals.outcomes, { Succeeded: 4 });
        assert.deepEqual(restored(), [1, 3, 4, 2]);
      });
    }

    it("goes on with a new login when its token ends at the request for a restore session (v8)", async () => {
      await begin({ apiVersions: ["v8"] });
      const explore = { method: "POST", path: /explore$/i };
      bench.simulator.faults.next({ match: explore, effect: { expireToken: true } });
      assert.deepEqual((await create(inputs())).totals.outcomes, { Succeeded: 4 });
      assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
    });

    it("only reports it with onFailed: report, and goes on with what was never sent", async () => {
      await begin();
      failing([2]);
      const news = inputs({ onFailed: "report", mailboxes: [...addresses(1, 2), "nobody@contoso.example"] });
      const outputs = await create(news);
      assert.deepEqual(outputs.totals.outcomes, { NeverSent: 1, PartiallyFailed: 1, Succeeded: 1 });
      assert.equal((await (await start()).diff(outputs, news)).changes, "some");
    });

    it("is broken off when the server cannot be reached, and the next update goes on with the rest", async () => {
      await begin();
      bench.simulator.faults.next({
        match: { method: "POST", path: /token$/i },
        effect: { status: 400, json: { error: "invalid_grant" } },
        times: Infinity,
      });
      const host = await start();
      await failureOf(host.create(inputs()));
      assert.ok(bench.asked(/POST .*token/i) < 4);
      bench.simulator.faults.clear();
      const { outputs } = await host.create(inputs());
      assert.deepEqual((outputs as Outputs).totals.outcomes, { Succeeded: 4 });
    });
  });

  describe("that is killed", () => {
    /** A process that was killed when so many actions had been answered and one more was under way. */
    const killedAfter = async (count: number, when: "beforeWork" | "duringWork" | "afterWork", news = inputs()) => {
      const host = await start({ maxConcurrentRestores: "1" });
      const held = bench.simulator.faults.hold({ match: actionOn(count + 1), when });
      const failed = failureOf(host.create(news));
      await held.reached;
      await host.kill();
      await failed;
      await bench.expireLeases();
      return held;
    };

    for (const when of ["duringWork", "afterWork"] as const) {
      it(`goes on with those that were never sent, and asks for the one that was under way (${when})`, async () => {
        await begin();
        const held = await killedAfter(2, when);
        held.release();
        const host = await start();
        const { outputs } = await host.create(inputs());
        assert.deepEqual((outputs as Outputs).totals.outcomes, { Succeeded: 4 });
        assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
        assert.equal(outputs["adoptedFrom"], "journal");
        assert.match(warningsOf(host), /goes on from there/);
      });
    }

    it("sends nothing again that was restored when the server is spelled otherwise, and asks for the one that was under way", async () => {
      await begin();
      const held = await killedAfter(2, "duringWork");
      held.release();
      const host = await start({ endpoint: bench.simulator.endpoint.replace("127.0.0.1", "localhost") });
      const { properties } = await stateOf(host.create(inputs()));
      assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
      assert.deepEqual((properties as Outputs).totals.outcomes, { Succeeded: 3, Unknown: 1 });
      assert.match(warningsOf(host), /begun on https:\/\/127\.0\.0\.1:\d+; what was restored from there counts/);
      assert.match(warningsOf(host), /mailbox-0003@.*Set vb365:endpoint back to see how it ended/);
    });

    it("is not begun anew by another version, which cannot tell whether it is the same", async () => {
      await begin();
      const held = await killedAfter(2, "duringWork");
      held.release();
      const folder = join(bench.journalDir, "bulk");
      const [mark = ""] = (await readdir(folder)).filter((name) => name.endsWith(".open"));
      const header = JSON.parse(await readFile(join(folder, mark), "utf8")) as { intentLayout: number };
      header.intentLayout += 1;
      await writeFile(join(folder, mark), JSON.stringify(header));
      const { message } = await failureOf(create(inputs()));
      assert.match(message, /were begun by another version of pulumi-vb365.*Nothing was sent/);
      assert.equal(restored().length, 3);
    });

    it("leaves open, and tells of, a --replace that was broken off, and the next one goes on from there", async () => {
      await begin();
      const host = await start();
      const { outputs } = await host.create(inputs());
      await host.diff(outputs, inputs());
      await host.end();
      // The engine shows nothing of the state.
      const held = await killedAfter(2, "duringWork");
      held.release();
      const plain = await start();
      await plain.check(inputs(), inputs());
      await plain.diff(outputs, inputs());
      const told = plain.log.map(({ message }) => message).join("\n");
      assert.match(
        told,
        /run again at .*that run was broken off, or still goes on.*3 mailboxes.*--replace takes that over/,
      );
      await plain.end();
      const next = await create(inputs());
      assert.deepEqual([next.totals.outcomes, next["adoptedFrom"]], [{ Succeeded: 4 }, "journal"]);
      assert.deepEqual(restored().sort(), [1, 1, 2, 2, 3, 3, 4, 4]);
    });

    it("makes an export that was under way again, and no other", async () => {
      await begin();
      const held = await killedAfter(2, "duringWork", exported());
      held.release();
      const outputs = await create(exported());
      assert.deepEqual(outputs.totals.outcomes, { Succeeded: 4 });
      assert.equal(bench.simulator.exports.filter(({ mailboxId }) => mailboxId === idOf(1)).length, 1);
    });

    it("goes on in an update, too", async () => {
      await begin();
      const first = await create(inputs({ mailboxes: addresses(1, 2) }));
      const host = await start({ maxConcurrentRestores: "1" });
      const held = bench.simulator.faults.hold({ match: actionOn(4), when: "afterWork" });
      const failed = failureOf(host.update("", first, inputs({ mailboxes: addresses(1, 5) })));
      await held.reached;
      await host.kill();
      await failed;
      await bench.expireLeases();
      held.release();
      const after = await update(first, inputs({ mailboxes: addresses(1, 5) }));
      assert.deepEqual(after.totals.outcomes, { Succeeded: 5 });
      assert.deepEqual(restored().sort(), [1, 2, 3, 4, 5]);
    });

    it("sends nothing again for a mailbox whose entry in the journal is gone", async () => {
      await begin();
      const held = await killedAfter(1, "duringWork");
      held.release();
      const names = (await readdir(bench.journalDir)).filter((name) => name.endsWith(".json"));
      await Promise.all(names.map((name) => rm(join(bench.journalDir, name))));
      const { properties } = await stateOf(create(inputs()));
      assert.deepEqual((properties as Outputs).totals.outcomes, { Succeeded: 3, Unknown: 1 });
      assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
    });

    it("is taken over by nobody when the state has it: --replace runs it again", async () => {
      await begin();
      const host = await start();
      const { outputs } = await host.create(inputs());
      const next = await start();
      await next.diff(outputs, inputs());
      await next.create(inputs());
      assert.equal(restored().length, 8);
    });

    it("is not done again by the same declaration under another name", async () => {
      await begin();
      await create(inputs());
      assert.match(
        (await failureOf(create(inputs({ __urn: `${urn}-renamed` })))).message,
        /aliases: \[\{ name: "all" \}\]/,
      );
      assert.equal(restored().length, 4);
    });
  });

  describe("in place", () => {
    it("needs the organisation's name said twice", async () => {
      await begin();
      const inPlace = inputs({ restoreTo: undefined, restoreToOriginalLocation: {} });
      assert.match((await mistakesIn(inPlace)).join(), /set confirmInPlace to the organization: "contoso.example"/);
      const outputs = await create({ ...inPlace, confirmInPlace: "contoso.example" });
      assert.deepEqual(outputs.totals.outcomes, { Succeeded: 4 });
    });

    it("is refused for a mailbox that a restore into another one would write to", async () => {
      await begin();
      const { properties } = await stateOf(create(inputs({ mailboxes: [address(1), address(9)] })));
      assert.deepEqual((properties as Outputs).totals.outcomes, { NeverSent: 1, Succeeded: 1 });
    });
  });

  describe("at preview", () => {
    for (const [what, difference, reason] of [
      [
        "no list",
        { mailboxes: undefined },
        /exactly one of mailboxes, mailboxesFile, allMailboxes must be given, and none is there/,
      ],
      ["two lists", { allMailboxes: {} }, /mailboxes and allMailboxes are there/],
      [
        "a path for all",
        { restoreTo: undefined, exportToPst: { path: "all.pst" } },
        /must name \{email\} or \{mailboxId\}/,
      ],
      ["an index beyond the count", { shard: { index: 2, count: 2 } }, /counts from 0/],
      ["an empty list", { mailboxes: [] }, /mailboxes/],
      ["a mailbox by two names", { mailboxes: [{ email: "a@b.example", id: "x" }] }, /give either email or id/],
      ["null in a list", { mailboxes: [null] }, /mailboxes\.0 must be/],
      ["a misspelled input", { maxConcurentRestores: 2 }, /did you mean maxConcurrentRestores/],
    ] as const) {
      it(`refuses ${what}`, async () => {
        await begin();
        assert.match((await mistakesIn(inputs(difference))).join("\n"), reason);
      });
    }
  });

  it("deletes the files of an export with the resource when that is declared, and puts the results away", async () => {
    await begin();
    const host = await start();
    const { id, outputs } = await host.create(exported({ onDestroy: "deletePst" }));
    await mkdir(join(bench.folder, "exports"), { recursive: true });
    await writeFile(join(bench.folder, "exports", "other.txt"), "somebody else's");
    await host.delete(id, outputs);
    assert.deepEqual(await readdir(join(bench.folder, "exports")), ["other.txt"]);
    assert.deepEqual(await readdir(join(bench.journalDir, "bulk")), []);
  });

  it("tells at a refresh how many files are gone, and asks nothing of the server", async () => {
    await begin();
    const host = await start();
    const { id, outputs } = await host.create(exported());
    const asked = bench.simulator.requests.length;
    await rm(join(bench.folder, "exports", `${address(2)}.pst`));
    assert.equal((await host.read(id, outputs))["pstMissing"], 1);
    assert.equal(bench.simulator.requests.length, asked);
  });

  for (const version of ["v5", "v7", "v8"] as const) {
    it(`works with the REST API ${version}`, async () => {
      await begin({ apiVersions: [version] });
      const host = await start();
      const { outputs } = await host.create(inputs());
      assert.deepEqual((outputs as Outputs).totals.outcomes, { Succeeded: 4 });
      await host.end();
      assert.deepEqual(bench.simulator.openSessions, []);
    });
  }

  describe("with the REST API v8, in a session for each restore", () => {
    const lists = /GET .*organization\/mailboxes$/i;

    it("reads the list of mailboxes once, and then each by its id", async () => {
      await begin({ apiVersions: ["v8"] });
      await create(inputs({ allMailboxes: { exclude: [address(9)] }, mailboxes: undefined }));
      assert.equal(bench.simulator.sessions.length, 1 + 8);
      assert.equal(bench.asked(lists), 1);
      assert.equal(bench.asked(/GET .*organization\/mailboxes\/[^/]+$/i), 8);
    });

    it("reads the list of a session in which an id is another mailbox, and restores the right one", async () => {
      let others = 0;
      await begin({
        apiVersions: ["v8"],
        reshape(body, { path }) {
          const isOne = /organization\/mailboxes\/[^/]+$/i.test(path);
          others += isOne ? 1 : 0;
          return isOne ? { ...(body as object), email: "somebody.else@contoso.example" } : body;
        },
      });
      const outputs = await create(inputs());
      assert.deepEqual(outputs.totals.outcomes, { Succeeded: 4 });
      assert.deepEqual(restored().sort(), [1, 2, 3, 4]);
      assert.ok(others > 0);
    });
  });

  it("opens another session when one is full, and stops both", async () => {
    await begin({
      apiVersions: ["v7"],
      organizations: [
        {
          name: "contoso.example",
          firstBackupTime: "2026-01-05T22:00:00Z",
          lastBackupTime: "2026-11-20T22:00:00Z",
          mailboxes: numberedMailboxes(300),
        },
      ],
    });
    const host = await start({ maxConcurrentRestores: "8" });
    const { outputs } = await host.create(inputs({ mailboxes: undefined, allMailboxes: { exclude: [address(9)] } }));
    assert.deepEqual((outputs as Outputs).totals.outcomes, { Succeeded: 299 });
    await host.end();
    assert.equal(bench.simulator.sessions.length, 2);
    assert.deepEqual(bench.simulator.openSessions, []);
  });
});
