import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiVersionName, type Simulator, startSimulator } from "../../simulator";
import { isAction } from "../helpers/bench";
import { type Run, type TestStack, aStack, configOf } from "../helpers/engine";
import { type Line, layLine } from "./line";
import { familyIn } from "./processes";

/** A kill -9 at every stage of a restore: what the next `pulumi up` makes of it, and what the server was sent in all. */

export const actions = ["restoreTo", "restoreToOriginalLocation", "exportToPst"] as const;
export const stages = [
  "before the restore session is opened",
  "after it",
  "before the action is sent",
  "while the server works",
  "after its answer",
  "after the result was journaled",
] as const;
export const victims = ["the CLI alone", "the CLI and the provider"] as const;
export const journals = ["kept", "lost"] as const;

export type Stage = (typeof stages)[number];

/** One crash. */
export interface Cell {
  action: (typeof actions)[number];
  stage: Stage;
  victim: (typeof victims)[number];
  journal: (typeof journals)[number];
  /** Of the server's API. Default v3. */
  version?: ApiVersionName;
}

export const cells: Cell[] = actions.flatMap((action) =>
  stages.flatMap((stage) =>
    victims.flatMap((victim) => journals.map((journal) => ({ action, stage, victim, journal }))),
  ),
);

/** How the next `up` ends, and what reached the server in all. */
export interface Aftermath {
  end: "green" | "question";
  /** Restores that wrote into a mailbox, or exports that were made. */
  sent: number;
  /** What the next `up` printed. */
  text: string;
}

/**
 * How a cell must end, said beforehand. All end green by themselves but these: where the journal is there, but nobody can tell whether
 * the action left the machine; and where the journal is gone, and the server has a restore that nobody here knows.
 */
export function expected({ action, stage, victim, journal }: Cell): { end: Aftermath["end"]; why: string } {
  const reached = stages.indexOf(stage);
  const isOrphanStillSending = stage === "before the action is sent" && victim === "the CLI alone";
  const hasWritten = reached > stages.indexOf("before the action is sent") || isOrphanStillSending;
  if (action === "exportToPst") {
    return { end: "green", why: "an export changes no mailbox and is made again where its file is not there" };
  }
  if (journal === "lost") {
    return hasWritten
      ? {
          end: "question",
          why: "only the server knows of this restore; its open session is named, and nothing is sent",
        }
      : { end: "green", why: "nothing was sent, and the server has no restore of this mailbox" };
  }
  return stage === "before the action is sent" && !isOrphanStillSending
    ? { end: "question", why: "the journal was written, and whether the action left is known to nobody" }
    : {
        end: "green",
        why: hasWritten ? "the result is taken over, nothing is sent" : "nothing was sent, so it is sent now",
      };
}

const source = {
  organization: "contoso.example",
  mailbox: { email: "sales@contoso.example" },
  pointInTime: "latest",
};
const restores: Record<Cell["action"], object> = {
  restoreTo: { ...source, restoreTo: { mailbox: "support@contoso.example" } },
  restoreToOriginalLocation: { ...source, restoreToOriginalLocation: {}, confirmInPlace: "sales@contoso.example" },
  exportToPst: { ...source, exportToPst: { path: "exports/sales.pst" } },
};

/** Runs one cell on the real engine: an `up` that is killed, and the one after it. */
export async function runCell(cell: Cell): Promise<Aftermath> {
  const { version = "v3" } = cell;
  const simulator = await startSimulator({ restoreAnswer: "counters", apiVersions: [version] });
  const line = await layLine(simulator.endpoint);
  const stack = await aStack(
    { sales: { ...restores[cell.action] } },
    { ...configOf(simulator, version), endpoint: line.endpoint },
  );
  try {
    const ended = await killAt(cell, { stack, simulator, line });
    assert.equal(ended, undefined, `it did not come to the stage: ${ended?.text}`);
    if (cell.journal === "lost") {
      await rm(stack.journalDir, { recursive: true, force: true });
    }
    const next = await stack.up();
    const sent = cell.action === "exportToPst" ? simulator.exports.length : simulator.writes.length;
    return { end: next.ok ? "green" : "question", sent, text: next.text };
  } finally {
    simulator.faults.clear();
    await line.close();
    await simulator.stop();
    await stack.remove();
  }
}

/**
 * Starts an `up`, kills it at a stage, and waits until nothing of it is left.
 *
 * @returns undefined when it was killed there; else what it came to before that stage: it had nothing to send, or failed
 */
export async function killAt(
  { stage, victim }: Pick<Cell, "stage" | "victim">,
  { stack, simulator, line }: { stack: TestStack; simulator: Simulator; line: Line },
  up: () => Promise<Run> = () => stack.up(),
): Promise<Run | undefined> {
  const gate = simulator.faults.hold(gates[stage]);
  const running = up();
  const isAt = (place: Promise<unknown>) =>
    Promise.race([place.then(() => true as const), running.then(() => false as const)]);
  try {
    if (!(await isAt(gate.reached))) {
      return await running;
    }
    const family = familyIn(stack.folder);
    if (stage === "before the action is sent") {
      // An action has a connection of its own; what is open goes on.
      line.hold();
      gate.release();
      if (!(await isAt(line.reached))) {
        return await running;
      }
    }
    if (stage === "after the result was journaled") {
      // The CLI lives and takes nothing in, so the result comes into the journal and not into the state.
      family.freezeCli();
      gate.release();
      await answeredIn(stack.journalDir);
    }
    family.kill({ provider: victim === "the CLI and the provider" });
    gate.release();
    line.release();
    assert.equal((await running).ok, false, "it was killed");
    await family.gone();
    await stack.cancel();
    return undefined;
  } finally {
    simulator.faults.clear();
    line.release();
  }
}

const beforeWork = (method: string, path: RegExp) => ({ match: { method, path }, when: "beforeWork" as const });

/** Where the server is stopped while the stage is reached. */
const gates: Record<Stage, Parameters<Simulator["faults"]["hold"]>[0]> = {
  "before the restore session is opened": beforeWork("POST", /organizations\/[^/]+\/(action|explore)$/i),
  "after it": beforeWork("GET", /mailboxes$/i),
  // The last question before the action; an export has no other one than the mailboxes.
  "before the action is sent": beforeWork("GET", /restoresessions$|mailboxes$/i),
  "while the server works": { match: isAction, when: "duringWork" },
  "after its answer": beforeWork("GET", /events$/i),
  "after the result was journaled": beforeWork("GET", /events$/i),
};

/** Waits until the journal holds a result. */
async function answeredIn(folder: string): Promise<void> {
  for (;;) {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    if (texts.some((text) => text.includes('"stage":"answered"'))) {
      return;
    }
    await sleep(20);
  }
}
