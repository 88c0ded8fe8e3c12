import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:https";
import { connect } from "node:net";
import { startSimulator } from "../../simulator";
import { ask } from "./raw-client";
import { simulators } from "./rig";

describe("simulator: lifecycle", () => {
  const start = simulators();

  it("answers over HTTPS with a certificate of the CA that it shows", async () => {
    const { simulator } = await start();
    assert.match(simulator.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await ask(simulator, "GET", "/v3/Organizations")).status, 401);
    const byName = { ...simulator, endpoint: simulator.endpoint.replace("127.0.0.1", "localhost") };
    assert.equal((await ask(byName, "GET", "/v3/Organizations")).status, 401);
  });

  it("is not trusted with another simulator's CA", async () => {
    const [one, other] = [await start(), await start()];
    await assert.rejects(ask({ ...one.simulator, caCert: other.simulator.caCert }, "GET", "/v3/Organizations"));
  });

  it("serves several requests on one connection", async () => {
    const { simulator } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<number | undefined>();
    for (let request = 0; request < 3; request += 1) {
      await ask(simulator, "GET", "/v3/Organizations", { agent });
      sockets.add(Object.values(agent.freeSockets).flat()[0]?.localPort);
    }
    agent.destroy();
    assert.equal(sockets.size, 1);
  });

  it("ends every connection at stop: idle ones, half open ones and one in the middle of an answer", async () => {
    const { simulator, call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    const agent = new Agent({ keepAlive: true });
    await ask(simulator, "GET", "/v3/Organizations", { agent });
    const [idle] = Object.values(agent.freeSockets).flat();
    const halfOpen = connect(Number(new URL(simulator.endpoint).port), "127.0.0.1");
    await once(halfOpen, "connect");
    const gate = simulator.faults.hold({ match: { path: /Action$/ }, when: "duringWork" });
    const held = assert.rejects(call("POST", `${path}/Action`, { exporttoPst: {} }));
    await gate.reached;
    halfOpen.on("error", () => undefined);
    const closed = [once(idle ?? halfOpen, "close"), once(halfOpen.resume(), "close")];
    await simulator.stop();
    await Promise.all([held, ...closed]);
    await assert.rejects(ask(simulator, "GET", "/v3/Organizations"), { code: "ECONNREFUSED" });
    agent.destroy();
  });

  it("may be stopped twice, and in the middle of a long delay", async () => {
    const { simulator } = await start();
    simulator.faults.next({ effect: { delayMs: 3_600_000 } });
    const gate = simulator.faults.hold({ when: "afterWork" });
    const asked = assert.rejects(ask(simulator, "GET", "/v3/Organizations"));
    await gate.reached;
    gate.release();
    await Promise.all([simulator.stop(), simulator.stop()]);
    await asked;
  });

  it("fails to start on a port that is taken", async () => {
    const { simulator } = await start();
    await assert.rejects(startSimulator({ port: Number(new URL(simulator.endpoint).port) }), { code: "EADDRINUSE" });
  });

  it("has credentials to log in and to restore with, and nothing recorded", async () => {
    const { simulator } = await start();
    assert.equal(simulator.username, "VEEAM\\restore-operator");
    assert.deepEqual([simulator.requests, simulator.writes, simulator.exports, simulator.sessions], [[], [], [], []]);
  });
});
