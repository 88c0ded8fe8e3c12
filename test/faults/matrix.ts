import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, type Server, type Socket, connect as connectTo, createServer as createLine } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isIncomplete } from "../../provider/errors";
import { MailboxRestoreError } from "../../provider/errors";
import { mailboxRestoreOf } from "../../provider/host/mailbox-restore";
import { type Bag, createHost } from "../../provider/host/process";
import { connect } from "../../provider/restore/connection";
import { openJournal } from "../../provider/restore/journal";
import {
  type ApiVersionName,
  type FaultEffect,
  type RequestMatch,
  type Simulator,
  startSimulator,
} from "../../simulator";
import { openPointsOf } from "../../simulator/open-points";
import { routesOf } from "../../simulator/routes";
import { versions as traits } from "../../simulator/versions";
import { configOf } from "../helpers/engine";
import { versions } from "../helpers/versions";

/**
 * Every fault at every request of every action in every version. The requests are those of a run without faults, the routes those that a
 * server of the version has: one that no action asks for has to be named here, so that a new one cannot be forgotten.
 */
export const actions = {
  exportToPst: {},
  restoreToOriginalLocation: {},
  restoreTo: { mailbox: "support@contoso.example" },
} as const;
export type ActionName = keyof typeof actions;

/** How a cell may end, and in no other way. */
export type End = "succeeded" | "clear error" | "partial" | "unfinished" | "unknown";

/** One request of a run, as a route: what a fault is aimed at. */
export interface Target {
  /** `POST /RestoreSessions/{id}/Action stop`. */
  name: string;
  match: RequestMatch;
  /** How many requests came before the first of it. */
  first: number;
  /** It is the login anew, after the first of these requests found out that the token has ended. */
  endsToken?: RequestMatch;
}

export interface Fault {
  name: string;
  /** `refused`: from this request on nobody can connect, for two tries or for the rest of the restore. */
  effect: FaultEffect | { reshape: (body: unknown) => unknown } | { refused: "for two tries" | "to the end" };
  /** At every request to the route instead of the first alone. */
  always?: true;
}

const elsewhere = { port: 0, asked: 0 };

/** Where a redirect leads: whoever follows it is counted. */
export async function startElsewhere(): Promise<{ asked(): number; stop(): void }> {
  const server = createServer((_, response) => {
    elsewhere.asked += 1;
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  elsewhere.port = (server.address() as AddressInfo).port;
  return { asked: () => elsewhere.asked, stop: () => void server.close() };
}

const status = (code: number, more: object = { json: { message: "no" } }): FaultEffect => ({ status: code, ...more });
/** More than the client takes of an answer that it has to hold. */
const hugeBytes = 65 * 1024 * 1024;
const hugeName = "huge body";
let huge: string | undefined;
const html = { html: "<html><h1>Something went wrong</h1></html>" };

export function faultsOf(): Fault[] {
  const passing = [
    status(429, { headers: { "Retry-After": "1" }, json: { message: "slow down" } }),
    status(500),
    status(502, html),
    status(503, html),
    status(504, html),
  ];
  return [
    { name: "refused for two tries", effect: { refused: "for two tries" } },
    { name: "refused to the end", effect: { refused: "to the end" } },
    { name: "reset before it arrived", effect: { resetBeforeWork: true } },
    { name: "reset after the work", effect: { resetBeforeAnswer: true } },
    { name: "reset, always", effect: { resetBeforeAnswer: true }, always: true },
    { name: "cut in the body", effect: { cutAfterBytes: 7 } },
    { name: "stalled", effect: { delayMs: 60_000 } },
    { name: "stalled, always", effect: { delayMs: 60_000 }, always: true },
    ...[400, 403, 404, 409].map((code) => ({ name: `${code}`, effect: status(code) })),
    { name: "401", effect: status(401) },
    { name: "401, no body", effect: status(401, { text: "" }) },
    { name: "401, always", effect: status(401), always: true as const },
    ...passing.map((effect) => ({ name: `${"status" in effect ? effect.status : ""}`, effect })),
    ...passing.map((effect) => ({
      name: `${"status" in effect ? effect.status : ""}, always`,
      effect,
      always: true as const,
    })),
    { name: "502 after the work", effect: { ...status(502, html), afterWork: true } },
    { name: "504 after the work", effect: { ...status(504, html), afterWork: true } },
    { name: "HTML with 200", effect: status(200, html), always: true },
    { name: "HTML with 200 after the work", effect: { ...status(200, html), afterWork: true } },
    { name: hugeName, effect: status(200, { text: (huge ??= `"${"x".repeat(hugeBytes)}"`), afterWork: true }) },
    {
      name: "wrong Content-Type",
      effect: status(200, { json: {}, headers: { "Content-Type": "application/octet-stream" }, afterWork: true }),
    },
    ...(
      [
        ["null", null],
        ["a number", 7],
        ["a string", "x"],
        ["a list", []],
        ["nothing in it", {}],
        ["a list of numbers", { results: [1] }],
      ] as [string, unknown][]
    ).map(([what, json]) => ({ name: `JSON that is ${what}`, effect: status(200, { json, afterWork: true }) })),
    {
      name: "wrong types",
      effect: { reshape: (body) => mapped(body, (value) => (typeof value === "string" ? 7 : String(value))) },
    },
    { name: "missing fields", effect: { reshape: (body) => withoutHalf(body) } },
    { name: "extra fields", effect: { reshape: (body) => withExtra(body) } },
    {
      name: "redirect to another host",
      effect: status(307, { text: "", headers: { Location: `http://127.0.0.1:${elsewhere.port}/` } }),
      always: true,
    },
  ];
}

type Json = Record<string, unknown> | unknown[];
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

function mapped(value: unknown, change: (leaf: unknown) => unknown): unknown {
  if (!isJson(value)) {
    return change(value);
  }
  return Array.isArray(value)
    ? value.map((one) => mapped(one, change))
    : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, change)]));
}

function withoutHalf(value: unknown): unknown {
  if (!isJson(value)) {
    return value;
  }
  return Array.isArray(value)
    ? value.map(withoutHalf)
    : Object.fromEntries(
        Object.entries(value).flatMap(([key, one], index) => (index % 2 === 1 ? [] : [[key, withoutHalf(one)]])),
      );
}

function withExtra(value: unknown): unknown {
  if (!isJson(value)) {
    return value;
  }
  return Array.isArray(value)
    ? value.map(withExtra)
    : {
        ...Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withExtra(one)])),
        extra: { deep: [1] },
        __proto__x: 1,
      };
}

/** Routes that no restore asks for, without their version; each with the reason. */
export const unasked: Record<string, string> = {
  "GET /ServiceInstance": "getServerInfo alone",
  "GET /Organizations/{organizationId}": "the list is asked, which has all of them",
  "GET /Organization": "a tenant's own; the list shows it",
  "POST /Organization/Action": "a tenant's own; its id is known from the list",
  "POST /Organization/explore": "a tenant's own; its id is known from the list",
  "GET /RestoreSessions/{sessionId}": "a RestoreSession and getRestoreSession",
  "GET /RestoreSessions/{sessionId}/Organization": "nobody: the session says its organization",
  "GET /RestoreSessions/{sessionId}/Events/{eventId}": "nobody: the list has them whole",
  "GET /RestoreSessions/{sessionId}/Organization/Mailboxes/{mailboxId}": "a bulk restore on v8, and restores by id",
  "POST /RestoreSessions/{sessionId}/Organization/RestoreDeviceCode": "requestDeviceCode",
  "POST /DeviceCode/Check": "waitForDeviceCode",
  "GET /RestorePoints": "repositoryId and getRestorePoints",
};

export interface Cell {
  version: ApiVersionName;
  action: ActionName;
  target: Target;
  fault: Fault;
}

/** What one run of a restore came to. */
export interface Result {
  end: End | "violation";
  /** Why it is none of the ways that it may end. */
  violations: string[];
  message: string;
}

const password = "Rest-Marker-1%";
const exchangePassword = "Exchange-Marker-2%";

/** The requests of a run without faults, as routes of the version; the same route with another envelope is another one. */
export async function targetsOf(version: ApiVersionName, action: ActionName): Promise<Target[]> {
  const { requests, result } = await runOnce(version, action);
  if (result.end !== "succeeded") {
    throw new Error(`${version} ${action} without a fault: ${result.message}`);
  }
  const known = knownRoutes(version);
  const targets = new Map<string, Target>();
  for (const [index, { method, path, body }] of requests.entries()) {
    const route = known.find((one) => one.method === method && one.pattern.test(path));
    const envelope = /\/action$/i.test(path) && isJson(body) && !Array.isArray(body) ? Object.keys(body)[0] : undefined;
    const name = `${method} ${route?.path ?? path}${envelope === undefined ? "" : ` ${envelope}`}`;
    targets.set(name, {
      name,
      first: targets.get(name)?.first ?? index,
      match: {
        method,
        path: route?.pattern ?? new RegExp(`^${path}$`, "i"),
        ...(envelope === undefined ? {} : { body: (sent) => isJson(sent) && envelope in sent }),
      },
    });
  }
  const login = [...targets.values()].find(({ name }) => /\/Token$/i.test(name));
  const after = [...targets.values()].filter(
    ({ name, first }) => login !== undefined && first > login.first && !/\/Logout$/i.test(name),
  );
  return [
    ...targets.values(),
    ...after.flatMap(({ name, match, first }) =>
      login === undefined
        ? []
        : { name: `${login.name}, anew at ${name}`, match: login.match, first, endsToken: match },
    ),
  ];
}

/** The routes that a server of this version has. */
export function knownRoutes(version: ApiVersionName) {
  const own = traits.filter(({ name }) => name === version);
  return own
    .flatMap((one) => routesOf(one, openPointsOf({})))
    .map(({ method, path }) => ({
      method,
      path,
      pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}$`, "i"),
    }));
}

/** Every cell of the matrix. */
export async function allCells(): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const version of versions) {
    for (const action of Object.keys(actions) as ActionName[]) {
      for (const target of await targetsOf(version, action)) {
        // Where nobody can connect at a moment in the middle, that is so for the request itself, whose cell it is.
        const faults = faultsOf().filter(({ effect }) => target.endsToken === undefined || !("refused" in effect));
        cells.push(...faults.map((fault) => ({ version, action, target, fault })));
      }
    }
  }
  return cells;
}

/** Runs a restore with the fault of a cell, in a provider process's own parts, and judges how it ended. */
export async function runCell({ version, action, target, fault }: Cell): Promise<Result> {
  return (await runOnce(version, action, { target, fault })).result;
}

interface Aimed {
  target: Target;
  fault: Fault;
}

/** A line to a server that can be taken away: whoever connects then is refused by the system itself. */
async function aLineTo(port: number) {
  let server: Server;
  const sockets = new Set<Socket>();
  const listen = async (at: number) => {
    server = createLine((near) => {
      const far = connectTo(port, "127.0.0.1");
      for (const socket of [near, far]) {
        sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
      }
      near.pipe(far).on("close", () => near.destroy());
      far.pipe(near).on("close", () => far.destroy());
    });
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const own = await listen(0);
  return {
    endpoint: `https://127.0.0.1:${own}`,
    refuse: () => void server.close(),
    acceptAgain: () => listen(own),
    stop() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}

/** Far above every limit that the restore of a cell is given: whatever is not over by then, never is. */
const hangsAfterMs = 120_000;

async function runOnce(version: ApiVersionName, action: ActionName, what?: Aimed) {
  const folder = await mkdtemp(join(tmpdir(), "vb365-faults-"));
  const effect = what?.fault.effect ?? { delayMs: 0 };
  let left = what?.fault.always === true ? Infinity : 1;
  let worked = 0;
  let toSkip = what?.target.endsToken === undefined ? 0 : 1;
  const simulator = await startSimulator({
    apiVersions: [version],
    password,
    exchange: { userName: "restore-account@contoso.example", userPassword: exchangePassword },
    restoreAnswer: "counters",
    pst: { sizeBytes: 20_000 },
    reshape(body: unknown, { method, path }: { method: string; path: string }) {
      worked += 1;
      refuseIfItIsTime();
      const isMeant = method === what?.target.match.method && what.target.match.path?.test(path) === true && left > 0;
      if (!("reshape" in effect) || !isMeant) {
        return body;
      }
      toSkip -= 1;
      if (toSkip >= 0) {
        return body;
      }
      left -= 1;
      return effect.reshape(body);
    },
  });
  const line = await aLineTo(Number(new URL(simulator.endpoint).port));
  let triesLeft = Infinity;
  const refuseIfItIsTime = () => {
    if ("refused" in effect && worked === what?.target.first) {
      line.refuse();
      triesLeft = effect.refused === "for two tries" ? 2 : Infinity;
    }
  };
  refuseIfItIsTime();
  const pause = async () => {
    triesLeft -= 1;
    if (triesLeft === 0) {
      simulator.faults.clear();
      await line.acceptAgain();
    }
  };
  if (what?.target.endsToken !== undefined) {
    // The first login is left as it is: each request meets the oldest fault that fits it.
    simulator.faults.next({ match: what.target.match, effect: { delayMs: 0 } });
    simulator.faults.next({ match: what.target.endsToken, effect: { expireToken: true } });
  }
  if (what !== undefined && "refused" in effect) {
    // A connection that is open already still gets through.
    simulator.faults.next({ match: what.target.match, effect: { resetBeforeWork: true }, times: Infinity });
  } else if (what !== undefined && !("reshape" in effect) && !("refused" in effect)) {
    simulator.faults.next({ match: what.target.match, effect, times: left });
  }
  try {
    const name = [version, action, what?.target.name, what?.fault.name].join(", ");
    return await inTime(name, restore(simulator, { version, action, folder, endpoint: line.endpoint, pause, what }));
  } finally {
    line.stop();
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inTime<T>(name: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hangs: ${name}`)), hangsAfterMs);
  });
  return await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

interface Run {
  version: ApiVersionName;
  action: ActionName;
  folder: string;
  endpoint: string;
  /** Between two tries. */
  pause(): Promise<void>;
  what: Aimed | undefined;
}

async function restore(simulator: Simulator, { version, action, folder, endpoint, pause, what }: Run) {
  const said: string[] = [];
  const host = createHost({
    engine: {
      log: (entry: unknown) => Promise.resolve(void said.push(JSON.stringify(entry))),
      isGone: () => Promise.resolve(false),
    },
    openJournal: (journalDir) => openJournal(journalDir, { renewMs: 3_600_000, abandonedAfterMs: 0 }),
    connect: (settings, options) =>
      connect(settings, { ...options, retry: { maxAttempts: 4, pause, random: Math.random } }),
  });
  const handlers = mailboxRestoreOf(host);
  // What is that large takes its time, and is to be refused for its size.
  const patience = what?.fault.name === hugeName ? "20s" : "300ms";
  const timeouts = JSON.stringify({
    login: patience,
    session: patience,
    firstByte: patience,
    idle: "300ms",
    restore: "2s",
  });
  const config: Record<string, string> = {
    ...configOf(simulator, version),
    endpoint,
    journalDir: join(folder, "journal"),
    timeouts,
  };
  await handlers.configure({ config: { get: (key) => config[key.replace("vb365:", "")] } });
  const pst = join(folder, "sales.pst");
  const program = {
    organization: "contoso.example",
    mailbox: { email: "sales@contoso.example" },
    pointInTime: "latest",
    confirmInPlace: action === "restoreToOriginalLocation" ? "sales@contoso.example" : undefined,
    [action]: action === "exportToPst" ? { path: pst } : actions[action],
    __urn: "urn:pulumi:faults::vb365-faults::pulumi-nodejs:dynamic/vb365:MailboxRestore::sales",
  };
  const declared = Object.fromEntries(Object.entries(program).filter(([, value]) => value !== undefined));
  const { inputs, failures } = await handlers.check({}, declared);
  const violations: string[] = failures.map(({ reason }) => `check: ${reason}`);
  let end: End = "clear error";
  let message: string;
  let outputs: Bag | undefined;
  try {
    outputs = (await handlers.create(inputs)).outs;
    message = String(outputs["outcome"]);
    end = "succeeded";
  } catch (error) {
    message = error instanceof Error ? error.message : String(error);
    if (isIncomplete(error)) {
      outputs = { ...error.properties };
      end = endOf(String(outputs["outcome"]));
      message = error.reasons.join("\n");
    } else if (!(error instanceof MailboxRestoreError)) {
      violations.push(`no error of this package: ${error instanceof Error ? (error.stack ?? message) : message}`);
    }
  }
  await host.end();

  const writes = simulator.writes.length;
  const isExport = action === "exportToPst";
  if (writes > 1) {
    violations.push(`${writes} restores were sent`);
  }
  if (end === "succeeded" && (isExport ? simulator.exports.length === 0 : writes !== 1)) {
    violations.push("called success, and nothing was done");
  }
  if (end === "succeeded" && isExport) {
    const file = await readFile(pst).catch(() => undefined);
    if (file?.toString("latin1", 0, 4) !== "!BDN") {
      violations.push("called success, and there is no PST");
    }
  }
  if (end === "clear error" && writes > 0) {
    violations.push("an error without a record, and mail was written");
  }
  const mayStayOpen = end === "unfinished" || end === "unknown" || (what !== undefined && isLieAboutStop(what));
  const everything = JSON.stringify([message, outputs, said]);
  // A server that is gone cannot be told to stop one, and the id of a session may be lost with its answer; then it has to be said.
  const isSaid = /could not be stopped|may have been opened all the same|One that opens after all/.test(everything);
  if (!mayStayOpen && simulator.openSessions.length > 0 && !isSaid) {
    violations.push(`${simulator.openSessions.length} restore sessions are open`);
  }
  for (const secret of [password, exchangePassword]) {
    if (everything.includes(secret)) {
      violations.push("a secret was told");
    }
  }
  if (message.trim() === "") {
    violations.push("nothing was said");
  }
  return {
    requests: simulator.requests,
    result: { end: violations.length > 0 ? ("violation" as const) : end, violations, message },
  };
}

/** There is nothing to tell it by: a session that is over is answered in the same way. */
const isLieAboutStop = ({ target, fault }: Aimed) =>
  /stop$/i.test(target.name) && target.endsToken === undefined && fault.name === "404";

function endOf(outcome: string): End {
  switch (outcome) {
    case "Unfinished":
      return "unfinished";
    case "Unknown":
      return "unknown";
    default:
      return "partial";
  }
}
