import type { Dialect, Mailbox, Organization } from "../../api/dialects/dialect";
import type { Connection } from "../../restore/connection";
import { dataAgeSeconds } from "../../restore/point-in-time";
import type { RestoreAction, RestoreSource } from "../../restore/request";
import { type MailboxSelector, selectMailbox } from "../../restore/selection";
import { findSource, openWithin, within } from "../../restore/source";
import { type Timeouts, parseAge } from "../../timeouts";
import type { BulkMailboxRestoreInputs } from "./inputs";

/** The backup that a bulk restore takes its mail from, opened once for all of it. */
export interface Backup {
  dialect: Dialect;
  organization: Organization;
  pointInTime: string;
  /** Now, in seconds. */
  ageSeconds: number;
  /** For a request, but for the mailbox. */
  source: Omit<Extract<RestoreSource, { organization: string }>, "mailbox">;
  /** All that it shows; read once. */
  mailboxes(): Promise<Mailbox[]>;
  /** How a mailbox is called by whoever confirms that it is written to; undefined where it is not there. */
  writtenName(selector: MailboxSelector): string | undefined;
  /**
   * Gives its place in the session back.
   *
   * @returns a warning when it could not be stopped
   */
  leave(): Promise<string | undefined>;
}

/**
 * Opens it, for what was declared or for the very time that an earlier run of it was about.
 *
 * @throws MailboxRestoreError when nothing can be restored from it; nothing was sent then
 */
export async function openBackup(
  connection: Connection,
  inputs: BulkMailboxRestoreInputs,
  {
    action,
    timeouts,
    pointInTime = inputs.pointInTime ?? "",
  }: { action: RestoreAction; timeouts: Timeouts; pointInTime?: string | undefined },
): Promise<Backup> {
  const { organization: name = "", showDeleted = false, showAllVersions = false, repositoryId } = inputs;
  connection.allow(timeouts);
  await within(timeouts.login, "login", connection.logIn());
  const { dialect } = connection;
  const maxAgeMs = inputs.maxRestorePointAge === undefined ? undefined : parseAge(inputs.maxRestorePointAge);
  const wanted = { organization: name, pointInTime, showDeleted, showAllVersions, repositoryId, maxAgeMs };
  const {
    lease,
    organization,
    pointInTime: moment,
  } = await findSource(connection, dialect, {
    source: { ...wanted, mailbox: { id: "" } },
    action,
    timeouts,
  });
  if (organization === undefined || moment === undefined) {
    throw new Error("a backup was asked for, and a session was found");
  }
  let known: Mailbox[] | undefined;
  return {
    dialect,
    organization,
    pointInTime: moment,
    ageSeconds: dataAgeSeconds(organization, moment, Date.now()),
    source: { ...wanted, organization: organization.id, pointInTime: moment },
    async mailboxes() {
      const session = await openWithin(timeouts.session, lease);
      known = await within(timeouts.session, "session", session.mailboxes());
      return known;
    },
    writtenName(selector) {
      try {
        const { email, id } = selectMailbox(known ?? [], selector, moment);
        return email || id;
      } catch {
        return undefined;
      }
    },
    leave: () => lease.release(),
  };
}
