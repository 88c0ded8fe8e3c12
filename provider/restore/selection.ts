import type { Mailbox, Organization, RestoreSession } from "../api/dialects/dialect";
import { MailboxRestoreError } from "../errors";
import { nearestFirst } from "../nearest";

/** How a program names a mailbox of a backup. */
export type MailboxSelector = { email: string; archive: boolean } | { id: string };

const sameText = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** @throws MailboxRestoreError (`selection`) when there is no such organisation, or more than one. */
export function selectOrganization(organizations: Organization[], idOrName: string): Organization {
  const matches = organizations.filter((organization) => isCalled(organization, idOrName));
  return onlyOne(matches, {
    what: `organization "${idOrName}"`,
    written: idOrName,
    where: "the backups that this login sees",
    all: () => organizations.map(({ name }) => name),
  });
}

const isCalled = ({ id, name, officeName = "" }: Organization, text: string) =>
  [id, name, officeName].some((one) => one !== "" && sameText(one, text));

/** Does a session name an organisation that is surely not this one? What it names may be nothing that the server lists. */
export function isOfAnother(
  { organization }: RestoreSession,
  organizationId: string | null,
  organizations: Organization[],
): boolean {
  const named = organizations.filter((one) => isCalled(one, organization));
  return organizationId !== null && named.length > 0 && named.every(({ id }) => id !== organizationId);
}

/**
 * Finds a mailbox by id, or by e-mail and archive flag: an archive may carry its owner's e-mail.
 *
 * @throws MailboxRestoreError (`selection`) when there is no such mailbox, or more than one.
 */
export function selectMailbox(mailboxes: Mailbox[], selector: MailboxSelector, pointInTime: string): Mailbox {
  if (mailboxes.length === 0) {
    throw new MailboxRestoreError(
      "selection",
      `The restore session for ${pointInTime} shows no mailbox at all: a time before the first backup opens an empty ` +
        `session. Give a later pointInTime.`,
    );
  }
  const matches = indexOf(mailboxes).get(keyOf(selector)) ?? [];
  const name = "id" in selector ? selector.id : shown(selector);
  return onlyOne(matches, {
    what: `mailbox ${name}`,
    written: name,
    where: `the backup of ${pointInTime}`,
    all: () => mailboxes.map(({ email, isArchive }) => shown({ email, archive: isArchive })),
  });
}

const archiveMark = " (archive)";
const shown = ({ email, archive }: { email: string; archive: boolean }) => `${email}${archive ? archiveMark : ""}`;
/** The archive of the mailbox that was named is the nearest of all, and the other way round. */
const withoutMark = (name: string) => (name.endsWith(archiveMark) ? name.slice(0, -archiveMark.length) : name);

/** A list that ten thousand restores look into is looked through once. */
const indexes = new WeakMap<readonly Mailbox[], Map<string, Mailbox[]>>();

function indexOf(mailboxes: readonly Mailbox[]): Map<string, Mailbox[]> {
  let index = indexes.get(mailboxes);
  if (index === undefined) {
    index = new Map<string, Mailbox[]>();
    for (const mailbox of mailboxes) {
      const { id, email, isArchive: archive } = mailbox;
      for (const key of [keyOf({ id }), keyOf({ email, archive })]) {
        const same = index.get(key);
        if (same === undefined) {
          index.set(key, [mailbox]);
        } else {
          same.push(mailbox);
        }
      }
    }
    indexes.set(mailboxes, index);
  }
  return index;
}

const keyOf = (selector: MailboxSelector) =>
  "id" in selector
    ? `id ${selector.id.toLowerCase()}`
    : `${selector.archive ? "archive" : "mailbox"} ${selector.email.toLowerCase()}`;

function onlyOne<T extends { id: string }>(
  matches: T[],
  names: { what: string; written: string; where: string; all(): string[] },
): T {
  const [first, second] = matches;
  if (first === undefined) {
    const all = names.all();
    const nearest = nearestFirst(withoutMark(names.written), all, withoutMark).slice(0, 5).join(", ");
    throw new MailboxRestoreError(
      "selection",
      `There is no ${names.what} in ${names.where}. ` +
        (nearest === "" ? "It is empty." : `The nearest of the ${all.length} that are there: ${nearest}.`),
    );
  }
  if (second !== undefined) {
    throw new MailboxRestoreError(
      "selection",
      `There is more than one ${names.what} in ${names.where}: ${matches.map(({ id }) => id).join(", ")}. Name it by id.`,
    );
  }
  return first;
}
