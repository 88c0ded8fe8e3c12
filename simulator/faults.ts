import type { Gate, GatePhase } from "./gates";
import { HeldRequests } from "./gates";

/** Which requests a fault or a gate is for; what is left out fits every request. */
export interface RequestMatch {
  /** Upper case. */
  method?: string;
  /** Against the path as sent, without the query. */
  path?: RegExp;
  /** The body as it is recorded: parsed JSON, form fields or raw text. */
  body?: (body: unknown) => boolean;
}

/** How a restore goes that does not go well; what is left out is as the items themselves say. */
export interface RestoreResult {
  /** So many of the items that were to be written fail, the last ones first. */
  failedItems?: number;
  /** The number answered; of the items, at most so many are written. */
  created?: number;
  merged?: number;
  failedFolders?: number;
  /** Nothing is written but what `created` and `merged` say; the event ends as Failed. */
  cannotContinueError?: string;
  /** The event ends as Failed. */
  exceptions?: string[];
  /** The event ends as Warning. */
  warnings?: string[];
  /** In place of the simulator's `restoreAnswer`. */
  answer?: "empty" | "counters";
}

/**
 * What happens to a request. The work of the server is done unless the effect says otherwise.
 *
 * - `status` with `json`, `text` or `html`: this answer instead. No work is done, unless `afterWork` is set: then the
 *   work is done and its answer thrown away, as when a proxy lost patience.
 * - `cutAfterBytes`: the head and so many bytes of the body, then the line is cut.
 * - `resetBeforeAnswer`, `resetBeforeWork`: the line is cut without an answer, with the work done or not.
 * - `delayMs`: the answer waits, in milliseconds of real time, after the work.
 * - `contentLength`: a Content-Length that is not the body's. More: the connection is closed after the body. Less: only so
 *   many bytes are sent, a truncated file in an answer that is whole. "none": the answer says nothing of its size.
 * - `drip`: the body comes in pieces of so many bytes, with a pause before each, in milliseconds of real time.
 * - `expireToken`: the token sent is no longer valid; 401, no work.
 * - `expireSession`: the restore session in the path has been idle too long; then the request is treated as usual.
 * - `restoreResult`: the restore does not go well.
 */
export type FaultEffect =
  | {
      status: number;
      json?: unknown;
      text?: string;
      html?: string;
      headers?: Record<string, string>;
      afterWork?: boolean;
    }
  | { cutAfterBytes: number }
  | { resetBeforeAnswer: true }
  | { resetBeforeWork: true }
  | { delayMs: number }
  | { contentLength: number | "none" }
  | { drip: { bytes: number; pauseMs: number } }
  | { expireToken: true }
  | { expireSession: true }
  | { restoreResult: RestoreResult };

/** A fault as data. */
export interface Fault {
  match?: RequestMatch;
  effect: FaultEffect;
  /** How many matching requests it meets; default 1, `Infinity` for all. */
  times?: number;
}

/** A place to stop a request. */
export interface Hold {
  match?: RequestMatch;
  /**
   * `beforeWork`: it has arrived and nothing was done. `duringWork`: a restore or an export has begun, its event is
   * Running and nothing is written yet; other requests pass. `afterWork`: done, and not a byte is answered.
   */
  when: GatePhase;
  /** How many matching requests it stops; default 1. */
  times?: number;
}

/** The faults of one simulator. Each request meets the oldest fault that fits it, and every gate that does. */
export interface Faults {
  /** Sets a fault for the next matching request. */
  next(fault: Fault): void;
  /** Stops the next matching request until the gate is released. */
  hold(hold: Hold): Gate;
  /** Forgets every fault that has not happened, and lets go what is held. */
  clear(): void;
  /** Faults that have not happened as often as they were to. */
  readonly pending: readonly Fault[];
}

/** What is in store for one request. */
export interface RequestPlan {
  effect: FaultEffect | undefined;
  gates: readonly HeldRequests[];
}

interface Waiting<T> {
  match: RequestMatch;
  left: number;
  what: T;
}

/** The faults that were set, and what they mean for a request. */
export class FaultList implements Faults {
  #faults: Waiting<Fault>[] = [];
  #gates: Waiting<HeldRequests>[] = [];

  next(fault: Fault): void {
    this.#faults.push({ match: fault.match ?? {}, left: fault.times ?? 1, what: fault });
  }

  hold(hold: Hold): Gate {
    const gate = new HeldRequests(hold.when);
    this.#gates.push({ match: hold.match ?? {}, left: hold.times ?? 1, what: gate });
    return gate;
  }

  clear(): void {
    this.#faults = [];
    for (const gate of this.#gates) {
      gate.left = 0;
      gate.what.release();
    }
  }

  get pending(): readonly Fault[] {
    return this.#faults.map((fault) => fault.what);
  }

  /** Takes what is in store for a request; counts it as happened. */
  take(request: { method: string; path: string; body: unknown }): RequestPlan {
    const fault = this.#faults.find((candidate) => matches(candidate.match, request));
    if (fault !== undefined) {
      fault.left -= 1;
      this.#faults = this.#faults.filter((candidate) => candidate.left > 0);
    }
    const gates = this.#gates.filter((gate) => gate.left > 0 && matches(gate.match, request));
    for (const gate of gates) {
      gate.left -= 1;
    }
    return { effect: fault?.what.effect, gates: gates.map((gate) => gate.what) };
  }
}

function matches(match: RequestMatch, request: { method: string; path: string; body: unknown }): boolean {
  return (
    (match.method === undefined || match.method === request.method) &&
    (match.path === undefined || request.path.search(match.path) !== -1) &&
    (match.body === undefined || match.body(request.body))
  );
}
