import type { Command } from "commander";
import type { Mailbox } from "../../provider/api/dialects/dialect";
import { nearestFirst } from "../../provider/nearest";
import { listMailboxes } from "../../provider/restore/lookup";
import { resolvePointInTime } from "../../provider/restore/point-in-time";
import { selectOrganization } from "../../provider/restore/selection";
import { organizationOption, pointInTimeOption } from "../backup-options";
import { type ClientFlags, answer, clientCommand, withConnection } from "../connection";
import { exitCodes } from "../exit";
import { type Answer, counted, harmless, table } from "../output";

interface Flags extends ClientFlags {
  organization: string;
  pointInTime: string;
  filter?: string;
}

/** `vb365 mailboxes`: what a backup holds. */
export function addMailboxes(program: Command): void {
  clientCommand(program, {
    name: "mailboxes",
    summary: "list the mailboxes of a backup",
    description:
      "Lists the mailboxes of an organization's backup at a point in time. Listing needs a restore session, which is opened and " +
      "stopped again. An id is valid in its restore session only; programs name a mailbox by e-mail and archive.",
    examples: [
      "vb365 mailboxes --organization contoso.example",
      "vb365 mailboxes --organization contoso.example --filter finance --point-in-time 2026-11-01T00:00:00Z --json",
    ],
  })
    .addOption(organizationOption().makeOptionMandatory())
    .addOption(pointInTimeOption())
    .option(
      "--filter <text>",
      "only those with this text in e-mail or name, in any case; exit code 1 when there is none",
    )
    .action((flags: Flags) => answer(flags, () => list(flags)));
}

async function list(flags: Flags): Promise<Answer> {
  return withConnection(flags, async (connection) => {
    const organization = selectOrganization(await connection.organizations(), flags.organization);
    const pointInTime = resolvePointInTime(organization, flags.pointInTime);
    const all = await listMailboxes(connection, { organization: organization.id, pointInTime });
    const shown = all.filter((mailbox) => matches(mailbox, flags.filter)).sort(byAddress);
    const found = `${counted(shown.length, "mailbox", "mailboxes")} of ${harmless(organization.name)} at ${pointInTime}`;
    return {
      document: {
        endpoint: connection.settings.endpoint,
        organization: { id: organization.id, name: organization.name },
        pointInTime,
        mailboxes: shown,
      },
      text: (look) =>
        table(
          look,
          ["E-MAIL", "NAME", "ARCHIVE", "ID"],
          shown.map(({ email, name, isArchive, id }) => [email, name, isArchive ? "archive" : "", id]),
        ),
      remark:
        shown.length > 0 || all.length === 0 ? `${found}.` : `${found}; the nearest: ${nearest(all, flags.filter)}.`,
      exitCode: shown.length === 0 && flags.filter !== undefined ? exitCodes.no : exitCodes.fine,
    };
  });
}

function matches({ email, name }: Mailbox, filter = ""): boolean {
  return [email, name].some((text) => text.toLowerCase().includes(filter.toLowerCase()));
}

function byAddress(a: Mailbox, b: Mailbox): number {
  return a.email.localeCompare(b.email, "en") || Number(a.isArchive) - Number(b.isArchive);
}

function nearest(mailboxes: Mailbox[], filter = ""): string {
  const names = [...new Set(mailboxes.flatMap(({ email, name }) => [email, name]))];
  return harmless(nearestFirst(filter, names).slice(0, 5).join(", "));
}
