import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Evidence, Shard } from "../../evidence/evidence";
import { parseEvidence } from "../../evidence/parse";
import type { Simulator } from "../../simulator";
import { familyIn } from "../exactly-once/processes";
import { type Run, type TestStack, aStack, configOf } from "../helpers/engine";

/** A machine of a drill: a stack of its own, with a folder and a journal of its own, and a part of the mailboxes. */
export interface Runner {
  readonly name: string;
  readonly stack: TestStack;
  readonly timesKilled: number;
  /** From the first start to the end of the last one. */
  readonly seconds: number;
  /** Is a `pulumi up` of it under way? */
  readonly isRunning: boolean;
  /** Starts `pulumi up`. */
  start(): Promise<Run>;
  /** Kills the CLI and its providers, as `kill -9` does; resolves when none of them is left. */
  kill(): Promise<void>;
  /** The evidence that it left, and its path. */
  evidence(): Promise<{ path: string; document: Evidence }>;
  /** Digest of the evidence as the state in the backend has it. */
  digestInState(): Promise<unknown>;
}

/** The same on all of them: parts of one drill. */
const drillName = "quarterly";

/**
 * @param options - `backendUrl`: of the backend that they share; `folder`: for its evidence and what the CLI printed; `declared`: the drill,
 *   but for its shard
 */
export async function aRunner(
  simulator: Simulator,
  shard: Shard,
  options: { backendUrl: string; folder: string; declared: { maxConcurrentRestores: number } },
): Promise<Runner> {
  const name = `shard-${shard.index + 1}`;
  const { backendUrl, folder } = options;
  const declared = { kind: "RestoreDrill", ...options.declared, shard, evidence: { folder, name } };
  const config = { ...configOf(simulator), maxConcurrentRestores: String(options.declared.maxConcurrentRestores) };
  const stack = await aStack({ [drillName]: declared }, config, { name, backendUrl });
  let timesKilled = 0;
  let isRunning = false;
  let begunAt: number | undefined;
  let endedAt = 0;
  let printed = "";
  return {
    name,
    stack,
    get timesKilled() {
      return timesKilled;
    },
    get seconds() {
      return (endedAt - (begunAt ?? endedAt)) / 1000;
    },
    get isRunning() {
      return isRunning;
    },
    async start() {
      begunAt ??= performance.now();
      isRunning = true;
      const run = await stack.up();
      isRunning = false;
      endedAt = performance.now();
      printed += `${run.text}\n`;
      await writeFile(join(folder, `${name}.log`), printed);
      return run;
    },
    async kill() {
      timesKilled += 1;
      const family = familyIn(stack.folder);
      family.kill({ provider: true });
      await family.gone();
    },
    async evidence() {
      const path = join(folder, `${name}.json`);
      return { path, document: parseEvidence(await readFile(path, "utf8")) };
    },
    async digestInState() {
      const { [`${drillName}-verdict`]: verdict } = await stack.resources();
      return verdict?.outputs?.["evidenceDigest"];
    },
  };
}
