import assert from "node:assert/strict";
import { bearer, simulators } from "./rig";
import { checkedError } from "./schemas";

describe("simulator: recording", () => {
  const start = simulators();

  it("writes down what was asked, in order, without the token", async () => {
    const { simulator, ask, logIn } = await start();
    const headers = bearer(await logIn());
    await ask("GET", "/v3/RestoreSessions?limit=5&offset=0", { headers });
    const [login, list] = simulator.requests;
    assert.deepEqual([login?.method, login?.path, login?.status], ["POST", "/v3/Token", 200]);
    assert.equal((login?.body as { grant_type: string }).grant_type, "password");
    assert.deepEqual(list?.query, { limit: "5", offset: "0" });
    assert.equal(list.headers["authorization"], "Bearer …");
    assert.doesNotMatch(JSON.stringify(list), /AQAA/);
    assert.deepEqual(simulator.unknown, []);
  });

  for (const [method, path] of [
    ["GET", "/v3/ServiceInstance"],
    ["GET", "/v9/ServiceInstance"],
    ["GET", "/"],
    ["DELETE", "/v3/Organizations"],
  ] as const) {
    it(`answers 404 to ${method} ${path}, and records it as unknown`, async () => {
      const { simulator, ask } = await start();
      checkedError(await ask(method, path), 404);
      assert.deepEqual(
        simulator.unknown.map((request) => [request.path, request.unknownRoute, request.status]),
        [[path, true, 404]],
      );
    });
  }

  it("ignores fields that v3 does not have, and records them", async () => {
    const { simulator, restoreTo, call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    assert.equal((await restoreTo(path, { officeRegion: "Worldwide" })).status, 200);
    assert.equal((await call("POST", `${path}/Action`, { exporttoPst: { enablePstSizeLimit: "true" } })).status, 200);
    assert.equal((await call("GET", "/v3/Organizations?extendedView=true")).status, 200);
    assert.deepEqual(
      simulator.unknown.map((request) => request.unknownFields),
      [["restoreTo.officeRegion"], ["exporttoPst.enablePstSizeLimit"], ["?extendedView"]],
    );
  });

  it("lets many answers wait at a time, and nobody is warned of a leak", async () => {
    const { simulator, ask } = await start();
    const warnings: string[] = [];
    const note = ({ message }: Error) => void warnings.push(message);
    process.on("warning", note);
    simulator.faults.next({ effect: { delayMs: 3_600_000 }, times: Infinity });
    const waiting = Array.from({ length: 30 }, () => ask("GET", "/v3/ServiceInstance").catch(() => "cut"));
    while (simulator.requests.length < waiting.length) {
      await new Promise(setImmediate);
    }
    await simulator.stop();
    assert.deepEqual([...new Set(await Promise.all(waiting))], ["cut"]);
    process.off("warning", note);
    assert.deepEqual(warnings, []);
  });
});
