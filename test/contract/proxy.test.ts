import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { readConnectionSettings } from "../../provider/config";
import { proxyFor } from "../../provider/api/proxy";
import { connect } from "../../provider/restore/connection";
import { type Simulator, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";
import { aTlsServer } from "../helpers/tls-server";

const host = "vb365.example.test";

/** A proxy that opens tunnels to one place, whatever is asked for, and remembers all that it saw. */
async function aProxy(port: number, wants?: string) {
  const asked: string[] = [];
  const seen: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((_, response) => response.writeHead(403).end());
  server.on("connect", ({ url, headers }, client: Socket) => {
    asked.push(`${url} ${headers["proxy-authorization"] ?? ""}`.trim());
    client.on("error", () => undefined);
    if (wants !== undefined && headers["proxy-authorization"] !== wants) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const onward = connectTcp(port, "127.0.0.1", () => client.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    [client, onward].forEach((socket) => sockets.add(socket));
    onward.on("error", () => client.destroy());
    client.on("data", (bytes) => seen.push(bytes));
    client.pipe(onward).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    seen: () => Buffer.concat(seen).toString("latin1"),
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

describe("a proxy", () => {
  const before = { ...process.env };
  let simulator: Simulator;
  let proxy: Awaited<ReturnType<typeof aProxy>>;

  beforeEach(async () => {
    simulator = await startSimulator({ hostNames: [host], restoreAnswer: "counters", pst: { sizeBytes: 300_000 } });
    proxy = await aProxy(Number(new URL(simulator.endpoint).port));
  });
  afterEach(async () => {
    process.env = { ...before };
    proxy.stop();
    await simulator.stop();
  });

  const endpoint = () => simulator.endpoint.replace("127.0.0.1", host);
  const connected = (trust: Record<string, string> = {}) => {
    const { caCert, ...config } = configOf(simulator);
    const trusting = Object.keys(trust).length > 0 ? trust : { caCert: caCert ?? "" };
    const given: Record<string, string> = { ...config, ...trusting, endpoint: endpoint() };
    const read = readConnectionSettings((key) => given[key], {});
    assert.ok("settings" in read, JSON.stringify(read));
    return connect(read.settings, { retry: { maxAttempts: 1, pause: () => Promise.resolve(), random: () => 0 } });
  };
  const fingerprint = async () => {
    const socket = connectTls({ port: Number(new URL(simulator.endpoint).port), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return createHash("sha256").update(new X509Certificate(raw).raw).digest("hex");
  };

  it("carries logins, lists, a restore and a file to and from a server that it alone can reach, and sees nothing of them", async () => {
    process.env["HTTPS_PROXY"] = proxy.url;
    const connection = connected();
    const [organization] = await connection.organizations();
    const options = { pointInTime: "2026-11-20T21:04:11Z", showDeleted: false, showAllVersions: false };
    const session = await connection.dialect.openSession(organization?.id ?? "", options);
    const mailboxes = await connection.dialect.listMailboxes(session.id);
    assert.equal(mailboxes.length, 5);
    const { id = "" } = mailboxes.find(({ name }) => name === "Sales") ?? {};
    const { userName, userPassword } = simulator.exchange;
    await connection.dialect.restoreToOriginalLocation(session.id, id, { userName, userPassword });
    assert.equal(simulator.writes.length, 1);
    const { body } = await connection.dialect.exportToPst(session.id, id, {});
    const bytes = (await body.toArray()) as Buffer[];
    assert.equal(Buffer.concat(bytes).length, 300_000);
    connection.close();
    assert.equal(simulator.logins, 1);
    const authority = `${host}:${new URL(simulator.endpoint).port}`;
    assert.deepEqual([...new Set(proxy.asked)], [authority]);
    for (const secret of [simulator.password, "grant_type", "Bearer", "RestoreSessions"]) {
      assert.ok(!proxy.seen().includes(secret), secret);
    }
  });

  it("changes nothing of whom is trusted, nor does NODE_TLS_REJECT_UNAUTHORIZED: the right pin passes, another one and another CA do not", async () => {
    process.env["HTTPS_PROXY"] = proxy.url;
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    const right = connected({ tlsFingerprint: await fingerprint() });
    assert.equal((await right.organizations()).length, 1);
    right.close();
    for (const [trust, message] of [
      [{ tlsFingerprint: "00".repeat(32) }, /another one than vb365:tlsFingerprint/],
      [{ insecure: "false" }, /is not trusted/],
    ] as const) {
      const wrong = connected(trust);
      const logins = simulator.logins;
      await assert.rejects(wrong.organizations(), message);
      assert.equal(simulator.logins, logins);
      wrong.close();
    }
  });

  it("is told who we are when its address says so, and its refusal is told without the password", async () => {
    const wants = `Basic ${Buffer.from("operator:pro%xy").toString("base64")}`;
    const guarded = await aProxy(Number(new URL(simulator.endpoint).port), wants);
    const address = (password: string) => guarded.url.replace("//", `//operator:${encodeURIComponent(password)}@`);
    try {
      process.env["HTTPS_PROXY"] = address("pro%xy");
      const connection = connected();
      assert.equal((await connection.organizations()).length, 1);
      connection.close();
      process.env["HTTPS_PROXY"] = address("wrong-marker");
      const refused = connected();
      await assert.rejects(refused.organizations(), (error: Error) => {
        assert.match(
          error.message,
          /cannot be reached: the proxy 127\.0\.0\.1:\d+, which HTTPS_PROXY names, answered 407: it wants a user name/,
        );
        assert.doesNotMatch(error.message, /wrong-marker|operator/);
        return true;
      });
      refused.close();
    } finally {
      guarded.stop();
    }
  });

  it("that is asked over TLS is trusted by the system's CAs alone, and gets no password before", async () => {
    const tls = await aTlsServer({ selfSigned: true });
    try {
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      process.env["HTTPS_PROXY"] = tls.endpoint.replace("//", "//operator:pro-marker@");
      const connection = connected();
      await assert.rejects(
        connection.organizations(),
        /which HTTPS_PROXY names, cannot be used \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
      );
      assert.equal(tls.heard, 0);
      connection.close();
    } finally {
      await tls.stop();
    }
  });

  it("that is not there is named", async () => {
    process.env["HTTPS_PROXY"] = "http://127.0.0.1:1";
    const connection = connected();
    await assert.rejects(
      connection.organizations(),
      /the proxy 127\.0\.0\.1:1, which HTTPS_PROXY names, cannot be used \(ECONNREFUSED\)/,
    );
    connection.close();
  });

  it("is not asked for what NO_PROXY names, nor for this machine", () => {
    process.env["HTTPS_PROXY"] = proxy.url;
    assert.equal(proxyFor("https://vb365.example.test:4443")?.href, `${proxy.url}/`);
    process.env["NO_PROXY"] = ".example.test";
    assert.equal(proxyFor("https://vb365.example.test:4443"), undefined);
    delete process.env["NO_PROXY"];
    for (const here of ["127.0.0.1", "localhost", "[::1]"]) {
      assert.equal(proxyFor(`https://${here}:4443`), undefined);
    }
  });
});
