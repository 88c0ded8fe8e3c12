import type { Dialect, Organization } from "../api/dialects/dialect";
import { ConnectionError } from "../errors";
import type { Connection } from "./connection";
import { refuseTooOld } from "./guards";
import { resolvePointInTime } from "./point-in-time";
import { backupIn } from "./repository";
import type { RestoreRequest } from "./request";
import { selectOrganization } from "./selection";
import type { OpenSession, SessionLease } from "./session-pool";

/** What is shown of which backup, once that is known. */
export interface Found {
  organization: Organization | undefined;
  pointInTime: string | undefined;
}

/**
 * The backup that a restore takes its mail from, and a place in a session that shows it.
 *
 * @throws MailboxRestoreError when there is no such backup, or it is too old
 */
export async function findSource(
  connection: Connection,
  dialect: Dialect,
  { source, action, timeouts }: Pick<RestoreRequest, "source" | "action" | "timeouts">,
): Promise<Found & { lease: SessionLease }> {
  if ("restoreSessionId" in source) {
    return {
      lease: connection.sessions.borrow(source.restoreSessionId, dialect),
      organization: undefined,
      pointInTime: undefined,
    };
  }
  const organization = selectOrganization(
    await within(timeouts.session, "session", connection.organizations()),
    source.organization,
  );
  const { showDeleted, showAllVersions, repositoryId, maxAgeMs } = source;
  const backup = await within(timeouts.session, "session", backupIn(dialect, organization, repositoryId));
  const pointInTime = resolvePointInTime(backup, source.pointInTime);
  refuseTooOld(backup, pointInTime, maxAgeMs);
  const options = { pointInTime, showDeleted, showAllVersions, repositoryId };
  // A restore that ends after its answer is told from others by its session alone.
  const isTold = action.kind === "exportToPst" || !dialect.restoresEndLater;
  const lease = isTold
    ? connection.sessions.reserve(organization.id, options)
    : connection.sessions.reserveAlone(organization.id, options);
  return { lease, organization: backup, pointInTime };
}

/** The session of a lease. One that opens when nobody waits any more is stopped by the pool, if this process is still there. */
export const openWithin = (limitMs: number, lease: SessionLease): Promise<OpenSession> =>
  within(limitMs, "session", lease.open(), " One that opens after all is stopped then, or ends by itself later.");

/** Work that is waited for so long and no longer; it may go on for others who want it, too. Nothing has been sent yet. */
export async function within<T>(limitMs: number, name: "login" | "session", work: Promise<T>, more = ""): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const what = name === "login" ? "The login" : "The restore session";
    const message = `${what} took longer than timeouts.${name} allows (${limitMs / 1000} s). Nothing was sent.${more}`;
    timer = setTimeout(() => reject(new ConnectionError(message, { notSent: true, timedOut: true })), limitMs);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
