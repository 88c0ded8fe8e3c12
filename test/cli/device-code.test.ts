import assert from "node:assert/strict";
import { rigs, start } from "./command";

const args = ["device-code", "--organization", "contoso.example", "--application-id", "an-application"];

describe("vb365 device-code", () => {
  const aRig = rigs();

  it("says what to do, waits until it was done, and prints the code for whoever stores it", async () => {
    const { simulator, env } = await aRig({ apiVersions: ["v8"] });
    const asked = simulator.faults.hold({ match: { path: /devicecode\/check$/i }, when: "beforeWork" });
    const running = start(args, { env });
    const told = await running.says("https://microsoft.com/devicelogin");
    assert.match(told, /enter the code DEVICE001/);
    await asked.reached;
    simulator.enterDeviceCode("DEVICE001");
    asked.release();
    const { code, stdout, stderr } = await running.result;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "DEVICE001\n");
    assert.match(stderr, /It was entered/);
    assert.deepEqual([simulator.openSessions, simulator.unknown], [[], []]);
  });

  it("prints the code at once where the server cannot tell, and says so", async () => {
    const { vb365 } = await aRig({ apiVersions: ["v5"] });
    const { code, stdout, stderr } = await vb365(args);
    assert.deepEqual([code, stdout], [0, "DEVICE001\n"]);
    assert.match(stderr, /Whether it was entered is not known here/);
  });

  it("gives programs the fields of the package's function", async () => {
    const { vb365 } = await aRig({ apiVersions: ["v6"] });
    const result = await vb365([...args, "--no-wait", "--json"]);
    const document = result.json();
    assert.deepEqual(Object.keys(document).sort(), [
      "entered",
      "expiresInSeconds",
      "message",
      "userCode",
      "verificationUrl",
    ]);
    assert.equal(document["entered"], null);
  });

  it("ends with 3 where the version has no device codes, and opens no session", async () => {
    const { vb365, simulator } = await aRig({ apiVersions: ["v3"] });
    const { code, stderr } = await vb365(args);
    assert.equal(code, 3);
    assert.match(stderr, /v3, which does not have userCode \(from v4 on\)/);
    assert.deepEqual(simulator.sessions, []);
  });
});
