import assert from "node:assert/strict";
import { PSTFile } from "pst-extractor";
import { simulators } from "./rig";

// [MS-PST] 2.2.2.6: the magic bytes, the version, and the size of the file in the ROOT structure of a Unicode PST.
const versionOffset = 10;
const fileSizeOffset = 184;

describe("simulator v3: PST export", () => {
  const start = simulators();

  const exportOf = async (
    { call, openSession, mailboxPath }: Awaited<ReturnType<typeof start>>,
    action: Record<string, unknown>,
  ): ReturnType<typeof call> => call("POST", `${await mailboxPath(await openSession(), "Finance")}/Action`, action);

  it("sends a PST whose header knows its own size, as an attachment", async () => {
    const rig = await start();
    const answer = await exportOf(rig, { exporttoPst: {} });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "application/octet-stream");
    assert.equal(answer.headers["content-length"], "3000000");
    assert.equal(answer.headers["content-disposition"], 'attachment; filename="Finance.pst"');
    assert.equal(answer.bytes.length, 3_000_000);
    assert.equal(answer.bytes.subarray(0, 4).toString("latin1"), "!BDN");
    assert.equal(answer.bytes.readUInt16LE(versionOffset), 23);
    assert.equal(answer.bytes.readBigUInt64LE(fileSizeOffset), 3_000_000n);
  });

  it("sends a real PST by default, which a reader of such files can open", async () => {
    const rig = await start({ pst: { path: require.resolve("pst-extractor/example/testdata/enron.pst") } });
    const { bytes } = await exportOf(rig, { exporttoPst: {} });
    assert.equal(bytes.readBigUInt64LE(fileSizeOffset), BigInt(bytes.length));
    assert.ok(new PSTFile(bytes).getRootFolder().getSubFolders().length > 0);
  });

  it("finds items by a keyword in subject or body, spelled contentKeywords or contentKeyword", async () => {
    const rig = await start();
    await exportOf(rig, { exporttoPst: { contentKeywords: "INVOICE" } });
    await exportOf(rig, { ExportToPst: { ContentKeyword: "budget" } });
    assert.deepEqual(
      rig.simulator.exports.map((made) => [made.keywords, made.matchedItems, made.bytes]),
      [
        ["INVOICE", 125, 3_000_000],
        ["budget", 7, 3_000_000],
      ],
    );
    assert.deepEqual(rig.simulator.unknown, []);
  });

  it("sends an empty PST when nothing is found", async () => {
    const rig = await start();
    const { status, bytes } = await exportOf(rig, { exporttoPst: { contentKeywords: "no such word" } });
    assert.equal(status, 200);
    assert.equal(bytes.subarray(0, 4).toString("latin1"), "!BDN");
    assert.equal(bytes.readBigUInt64LE(fileSizeOffset), BigInt(bytes.length));
    assert.ok(bytes.length < 3_000_000);
  });

  it("writes into no mailbox, and leaves an Export event", async () => {
    const rig = await start();
    const session = await rig.openSession();
    const path = await rig.mailboxPath(session, "Finance");
    await rig.call("POST", `${path}/Action`, { exporttoPst: null });
    assert.deepEqual(rig.simulator.writes, []);
    const [, event] = await rig.events(session);
    assert.deepEqual([event?.type, event?.status], ["Export", "Success"]);
  });

  it("refuses a size that has no room for a header and two root pages", async () => {
    await assert.rejects(start({ pst: { sizeBytes: 1587 } }), RangeError);
  });
});
