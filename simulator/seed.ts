import { uuidFrom } from "./ids";

/** A group of equal items in a mailbox backup. */
export interface ItemSeed {
  /** How many of them; default 1. */
  count?: number;
  /** Default "Inbox". "Drafts" and "Deleted Items" are what `excludeDrafts` and `excludeDeletedItems` leave out. */
  folder?: string;
  /** Default "Message". */
  subject?: string;
  /** Words of the body that an export's keyword can find, besides those of the subject. */
  body?: string;
  /** A draft outside the folder Drafts; default false. */
  draft?: boolean;
  inPlaceHold?: boolean;
  litigationHold?: boolean;
  /**
   * How the item compares with the target before anything was restored into it; the same for every target. Default
   * "missing". A restore makes it "unchanged" in the target it wrote to.
   */
  state?: "missing" | "changed" | "unchanged";
  /** Exchange refuses this item each time; default false. */
  restoreFails?: boolean;
  /** The item is in the backup only for sessions that were opened with this flag. */
  onlyWith?: "showDeleted" | "showAllVersions";
}

/** A mailbox in a backup. */
export interface MailboxSeed {
  /** Default: a UUID made from the organisation, the e-mail and the archive flag. */
  id?: string;
  name: string;
  email: string;
  /** Default false. An archive may have the e-mail of its primary mailbox. [inf] */
  isArchive?: boolean;
  /** A mailbox of public folders; default false. */
  isPublic?: boolean;
  /** As a target it answers "cannot open user mailbox"; default false. */
  unreachable?: boolean;
  items?: ItemSeed[];
}

/** An organization that the server backs up. */
export interface OrganizationSeed {
  /** Default: a UUID made from the name. */
  id?: string;
  name: string;
  /** Default: the name. */
  officeName?: string;
  /** Default "Worldwide". */
  region?: string;
  /** ISO 8601, UTC. Left out: the organization was never backed up, and every session of it is empty. */
  firstBackupTime?: string;
  /** ISO 8601, UTC; default: the first one. */
  lastBackupTime?: string;
  /** What v6 and later list as restore points. Default: the first and the last backup, in one repository. */
  restorePoints?: RestorePointSeed[];
  mailboxes: MailboxSeed[];
}

/** A moment that can be restored. */
export interface RestorePointSeed {
  /** ISO 8601, UTC. */
  backupTime: string;
  /** Id of the backup repository that holds it. Default: a UUID made from the organization's name. */
  repositoryId?: string;
  /** Does it hold mail? Default true. */
  isExchange?: boolean;
}

/** A mailbox as it was seeded, with the id that the server shows. */
export type SeededMailbox = MailboxSeed & { id: string };

/** An organization as it was seeded, with the ids that the server shows. */
export type SeededOrganization = Omit<OrganizationSeed, "mailboxes"> & { id: string; mailboxes: SeededMailbox[] };

/** Gives every organization and mailbox its id. */
export function withIds(organizations: readonly OrganizationSeed[]): SeededOrganization[] {
  return organizations.map((organization) => ({
    ...organization,
    id: (organization.id ?? uuidFrom("organization", organization.name)).toLowerCase(),
    mailboxes: organization.mailboxes.map((mailbox) => ({
      ...mailbox,
      id: (mailbox.id ?? mailboxId(organization, mailbox)).toLowerCase(),
    })),
  }));
}

/** The restore points of an organization with mail in them, oldest first; those of one repository, if it is named. */
export function restorePointsOf(
  { name, firstBackupTime, lastBackupTime = firstBackupTime, restorePoints }: OrganizationSeed,
  repositoryId?: string,
): (Required<RestorePointSeed> & { id: string })[] {
  const times = [...new Set([firstBackupTime, lastBackupTime])].filter((time) => time !== undefined);
  return (restorePoints ?? times.map((backupTime) => ({ backupTime })))
    .map((seed: RestorePointSeed) => ({
      isExchange: true,
      repositoryId: uuidFrom("repository", name),
      ...seed,
      id: uuidFrom("restore point", name, seed.backupTime, seed.repositoryId ?? ""),
    }))
    .filter((point) => repositoryId === undefined || point.repositoryId.toLowerCase() === repositoryId.toLowerCase())
    .sort((a, b) => Date.parse(a.backupTime) - Date.parse(b.backupTime));
}

function mailboxId(organization: OrganizationSeed, mailbox: MailboxSeed): string {
  return uuidFrom("mailbox", organization.name, mailbox.email, String(mailbox.isArchive ?? false));
}

/**
 * One organization, `contoso.example`, with backups from 2026-01-05 to 2026-11-20 and five mailboxes: Finance with an
 * archive, Sales, Legal and Support. Together their items react to every flag of a restore; none of them fails.
 */
export function defaultOrganizations(): OrganizationSeed[] {
  return [
    {
      name: "contoso.example",
      firstBackupTime: "2026-01-05T21:00:00Z",
      lastBackupTime: "2026-11-20T21:04:11Z",
      mailboxes: [
        {
          name: "Finance",
          email: "finance@contoso.example",
          items: [
            { count: 120, subject: "Invoice", body: "invoice payable within 30 days", state: "missing" },
            { count: 7, subject: "Budget", state: "changed" },
            { count: 40, subject: "Report", state: "unchanged" },
            { count: 3, folder: "Drafts", subject: "Reminder", draft: true },
            { count: 5, folder: "Deleted Items", subject: "Old invoice" },
            { count: 2, subject: "Audit", inPlaceHold: true },
            { count: 4, subject: "Contract", litigationHold: true },
            { count: 6, subject: "Removed invoice", onlyWith: "showDeleted" },
            { count: 8, subject: "Budget, earlier version", state: "changed", onlyWith: "showAllVersions" },
          ],
        },
        {
          name: "In-Place Archive - Finance",
          email: "finance@contoso.example",
          isArchive: true,
          items: [{ count: 300, folder: "Archive", subject: "Invoice" }],
        },
        {
          name: "Sales",
          email: "sales@contoso.example",
          items: [
            { count: 60, subject: "Offer" },
            { count: 2, subject: "Price list", state: "changed" },
            { count: 10, subject: "Newsletter", state: "unchanged" },
          ],
        },
        {
          name: "Legal",
          email: "legal@contoso.example",
          items: [
            { count: 15, subject: "Case", litigationHold: true },
            { count: 9, subject: "Case", inPlaceHold: true },
            { count: 21, subject: "Correspondence" },
          ],
        },
        {
          name: "Support",
          email: "support@contoso.example",
          items: [{ count: 25, subject: "Ticket", state: "unchanged" }],
        },
      ],
    },
  ];
}

/**
 * Many mailboxes in one line: "Mailbox 0001" with mailbox-0001@DOMAIN, and so on.
 *
 * @param options - `domain`: default "contoso.example"; `items`: what each of them holds, default ten missing items.
 */
export function numberedMailboxes(count: number, options: { domain?: string; items?: ItemSeed[] } = {}): MailboxSeed[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index + 1).padStart(4, "0");
    return {
      name: `Mailbox ${number}`,
      email: `mailbox-${number}@${options.domain ?? "contoso.example"}`,
      items: options.items ?? [{ count: 10 }],
    };
  });
}
