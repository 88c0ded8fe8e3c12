import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { observed } from "../../provider/api/observe";
import type { Transport } from "../../provider/api/transport";
import { connections } from "./connected";

interface Line {
  id: string;
  attempt: number;
  method: string;
  path: string;
  status?: number;
  error?: string;
  durationMs: number;
}

/** What is written to standard error meanwhile. */
async function onStandardError(work: () => Promise<void>): Promise<string[]> {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text) => {
    written.push(String(text));
    return true;
  };
  await work().finally(() => (process.stderr.write = write));
  return written;
}

describe("what can be seen of requests", () => {
  const connect = connections();

  describe("with VB365_LOG=debug", () => {
    let folder: string;
    let file: string;
    const before = { ...process.env };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "vb365-log-"));
      file = join(folder, "requests.jsonl");
      Object.assign(process.env, { VB365_LOG: "debug", VB365_LOG_FILE: file });
    });
    afterEach(async () => {
      process.env = { ...before };
      await rm(folder, { recursive: true });
    });
    const lines = async () =>
      (await readFile(file, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Line);

    it("is a line of JSON a try, with the tries of one request tied together", async () => {
      const { simulator, connection } = await connect();
      simulator.faults.next({ match: { path: /Organizations$/ }, effect: { status: 503, html: "<h1>no</h1>" } });
      simulator.faults.next({ match: { path: /Organizations$/ }, effect: { resetBeforeAnswer: true } });
      await connection.organizations();
      const seen = (await lines()).map(({ method, path, attempt, status, error }) => [
        method,
        path,
        attempt,
        status ?? error,
      ]);
      assert.deepEqual(seen, [
        ["POST", "/v3/Token", 1, 200],
        ["GET", "/v3/Organizations", 1, 503],
        ["GET", "/v3/Organizations", 2, "connection"],
        ["GET", "/v3/Organizations", 3, 200],
      ]);
      const [login, ...tries] = await lines();
      assert.equal(new Set(tries.map(({ id }) => id)).size, 1);
      assert.notEqual(login?.id, tries[0]?.id);
      assert.ok(tries.every(({ durationMs }) => Number.isInteger(durationMs)));
    });

    it("holds no secret, no header and no query, and is for its owner's eyes", async () => {
      const { simulator, connection } = await connect();
      await connection.organizations();
      const text = await readFile(file, "utf8");
      for (const secret of [simulator.password, simulator.username, "Bearer", "grant_type", "?", "limit"]) {
        assert.ok(!text.includes(secret), secret);
      }
      assert.equal((await stat(file)).mode & 0o777, 0o600);
    });

    it("never ends a restore because it cannot be written, and says so once", async () => {
      const missing = join(folder, "missing", "requests.jsonl");
      process.env["VB365_LOG_FILE"] = missing;
      const { connection } = await connect();
      const written = await onStandardError(async () => {
        assert.equal((await connection.organizations()).length, 1);
      });
      assert.equal(written.filter((text) => text.includes("VB365_LOG_FILE cannot be written")).length, 1);
      assert.ok(written.join("").includes(missing));
    });

    it("says that there is no other level", async () => {
      process.env["VB365_LOG"] = "trace";
      const written = await onStandardError(async () => {
        const { connection } = await connect();
        await connection.organizations();
      });
      assert.deepEqual(written, [`VB365_LOG knows the level "debug" alone; nothing is logged.\n`]);
    });
  });

  it("is a span a try where a tracer provider is registered", async () => {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    try {
      const { simulator, connection } = await connect();
      simulator.faults.next({ match: { path: /Organizations$/ }, effect: { status: 503 } });
      await connection.organizations();
      const spans = exporter.getFinishedSpans();
      assert.deepEqual(
        spans.map(({ name, kind, status, attributes }) => [
          name,
          kind,
          status.code,
          attributes["http.response.status_code"],
          attributes["http.request.resend_count"],
        ]),
        [
          ["POST /v3/Token", 2, 0, 200, 0],
          ["GET /v3/Organizations", 2, 2, 503, 0],
          ["GET /v3/Organizations", 2, 0, 200, 1],
        ],
      );
    } finally {
      trace.disable();
    }
  });

  it("costs nothing otherwise: the transport is the same", () => {
    const transport: Transport = { send: () => Promise.reject(new Error("not asked")), close: () => undefined };
    assert.equal(observed(transport, {}), transport);
  });
});
