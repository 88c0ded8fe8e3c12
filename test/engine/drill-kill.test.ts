import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Drilled, resultsOf, runDrill } from "../drills/drill";

/** `npm run drill` has the same over 500 mailboxes. */
describe("a drill that is killed in its middle, on the real engine", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "vb365-drill-"))));
  after(() => rm(folder, { recursive: true, force: true }));

  const passedIn = ({ evidence }: Drilled) =>
    evidence.mailboxes.flatMap(({ mailbox, passed }) => (passed ? [mailbox] : []));

  it("comes to the same as one in peace, and writes each mailbox once", async () => {
    const plan = { mailboxes: 24, percent: 10, folder };
    const peace = await runDrill({ ...plan, isKilled: false });
    const killed = await runDrill({ ...plan, isKilled: true });
    assert.equal(killed.failing.length, 2);
    assert.deepEqual(resultsOf(killed.evidence), resultsOf(peace.evidence));
    assert.deepEqual(passedIn(killed).sort(), killed.written);
  });
});
