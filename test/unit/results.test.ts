import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../../provider/restore/journal";
import { type MailboxResult, type Results, beginResults, openResults } from "../../provider/restore/results";

const header = {
  version: 1,
  identity: "urn:all",
  attemptId: "a-1",
  intentHash: "hash",
  intentLayout: 1,
  again: false,
  endpoint: "https://127.0.0.1:1",
  owner: "somebody",
} as const;
const never = (mailbox: string, reason: string): MailboxResult => ({ at: "", type: "neverSent", mailbox, reason });

describe("the results of a bulk restore", () => {
  let folder: string;
  let results: Results;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-results-"));
    results = await beginResults(openJournal(folder), header);
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
});
