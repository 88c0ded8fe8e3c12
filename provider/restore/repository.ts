import type { Dialect, Organization } from "../api/dialects/dialect";
import { MailboxRestoreError } from "../errors";
import { spanOf } from "./point-in-time";

/**
 * An organisation with the first and the last backup that one repository holds of it, which may be others than the organisation's own.
 *
 * @param repositoryId - undefined = all repositories
 * @throws MailboxRestoreError (`selection`) when the repository lists no restore point with mail.
 */
export async function backupIn(
  dialect: Dialect,
  organization: Organization,
  repositoryId: string | undefined,
): Promise<Organization> {
  const points =
    repositoryId === undefined ? undefined : await dialect.listRestorePoints(organization.id, repositoryId);
  if (points === undefined) {
    return organization;
  }
  const times = points.filter(({ holdsMail }) => holdsMail).map(({ backupTime }) => backupTime);
  if (times.length === 0) {
    throw new MailboxRestoreError(
      "selection",
      `Backup repository ${repositoryId} lists no restore point with mail of ${organization.name}. Nothing was sent.`,
    );
  }
  return { ...organization, ...spanOf(times) };
}
