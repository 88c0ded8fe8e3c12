import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import * as engineServices from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import * as services from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { handlerOf } from "../../sdk/handler";
import { aWorkspace } from "./workspace";

type Bag = Record<string, unknown>;

/** A failure as the engine receives it; `state` is there when the resource counts as created, but incomplete. */
export interface HostFailure {
  message: string;
  state?: { id: string; properties: Bag; reasons: string[] };
}

/** Pulumi's own dynamic provider process, spoken to as the engine does. */
/** Resource of the package; what the host was started for, unless it is said. */
export type Kind = "MailboxRestore" | "BulkMailboxRestore" | "RestoreSession";

export interface Host {
  check(olds: Bag, news: Bag): Promise<{ inputs: Bag; failures: { property: string; reason: string }[] }>;
  diff(olds: Bag, news: Bag): Promise<{ changes: "some" | "none" | "unknown"; replaces: string[] }>;
  create(inputs: Bag, kind?: Kind): Promise<{ id: string; outputs: Bag }>;
  read(id: string, outputs: Bag): Promise<Bag>;
  update(id: string, olds: Bag, news: Bag): Promise<Bag>;
  delete(id: string, outputs: Bag, kind?: Kind): Promise<void>;
  /** What was written to the engine's log, in order. */
  readonly log: { urn: string; message: string; severity: number; ephemeral: boolean }[];
  /** Its process. */
  readonly pid: number;
  /** Folder in which the process runs. */
  readonly folder: string;
  /** Everything that the process printed. */
  readonly printed: string[];
  /** Fulfilled when a line of the engine's log matches, be it old or new. */
  said(pattern: RegExp): Promise<void>;
  /** The engine goes away, as after a kill of the CLI: nobody listens at its address any more. The process lives on. */
  loseEngine(): void;
  /** Fulfilled when the process has ended, by itself or not. */
  readonly ended: Promise<unknown>;
  /** Asks the process to end, as an engine does at an orderly end, and waits until it has. */
  end(): Promise<void>;
  /** Ends it as a crash does. Its folder stays, for another process. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a dynamic provider process of `@pulumi/pulumi` with a stack configuration.
 *
 * @param options - `folder`: where it runs, instead of a folder of its own; that folder is not removed. `env`: variables besides. `kind`:
 * resource that it is asked about; default a MailboxRestore.
 */
export async function startHost(
  config: Record<string, string>,
  options: { folder?: string; env?: Record<string, string>; kind?: Kind } = {},
): Promise<Host> {
  const { folder, env, kind: usual = "MailboxRestore" } = options;
  const workspace = folder === undefined ? await aWorkspace() : { path: folder, remove: () => Promise.resolve() };
  const { server, port: enginePort, log, said } = await startEngineLog();
  const script = require.resolve("@pulumi/pulumi/cmd/dynamic-provider");
  const child = spawn(process.execPath, [script, `127.0.0.1:${enginePort}`], {
    cwd: workspace.path,
    env: { ...environment(), ...env },
  });
  const printed: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk.toString()));
  const port = await firstLine(child);
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

  const configure = new messages.ConfigureRequest();
  configure.setArgs(struct(config));
  await ask<messages.ConfigureResponse>((done) => client.configure(configure, done));

  const closed = once(child, "close");
  const leave = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await closed;
  };
  const withHandler = (bag: Bag, kind: Kind = usual) => struct({ ...bag, __provider: handlerOf(kind) });
  return {
    log,
    said,
    printed,
    ended: closed,
    loseEngine: () => server.forceShutdown(),
    pid: child.pid ?? 0,
    folder: workspace.path,
    async check(olds, news) {
      const request = new messages.CheckRequest();
      request.setOlds(struct(olds));
      request.setNews(withHandler(news));
      const answer = await ask<messages.CheckResponse>((done) => client.check(request, done));
      const failures = answer
        .getFailuresList()
        .map((one) => ({ property: one.getProperty(), reason: one.getReason() }));
      return { inputs: bagOf(answer.getInputs()), failures };
    },
    async diff(olds, news) {
      const request = new messages.DiffRequest();
      request.setOlds(withHandler(olds));
      request.setNews(withHandler(news));
      const answer = await ask<messages.DiffResponse>((done) => client.diff(request, done));
      const changes = (["unknown", "none", "some"] as const)[answer.getChanges()];
      return { changes, replaces: answer.getReplacesList() };
    },
    async create(inputs, kind) {
      const request = new messages.CreateRequest();
      request.setProperties(withHandler(inputs, kind));
      const answer = await ask<messages.CreateResponse>((done) => client.create(request, done));
      return { id: answer.getId(), outputs: bagOf(answer.getProperties()) };
    },
    async read(id, outputs) {
      const request = new messages.ReadRequest();
      request.setId(id);
      request.setProperties(withHandler(outputs));
      const answer = await ask<messages.ReadResponse>((done) => client.read(request, done));
      return bagOf(answer.getProperties());
    },
    async update(id, olds, news) {
      const request = new messages.UpdateRequest();
      request.setId(id);
      request.setOlds(withHandler(olds));
      request.setNews(withHandler(news));
      return bagOf((await ask<messages.UpdateResponse>((done) => client.update(request, done))).getProperties());
    },
    async delete(id, outputs, kind) {
      const request = new messages.DeleteRequest();
      request.setId(id);
      request.setProperties(withHandler(outputs, kind));
      await ask<Empty>((done) => client.delete(request, done));
    },
    end: () => leave("SIGINT"),
    kill: () => leave("SIGKILL"),
    async stop() {
      client.close();
      await leave("SIGKILL");
      server.forceShutdown();
      await workspace.remove();
    },
  };
}

/** The environment without settings of ours and without the mark of a CI, so that a developer's own do not reach a test. */
function environment(): NodeJS.ProcessEnv {
  const isOurs = (name: string) => name.startsWith("VB365_") || name === "CI";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)));
}

async function firstLine(child: ChildProcess & { stdout: NodeJS.ReadableStream }): Promise<string> {
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return line;
}

/** A real gRPC service in the engine's place, for its log alone. */
async function startEngineLog() {
  const log: Host["log"] = [];
  const watchers: { pattern: RegExp; seen(): void }[] = [];
  const said = (pattern: RegExp) =>
    new Promise<void>((seen) =>
      log.some(({ message }) => pattern.test(message)) ? seen() : watchers.push({ pattern, seen }),
    );
  const server = new grpc.Server();
  server.addService(engineServices.EngineService, {
    log(call: { request: LogRequest }, done: (error: null, answer: Empty) => void) {
      const { request } = call;
      log.push({
        urn: request.getUrn(),
        message: request.getMessage(),
        severity: request.getSeverity(),
        ephemeral: request.getEphemeral(),
      });
      watchers.filter(({ pattern }) => pattern.test(request.getMessage())).forEach(({ seen }) => seen());
      done(null, new Empty());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { server, port, log, said };
}

function struct(bag: Bag): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(bag)) as Parameters<typeof Struct.fromJavaScript>[0]);
}

function bagOf(value: Struct | undefined): Bag {
  const { __provider, ...bag } = (value?.toJavaScript() ?? {}) as Bag;
  return bag;
}

function ask<T>(send: (done: (error: grpc.ServiceError | null, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    send((error, answer) => (error === null || error === undefined ? resolve(answer) : reject(failureOf(error)))),
  );
}

function failureOf(error: grpc.ServiceError): Error & HostFailure {
  const failure: Error & HostFailure = new Error(error.details);
  const [packed] = error.metadata.get("grpc-status-details-bin");
  if (packed !== undefined) {
    const detail = Status.deserializeBinary(packed as Buffer).getDetailsList()[0];
    const incomplete = ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
    failure.state = {
      id: incomplete.getId(),
      properties: bagOf(incomplete.getProperties()),
      reasons: incomplete.getReasonsList(),
    };
  }
  return failure;
}
