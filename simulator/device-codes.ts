/** Device codes that were given out, and whether a person has entered them. */
export class DeviceCodes {
  readonly #entered = new Map<string, boolean>();

  /** Nine characters, as Microsoft's are. The same calls get the same codes. */
  issue(): string {
    const code = `DEVICE${String(this.#entered.size + 1).padStart(3, "0")}`;
    this.#entered.set(code, false);
    return code;
  }

  /** @throws Error when no such code was given out. */
  enter(code: string): void {
    if (!this.#entered.has(code)) {
      throw new Error(`No device code ${code} was given out`);
    }
    this.#entered.set(code, true);
  }

  isEntered(code: string): boolean {
    return this.#entered.get(code) === true;
  }
}
