import assert from "node:assert/strict";
import { type Simulator, startSimulator } from "../../simulator";
import { type TestStack, aStack, configOf } from "../helpers/engine";
import { type Cell, killAt } from "./crashes";
import { Declarations, type Edit } from "./declarations";
import { type Line, layLine } from "./line";
import { type ServerMood, moods } from "./model";

/** Random lives of a stack on the real engine, told as data. */
export type EngineStep =
  | { do: "up"; replace: boolean; server: ServerMood }
  | { do: "killed up"; replace: boolean; stage: Cell["stage"]; victim: Cell["victim"] }
  | { do: "refresh" | "destroy" | "delete from state" }
  | { do: "edit"; what: Edit };

const isAction = { method: "POST", path: /mailboxes\/[^/]+\/action$/i };

/**
 * Lives through the steps and holds after each: a restore session, which is one attempt here, has at most one restore; what is green has
 * exactly one; the mailbox was never written to more often than a restore was declared.
 */
export async function liveOnEngine(
  steps: EngineStep[],
  restoreEvents: "named" | "none",
): Promise<{ sends: number; killed: number }> {
  const simulator = await startSimulator({ restoreAnswer: "counters", restoreEvents });
  const line = await layLine(simulator.endpoint);
  const declared = new Declarations();
  const stack = await aStack({ sales: declared.program }, { ...configOf(simulator), endpoint: line.endpoint });
  let killed = 0;
  try {
    for (const step of steps) {
      const { isGreen, wasKilled } = await take(step, { stack, simulator, line, declared });
      killed += wasKilled ? 1 : 0;
      await hold({ stack, simulator, declared, isGreen });
    }
    return { sends: simulator.writes.length, killed };
  } finally {
    simulator.faults.clear();
    await line.close();
    await simulator.stop();
    await stack.remove();
  }
}

async function take(
  step: EngineStep,
  world: { stack: TestStack; simulator: Simulator; line: Line; declared: Declarations },
): Promise<{ isGreen: boolean; wasKilled: boolean }> {
  const { stack, simulator, declared } = world;
  const nothing = { isGreen: false, wasKilled: false };
  switch (step.do) {
    case "edit":
      declared.edit(step.what);
      await stack.declare({ sales: declared.program });
      return nothing;
    case "refresh":
      await stack.refresh();
      return nothing;
    case "destroy": {
      const { ok, text } = await stack.destroy();
      assert.ok(ok, text);
      declared.giveUp();
      return nothing;
    }
    case "delete from state": {
      const { sales } = await stack.resources();
      if (sales !== undefined && (await isDeleted(stack.deleteFromState("sales")))) {
        declared.giveUp();
      }
      return nothing;
    }
    case "up":
    case "killed up": {
      const { sales } = await stack.resources();
      const asksAgain = step.replace && sales !== undefined;
      declared.up(asksAgain);
      const up = () => stack.up(undefined, asksAgain ? { replace: [sales.urn] } : {});
      if (step.do === "killed up") {
        return { isGreen: false, wasKilled: (await killAt(step, world, up)) === undefined };
      }
      const effect = moods[step.server];
      if (effect !== undefined) {
        simulator.faults.next({ match: isAction, effect });
      }
      const { ok } = await up();
      simulator.faults.clear();
      return { isGreen: ok, wasKilled: false };
    }
  }
}

/** The CLI deletes nothing while a broken replacement has left two records of one name: a person would be asked which. */
async function isDeleted(deletion: Promise<void>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("ambiguously referred to multiple resources")) {
      return false;
    }
    throw error;
  }
}

async function hold(world: {
  stack: TestStack;
  simulator: Simulator;
  declared: Declarations;
  isGreen: boolean;
}): Promise<void> {
  const { writes } = world.simulator;
  const inSession = (id: unknown) => writes.filter(({ sessionId }) => sessionId === id).length;
  for (const { sessionId } of writes) {
    assert.equal(inSession(sessionId), 1, `restores in session ${sessionId}`);
  }
  assert.ok(writes.length <= world.declared.count, `${writes.length} restores for ${world.declared.count} declared`);
  const { sales } = await world.stack.resources();
  if (world.isGreen && sales?.outputs?.["outcome"] !== "Accepted") {
    assert.equal(inSession(sales?.outputs?.["sessionId"]), 1, "green, and sent exactly once");
  }
}
