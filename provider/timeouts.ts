import ms, { type StringValue } from "ms";

/** Limits that a program may set, each a duration as text: "30s", "20m", "8h", "2d". */
export interface TimeoutsInput {
  /** Longest wait for a login to be answered. Default 2m. */
  login?: string;
  /** Longest wait for a restore session to open, or for one of its lists to begin. Default 5m. */
  session?: string;
  /** Longest silence before a restore or an export begins to answer. Default: no limit; the server may build a file for hours. */
  firstByte?: string;
  /** Longest silence in the middle of an answer. Default 2m. */
  idle?: string;
  /** Longest time that a restore or an export is waited for as a whole. Default: no limit. */
  restore?: string;
}

export type TimeoutName = keyof TimeoutsInput;

/** The same in milliseconds; undefined = no limit. */
export interface Timeouts {
  login: number;
  session: number;
  firstByte: number | undefined;
  idle: number;
  restore: number | undefined;
}

export const timeoutNames = ["login", "session", "firstByte", "idle", "restore"] as const satisfies TimeoutName[];

const defaults: Timeouts = {
  login: 2 * 60_000,
  session: 5 * 60_000,
  firstByte: undefined,
  idle: 2 * 60_000,
  restore: undefined,
};

/** What a timer of Node can hold, and more than any restore takes. */
const longestMs = 20 * 86_400_000;

/** Milliseconds of a duration like "90s", "20m", "8h" or "2d"; undefined when it is none, or one that no timer can hold. */
export function parseDuration(text: string): number | undefined {
  // A bare number would mean milliseconds, which nobody means.
  if (!/^\d+(\.\d+)? ?[a-z]+$/i.test(text)) {
    return undefined;
  }
  const parsed = ms(text as StringValue) as number | undefined;
  return parsed !== undefined && parsed > 0 && parsed <= longestMs ? parsed : undefined;
}

/** Limits with those that are given in place of the others. Durations that cannot be read were told at `check`, and are left out. */
export function timeoutsOf(given: TimeoutsInput | undefined, base: Timeouts = defaults): Timeouts {
  const timeouts = { ...base };
  for (const name of timeoutNames) {
    const duration = given?.[name];
    const parsed = duration === undefined ? undefined : parseDuration(duration);
    if (parsed !== undefined) {
      timeouts[name] = parsed;
    }
  }
  return timeouts;
}

/** Milliseconds of a duration as text that may be of any length; undefined when it is none. */
export function parseAge(text: string): number | undefined {
  const value = ms(text as StringValue) as number | undefined;
  return /^\d/.test(text) && value !== undefined && value > 0 ? value : undefined;
}

/**
 * `3 days 4 hours`, `20 minutes`: exact enough to see which of two is longer. By `ms`, which `require` loads: programs load this file, too,
 * and jest on Node 20 takes no ES module there.
 */
export function durationInWords(milliseconds: number): string {
  const first = wholeUnits(milliseconds);
  // Downwards, too: rounded, it would say "1 day 24 hours".
  const second = wholeUnits(milliseconds - first);
  return (second < 1000 ? [first] : [first, second]).map((part) => ms(part, { long: true })).join(" ");
}

/** As much of a duration as is whole in the largest unit that fits into it: 3 days of 3 days 4 hours. */
function wholeUnits(milliseconds: number): number {
  const largest = ["1d", "1h", "1m", "1s"].map((unit) => ms(unit as StringValue)).find((unit) => milliseconds >= unit);
  return milliseconds - (milliseconds % (largest ?? 1));
}
