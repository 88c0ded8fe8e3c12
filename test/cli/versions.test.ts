import assert from "node:assert/strict";
import type { PreflightReport } from "../../provider/restore/preflight";
import { versions } from "../helpers/versions";
import { rigs } from "./command";

describe("the command line on every version", () => {
  const aRig = rigs();

  for (const version of versions) {
    it(`looks before a restore and after it: ${version}`, async () => {
      const { vb365, simulator } = await aRig({ apiVersions: [version] });
      const backup = ["--organization", "contoso.example"];
      const report = (
        await vb365(["preflight", ...backup, "--mailbox", "legal@contoso.example", "--json"])
      ).json<PreflightReport>();
      assert.deepEqual([report.ok, report.apiVersion], [true, version]);
      const mailboxes = await vb365(["mailboxes", ...backup]);
      assert.match(mailboxes.stdout, /^sales@contoso\.example +Sales/m);
      const sessions = await vb365(["sessions"]);
      assert.match(sessions.stderr, /^2 restore sessions, 0 working\.$/m);
      const [{ id } = assert.fail()] = simulator.sessions;
      assert.equal((await vb365(["stop", id])).code, 0);
      assert.deepEqual([simulator.openSessions, simulator.unknown], [[], []]);
    });
  }
});
