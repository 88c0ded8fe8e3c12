/**
 * A recovery drill on the real engine, twice: once in peace, and once killed in its middle and started again. Both must come to the same,
 * and to what the simulated server has recorded.
 *
 *     npm run drill -- [--mailboxes N] [--failing PERCENT] [--folder PATH]
 */
import assert from "node:assert/strict";
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { isDigestRight } from "../../evidence/digest";
import type { Evidence } from "../../evidence/evidence";
import { parseEvidence } from "../../evidence/parse";
import { type Simulator, numberedMailboxes, startSimulator } from "../../simulator";
import { familyIn } from "../exactly-once/processes";
import { type TestStack, aStack, configOf } from "../helpers/engine";

export interface Drilled {
  evidence: Evidence;
  /** What the last run printed. */
  text: string;
  /** Mailboxes that were written, by the server's own record; each as often as it was. */
  written: string[];
  /** Of those whose restores were to fail. */
  failing: string[];
  seconds: number;
}

interface Plan {
  mailboxes: number;
  percent: number;
  /** Kill the CLI and its providers when half of the mailboxes were written. */
  isKilled: boolean;
  /** The evidence is left here. */
  folder: string;
}

const organization = "contoso.example";
const target = "drill@contoso.example";
/** Restores at the same time. */
const atOnce = 4;

export async function runDrill({ mailboxes, percent, isKilled, folder }: Plan): Promise<Drilled> {
  const simulator = await startSimulator({
    restoreAnswer: "counters",
    apiVersions: ["v7"],
    organizations: [
      {
        name: organization,
        firstBackupTime: "2026-01-05T22:00:00Z",
        lastBackupTime: new Date(Date.now() - 3_600_000).toISOString(),
        mailboxes: [...numberedMailboxes(mailboxes), { name: "Drill", email: target, items: [] }],
      },
    ],
  });
  const failing = refuseSome(simulator, Math.round((mailboxes * percent) / 100));
  const drill = {
    kind: "RestoreDrill",
    organization,
    allMailboxes: { exclude: [target] },
    pointInTime: "latest",
    restoreTo: { mailbox: target },
    objectives: { rto: "4h", rpo: "24h" },
    runId: "drill",
    reason: "npm run drill",
  };
  const config = { ...configOf(simulator, "auto"), maxConcurrentRestores: String(atOnce) };
  const stack = await aStack({ nightly: drill }, config);
  const started = performance.now();
  try {
    if (isKilled) {
      await upAndKill(stack, simulator, failing);
    }
    const { text } = await stack.up();
    const seconds = (performance.now() - started) / 1000;
    const left = join(stack.folder, "evidence");
    await cp(left, folder, { recursive: true });
    const evidence = parseEvidence(await readFile(join(folder, "nightly-drill.json"), "utf8"));
    return { evidence, text, written: writtenIn(simulator), failing, seconds };
  } finally {
    simulator.faults.clear();
    await simulator.stop();
    await stack.remove();
  }
}

/** The server refuses these mailboxes, evenly spread, however often it is asked. */
function refuseSome(simulator: Simulator, count: number): string[] {
  const all = (simulator.organizations[0]?.mailboxes ?? []).filter(({ email }) => email !== target);
  const chosen = Array.from({ length: count }, (_, index) => all[Math.floor(((index + 0.5) * all.length) / count)]);
  return chosen.map((mailbox) => {
    simulator.faults.next({
      match: { method: "POST", path: new RegExp(`${mailbox?.id}/restoreTo$`, "i") },
      effect: { status: 403, json: { message: "Access to the mailbox is denied" } },
      times: Infinity,
    });
    return mailbox?.email ?? "";
  });
}

/** An `up` that ends in the middle of restores, with everything that it had started. */
async function upAndKill(stack: TestStack, simulator: Simulator, failing: string[]): Promise<void> {
  const all = simulator.organizations[0]?.mailboxes ?? [];
  const middle = all.slice(all.length / 2).filter(({ email }) => !failing.includes(email));
  const gates = middle.slice(0, atOnce).map(({ id }) =>
    simulator.faults.hold({
      match: { method: "POST", path: new RegExp(`${id}/restoreTo$`, "i") },
      when: "duringWork",
    }),
  );
  const running = stack.up();
  await Promise.race([Promise.all(gates.map(({ reached }) => reached)), running]);
  const family = familyIn(stack.folder);
  family.kill({ provider: true });
  gates.forEach((gate) => gate.release());
  assert.equal((await running).ok, false, "it was killed");
  await family.gone();
  await stack.cancel();
}

function writtenIn({ writes, organizations }: Simulator): string[] {
  const emails = new Map((organizations[0]?.mailboxes ?? []).map(({ id, email }) => [id, email]));
  return writes.map(({ sourceMailboxId }) => emails.get(sourceMailboxId) ?? sourceMailboxId).sort();
}

/** What an end result is, without what no two runs have in common. */
export const resultsOf = ({ mailboxes }: Evidence) =>
  mailboxes.map(({ mailbox, outcome, passed, checks, missed }) => ({ mailbox, outcome, passed, checks, missed }));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      mailboxes: { type: "string", default: "500" },
      failing: { type: "string", default: "2" },
      folder: { type: "string", default: ".vb365/drill" },
    },
  });
  const [mailboxes, percent] = [Number(values.mailboxes), Number(values.failing)];
  await rm(values.folder, { recursive: true, force: true });
  const runs: [string, Drilled][] = [];
  for (const [name, isKilled] of [
    ["in peace", false],
    ["killed in the middle, and started again", true],
  ] as const) {
    console.log(`A drill over ${mailboxes} mailboxes, ${percent} % of which the server refuses, ${name} …`);
    const folder = resolve(values.folder, isKilled ? "killed" : "peace");
    await mkdir(folder, { recursive: true });
    runs.push([name, await runDrill({ mailboxes, percent, isKilled, folder })]);
  }
  const table = new Table({
    head: ["RUN", "VERDICT", "PASSED", "FAILED", "RESTORES WRITTEN", "SECONDS"],
    style: { head: [], border: [] },
  });
  runs.forEach(([name, { evidence, written, seconds }]) => {
    const { mailboxes: all, passed } = evidence.totals;
    table.push([name, evidence.verdict, passed, all - passed, written.length, seconds.toFixed(1)]);
  });
  console.log(table.toString());
  const [peace, killed] = runs.map(([, run]) => run) as [Drilled, Drilled];
  const claims: [string, boolean][] = [
    ...runs.flatMap(([name, { evidence, written, failing }]): [string, boolean][] => {
      const passed = evidence.mailboxes.filter((one) => one.passed).map(({ mailbox }) => mailbox);
      const failed = evidence.mailboxes.filter((one) => !one.passed).map(({ mailbox }) => mailbox);
      return [
        [`${name}: the mailboxes that passed are those that the server wrote, each once`, isSame(passed, written)],
        [`${name}: those that failed are those that the server refused`, isSame(failed, failing)],
        [`${name}: the verdict follows from that`, evidence.verdict === (failing.length > 0 ? "Failed" : "Passed")],
        [`${name}: the digest proves the evidence`, isDigestRight(evidence)],
      ];
    }),
    ["the kill changed nothing in the end result", isSame(resultsOf(peace.evidence), resultsOf(killed.evidence))],
  ];
  claims.forEach(([claim, isSo]) => console.log(`${isSo ? "ok" : "NOT"}: ${claim}`));
  console.log(`The page: ${relative(process.cwd(), resolve(values.folder, "killed", "nightly-drill.html"))}`);
  if (claims.some(([, isSo]) => !isSo)) {
    console.log(killed.text);
    process.exitCode = 1;
  }
}

const isSame = (a: unknown[], b: unknown[]) => {
  const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort();
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
};

if (require.main === module) {
  void main();
}
