import type { Organization } from "../api/dialects/dialect";
import { MailboxRestoreError } from "../errors";

/**
 * The moment that a restore session is opened for, in ISO 8601 UTC. `"latest"` is the organisation's last backup. A moment
 * before the first backup is refused here, because the server would open an empty session for it without a word
 * (reference, "Starting Restore Session", v2 to v6); one after the last backup shows the last one.
 *
 * The server's times are finer than a millisecond (its samples have seven digits), and a session shows what was backed up by its time. So
 * what is finer is rounded up: cut off, it would be a time before that very backup.
 *
 * @throws MailboxRestoreError (`selection`)
 */
export function resolvePointInTime(organization: Organization, wanted: string): string {
  const { name } = organization;
  const [first, last] = [parseServerTime(organization.firstBackupTime), parseServerTime(organization.lastBackupTime)];
  if (wanted === "latest") {
    if (last === undefined) {
      const why =
        organization.lastBackupTime === undefined
          ? "has no backup yet, so there is no latest point in time"
          : `was last backed up at "${organization.lastBackupTime}", which is no time that can be read; give pointInTime itself`;
      throw new MailboxRestoreError("selection", `Organization ${name} ${why}.`);
    }
    return iso(last);
  }
  const moment = millisecondOf(wanted);
  if (Number.isNaN(moment)) {
    throw new MailboxRestoreError("selection", `pointInTime "${wanted}" is not a time that can be read.`);
  }
  if (first !== undefined && moment < first) {
    if (moment === parseServerTime(cut(organization.firstBackupTime ?? ""))) {
      // That backup is meant: Date cuts a time that is copied through it, and so did earlier versions what they stored.
      return iso(first);
    }
    throw new MailboxRestoreError(
      "selection",
      `pointInTime ${wanted} is before the first backup of ${name} (${iso(first)}). ` +
        `Give a time from there to ${last === undefined ? "now" : iso(last)}, or "latest".`,
    );
  }
  return iso(moment);
}

/** What a person should know of a moment that is restored; undefined when there is nothing to say. */
export function remarkOnPointInTime({ name, lastBackupTime }: Organization, pointInTime: string): string | undefined {
  const last = parseServerTime(lastBackupTime);
  return last === undefined || Date.parse(pointInTime) <= last
    ? undefined
    : `pointInTime ${pointInTime} is after the last backup of ${name}, so what that one holds was restored: ${iso(last)}.`;
}

/** First and last of some times of the server. */
export function spanOf(times: string[]): Pick<Organization, "firstBackupTime" | "lastBackupTime"> {
  const sorted = times.filter((time) => parseServerTime(time) !== undefined).sort(byTime);
  return { firstBackupTime: sorted[0], lastBackupTime: sorted.at(-1) };
}

const byTime = (a: string, b: string) => (parseServerTime(a) ?? 0) - (parseServerTime(b) ?? 0);

/** Age of the data now, in seconds: a moment after the last backup shows what the last backup holds. */
export function dataAgeSeconds(organization: Organization, pointInTime: string, nowMs: number): number {
  const last = parseServerTime(organization.lastBackupTime) ?? Number.POSITIVE_INFINITY;
  return Math.max(0, Math.round((nowMs - Math.min(Date.parse(pointInTime), last)) / 1000));
}

/** A declared moment as it is sent: ISO 8601 UTC, rounded up to milliseconds. */
export const momentSent = (wanted: string): string => iso(millisecondOf(wanted));

/** A moment that the server told, in ISO 8601 UTC; now where it told none that can be read. */
export const serverMoment = (time: string | undefined): string => iso(parseServerTime(time) ?? Date.now());

const iso = (ms: number) => new Date(ms).toISOString();

const finer = /(:\d\d\.\d{3})(\d+)/;
const cut = (time: string) => time.replace(finer, "$1");

/** The first whole millisecond that is not before a time; NaN when it cannot be read. */
function millisecondOf(time: string): number {
  const [, , beyond = ""] = finer.exec(time) ?? [];
  return Date.parse(cut(time)) + (/[1-9]/.test(beyond) ? 1 : 0);
}

/** The server's times are UTC whether or not they say so; rounded up, and undefined when there is none that can be read. */
function parseServerTime(time: string | undefined): number | undefined {
  if (time === undefined) {
    return undefined;
  }
  const isZoned = /(z|gmt|utc|[+-]\d\d:?\d\d)\s*$/i.test(time);
  const parsed = millisecondOf(isZoned ? time : `${time}Z`);
  return Number.isNaN(parsed) ? undefined : parsed;
}
