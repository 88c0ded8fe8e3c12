import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type SimulatorOptions } from "../../simulator";
import { type Bench, aBench, exportTo, failureOf, isAction, urnOf, warningsOf } from "../helpers/bench";

type Bag = Record<string, unknown>;
interface Pst {
  path: string;
  bytes: number;
  sha256: string;
  verified: string[];
  present: boolean;
  files?: { path: string; bytes: number; sha256: string }[];
  contents?: { folders: number; items: number };
}

const pstOf = (made: { outputs: Bag }) => made.outputs["pst"] as Pst;
const megabyte = 1024 * 1024;
const size = 5 * megabyte + 1234;
const enron = { path: require.resolve("pst-extractor/example/testdata/enron.pst") };

describe("an export, by the provider process over TLS", () => {
  let bench: Bench;
  afterEach(() => bench.stop());

  const start = async (options: SimulatorOptions = {}, config: Record<string, string> = {}, env = {}) => {
    bench = await aBench({ pst: { sizeBytes: size }, ...options });
    return bench.start(config, env);
  };
  const filesOf = async (name: string) => (await readdir(bench.folder)).filter((file) => file.startsWith(name)).sort();
  const isWhole = async (pst: Pst, bytes = size) => {
    const there = await readFile(join(bench.folder, pst.path));
    assert.equal(there.length, bytes);
    assert.equal(pst.bytes, bytes);
    assert.equal(pst.sha256, createHash("sha256").update(there).digest("hex"));
    assert.equal((await stat(join(bench.folder, pst.path))).mode & 0o777, 0o600);
  };
  const firstBytes = () => bench.simulator.exports.map(({ firstByte }) => firstByte);
  const failAll = (effect: Parameters<Bench["simulator"]["faults"]["next"]>[0]["effect"]) =>
    bench.simulator.faults.next({ match: isAction, effect, times: Number.POSITIVE_INFINITY });

  describe("whose line is cut", () => {
    it("goes on from there, and says so", async () => {
      const host = await start({ apiVersions: ["v8"] });
      bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 3 * megabyte } });
      await isWhole(pstOf(await host.create(exportTo("a.pst"))));
      assert.match(warningsOf(host), /The transfer broke after 3145728 bytes: .*It went on from there/);
    });

    for (const version of ["v3", "v6"] as const) {
      it(`is made again from its begin on ${version}, and says so`, async () => {
        const host = await start({ apiVersions: [version] });
        bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 3 * megabyte } });
        await isWhole(pstOf(await host.create(exportTo("a.pst"))));
        assert.deepEqual(firstBytes(), [0, 0]);
        assert.match(warningsOf(host), new RegExp(`made again from its begin: the REST API ${version} cannot go on`));
      });
    }

    // Nothing documents what a wish for the rest gets, nor whether the server builds the file anew for it.
    const fromBegin = [0, 0];
    const fromThere = [0, 2 * megabyte];
    for (const [rangeAnswer, exportFile, exportTag, asked] of [
      ["partial", "kept", "none", fromThere],
      ["partial", "kept", "strong", fromThere],
      ["partial", "rebuilt", "none", [...fromThere, 0]],
      ["partial", "rebuilt", "strong", fromBegin],
      ["whole", "kept", "none", fromBegin],
      ["whole", "kept", "strong", fromBegin],
      ["whole", "rebuilt", "none", fromBegin],
      ["whole", "rebuilt", "strong", fromBegin],
    ] as const) {
      for (const version of ["v7", "v8"] as const) {
        it(`is one build of the file, whole, on ${version} with rangeAnswer ${rangeAnswer}, exportFile ${exportFile}, exportTag ${exportTag}`, async () => {
          const host = await start({ apiVersions: [version], rangeAnswer, exportFile, exportTag });
          bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 3 * megabyte } });
          await isWhole(pstOf(await host.create(exportTo("a.pst"))));
          assert.deepEqual(firstBytes(), asked);
        });
      }
    }

    it("goes on with a new login, where the old one has ended in the meantime", async () => {
      const host = await start({ apiVersions: ["v8"] });
      bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 3 * megabyte } });
      bench.simulator.faults.next({ match: isAction, effect: { expireToken: true } });
      await isWhole(pstOf(await host.create(exportTo("a.pst"))));
      assert.deepEqual(firstBytes(), [0, 2 * megabyte]);
      assert.equal(bench.asked(/^POST .*token$/i), 2);
    });
  });

  describe("that the server builds for hours", () => {
    it("keeps its restore session and its login alive, and says how long it has waited", async () => {
      const preload = resolve(__dirname, "../helpers/quick-intervals.cjs");
      const host = await start({ apiVersions: ["v8"] }, {}, { NODE_OPTIONS: `--require ${preload}` });
      const building = bench.simulator.faults.hold({ match: isAction, when: "duringWork" });
      const made = host.create(exportTo("a.pst"));
      await building.reached;
      const looks = () => bench.asked(/^GET \/v8\/RestoreSessions\/[^/]+$/i);
      const before = looks();
      await bench.until(() => looks() >= before + 3);
      await host.said(/waiting for the server to build the PST/);
      building.release();
      await isWhole(pstOf(await made));
      assert.equal(bench.simulator.exports.length, 1);
    });
  });

  describe("whose size", () => {
    it("is told too large, is repeated and then refused", async () => {
      const host = await start();
      failAll({ contentLength: size + 1 });
      const { message } = await failureOf(host.create(exportTo("a.pst")));
      assert.match(message, /The export to a.pst was not kept/);
      assert.deepEqual(await filesOf("a.pst"), []);
      assert.equal(bench.simulator.exports.length, 3);
    });

    it("is told too small, stays beside for a look, and what the path held stays", async () => {
      const host = await start();
      const first = await host.create(exportTo("a.pst"));
      failAll({ contentLength: 2 * megabyte });
      const { message } = await failureOf(host.create(exportTo("a.pst", { runId: "2" })));
      assert.match(
        message,
        /states a size of 5244114 bytes in its header and 2097152 arrived.*What came stands in a\.pst\.rejected/,
      );
      assert.deepEqual(await filesOf("a.pst"), ["a.pst", "a.pst.owner.json", "a.pst.rejected", "a.pst.rejected.json"]);
      await isWhole(pstOf(first));
      const note = JSON.parse(await readFile(join(bench.folder, "a.pst.rejected.json"), "utf8")) as Bag;
      assert.match(String(note["reason"]), /2097152 arrived/);
    });

    it("is not told, is proved by its own header", async () => {
      const host = await start();
      failAll({ contentLength: "none" });
      const pst = pstOf(await host.create(exportTo("a.pst")));
      await isWhole(pst);
      assert.deepEqual(pst.verified, ["magic", "format", "header-checksum", "header-size", "root-tables"]);
    });
  });

  it("keeps no secret that a page repeats in place of the file", async () => {
    const host = await start();
    const { password } = bench.simulator;
    failAll({ status: 200, html: `<h1>${password} is not welcome</h1>` });
    const { message } = await failureOf(host.create(exportTo("a.pst")));
    assert.match(message, /it looks like a page of HTML/);
    assert.equal(await readFile(join(bench.folder, "a.pst.rejected"), "utf8"), "<h1>[secret] is not welcome</h1>");
  });

  describe("that comes slowly", () => {
    it("is waited for while each pause is shorter than the idle limit", async () => {
      const host = await start({ pst: { sizeBytes: 300_000 } }, { timeouts: '{"idle":"5s"}' });
      failAll({ drip: { bytes: 30_000, pauseMs: 10 } });
      await isWhole(pstOf(await host.create(exportTo("a.pst"))), 300_000);
    });

    it("is given up at the first pause that is longer, and not tried again", async () => {
      const host = await start({ pst: { sizeBytes: 300_000 } }, { timeouts: '{"idle":"1s"}' });
      failAll({ drip: { bytes: 30_000, pauseMs: 3_600_000 } });
      const { message } = await failureOf(host.create(exportTo("a.pst")));
      assert.match(message, /timeouts\.idle/);
      assert.equal(bench.simulator.exports.length, 1);
      assert.deepEqual(await filesOf("a.pst"), []);
    });
  });

  describe("whose place", () => {
    it("is on a disk that fills up, leaves nothing behind and says what to do", async () => {
      const preload = resolve(__dirname, "../helpers/full-disk.cjs");
      const host = await start({}, {}, { NODE_OPTIONS: `--require ${preload}`, TEST_DISK_BYTES: String(2 * megabyte) });
      const { message } = await failureOf(host.create(exportTo("a.pst")));
      assert.match(message, /the disk is full \(ENOSPC\); make room and run it again/);
      assert.deepEqual(await filesOf("a.pst"), []);
      assert.equal(bench.simulator.exports.length, 1);
      assert.deepEqual(bench.simulator.openSessions, []);
    });

    it("has no room for what the server announces, takes not a byte of it", async () => {
      const host = await start({ pst: { sizeBytes: 2 ** 49 } });
      const { message } = await failureOf(host.create(exportTo("a.pst")));
      assert.match(message, /free, and the server is about to send 562949954 MB: make room/);
      assert.deepEqual(await filesOf("a.pst"), []);
    });

    it("has room for it only because what arrived before a cut is written over, is begun again there", async () => {
      const preload = resolve(__dirname, "../helpers/free-disk.cjs");
      const spare = 64 * megabyte;
      const free = [5 * megabyte + spare, 3 * megabyte + spare].join(",");
      const env = { NODE_OPTIONS: `--require ${preload}`, TEST_FREE_BYTES: free };
      const host = await start({ pst: { sizeBytes: 4 * megabyte } }, {}, env);
      bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 2 * megabyte } });
      const { outputs } = await host.create(exportTo("a.pst"));
      assert.equal((outputs["pst"] as { bytes: number }).bytes, 4 * megabyte);
      assert.equal(bench.simulator.exports.length, 2);
    });

    it("may not be written to, is told before anything is asked of the server", async () => {
      const host = await start();
      const path = "/sys/kernel/vb365.pst";
      const { message } = await failureOf(host.create(exportTo(path)));
      assert.match(message, /\/sys\/kernel\/vb365\.pst cannot be written/);
      assert.equal(bench.simulator.requests.length, 0);
    });

    it("is the file of another resource, is refused at preview", async () => {
      const host = await start();
      const of = (name: string, path: string, email: string) =>
        host.check({}, exportTo(path, { __urn: urnOf(name), mailbox: { email } }));
      const [sales, support] = ["sales@contoso.example", "support@contoso.example"];
      assert.deepEqual((await of("one", "out/{email}.pst", sales)).failures, []);
      assert.deepEqual((await of("two", "out/{email}.pst", support)).failures, []);
      assert.deepEqual((await of("one", "out/{email}.pst", sales)).failures, [], "the same resource, asked again");
      const { failures } = await of("three", `./out/../out/${support}.pst`, sales);
      assert.match(failures[0]?.reason ?? "", /is the file of two, too: give each export its own/);
    });

    it("has names for address, id, day and run, and for a mailbox that is found by its id", async () => {
      const host = await start();
      const path = "out/{email}/{runId}.pst";
      const made = await host.create(exportTo(path, { runId: "drill:7" }));
      assert.equal(pstOf(made).path, "out/sales@contoso.example/drill_7.pst");
      await isWhole(pstOf(made));
      assert.match(warningsOf(host), /\{runId\} stands as drill_7 in the path/);
      const byId = exportTo("{email} {mailboxId}.pst", {
        mailbox: { id: made.outputs["mailboxId"] },
        __urn: urnOf("two"),
      });
      assert.equal(
        pstOf(await host.create(byId)).path,
        `sales@contoso.example ${made.outputs["mailboxId"] as string}.pst`,
      );
    });
  });

  it("is kept beside its place when the session's event says that it failed", async () => {
    const host = await start({ apiVersions: ["v8"] });
    bench.simulator.faults.next({
      match: { method: "GET", path: /events$/i },
      effect: {
        status: 200,
        json: {
          offset: 0,
          limit: 100,
          results: [
            {
              id: "11111111-aaaa-4bbb-8ccc-000000000009",
              type: "Export",
              status: "Failed",
              itemName: "Sales",
              title: "Exporting mailbox Sales (sales@contoso.example) to PST",
              message: "The disk of the backup server is full",
              startTime: new Date().toISOString(),
              order: 9,
            },
          ],
        },
      },
      times: Number.POSITIVE_INFINITY,
    });
    const { message } = await failureOf(host.create(exportTo("a.pst")));
    assert.match(
      message,
      /was not kept: the server sent a file, but its event says .*What came stands in a\.pst\.rejected/,
    );
    assert.deepEqual(await filesOf("a.pst"), ["a.pst.rejected", "a.pst.rejected.json"]);
  });

  describe("that is split", () => {
    const parts = [{ sizeBytes: 2 * megabyte }, { sizeBytes: megabyte + 1 }];

    for (const splitExport of ["stored", "deflated"] as const) {
      it(`is unpacked while it arrives, and each part listed: ${splitExport}`, async () => {
        const host = await start({ pst: { parts }, splitExport });
        const made = await host.create(exportTo("a.pst", { onDestroy: "deletePst", verify: { sha256File: true } }));
        const pst = pstOf(made);
        assert.deepEqual(
          pst.files?.map(({ path, bytes }) => [path, bytes]),
          [
            ["a.1.pst", 2 * megabyte],
            ["a.2.pst", megabyte + 1],
          ],
        );
        assert.equal(pst.bytes, 3 * megabyte + 1);
        assert.deepEqual(await filesOf("a."), ["a.1.pst", "a.2.pst", "a.pst.owner.json", "a.pst.sha256"]);
        await promisify(execFile)("sha256sum", ["--strict", "-c", "a.pst.sha256"], { cwd: bench.folder });

        assert.equal(pstOf({ outputs: await host.read(made.id, made.outputs) }).present, true);
        await rm(join(bench.folder, "a.2.pst"));
        assert.equal(pstOf({ outputs: await host.read(made.id, made.outputs) }).present, false);
        await host.delete(made.id, made.outputs);
        assert.deepEqual(await filesOf("a."), []);
      });
    }

    it("goes on after a cut, too", async () => {
      const host = await start({ pst: { parts }, apiVersions: ["v8"] });
      bench.simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 2 * megabyte + 99 } });
      assert.equal(pstOf(await host.create(exportTo("a.pst"))).files?.length, 2);
      assert.deepEqual(firstBytes(), [0, megabyte + 99]);
    });
  });

  describe("afterwards", () => {
    it("is opened and counted with a PST library, where that is asked for", async () => {
      const host = await start({ pst: enron });
      const pst = pstOf(await host.create(exportTo("a.pst", { verify: { contents: true } })));
      // What the library's own example lists of that file, and the root folder.
      const listing = await readFile(join(dirname(enron.path), "output.txt"), "utf8");
      const ofFile = listing.slice(listing.indexOf("enron.pst"), listing.indexOf("outlook.com.ost"));
      const lines = ofFile.split("\n").filter((line) => line.includes("|- "));
      const items = lines.filter((line) => line.includes("|- Sender: ")).length;
      assert.deepEqual(pst.contents, { folders: lines.length - items + 1, items });
      assert.equal(pst.verified.at(-1), "contents");
    });

    it("is refused where a PST library cannot open it, though its header is right", async () => {
      const host = await start();
      const { message } = await failureOf(host.create(exportTo("a.pst", { verify: { contents: true } })));
      assert.match(message, /the PST cannot be opened/);
      assert.deepEqual(await filesOf("a.pst"), ["a.pst.rejected", "a.pst.rejected.json"]);
    });

    it("has a list for sha256sum -c beside it, where that is asked for", async () => {
      const host = await start();
      await host.create(exportTo("out/a.pst", { verify: { sha256File: true } }));
      const folder = join(bench.folder, "out");
      await promisify(execFile)("sha256sum", ["--strict", "-c", "a.pst.sha256"], { cwd: folder });
      await writeFile(join(folder, "a.pst"), "changed");
      await assert.rejects(promisify(execFile)("sha256sum", ["-c", "a.pst.sha256"], { cwd: folder }));
    });

    it("is told as gone by a refresh that looks at size, time and, where that differs, content", async () => {
      const host = await start();
      const { id, outputs } = await host.create(exportTo("a.pst"));
      const path = join(bench.folder, "a.pst");
      const isPresent = async (of = outputs) => pstOf({ outputs: await host.read(id, of) }).present;
      const { atime, mtime } = await stat(path);
      assert.equal(await isPresent(), true);
      await utimes(path, new Date(), new Date("2026-01-01T00:00:00Z"));
      assert.equal(await isPresent(), true, "copied back: another time, the same content");
      const bytes = await readFile(path);
      bytes.writeUInt8(1, 3 * megabyte);
      await writeFile(path, bytes);
      await utimes(path, new Date(), new Date("2026-01-01T00:00:00Z"));
      assert.equal(await isPresent(), false, "another time, and another content");
      await utimes(path, atime, mtime);
      assert.equal(await isPresent(), true, "size and time are the same: nobody looks further");
      assert.equal(await isPresent({ ...outputs, verify: { hashOnRefresh: true } }), false, "unless that is asked for");
      await rm(path);
      assert.equal(await isPresent(), false);
      assert.equal(bench.simulator.exports.length, 1);
    });
  });
});
