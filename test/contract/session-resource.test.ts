import assert from "node:assert/strict";
import { createSession, readSession } from "../../provider/resources/restore-session/lifecycle";
import { connections } from "./connected";

const declared = { organization: "contoso.example", pointInTime: "latest" };

describe("a RestoreSession that is read again", () => {
  const connected = connections();

  it("works, as long as the server says so, and is over when nobody used it", async () => {
    const { connection, advance } = await connected();
    const outputs = await createSession(connection, declared);
    assert.equal((await readSession(connection, outputs)).state, "Working");
    advance(2 * 3600_000);
    assert.equal((await readSession(connection, outputs)).state, "Stopped");
  });

  it("is over when the server does not speak its version any more", async () => {
    const { connection } = await connected({ apiVersions: ["v6"] }, { apiVersion: "v6" });
    const outputs = { ...(await createSession(connection, declared)), apiVersion: "v5" };
    assert.equal((await readSession(connection, outputs)).state, "Stopped");
  });
});
