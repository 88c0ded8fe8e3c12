/** What a person declares in the course of a stack's life, and how many restores that allows. */
export class Declarations {
  /** The inputs of the one restore, as the program has them now. */
  program: Record<string, unknown> = {
    organization: "contoso.example",
    mailbox: { email: "sales@contoso.example" },
    pointInTime: "latest",
    restoreTo: { mailbox: "support@contoso.example" },
    runId: "0",
  };
  /** Restores that were declared until now. */
  count = 0;
  #edits = 0;
  /** What the last `up` declared; undefined after the record was given up. */
  #last: string | undefined;

  edit(what: Edit): void {
    this.#edits += 1;
    const targets = ["support@contoso.example", "legal@contoso.example"];
    const edits: Record<Edit, Record<string, unknown>> = {
      runId: { runId: String(this.#edits) },
      target: { restoreTo: { mailbox: targets[this.#edits % 2] } },
      reason: { reason: `reason ${this.#edits}` },
      policy: { failurePolicy: { maxFailedItems: this.#edits % 3 } },
      accept: { onUnknown: this.#edits % 2 === 0 ? "fail" : { accept: "looked" } },
    };
    this.program = { ...this.program, ...edits[what] };
  }

  /** An `up` declares a restore if it asks for another one than the last, or for the same one again on purpose. */
  up(asksAgain: boolean): void {
    const { runId, restoreTo } = this.program;
    const declared = JSON.stringify([runId, restoreTo]);
    if (declared !== this.#last || asksAgain) {
      this.count += 1;
      this.#last = declared;
    }
  }

  /** A record that is given up on purpose is one more restore, when it is declared again. */
  giveUp(): void {
    this.#last = undefined;
  }
}

export const edits = ["runId", "target", "reason", "policy", "accept"] as const;
export type Edit = (typeof edits)[number];
