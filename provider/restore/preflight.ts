import type { Mailbox, Organization } from "../api/dialects/dialect";
import { userOf } from "../config";
import { messageOf } from "../errors";
import type { Connection } from "./connection";
import { type BackupWindow, backupWindowOf, findMailbox, readServerInfo } from "./lookup";
import { resolvePointInTime } from "./point-in-time";
import { type MailboxSelector, selectOrganization } from "./selection";

/** What a restore will need. Whatever is left out is not checked. */
export interface PreflightRequest {
  organization?: string;
  mailbox?: MailboxSelector;
  /** RFC 3339 with an offset, or "latest". Default "latest". */
  pointInTime?: string;
}

/** One thing that was looked at. */
export interface PreflightCheck {
  name: "login" | "organization" | "backup" | "mailbox" | "exchangeAccount";
  /** `notChecked`: nothing was asked for, something before it failed, or no version of the server tells. */
  result: "ok" | "failed" | "notChecked";
  /** What was found, or what to mend. */
  detail: string;
}

/** Whether a restore could begin, and what could not be checked. Plain JSON. */
export interface PreflightReport {
  /** No check failed. */
  ok: boolean;
  endpoint: string;
  apiVersion: string;
  checks: PreflightCheck[];
  backup?: BackupWindow;
  /** The moment that would be restored from, ISO 8601 UTC. */
  resolvedPointInTime?: string;
  mailbox?: Mailbox;
}

/**
 * Looks whether a restore could begin: login, organisation, backup and its age, mailbox. Changes nothing; looking for a mailbox
 * opens a restore session and stops it. A check that fails is reported, not thrown.
 */
export async function preflight(connection: Connection, request: PreflightRequest): Promise<PreflightReport> {
  const checks: PreflightCheck[] = [];
  const report: PreflightReport = {
    ok: true,
    endpoint: connection.settings.endpoint,
    apiVersion: connection.dialect.apiVersion,
    checks,
  };
  const skip = (name: PreflightCheck["name"], detail: string) => checks.push({ name, result: "notChecked", detail });
  const check = async <T>(name: PreflightCheck["name"], look: () => Promise<{ found: T; detail: string }>) => {
    try {
      const { found, detail } = await look();
      checks.push({ name, result: "ok", detail });
      return found;
    } catch (error) {
      report.ok = false;
      checks.push({ name, result: "failed", detail: messageOf(error) });
      return undefined;
    }
  };

  const organizations = await check("login", async () => {
    const found = await connection.organizations();
    const { apiVersion, productVersion } = await readServerInfo(connection);
    report.apiVersion = apiVersion;
    const product = productVersion === undefined ? "" : `, product ${productVersion}`;
    return { found, detail: `${userOf(connection.settings.login)} on ${report.endpoint}, API ${apiVersion}${product}` };
  });
  const organization = await checkOrganization(request, organizations, check, skip);
  if (organization === undefined) {
    skip("backup", "needs an organization");
  } else {
    await check("backup", async () => {
      const backup = backupWindowOf(organization, Date.now());
      report.backup = backup;
      report.resolvedPointInTime = resolvePointInTime(organization, request.pointInTime ?? "latest");
      return { found: backup, detail: `${backup.first ?? "?"} to ${backup.last ?? "?"}` };
    });
  }
  const { mailbox } = request;
  if (mailbox === undefined || report.resolvedPointInTime === undefined) {
    skip("mailbox", mailbox === undefined ? "no mailbox was asked for" : "needs a backup");
  } else {
    const backup = { organization: request.organization ?? "", pointInTime: report.resolvedPointInTime };
    const found = await check("mailbox", async () => {
      const one = await findMailbox(connection, { ...backup, mailbox });
      return { found: one, detail: `${one.email}${one.isArchive ? " (archive)" : ""}, id ${one.id}` };
    });
    if (found !== undefined) {
      report.mailbox = found;
    }
  }
  skip(
    "exchangeAccount",
    `the server tries the Exchange account only when it restores${adviceOn(connection, organization)}`,
  );
  return report;
}

/** What the organisation tells of the access that a restore will need. */
function adviceOn({ settings }: Connection, organization: Organization | undefined): string {
  const { userName, applicationId } = settings.exchange;
  if (organization?.exchangeAccess === "modern" && userName !== undefined) {
    return (
      "; this organization was added with modern authentication, where Exchange may refuse user and password: give an application's " +
      "certificate or a device code"
    );
  }
  if (organization?.exchangeAccess === "basic" && applicationId !== undefined) {
    return "; this organization was added with user and password, so an application's certificate may be refused";
  }
  return "";
}

async function checkOrganization(
  { organization: idOrName }: PreflightRequest,
  organizations: Organization[] | undefined,
  check: <T>(name: PreflightCheck["name"], look: () => Promise<{ found: T; detail: string }>) => Promise<T | undefined>,
  skip: (name: PreflightCheck["name"], detail: string) => void,
): Promise<Organization | undefined> {
  if (organizations === undefined || idOrName === undefined) {
    skip("organization", idOrName === undefined ? "no organization was asked for" : "needs a login");
    return undefined;
  }
  return check("organization", async () => {
    const found = selectOrganization(organizations, idOrName);
    return { found, detail: `${found.name}, id ${found.id}` };
  });
}
