/**
 * A recovery drill on more than one machine: four runners at once, a stack each, with one PostgreSQL backend; one of them is killed in the
 * middle and started again. The evidence of the four is merged and compared with what the server recorded.
 *
 *     npm run drill:shards -- [--mailboxes N] [--folder PATH]
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { Evidence } from "../../evidence/evidence";
import { parseEvidence } from "../../evidence/parse";
import { lookOf, table } from "../../cli/output";
import { isOfShard } from "../../provider/resources/bulk-mailbox-restore/list";
import { type Gate, type SeededMailbox, type Simulator, numberedMailboxes, startSimulator } from "../../simulator";
import { familyIn } from "../exactly-once/processes";
import type { Run } from "../helpers/engine";
import { type Claim, type Seen, claim, claimOfKill, claimsOf } from "./claims";
import { startPostgres } from "./postgres";
import { type Runner, aRunner, drillName } from "./runner";

const root = resolve(__dirname, "../..");
const organization = "contoso.example";
const target = "drill@contoso.example";
const items = 10;
const count = 4;
/** Restores at the same time, of each runner. */
const atOnce = 4;
/** The third one is killed. */
const victim = 2;
/** Fewer would leave a part without a middle. */
const leastOfPart = 3 * atOnce;

/** What is to be put away in the end, the last one first. */
const leftovers: (() => unknown)[] = [];
let putAway: Promise<void> | undefined;

async function main(): Promise<void> {
  const options = await optionsOf();
  const { folder } = options;
  say(`Starting PostgreSQL, the backend that the runners share …`);
  const postgres = await startPostgres(options.postgres);
  leftovers.push(() => postgres.stop());
  say(`  ${postgres.version}, on ${postgres.address}, its data in a temporary folder`);
  const simulator = await startSimulator({
    restoreAnswer: "counters",
    organizations: [
      {
        name: organization,
        firstBackupTime: "2026-01-05T22:00:00Z",
        lastBackupTime: new Date(Date.now() - 2 * 3_600_000).toISOString(),
        mailboxes: [
          ...numberedMailboxes(options.mailboxes, { items: [{ count: items }] }),
          { name: "Drill", email: target },
        ],
      },
    ],
  });
  leftovers.push(() => simulator.stop());
  say(`Starting a simulated Veeam server: ${options.mailboxes} mailboxes, and ${target} for what is restored`);
  const parts = partsOf(simulator);
  const refused = refuseSome(simulator, parts);
  say(`  it refuses ${refused.length} of them: ${refused.map(({ email }) => email).join(", ")}`);

  const runners = await makeRunners(simulator, { backendUrl: postgres.url, folder, runId: options.runId });
  say(
    `Made ${count} stacks of one project, each in a folder of its own: ${runners.map(({ name }) => name).join(", ")}`,
  );

  const middle = holdMiddle(simulator, parts[victim] ?? []);
  const begins = parts.map((part) => holdFirst(simulator, part));
  say("Starting pulumi up on all four …");
  const runs = runners.map((runner) => runner.start());
  await whileRunning(Promise.all(begins.map((gate) => gate.reachedBy(atOnce))), runs);
  const atWork = new Set(simulator.openSessions.map(({ id }) => id)).size;
  const waiting = begins.map((gate) => gate.waiting);
  say(`  all of them are restoring: ${atWork} restore sessions are open, with ${sum(waiting)} restores under way`);
  const second = await runners[0]?.stack.up();
  say(`Started another pulumi up on shard-1: ${second?.ok === false ? "refused" : "NOT refused"}`);
  say(`  ${lockIn(second)}`);
  begins.forEach((gate) => gate.release());

  const { broken, before } = await killInTheMiddle({ runners, runs, middle, simulator, part: parts[victim] ?? [] });
  const ended = await Promise.all(runs);
  const others = ended.filter((_, index) => index !== victim);
  const stoppers = [...others, before.again].filter(({ ok, text }) => !ok && !text.includes("The drill failed"));
  if (stoppers.length > 0) {
    throw new Error(`A runner did not come to its end:\n${stoppers.map(({ text }) => text).join("\n")}`);
  }

  const { merged, page } = await merge(runners, folder);
  const documents = (await Promise.all(runners.map((runner) => runner.evidence()))).map(({ document }) => document);
  const seen: Seen = {
    mailboxes: new Map(parts.flat().map(({ id, email }) => [id, email])),
    refused: new Set(refused.map(({ id }) => id)),
    items,
    target,
    writes: simulator.writes,
    requests: simulator.requests,
    parts: documents,
    stateDigests: await Promise.all(runners.map(digestInState)),
    merged,
  };
  printRunners(runners, documents);
  say(`\nMerged verdict: ${merged.verdict} (${merged.totals.passed} of ${merged.totals.mailboxes} mailboxes restored)`);
  say(`Merged page:    ${relative(process.cwd(), page)}\n`);
  printClaims([
    claim(
      `four runners were at work at once: ${count} restore sessions, ${count * atOnce} restores`,
      atWork === count && waiting.every((restores) => restores === atOnce) ? [] : [waiting.join(" + ")],
    ),
    claim("the backend's lock refused a second up on the same stack", hasLock(second) ? [] : [second?.text ?? ""]),
    ...claimsOf(seen),
    claimOfKill(seen, victim, broken),
  ]);
}

async function optionsOf() {
  const { values } = parseArgs({
    options: {
      postgres: { type: "string" },
      mailboxes: { type: "string", default: "400" },
      folder: { type: "string" },
    },
  });
  const runId = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const folder = resolve(values.folder ?? join(root, ".vb365", "drills", runId));
  const mailboxes = Number(values.mailboxes);
  if (!Number.isInteger(mailboxes) || mailboxes < 1 || values.postgres === undefined) {
    throw new Usage("Usage: npm run drill:shards -- [--mailboxes N] [--folder PATH]");
  }
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new Usage(`${folder} is not empty: evidence is not written over that of another drill.`);
  }
  return { mailboxes, folder, runId, postgres: values.postgres };
}

class Usage extends Error {}

/** The mailboxes of each runner, in the order of their turn. */
function partsOf({ organizations }: Simulator): SeededMailbox[][] {
  const drilled = (organizations[0]?.mailboxes ?? []).filter(({ email }) => email !== target);
  const parts = Array.from({ length: count }, (_, index) =>
    drilled.filter(({ email }) => isOfShard(email, { index, count })),
  );
  if (parts.some(({ length }) => length < leastOfPart)) {
    throw new Usage(`--mailboxes is too small: each of the ${count} parts needs ${leastOfPart}.`);
  }
  return parts;
}

/** One of the first part; of the part that is killed one before that, and one after. */
function refuseSome(simulator: Simulator, parts: SeededMailbox[][]): SeededMailbox[] {
  const refused = [parts[0]?.[atOnce], parts[victim]?.[atOnce], parts[victim]?.at(-1)].filter(
    (mailbox) => mailbox !== undefined,
  );
  for (const mailbox of refused) {
    const effect = { status: 403, json: { message: "Access is denied" } };
    simulator.faults.next({ match: actionsOf([mailbox]), effect });
  }
  return refused;
}

async function makeRunners(
  simulator: Simulator,
  { backendUrl, folder, runId }: { backendUrl: string; folder: string; runId: string },
): Promise<Runner[]> {
  const declared = {
    organization,
    allMailboxes: { exclude: [target] },
    pointInTime: "latest",
    restoreTo: { mailbox: target },
    objectives: { rto: "1h", rpo: "4h" },
    maxConcurrentRestores: atOnce,
    runId,
  };
  const runners: Runner[] = [];
  for (let index = 0; index < count; index += 1) {
    const runner = await aRunner(simulator, { index, count }, { backendUrl, folder, declared });
    runners.push(runner);
    leftovers.push(async () => {
      const family = familyIn(runner.stack.folder);
      family.kill({ provider: true });
      await family.gone();
      await runner.stack.remove();
    });
  }
  return runners;
}

/** Stops the first restores of a part while the server works on them, as many as it has at the same time. */
const holdFirst = ({ faults }: Simulator, part: SeededMailbox[]): Gate =>
  faults.hold({ match: actionsOf(part), when: "duringWork", times: atOnce });

/** The same in its middle. */
const holdMiddle = (simulator: Simulator, part: SeededMailbox[]): Gate =>
  holdFirst(simulator, part.slice(Math.floor(part.length / 2)));

const actionsOf = (mailboxes: SeededMailbox[]) => ({
  method: "POST",
  path: new RegExp(`/(${mailboxes.map(({ id }) => id).join("|")})/action$`, "i"),
});

/** @throws Error when a run ends before something has come to pass */
async function whileRunning(something: Promise<unknown>, runs: Promise<Run>[]): Promise<void> {
  const ended = await Promise.race([something.then(() => undefined), ...runs]);
  if (ended !== undefined) {
    throw new Error(`A runner ended too early:\n${ended.text}`);
  }
}

/** Kills the runner when all of its restores of the moment stand at the server, and starts it again. */
async function killInTheMiddle({
  runners,
  runs,
  middle,
  simulator,
  part,
}: {
  runners: Runner[];
  runs: Promise<Run>[];
  middle: Gate;
  simulator: Simulator;
  part: SeededMailbox[];
}) {
  const [runner, run] = [runners[victim], runs[victim]];
  if (runner === undefined || run === undefined) {
    throw new Error("there is a runner to kill");
  }
  await whileRunning(middle.reachedBy(atOnce), [run]);
  const ids = new Set(part.map(({ id }) => id));
  const own = simulator.writes.filter(({ sourceMailboxId }) => ids.has(sourceMailboxId));
  const broken = own.filter(({ finishedAt }) => finishedAt === undefined).map(({ sourceMailboxId }) => sourceMailboxId);
  const alive = runners.filter(({ name, isRunning }) => isRunning && name !== runner.name).map(({ name }) => name);
  await runner.kill();
  say(
    `Killed ${runner.name} (kill -9, the CLI and its providers): ${own.length - broken.length} of its ${part.length} mailboxes were ` +
      `restored, ${broken.length} were under way; still at work: ${alive.join(", ") || "no other"}`,
  );
  middle.release();
  await run;
  await runner.stack.cancel();
  say(`Started ${runner.name} again, after pulumi cancel took away the lock that the killed CLI had left`);
  return { broken, before: { again: await runner.start() } };
}

const hasLock = (run: Run | undefined) => run?.ok === false && /currently locked/.test(run.text);
const lockIn = (run: Run | undefined) =>
  run?.text
    .split("\n")
    .find((line) => line.includes("currently locked"))
    ?.trim() ?? "it said nothing of a lock";

/** As a person does it, with the command. */
async function merge(runners: Runner[], folder: string): Promise<{ merged: Evidence; page: string }> {
  const paths = (await Promise.all(runners.map((runner) => runner.evidence()))).map(({ path }) => path);
  const args = ["report", ...paths, "--merge", "--verify", "--out", folder, "--name", "merged"];
  say("Merging: vb365 report shard-*.json --merge --verify --name merged");
  const { failed } = await promisify(execFile)(process.execPath, [join(root, "dist/cli/index.js"), ...args]).then(
    () => ({ failed: "" }),
    // It ends with 1 for a drill that has failed, too.
    (error: { stderr?: string }) => ({ failed: error.stderr ?? "" }),
  );
  const text = await readFile(join(folder, "merged.json"), "utf8").catch(() => {
    throw new Error(`The evidence could not be merged: ${failed}`);
  });
  return { merged: parseEvidence(text), page: join(folder, "merged.html") };
}

async function digestInState({ stack }: Runner): Promise<unknown> {
  const { [`${drillName}-verdict`]: verdict } = await stack.resources();
  return verdict?.outputs?.["evidenceDigest"];
}

function printRunners(runners: Runner[], documents: Evidence[]): void {
  const rows = runners.map(({ name, timesKilled, seconds }, index) => {
    const { drill, totals, verdict } = documents[index] ?? {};
    const shard = `${(drill?.shard?.index ?? Number.NaN) + 1} of ${drill?.shard?.count}`;
    return [
      name,
      shard,
      `${totals?.mailboxes}`,
      `${totals?.passed}`,
      `${verdict}`,
      `${timesKilled}`,
      seconds.toFixed(1),
    ];
  });
  const head = ["RUNNER", "SHARD", "MAILBOXES", "RESTORED", "VERDICT", "KILLED", "SECONDS"];
  say(`\n${table(lookOf(process.stdout), head, rows)}`);
}

function printClaims(claims: Claim[]): void {
  for (const { says, isSo, but } of claims) {
    say(`${isSo ? "ok " : "NOT"}  ${says}`);
    but.forEach((line) => say(`       ${line}`));
  }
  if (claims.some(({ isSo }) => !isSo)) {
    process.exitCode = 1;
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
const say = (line: string) => process.stdout.write(`${line}\n`);

function putAllAway(): Promise<void> {
  putAway ??= (async () => {
    for (const leftover of leftovers.reverse()) {
      await leftover();
    }
  })();
  return putAway;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    say(`\nStopping: the runners, the server and PostgreSQL are ended, their folders removed.`);
    void putAllAway().finally(() => process.exit(code));
  });
}

main()
  .catch((error: unknown) => {
    // What fails because it is being put away is no news.
    if (putAway === undefined) {
      say(`\n${error instanceof Usage ? error.message : error instanceof Error ? error.stack : String(error)}`);
    }
    process.exitCode = 1;
  })
  .finally(putAllAway);
