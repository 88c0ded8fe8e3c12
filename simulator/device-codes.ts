/** Device codes that were given out, and whether a person has entered them. */
export class DeviceCodes {
  readonly #issued = new Map<string, { sessionId: string; isEntered: boolean }>();

  /** Nine characters, as Microsoft's are. The same calls get the same codes. */
  issue(sessionId: string): string {
    const code = `DEVICE${String(this.#issued.size + 1).padStart(3, "0")}`;
    this.#issued.set(code, { sessionId, isEntered: false });
    return code;
  }

  /** @throws Error when no such code was given out. */
  enter(code: string): void {
    const issued = this.#issued.get(code);
    if (issued === undefined) {
      throw new Error(`No device code ${code} was given out`);
    }
    issued.isEntered = true;
  }

  /** @param sessionId - the session that it must have been asked for in */
  isEntered(code: string, sessionId?: string): boolean {
    const issued = this.#issued.get(code);
    return issued?.isEntered === true && (sessionId === undefined || issued.sessionId === sessionId);
  }
}
