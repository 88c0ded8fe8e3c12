import type { MailboxResult } from "../../restore/results";
import type { Voice } from "../mailbox-restore/surroundings";
import { outcomeOf } from "./outputs";

/** The row is told so often, whatever happens in between. */
const tickMs = 1000;

/** Live totals on the resource's row: done, failed, running, rate, time left. */
export function progressOf(total: number, activity: Voice["activity"], now: () => number = () => performance.now()) {
  const since = now();
  let [begun, done, failed] = [0, 0, 0];
  const paint = () => activity(inWords({ total, begun, done, failed, elapsedMs: now() - since }));
  paint();
  const ticker = setInterval(paint, tickMs).unref();
  return {
    begun() {
      begun += 1;
    },
    ended(result: MailboxResult | undefined) {
      done += 1;
      const outcome = outcomeOf(result);
      failed += ["Succeeded", "SucceededWithWarnings", "Accepted"].includes(outcome) ? 0 : 1;
    },
    stop() {
      clearInterval(ticker);
    },
  };
}

/** `120 of 500 mailboxes, 3 failed, 2 running, 95 a minute, 4 m left`. */
export function inWords(at: { total: number; begun: number; done: number; failed: number; elapsedMs: number }): string {
  const { total, begun, done, failed, elapsedMs } = at;
  const aMinute = (done / elapsedMs) * 60_000;
  const isMeasured = done > 0 && elapsedMs >= tickMs;
  const leftSeconds = Math.ceil(((total - done) / done) * (elapsedMs / 1000));
  return [
    `${done} of ${total} mailboxes`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    `${begun - done} running`,
    ...(isMeasured ? [`${aMinute < 10 ? aMinute.toFixed(1) : Math.round(aMinute)} a minute`] : []),
    ...(isMeasured && done < total ? [`${shortly(leftSeconds)} left`] : []),
  ].join(", ");
}

function shortly(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) {
    return `${hours} h ${minutes} m`;
  }
  return minutes > 0 ? `${minutes} m ${seconds % 60} s` : `${seconds} s`;
}
