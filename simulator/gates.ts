import type { Socket } from "node:net";

/** Where in a request a gate stands. */
export type GatePhase = "beforeWork" | "duringWork" | "afterWork";

/** A gate that stops requests in the middle, so that a test can look around without sleeping. */
export interface Gate {
  /** Fulfilled when the first request stands at the gate. */
  readonly reached: Promise<void>;
  /** Fulfilled when so many requests have come to the gate, standing there or gone. */
  reachedBy(count: number): Promise<void>;
  /** How many requests stand at the gate now. */
  readonly waiting: number;
  /** Cuts the line of every request at the gate. The server does not notice: its work goes on after the release. [I] */
  cut(): void;
  /** Opens the gate for good. */
  release(): void;
}

/** The working side of a {@link Gate}. */
export class HeldRequests implements Gate {
  #open = false;
  #arrived = 0;
  #standing: { socket: Socket; go: () => void }[] = [];
  #watchers: { count: number; resolve: () => void }[] = [];

  constructor(readonly phase: GatePhase) {}

  get reached(): Promise<void> {
    return this.reachedBy(1);
  }

  get waiting(): number {
    return this.#standing.length;
  }

  reachedBy(count: number): Promise<void> {
    if (this.#arrived >= count) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#watchers.push({ count, resolve }));
  }

  cut(): void {
    for (const request of this.#standing) {
      request.socket.destroy();
    }
  }

  release(): void {
    this.#open = true;
    for (const request of this.#standing.splice(0)) {
      request.go();
    }
  }

  /** Stands at the gate until it is open. */
  async pass(socket: Socket): Promise<void> {
    this.#arrived += 1;
    const held = this.#open
      ? Promise.resolve()
      : new Promise<void>((resolve) => this.#standing.push({ socket, go: resolve }));
    for (const watcher of this.#watchers.filter((candidate) => candidate.count <= this.#arrived)) {
      watcher.resolve();
    }
    await held;
  }
}
