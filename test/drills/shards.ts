/**
 * A recovery drill on more than one machine: four runners at once, a stack each, with one PostgreSQL backend; one of them is killed in its
 * middle and started again. The evidence of the four is merged, and compared with what the server recorded.
 *
 *     npm run drill:shards -- [--mailboxes N] [--folder PATH]
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { lookOf, table } from "../../cli/output";
import type { Evidence } from "../../evidence/evidence";
import { parseEvidence } from "../../evidence/parse";
import type { Gate } from "../../simulator";
import { familyIn } from "../exactly-once/processes";
import type { Run } from "../helpers/engine";
import { type Claim, claim, claimsOf } from "./claims";
import { startPostgres } from "./postgres";
import { type Runner, aRunner } from "./runner";
import { type DrillServer, items, organization, startDrillServer, target } from "./server";

const root = resolve(__dirname, "../..");
const count = 4;
/** Restores of one runner at the same time. */
const atOnce = 4;
/** The third runner is the one that is killed. */
const victim = 2;
/** A smaller part would have no middle to be killed in. */
const smallestPart = 3 * atOnce;

interface Options {
  mailboxes: number;
  folder: string;
  /** Folder with PostgreSQL's programs. */
  postgres: string;
}

async function main(): Promise<void> {
  const { mailboxes, folder, postgres: bin } = await optionsOf();
  say("Starting PostgreSQL, the backend that the runners share …");
  const postgres = await startPostgres(bin);
  leftovers.push(() => postgres.stop());
  say(`  ${postgres.version}, on ${postgres.address}, its data in a temporary folder`);

  const server = await startDrillServer(mailboxes, count);
  const { simulator, parts } = server;
  leftovers.push(() => simulator.stop());
  if (parts.some(({ length }) => length < smallestPart)) {
    throw new Usage(
      `--mailboxes ${mailboxes} is too few: each of the ${count} parts must have ${smallestPart} of them.`,
    );
  }
  say(`Started a simulated Veeam server: ${mailboxes} mailboxes, and ${target} to restore them into.`);
  const [first = [], killed = []] = [parts[0], parts[victim]];
  // Of the runner that is killed, one before that and one after.
  const refused = [first[atOnce], killed[atOnce], killed.at(-1)].filter((mailbox) => mailbox !== undefined);
  server.refuse(refused);
  say(`  It refuses ${refused.length} of them: ${refused.map(({ email }) => email).join(", ")}.`);

  const runners = await makeRunners(server, postgres.url, folder);
  say(
    `Made ${count} stacks of one project, each in a folder of its own: ${runners.map(({ name }) => name).join(", ")}.`,
  );
  const middle = server.hold(killed.slice(killed.length / 2), atOnce);
  const begins = parts.map((part) => server.hold(part, atOnce));

  say("Starting pulumi up on all of them …");
  const runs = runners.map((runner) => runner.start());
  await whileRunning(Promise.all(begins.map((gate) => gate.reachedBy(atOnce))), runs);
  const sessions = simulator.openSessions.length;
  const waiting = begins.map((gate) => gate.waiting);
  say(
    `  All of them restore now: ${sessions} restore sessions are open, with ${waiting.join(" + ")} restores under way.`,
  );
  const second = await runners[0]?.stack.up();
  say(`Started a second pulumi up on ${runners[0]?.name} meanwhile:`);
  say(`  ${lockIn(second) ?? "it was not refused by a lock"}`);
  begins.forEach((gate) => gate.release());

  const broken = await killInTheMiddle(server, runners, { runs, middle });
  const again = await runners[victim]?.start();
  throwBroken([...(await Promise.all(runs)).filter((_, index) => index !== victim), again]);

  const merged = await merge(runners, folder);
  const documents = (await Promise.all(runners.map((runner) => runner.evidence()))).map(({ document }) => document);
  say(`\n${tableOf(runners, documents)}\n`);
  say(`Merged verdict: ${merged.verdict}, ${merged.totals.passed} of ${merged.totals.mailboxes} mailboxes restored`);
  say(`Merged page:    ${shortened(join(folder, "merged.html"))}\n`);
  printClaims([
    claim(
      `the four runners were at work at once: ${count} restore sessions, ${count * atOnce} restores`,
      sessions === count && waiting.every((restores) => restores === atOnce) ? [] : [`${sessions}: ${waiting.join()}`],
    ),
    claim(
      "the lock of the shared backend refused a second up on the same stack",
      second?.ok === false && lockIn(second) !== undefined ? [] : [`${second?.text}`],
    ),
    ...claimsOf({
      mailboxes: new Map(parts.flat().map(({ id, email }) => [id, email])),
      refused: new Set(refused.map(({ id }) => id)),
      broken: new Set(broken),
      items,
      target,
      writes: simulator.writes,
      requests: simulator.requests,
      parts: documents,
      stateDigests: await Promise.all(runners.map((runner) => runner.digestInState())),
      merged,
    }),
  ]);
}

/** A word on what was typed, with no stack of our own code. */
class Usage extends Error {}

async function optionsOf(): Promise<Options> {
  const options = { postgres: { type: "string" }, mailboxes: { type: "string" }, folder: { type: "string" } } as const;
  const usage = "Usage: npm run drill:shards -- [--mailboxes N] [--folder PATH]";
  let values: { postgres?: string; mailboxes?: string; folder?: string };
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Usage(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const mailboxes = Number(values.mailboxes ?? 400);
  if (!Number.isInteger(mailboxes) || values.postgres === undefined) {
    throw new Usage(usage);
  }
  const folder = resolve(values.folder ?? join(root, ".vb365", "drill-shards", runId));
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new Usage(`${folder} is not empty, and evidence of another drill is not written over.`);
  }
  return { mailboxes, folder, postgres: values.postgres };
}

const runId = new Date().toISOString().slice(0, 19).replaceAll(":", "");

async function makeRunners({ simulator }: DrillServer, backendUrl: string, folder: string): Promise<Runner[]> {
  const declared = {
    organization,
    allMailboxes: { exclude: [target] },
    pointInTime: "latest",
    restoreTo: { mailbox: target },
    objectives: { rto: "1h", rpo: "4h" },
    maxConcurrentRestores: atOnce,
    runId,
    reason: "npm run drill:shards",
  };
  const runners: Runner[] = [];
  for (let index = 0; index < count; index += 1) {
    const runner = await aRunner(simulator, { index, count }, { backendUrl, folder, declared });
    leftovers.push(async () => {
      const family = familyIn(runner.stack.folder);
      family.kill({ provider: true });
      await family.gone();
      await runner.stack.remove();
    });
    runners.push(runner);
  }
  return runners;
}

/** @throws Error when one of the runs ends before something has come to pass */
async function whileRunning(something: Promise<unknown>, runs: Promise<Run>[]): Promise<void> {
  const ended = await Promise.race([something.then(() => undefined), ...runs]);
  if (ended !== undefined) {
    throw new Error(`A runner ended too early:\n${ended.text}`);
  }
}

/**
 * Kills the victim when as many of its restores stand at the server as it has at the same time: then none is just about to be sent, of
 * which nobody could tell whether it was.
 *
 * @returns the mailboxes of these restores
 */
async function killInTheMiddle(
  { parts, writtenOf }: DrillServer,
  runners: Runner[],
  { runs, middle }: { runs: Promise<Run>[]; middle: Gate },
): Promise<string[]> {
  const [runner, run, part] = [runners[victim], runs[victim], parts[victim]];
  if (runner === undefined || run === undefined || part === undefined) {
    throw new Error("there is no runner to kill");
  }
  await whileRunning(middle.reachedBy(atOnce), [run]);
  const { ended, underWay } = writtenOf(part);
  const others = runners.filter((one) => one.isRunning && one !== runner).map(({ name }) => name);
  await runner.kill();
  say(
    `Killed ${runner.name} with kill -9, the CLI and its providers, while ${others.join(", ") || "no other"} went on:`,
  );
  say(`  ${ended.length} of its ${part.length} mailboxes were restored, ${underWay.length} restores were under way.`);
  middle.release();
  await run;
  await runner.stack.cancel();
  say(`Started ${runner.name} again, after pulumi cancel had taken away the lock of the killed CLI.`);
  return underWay;
}

/** A drill that has failed is a result; whatever else a run ended with is not. */
function throwBroken(runs: (Run | undefined)[]): void {
  const broken = runs.filter((run) => run?.ok !== true && run?.text.includes("The drill failed") !== true);
  if (broken.length > 0) {
    throw new Error(`A runner did not come to its end:\n${broken.map((run) => run?.text).join("\n")}`);
  }
}

const lockIn = (run: Run | undefined): string | undefined =>
  run?.text
    .split("\n")
    .find((line) => line.includes("currently locked"))
    ?.trim();

/** As a person does it, with the command. */
async function merge(runners: Runner[], folder: string): Promise<Evidence> {
  const paths = (await Promise.all(runners.map((runner) => runner.evidence()))).map(({ path }) => path);
  say("Merging: vb365 report shard-1.json shard-2.json shard-3.json shard-4.json --merge --verify --name merged");
  const args = ["report", ...paths, "--merge", "--verify", "--out", folder, "--name", "merged"];
  const said = await promisify(execFile)(process.execPath, [join(root, "dist", "cli", "index.js"), ...args]).catch(
    // It ends with 1 for a drill that has failed, too.
    (error: { stderr?: string }) => error,
  );
  const text = await readFile(join(folder, "merged.json"), "utf8").catch(() => {
    throw new Error(`The evidence could not be merged: ${said.stderr}`);
  });
  return parseEvidence(text);
}

function tableOf(runners: Runner[], documents: Evidence[]): string {
  const rows = documents.map(({ drill, totals, verdict }, index) => {
    const { name = "", timesKilled = 0, seconds = 0 } = runners[index] ?? {};
    const shard = `${(drill.shard?.index ?? Number.NaN) + 1} of ${drill.shard?.count}`;
    return [name, shard, `${totals.mailboxes}`, `${totals.passed}`, verdict, `${timesKilled}`, seconds.toFixed(1)];
  });
  const head = ["RUNNER", "SHARD", "MAILBOXES", "RESTORED", "VERDICT", "KILLED", "SECONDS"];
  return table(lookOf(process.stdout), head, rows);
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

const shortened = (path: string) => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
};
const say = (line: string) => process.stdout.write(`${line}\n`);

/** What is to be put away in the end, the last one first. */
const leftovers: (() => Promise<void>)[] = [];
let puttingAway: Promise<void> | undefined;

function putAllAway(): Promise<void> {
  puttingAway ??= (async () => {
    for (const putAway of leftovers.reverse()) {
      // One that cannot be put away keeps no other from it.
      await putAway().catch((error: unknown) => say(`Not put away: ${String(error)}`));
    }
  })();
  return puttingAway;
}

for (const [signal, code] of [
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    if (puttingAway === undefined) {
      say("\nStopping; runners, server and PostgreSQL are put away …");
      void putAllAway().finally(() => process.exit(code));
    }
  });
}
// Whoever closes the terminal hears no more, and what is to be put away is put away all the same.
process.stdout.on("error", () => undefined);

main()
  .catch((error: unknown) => {
    // What fails because it is being put away is no news.
    if (puttingAway === undefined) {
      say(`\n${error instanceof Usage ? error.message : error instanceof Error ? error.stack : String(error)}`);
    }
    process.exitCode = 1;
  })
  .finally(putAllAway);
