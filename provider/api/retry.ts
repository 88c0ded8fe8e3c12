import { setTimeout as sleep } from "node:timers/promises";
import { isApiError, isConnectionError } from "../errors";

/** How often and after which pauses a repeatable request is sent again. Everything that varies can be passed in. */
export interface RetryPolicy {
  /** Tries in all, the first one included. Default 4. */
  maxAttempts: number;
  /** Pause before a try, in milliseconds. */
  pause(ms: number): Promise<void>;
  /** A number from 0 up to 1. */
  random(): number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 4,
  pause: (ms) => sleep(ms),
  random: Math.random,
};

/** Answers that say "not now" rather than "no": 429 and a proxy's 502 to 504. */
const passingStatuses = new Set([429, 502, 503, 504]);

/** Runs `attempt` again while its failure is a passing one. For repeatable work only: never around an action. */
export async function withRetry<T>(policy: RetryPolicy, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= policy.maxAttempts || !isPassing(error)) {
        throw error;
      }
      await policy.pause(nextDelayMs(tries, policy.random, isApiError(error) ? error.retryAfterSeconds : undefined));
    }
  }
}

/** Full jitter up to 0.5 s, 1 s, 2 s, … 20 s; a server's `Retry-After` is obeyed up to five minutes. */
export function nextDelayMs(tries: number, random: () => number, retryAfterSeconds?: number): number {
  if (retryAfterSeconds !== undefined) {
    return Math.min(retryAfterSeconds, 300) * 1000;
  }
  return Math.round(random() * Math.min(20_000, 500 * 2 ** (tries - 1)));
}

/** Seconds from a `Retry-After` header: a number, or an HTTP date. */
export function parseRetryAfter(header: string | undefined, now: () => number): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

function isPassing(error: unknown): boolean {
  if (isConnectionError(error)) {
    return error.repeatable;
  }
  return isApiError(error) && passingStatuses.has(error.status);
}
