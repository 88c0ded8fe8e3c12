// ^C during an operation of the stack: the CLI must hear of it exactly once.
import { setTimeout as sleep } from "node:timers/promises";

/** What the CLI prints when it has heard. */
const HEARD = "^C received";
const WAIT_MS = 500;

/**
 * Watches for signals while the stack is at work.
 *
 * A ^C at a terminal goes to the CLI as well, and a second one would make it drop everything at once; a `kill` of this
 * process goes to us alone. So we pass a signal on only when the CLI does not say by itself that it has heard one.
 */
export function watchForInterrupt() {
  const controller = new AbortController();
  let heard = false;
  let interrupted = false;
  const onSignal = async () => {
    if (interrupted) return;
    interrupted = true;
    await sleep(WAIT_MS);
    if (!heard) controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    /** Shows the CLI's output while looking for its word. */
    show(stream) {
      return (text) => {
        if (text.includes(HEARD)) heard = true;
        stream.write(text);
      };
    },
    get interrupted() {
      return interrupted;
    },
    stop() {
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, onSignal);
    },
  };
}
