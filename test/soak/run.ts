/**
 * Restores and exports without pause, with random faults, in provider processes that live all the time: npm run soak.
 *
 *     npm run soak -- [--minutes N | --hours N] [--seed N] [--write]
 *
 * Ends with 1 when a restore was sent twice, a hash is wrong, a restore session stayed open that should not, or when memory, file handles or
 * sockets grew. `--write` puts table and plot into docs/reliability.md.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import type { FaultEffect, Simulator } from "../../simulator";
import { memoryOf } from "../benchmarks/process-tree";
import { type ActionName, actions, faultsOf } from "../faults/matrix";
import { configOf } from "../helpers/engine";
import { type Host, type HostFailure, startHost } from "../helpers/host";
import { aWorkspace } from "../helpers/workspace";
import { type Sample, type Tally, report, verdictOf, writePage } from "./page";
import { type Accepted, type SoakServer, startServer } from "./server";

type Bag = Record<string, unknown>;

/** The oldest REST API and the newest, each spoken by a provider process of its own. */
const spoken = ["v3", "v8"] as const;
/** Restores at a time, in each. Whoever restores has mailboxes that nobody else touches, so that the server's count is its own. */
const workers = 3;
const mailboxesEach = 20;
const samplesEveryMs = 10_000;
/** So many restores of 100 meet a fault. */
const faultsIn100 = 35;

/** One fault at a time, for whatever request comes next; what comes at every try is for the fault matrix. */
function soakFaults(): FaultEffect[] {
  const ofMatrix = faultsOf().flatMap(({ effect, always }) =>
    always === true || "reshape" in effect || "refused" in effect || isALie(effect) ? [] : [effect],
  );
  return [
    ...ofMatrix,
    { expireToken: true },
    { expireSession: true },
    { cutAfterBytes: 100_000 },
    { contentLength: 200_000 },
    { restoreResult: { failedItems: 1 } },
    { restoreResult: { cannotContinueError: "the mailbox is full" } },
  ];
}

/** The work is done and its answer lost: a session that is opened so has an id that nobody but the server knows. */
const losesTheAnswer = (effect: FaultEffect) =>
  "resetBeforeAnswer" in effect ||
  "cutAfterBytes" in effect ||
  "contentLength" in effect ||
  "delayMs" in effect ||
  ("afterWork" in effect && effect.afterWork === true);

/**
 * Where a fault may hit. A server that says 404 to a stop, or to a look at the session after a stop that was refused, says that the session
 * is gone, and is believed: that one would stay open.
 */
function pathFor(effect: FaultEffect): { path?: string } {
  if (losesTheAnswer(effect)) {
    return { path: "^(?!.*/Organizations/[^/]+/(Action|Explore)$)" };
  }
  return "status" in effect && effect.status === 404 ? { path: "^(?!.*/RestoreSessions/[^/]+(/(Action|Stop))?$)" } : {};
}

/** Puts a success in place of whatever the server did, which may have been a refusal: what comes of such a lie is for the fault matrix. */
const isALie = (effect: FaultEffect) => "status" in effect && effect.status === 200;

interface Soak {
  server: SoakServer;
  tally: Tally;
  random: () => number;
  /** Restore sessions that were named to somebody. */
  named: Set<string>;
  until: number;
  folder: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string" },
      hours: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      write: { type: "boolean", default: false },
    },
  });
  const minutes = values.hours === undefined ? Number(values.minutes ?? "30") : Number(values.hours) * 60;
  if (!(minutes > 0)) {
    throw new Error("--minutes and --hours take a number above 0");
  }
  console.error(`${minutes} minutes; --seed ${values.seed}`);
  const server = await startServer(mailboxesEach * workers * spoken.length);
  const folder = await mkdtemp(join(tmpdir(), "vb365-soak-"));
  const tally: Tally = {
    ends: {},
    faults: 0,
    exported: 0,
    sentTwice: 0,
    wrong: [],
    leftOpen: { said: 0, silent: [] },
    journalLeft: 0,
  };
  const named = new Set<string>();
  const samples: Sample[] = [];
  const soak: Soak = {
    server,
    tally,
    folder,
    named,
    until: Date.now() + minutes * 60_000,
    random: randomFrom(Number(values.seed)),
  };
  const processes = await Promise.all(spoken.map((version) => startProvider(server, version)));
  const begun = Date.now();
  const sample = () => {
    for (const { host, version } of processes) {
      samples.push({ version, minutes: (Date.now() - begun) / 60_000, restores: done(tally), ...useOf(host.pid) });
    }
  };
  const sampling = setInterval(sample, samplesEveryMs);
  await Promise.all(
    processes.flatMap(({ host }, process) =>
      Array.from({ length: workers }, (_, worker) => work(soak, host, process * workers + worker)),
    ),
  );
  sample();
  clearInterval(sampling);
  await server.ask("calm");
  for (const { host } of processes) {
    await host.end();
  }
  await countLeftOpen(
    soak,
    processes.map(({ host }) => host),
  );
  for (const { journalDir, stop } of processes) {
    tally.journalLeft += (await readdir(journalDir)).filter((name) => name.endsWith(".json")).length;
    await stop();
  }
  await server.stop();
  await rm(folder, { recursive: true, force: true });

  const verdict = verdictOf(samples, tally);
  const run = { minutes, seed: values.seed };
  console.log(report(samples, tally, run));
  verdict.forEach((line) => console.log(`WRONG: ${line}`));
  if (values.write) {
    await writePage(samples, tally, run);
  }
  process.exitCode = verdict.length > 0 ? 1 : 0;
}

const done = ({ ends }: Tally) => Object.values(ends).reduce((sum, count) => sum + count, 0);

/** Numbers from 0 up to 1 that are the same for the same seed; without the bias to the ends that a property test likes. */
function randomFrom(seed: number): () => number {
  const [next] = fc.sample(fc.noBias(fc.infiniteStream(fc.nat(2 ** 30 - 1))), { seed, numRuns: 1 });
  return () => Number(next?.next().value) / 2 ** 30;
}

async function startProvider(server: SoakServer, version: (typeof spoken)[number]) {
  const workspace = await aWorkspace();
  const limit = "5s";
  const config: Bag = {
    ...configOf(server.served as unknown as Simulator, version),
    maxConcurrentRestores: String(workers),
    timeouts: JSON.stringify({ login: limit, session: limit, firstByte: limit, idle: limit, restore: "10s" }),
  };
  const prefixed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`vb365:${key}`, String(value)]));
  const host = await startHost(prefixed, { folder: workspace.path });
  const stop = async () => {
    await host.stop();
    await workspace.remove();
  };
  return { host, version, journalDir: join(workspace.path, ".vb365", "journal"), stop };
}

/** What a process holds now. */
function useOf(pid: number): Pick<Sample, "memoryMiB" | "handles" | "sockets"> {
  const handles = readdirSync(`/proc/${pid}/fd`);
  const isSocket = (handle: string) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${handle}`).startsWith("socket:");
    } catch {
      return false; // Closed between the two looks.
    }
  };
  return { memoryMiB: memoryOf(pid, "VmRSS"), handles: handles.length, sockets: handles.filter(isSocket).length };
}

/** Restores one mailbox after the other until the time is over. */
async function work(soak: Soak, host: Host, worker: number): Promise<void> {
  const { server, tally, random } = soak;
  const faults = soakFaults();
  const names = Object.keys(actions) as ActionName[];
  for (let round = 0; Date.now() < soak.until; round += 1) {
    const number = worker * mailboxesEach + 1 + (round % mailboxesEach);
    const email = `mailbox-${String(number).padStart(4, "0")}@contoso.example`;
    const action = names[Math.floor(random() * names.length)] ?? "restoreTo";
    if (random() * 100 < faultsIn100) {
      const effect = faults[Math.floor(random() * faults.length)] ?? { resetBeforeWork: true };
      await server.ask({ fault: effect, ...pathFor(effect) });
      tally.faults += 1;
    }
    await restoreOnce(soak, host, { email, action, name: `restore-${worker}-${round}` });
  }
}

interface Wanted {
  email: string;
  action: ActionName;
  name: string;
}

/** One life of a resource: declared, carried out, settled where its end was not seen, and destroyed. */
async function restoreOnce({ server, tally, folder, named }: Soak, host: Host, { email, action, name }: Wanted) {
  const sent = () => server.ask<Accepted>({ sentOf: email, action });
  const { times: before } = await sent();
  const path = join(folder, `${name}.pst`);
  const program = {
    organization: "contoso.example",
    mailbox: { email },
    pointInTime: "latest",
    ...(action === "restoreToOriginalLocation" ? { confirmInPlace: email } : {}),
    [action]: action === "exportToPst" ? { path } : actions[action],
    __urn: `urn:pulumi:soak::vb365-soak::pulumi-nodejs:dynamic/vb365:MailboxRestore::${name}`,
  };
  const wrong = (what: string) => tally.wrong.push(`${name}, ${action}: ${what}`);
  let end = "clear error";
  let id: string | undefined;
  let outputs: Bag = {};
  let message = "";
  try {
    ({ id, outputs } = await host.create(program));
    end = String(outputs["outcome"]);
    nameAll(named, warningsOf(outputs));
  } catch (error) {
    const { state, message: said } = error as HostFailure;
    message = said;
    if (state !== undefined) {
      ({ id, properties: outputs } = state);
      end = String(outputs["outcome"]);
    }
    nameAll(named, [message, ...(state?.reasons ?? []), String(outputs["sessionId"])]);
  }
  tally.ends[end] = (tally.ends[end] ?? 0) + 1;
  const isExport = action === "exportToPst";
  const after = await sent();
  const times = after.times - before;
  if (!isExport && times > 1) {
    tally.sentTwice += 1;
    wrong(`sent ${times} times`);
  }
  if (end.startsWith("Succeeded") && times === 0) {
    wrong("called success, and never sent");
  }
  if (end === "clear error" && !isExport && times > 0 && after.hasWritten) {
    wrong(`an error without a record, and mail was written: ${message}`);
  }
  if (end.startsWith("Succeeded") && isExport) {
    const bytes = await readFile(path);
    const own = createHash("sha256").update(bytes).digest("hex");
    const [pst] = [outputs["pst"]].flat() as [{ sha256?: string } | undefined];
    tally.exported += 1;
    if (own !== server.served.pstSha256 || pst?.sha256 !== own) {
      wrong(`hash ${own}, recorded ${pst?.sha256 ?? "none"}, of the server's file ${server.served.pstSha256}`);
    }
  }
  if (id !== undefined) {
    await settle({ host, named }, id, program, outputs).catch((error: unknown) =>
      wrong(`cannot be settled: ${String(error)}`),
    );
    if (!isExport && (await sent()).times - before > 1) {
      tally.sentTwice += 1;
      wrong("sent again when it was settled");
    }
  }
  await rm(path, { force: true });
}

/** What a person does with what was not seen: refresh, then say that it is accepted; then the resource is destroyed. */
async function settle(
  { host, named }: { host: Host; named: Set<string> },
  id: string,
  program: Bag,
  outputs: Bag,
): Promise<void> {
  let last = outputs;
  const isOpen = () => ["Unfinished", "Unknown"].includes(String(last["outcome"]));
  for (let tries = 0; isOpen() && tries < 3; tries += 1) {
    last = await host.read(id, last).catch(() => last);
    nameAll(named, warningsOf(last));
  }
  for (let tries = 0; isOpen() && tries < 3; tries += 1) {
    last = await host
      .update(id, last, { ...program, onUnknown: { accept: "looked into the mailbox" } })
      .catch((error: unknown) => {
        const { state } = error as HostFailure;
        return state?.properties ?? last;
      });
    nameAll(named, warningsOf(last));
  }
  await host.delete(id, last);
}

const sessionIds = /\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi;

/** What the state and its stack's outputs tell of a restore that ended. */
const warningsOf = ({ warnings }: Bag) => [warnings].flat().map(String);

function nameAll(named: Set<string>, texts: readonly string[]): void {
  texts.forEach((text) => text.match(sessionIds)?.forEach((id) => named.add(id)));
}

/** Restore sessions that the server still has open, by whether somebody was told. */
async function countLeftOpen({ server, tally, named }: Soak, hosts: readonly Host[]): Promise<void> {
  hosts.forEach(({ log }) =>
    nameAll(
      named,
      log.map(({ message }) => message),
    ),
  );
  for (const sessionId of await server.ask<string[]>("open")) {
    if (named.has(sessionId)) {
      tally.leftOpen.said += 1;
    } else {
      tally.leftOpen.silent.push(sessionId);
    }
  }
}

void main();
