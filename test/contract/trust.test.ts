import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { readConnectionSettings } from "../../provider/config";
import { connect } from "../../provider/restore/connection";
import { type Simulator, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";
import { aTlsServer } from "../helpers/tls-server";

describe("trust in the server", () => {
  let simulator: Simulator;
  let other: Simulator;

  before(async () => {
    simulator = await startSimulator();
    other = await startSimulator();
  });
  after(async () => {
    await simulator.stop();
    await other.stop();
  });

  /** Asks for the organisations with these settings in the place of the CA. */
  const ask = async (trust: Record<string, string>) => {
    const { caCert: _, ...config } = { ...configOf(simulator) };
    const read = readConnectionSettings((key) => ({ ...config, ...trust })[key], {});
    assert.ok("settings" in read, JSON.stringify(read));
    const connection = connect(read.settings, {
      retry: { maxAttempts: 1, pause: () => Promise.resolve(), random: () => 0 },
    });
    try {
      return await connection.organizations();
    } finally {
      connection.close();
    }
  };
  const fingerprintOf = ({ endpoint }: Simulator) =>
    new Promise<string>((resolve, reject) => {
      const { hostname: host, port } = new URL(endpoint);
      const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256 ?? "");
        socket.destroy();
      });
      socket.once("error", reject);
    });
  const refusedWithoutARequest = async (trust: Record<string, string>, message: RegExp) => {
    const before = simulator.requests.length;
    await assert.rejects(ask(trust), message);
    assert.equal(simulator.requests.length, before, "something was sent to a server that is not trusted");
  };

  it("comes from a CA given as text", async () => {
    assert.equal((await ask({ caCert: simulator.caCert })).length, 1);
  });

  it("comes from a CA given as a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vb365-ca-"));
    try {
      await writeFile(join(folder, "ca.pem"), simulator.caCert);
      assert.equal((await ask({ caCert: join(folder, "ca.pem") })).length, 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("comes from the fingerprint of the certificate, with colons or without, in any case", async () => {
    const fingerprint = await fingerprintOf(simulator);
    assert.equal((await ask({ tlsFingerprint: fingerprint })).length, 1);
    assert.equal((await ask({ tlsFingerprint: `sha256:${fingerprint.replaceAll(":", "").toLowerCase()}` })).length, 1);
  });

  it("is given to anybody only when that is said", async () => {
    assert.equal((await ask({ insecure: "true" })).length, 1);
  });

  it("is not given without any of these", async () => {
    await refusedWithoutARequest({}, /is not trusted: .*caCert.* Nothing was sent/);
  });

  it("is not given to a certificate of another CA", async () => {
    await refusedWithoutARequest({ caCert: other.caCert }, /is not trusted: .*caCert/);
  });

  it("is not given to another certificate than the one that was pinned", async () => {
    const fingerprint = await fingerprintOf(other);
    await refusedWithoutARequest(
      { tlsFingerprint: fingerprint },
      /is not trusted: .*another one than vb365:tlsFingerprint/,
    );
    await refusedWithoutARequest({ tlsFingerprint: fingerprint, insecure: "true" }, /tlsFingerprint/);
  });

  describe("is not a matter of NODE_TLS_REJECT_UNAUTHORIZED=0:", () => {
    /** What becomes of a read and of what is sent once alone, in a process that has the variable. */
    const inProcess = async (trust: Record<string, string>) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--require", "tsx/cjs", join(__dirname, "../helpers/trusting.ts"), simulator.endpoint, JSON.stringify(trust)],
        { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" } },
      );
      return JSON.parse(stdout) as { read: string; action: string };
    };
    const both = (pattern: RegExp, { read, action }: { read: string; action: string }) => {
      assert.match(read, pattern);
      assert.match(action, pattern);
    };

    it("another CA, and none at all, are refused before anything is sent", async () => {
      const before = simulator.requests.length;
      both(/is not trusted: .*caCert.* Nothing was sent/, await inProcess({ by: "caCert", caCert: other.caCert }));
      both(/is not trusted: .*caCert.* Nothing was sent/, await inProcess({ by: "systemCas" }));
      const sha256 = (await fingerprintOf(other)).replaceAll(":", "");
      both(/another one than vb365:tlsFingerprint/, await inProcess({ by: "fingerprint", sha256 }));
      assert.equal(simulator.requests.length, before);
    });

    it("the right CA, the right certificate and insecure: true still do", async () => {
      const sha256 = (await fingerprintOf(simulator)).replaceAll(":", "");
      both(/status 401/, await inProcess({ by: "caCert", caCert: simulator.caCert }));
      both(/status 401/, await inProcess({ by: "fingerprint", sha256 }));
      both(/status 401/, await inProcess({ by: "nothing" }));
    });
  });

  describe("is not given, and nothing is said to it, when", () => {
    const faults: Record<string, [Parameters<typeof aTlsServer>[0], RegExp]> = {
      "its certificate has expired": [{ expired: true }, /has expired: renew it/],
      "its certificate is for another host": [{ host: "other.example.test" }, /for another host name/],
      "its certificate is self-signed": [{ selfSigned: true }, /is self-signed: give it as vb365:caCert/],
      "it speaks old versions of TLS alone": [{ oldProtocol: true }, /versions of TLS before 1\.2/],
    };
    for (const [what, [fault, message]] of Object.entries(faults)) {
      it(what, async () => {
        const server = await aTlsServer(fault);
        try {
          const { endpoint, caCert } = server;
          await assert.rejects(ask({ endpoint, caCert }), (error: Error) => {
            assert.match(error.message, message);
            assert.match(error.message, /is not trusted: .* Nothing was sent/);
            return true;
          });
          assert.equal(server.heard, 0);
        } finally {
          await server.stop();
        }
      });
    }

    it("what answers does not speak TLS", async () => {
      const heard: Buffer[] = [];
      const plain = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", (bytes) => {
          heard.push(bytes);
          socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
        });
      });
      plain.listen(0, "127.0.0.1");
      await once(plain, "listening");
      const { port } = plain.address() as AddressInfo;
      await assert.rejects(ask({ endpoint: `https://127.0.0.1:${port}` }), /does not speak TLS: check the port/);
      assert.doesNotMatch(Buffer.concat(heard).toString("latin1"), /grant_type|password/);
      plain.close();
    });
  });
});
