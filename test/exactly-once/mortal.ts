/** The life of one process in the model: it ends at its n-th step to the outside, and then nothing of it does anything any more. */
export class Life {
  readonly died: Promise<"died">;
  #end: (value: "died") => void = () => undefined;
  #steps = 0;
  #isDead = false;

  /** @param lastStep - step at which it dies; undefined = it lives */
  constructor(private readonly lastStep: number | undefined) {
    this.died = new Promise((resolve) => (this.#end = resolve));
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** One step to the outside. Whoever comes to it after death waits for ever. */
  async step(): Promise<void> {
    this.#steps += 1;
    if (this.#steps === this.lastStep) {
      this.#isDead = true;
      this.#end("died");
    }
    if (this.#isDead) {
      await new Promise<never>(() => undefined);
    }
  }

  /** Dies now, if that has not happened. */
  end(): void {
    this.#isDead = true;
    this.#end("died");
  }

  /**
   * The same object, whose asynchronous functions are two steps each: before the work, when nothing was done, and after it, when it was
   * done and nobody was told. A function that answers at once does nothing after death.
   */
  bind<T extends object>(target: T, onCall: (name: string) => void = () => undefined): T {
    return new Proxy(target, {
      get: (object, name, receiver) => {
        const value: unknown = Reflect.get(object, name, receiver);
        if (typeof value !== "function" || typeof name !== "string") {
          return value;
        }
        return (...args: unknown[]) => {
          if (synchronous.has(name)) {
            return this.#isDead ? undefined : (value as (...args: unknown[]) => unknown).apply(object, args);
          }
          return this.#through(
            name,
            () => (value as (...args: unknown[]) => Promise<unknown>).apply(object, args),
            onCall,
          );
        };
      },
    });
  }

  async #through(name: string, work: () => Promise<unknown>, onCall: (name: string) => void): Promise<unknown> {
    await this.step();
    onCall(name);
    try {
      return await work();
    } finally {
      await this.step();
    }
  }
}

const synchronous = new Set(["close", "keepSecret", "allow", "reserve", "borrow", "opened"]);
