import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isIncomplete } from "../../provider/errors";
import { mailboxRestoreOf } from "../../provider/host/mailbox-restore";
import { type Bag, createHost } from "../../provider/host/process";
import { connect } from "../../provider/restore/connection";
import { openJournal } from "../../provider/restore/journal";
import { createSessionPool } from "../../provider/restore/session-pool";
import { type FaultEffect, type Simulator, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";
import { Declarations, type Edit } from "./declarations";
import { Life } from "./mortal";

/**
 * Random lives of a stack, told as data, and an engine in the real one's place: it calls our handlers in the order in which the real
 * engine was seen to, and forgets what a killed one forgets. Server, journal and TLS are real.
 */
export type Step =
  | { do: "up"; replace?: boolean; crashAt?: number | undefined; server?: ServerMood }
  | { do: "refresh" | "destroy" | "delete from state" }
  | { do: "edit"; what: Edit };

/** How the server takes the next action. */
export type ServerMood = "well" | "line cut before" | "line cut after" | "504" | "refused" | "partly failed";

export const moods: Record<ServerMood, FaultEffect | undefined> = {
  well: undefined,
  "line cut before": { resetBeforeWork: true },
  "line cut after": { resetBeforeAnswer: true },
  "504": { status: 504, html: "<h1>gateway</h1>", afterWork: true },
  refused: { status: 500, json: { message: "cannot open user mailbox" } },
  "partly failed": { restoreResult: { failedItems: 1 } },
};

interface Stored {
  inputs: Bag;
  id: string;
  outputs: Bag;
}

const urn = "urn:pulumi:model::vb365-model::pulumi-nodejs:dynamic/vb365:MailboxRestore::sales";
const isAction = { method: "POST", path: /mailboxes\/[^/]+\/action$/i };

/**
 * Lives through the steps and holds after each: an attempt sends at most once; what is green was sent exactly once; the mailbox was never
 * written to more often than a restore was declared.
 */
export async function liveThrough(steps: Step[], restoreEvents: "named" | "none"): Promise<{ sends: number }> {
  const folder = await mkdtemp(join(tmpdir(), "vb365-model-"));
  const simulator = await startSimulator({ restoreAnswer: "counters", restoreEvents });
  const world = new World(simulator, join(folder, "journal"));
  try {
    for (const step of steps) {
      await world.take(step);
      world.hold();
    }
    return { sends: simulator.writes.length };
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

class World {
  #stored: Stored | undefined;
  readonly #declared = new Declarations();
  /** Actions that left, by attempt. */
  readonly #sent = new Map<string, number>();
  #isGreen = false;

  constructor(
    private readonly simulator: Simulator,
    private readonly journalDir: string,
  ) {}

  hold(): void {
    for (const [attempt, times] of this.#sent) {
      assert.ok(times <= 1, `attempt ${attempt} sent ${times} times`);
    }
    assert.ok(
      this.simulator.writes.length <= this.#declared.count,
      `${this.simulator.writes.length} restores for ${this.#declared.count} that were declared`,
    );
    const { outcome, attemptId } = this.#stored?.outputs ?? {};
    if (this.#isGreen && outcome !== "Accepted") {
      assert.equal(this.#sent.get(String(attemptId)), 1, `green, and sent exactly once (${String(outcome)})`);
    }
  }

  async take(step: Step): Promise<void> {
    this.#isGreen = false;
    switch (step.do) {
      case "edit":
        return this.#declared.edit(step.what);
      case "up":
        return this.#up(step);
      case "refresh":
        await this.#inProcess(undefined, async (handlers) => {
          if (this.#stored !== undefined) {
            this.#stored.outputs = (await handlers.read(this.#stored.id, this.#stored.outputs)).props;
          }
        });
        return;
      case "destroy":
        await this.#inProcess(undefined, async (handlers) => {
          if (this.#stored !== undefined) {
            await handlers.delete(this.#stored.id, this.#stored.outputs);
            this.#giveUp();
          }
        });
        return;
      case "delete from state":
        if (this.#stored !== undefined) {
          this.#giveUp();
        }
    }
  }

  #giveUp(): void {
    this.#stored = undefined;
    this.#declared.giveUp();
  }

  async #up({ replace = false, crashAt, server = "well" }: Extract<Step, { do: "up" }>): Promise<void> {
    this.#declared.up(replace && this.#stored !== undefined);
    const effect = moods[server];
    if (effect !== undefined) {
      this.simulator.faults.next({ match: isAction, effect });
    }
    // A preview looks first, in a process of its own.
    await this.#inProcess(undefined, async (handlers) => {
      await this.#plan(handlers, replace);
    });
    const isDone = await this.#inProcess(crashAt, async (handlers, save) => {
      const { inputs, action } = await this.#plan(handlers, replace);
      if (action === "same") {
        return;
      }
      const before = this.#stored;
      let after: Stored;
      let isComplete = true;
      try {
        after = await perform();
      } catch (error) {
        if (!isIncomplete(error)) {
          throw error;
        }
        isComplete = false;
        after = { inputs, id: error.id, outputs: { ...error.properties } };
      }
      await save(() => (this.#stored = after));
      if (action === "replace" && before !== undefined) {
        await handlers.delete(before.id, before.outputs);
      }
      if (!isComplete) {
        throw new Error("the update failed");
      }

      async function perform(): Promise<Stored> {
        if (action === "update" && before !== undefined) {
          return { inputs, id: before.id, outputs: (await handlers.update(before.id, before.outputs, inputs)).outs };
        }
        const { id, outs } = await handlers.create(inputs);
        return { inputs, id, outputs: outs };
      }
    });
    this.simulator.faults.clear();
    this.#isGreen = isDone;
  }

  async #plan(handlers: ReturnType<typeof mailboxRestoreOf>, replace: boolean) {
    const old = this.#stored;
    const { inputs, failures } = await handlers.check(old?.inputs ?? {}, { ...this.#declared.program, __urn: urn });
    assert.deepEqual(failures, []);
    if (old === undefined) {
      return { inputs, action: "create" as const };
    }
    if (replace) {
      return { inputs, action: "replace" as const };
    }
    const { changes, replaces } = (await handlers.diff(old.id, old.outputs, inputs)) as {
      changes?: boolean;
      replaces: string[];
    };
    if (replaces.length > 0) {
      return { inputs, action: "replace" as const };
    }
    const isEdited = JSON.stringify(old.inputs) !== JSON.stringify(inputs);
    return { inputs, action: changes || isEdited ? ("update" as const) : ("same" as const) };
  }

  /**
   * Runs something in a provider process of its own, beside an engine. Both die at a step, if one is given.
   *
   * @returns whether it came to a good end
   */
  async #inProcess(
    crashAt: number | undefined,
    run: (handlers: ReturnType<typeof mailboxRestoreOf>, save: (store: () => void) => Promise<void>) => Promise<void>,
  ): Promise<boolean> {
    const life = new Life(crashAt);
    let attempt = "";
    const opened: { close(): void }[] = [];
    const host = createHost({
      engine: { log: () => Promise.resolve(), isGone: () => Promise.resolve(life.isDead) },
      openJournal: (journalDir) => {
        // Nobody else is alive in this world, so a lease that somebody has left is nobody's.
        const journal = openJournal(journalDir, { renewMs: 3_600_000, abandonedAfterMs: 0 });
        const bound = life.bind(journal);
        return new Proxy(bound, {
          get: (object, name) =>
            name === "begin"
              ? (entry: { attemptId: string }) => {
                  attempt = entry.attemptId;
                  return bound.begin(entry as Parameters<typeof bound.begin>[0]);
                }
              : (Reflect.get(object, name) as unknown),
        });
      },
      connect: (settings, options) => {
        const connection = connect(settings, options);
        opened.push(connection);
        const dialect = life.bind(connection.dialect, (name) => {
          if (name === "restoreTo") {
            this.#sent.set(attempt, (this.#sent.get(attempt) ?? 0) + 1);
          }
        });
        const bound = life.bind(connection);
        return {
          ...connection,
          dialect,
          speaking: () => dialect,
          sessions: createSessionPool(dialect, options),
          logIn: () => bound.logIn(),
          organizations: () => bound.organizations(),
        };
      },
    });
    const handlers = mailboxRestoreOf(host);
    const config = Object.entries({ ...configOf(this.simulator), journalDir: this.journalDir });
    await handlers.configure({ config: { get: (key) => config.find(([name]) => `vb365:${name}` === key)?.[1] } });
    const work = (async () => {
      await run(handlers, async (store) => {
        await life.step();
        store();
      });
    })();
    try {
      const end = await Promise.race([work, life.died]);
      return end !== "died";
    } catch {
      return false;
    } finally {
      await (life.isDead ? undefined : Promise.race([host.end(), life.died]));
      life.end();
      opened.forEach((connection) => connection.close());
    }
  }
}
