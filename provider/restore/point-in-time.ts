import type { Organization } from "../api/dialects/dialect";
import { MailboxRestoreError } from "../errors";

/**
 * The moment that a restore session is opened for, in ISO 8601 UTC. `"latest"` is the organisation's last backup. A moment
 * before the first backup is refused here, because the server would open an empty session for it without a word
 * (reference, "Starting Restore Session", v2 to v6); one after the last backup shows the last one.
 *
 * @throws MailboxRestoreError (`selection`)
 */
export function resolvePointInTime(organization: Organization, wanted: string): string {
  const { firstBackupTime, lastBackupTime, name } = organization;
  if (wanted === "latest") {
    if (lastBackupTime === undefined) {
      throw new MailboxRestoreError(
        "selection",
        `Organization ${name} has no backup yet, so there is no latest point in time.`,
      );
    }
    return toUtc(lastBackupTime);
  }
  const utc = toUtc(wanted);
  if (firstBackupTime !== undefined && Date.parse(utc) < Date.parse(toUtc(firstBackupTime))) {
    throw new MailboxRestoreError(
      "selection",
      `pointInTime ${wanted} is before the first backup of ${name} (${toUtc(firstBackupTime)}). ` +
        `Give a time from there to ${lastBackupTime === undefined ? "now" : toUtc(lastBackupTime)}, or "latest".`,
    );
  }
  return utc;
}

/** Age of the data at `startedAt`, in seconds: a moment after the last backup shows what the last backup holds. */
export function dataAgeSeconds(organization: Organization | undefined, pointInTime: string, startedAt: string): number {
  const shown = Math.min(
    Date.parse(pointInTime),
    ...(organization?.lastBackupTime === undefined ? [] : [Date.parse(toUtc(organization.lastBackupTime))]),
  );
  return Math.max(0, Math.round((Date.parse(startedAt) - shown) / 1000));
}

/** The server's times are UTC whether or not they say so ("first backup time … UTC"). */
function toUtc(time: string): string {
  const zoned = /(z|[+-]\d\d:?\d\d)$/i.test(time) ? time : `${time}Z`;
  const parsed = Date.parse(zoned);
  if (Number.isNaN(parsed)) {
    throw new MailboxRestoreError("api", `"${time}" is not a time that can be read`);
  }
  return new Date(parsed).toISOString();
}
