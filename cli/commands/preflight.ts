import type { Command } from "commander";
import { Option } from "commander";
import { type PreflightCheck, type PreflightReport, preflight } from "../../provider/restore/preflight";
import type { MailboxSelector } from "../../provider/restore/selection";
import { organizationOption, pointInTimeOption } from "../backup-options";
import { type ClientFlags, answer, clientCommand, withConnection } from "../connection";
import { exitCodes } from "../exit";
import { type Answer, type Cell, type Look, counted, paint, table } from "../output";

interface Flags extends ClientFlags {
  organization?: string;
  mailbox?: string;
  archive?: boolean;
  mailboxId?: string;
  pointInTime: string;
}

/** `vb365 preflight`: could a restore begin? */
export function addPreflight(program: Command): void {
  const command = clientCommand(program, {
    name: "preflight",
    summary: "look whether a restore could begin",
    description:
      "Looks whether a restore could begin: login, organization, backup and its age, mailbox. Changes nothing; looking for a " +
      "mailbox opens a restore session and stops it. Whatever is left out is not checked, and the report says so.",
    examples: [
      "vb365 preflight --stack dev --organization contoso.example",
      "vb365 preflight --organization contoso.example --mailbox finance@contoso.example --archive --json",
    ],
  })
    .addOption(organizationOption())
    .addOption(new Option("--mailbox <email>", "mailbox to look for").conflicts("mailboxId"))
    .option("--archive", "its archive instead")
    .addOption(new Option("--mailbox-id <id>", "mailbox to look for, by id").conflicts("archive"))
    .addOption(pointInTimeOption());
  command.action((flags: Flags) => {
    // Else the mailbox would be "not checked", and the report nevertheless fine.
    if (flags.organization === undefined && (flags.mailbox ?? flags.mailboxId) !== undefined) {
      command.error("error: a mailbox is looked for in an organization; give --organization");
    }
    if (flags.organization === undefined && flags.pointInTime !== "latest") {
      command.error("error: --point-in-time needs --organization");
    }
    if (flags.archive === true && flags.mailbox === undefined) {
      command.error("error: --archive needs --mailbox");
    }
    return answer(flags, () => look(flags));
  });
}

async function look(flags: Flags): Promise<Answer> {
  const mailbox = selectorOf(flags);
  return withConnection(flags, async (connection, origins) => {
    const report = await preflight(connection, {
      ...(flags.organization === undefined ? {} : { organization: flags.organization }),
      ...(mailbox === undefined ? {} : { mailbox }),
      pointInTime: flags.pointInTime,
    });
    const isLoggedIn = report.checks.some(({ name, result }) => name === "login" && result === "ok");
    return {
      document: report,
      text: (look) => `${tableOf(look, report)}\n${summaryOf(look, report)}`,
      ...(isLoggedIn ? {} : { remark: origins }),
      exitCode: report.ok ? exitCodes.fine : isLoggedIn ? exitCodes.no : exitCodes.noAnswer,
    };
  });
}

function selectorOf({ mailbox, mailboxId, archive = false }: Flags): MailboxSelector | undefined {
  if (mailboxId !== undefined) {
    return { id: mailboxId };
  }
  return mailbox === undefined ? undefined : { email: mailbox, archive };
}

const names: Record<PreflightCheck["name"], string> = {
  login: "login",
  organization: "organization",
  backup: "backup",
  mailbox: "mailbox",
  exchangeAccount: "Exchange account",
};

const results: Record<PreflightCheck["result"], Cell> = {
  ok: { text: "ok", colour: "green" },
  failed: { text: "failed", colour: "red" },
  notChecked: { text: "not checked", colour: "yellow" },
};

function tableOf(look: Look, { checks }: PreflightReport): string {
  const rows = checks.map(({ name, result, detail }) => [names[name], results[result], detail]);
  return table(look, ["CHECK", "RESULT", "DETAIL"], rows, { wrapLast: true });
}

function summaryOf(look: Look, report: PreflightReport): string {
  const failed = report.checks.filter(({ result }) => result === "failed").length;
  if (failed > 0) {
    return paint(look, `${counted(failed, "check")} failed.`, "red");
  }
  const { backup, resolvedPointInTime } = report;
  const age = backup?.ageSeconds === undefined ? "" : ` The last backup is ${ageOf(backup.ageSeconds)} old.`;
  const from = resolvedPointInTime === undefined ? "" : ` It would show ${resolvedPointInTime}.`;
  return `${paint(look, "No check failed.", "green")}${from}${age}`;
}

function ageOf(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? counted(hours, "hour") : counted(Math.floor(hours / 24), "day");
}
