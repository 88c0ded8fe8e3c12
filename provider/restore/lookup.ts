import { setTimeout as sleep } from "node:timers/promises";
import type {
  DeviceCode,
  DeviceCodeRequest,
  Mailbox,
  Organization,
  RestorePoint,
  RestoreSession,
} from "../api/dialects/dialect";
import { userOf } from "../config";
import { ConfigError, MailboxRestoreError, isApiError } from "../errors";
import { durationInWords, parseDuration } from "../timeouts";
import type { OpenSession } from "./session-pool";
import type { Connection } from "./connection";
import { dataAgeSeconds, resolvePointInTime } from "./point-in-time";
import { type MailboxSelector, selectMailbox, selectOrganization } from "./selection";
import { refuseUnspokenFields } from "./unspoken";

/** A backup that is to be looked at. */
export interface BackupSelector {
  /** Id or name. */
  organization: string;
  /** RFC 3339 with an offset, or "latest". Default "latest". */
  pointInTime?: string;
  /** Show items that were deleted before that time, too. Default false. */
  showDeleted?: boolean;
  /** Default false. */
  showAllVersions?: boolean;
}

/** The times between which an organisation can be restored. ISO 8601 UTC; undefined when the server did not say. */
export interface BackupWindow {
  organizationId: string;
  organizationName: string;
  /** As the server writes it. */
  first: string | undefined;
  /** ISO 8601 UTC, rounded up to milliseconds: a time that shows this backup. */
  last: string | undefined;
  /** Age of the last backup, in seconds. */
  ageSeconds: number | undefined;
}

/** What the server tells of itself. */
export interface ServerInfo {
  endpoint: string;
  apiVersion: string;
  /** Account that is logged in. */
  username: string;
  /** Build of the product, as `8.0.0.0` (REST API v6 and later). */
  productVersion?: string;
  /** Id of the installation (REST API v6 and later). */
  installationId?: string;
}

export async function readServerInfo(connection: Connection): Promise<ServerInfo> {
  // Up to v5 no resource tells of the product; a list that needs a login proves address, version and account.
  await connection.organizations();
  const { endpoint, login } = connection.settings;
  // A tenant or an operator may not be told, and can restore all the same.
  const instance = await connection.dialect.getServiceInstance().catch((error: unknown) => {
    if (isApiError(error) && error.code !== "authentication" && [403, 404].includes(error.status)) {
      return undefined;
    }
    throw error;
  });
  const { productVersion, installationId } = instance ?? {};
  return {
    endpoint,
    apiVersion: connection.dialect.apiVersion,
    username: userOf(login),
    ...(productVersion === undefined ? {} : { productVersion }),
    ...(installationId === undefined ? {} : { installationId }),
  };
}

export async function readBackupWindow(connection: Connection, idOrName: string): Promise<BackupWindow> {
  return backupWindowOf(selectOrganization(await connection.organizations(), idOrName), Date.now());
}

export function backupWindowOf(organization: Organization, nowMs: number): BackupWindow {
  const { id, name, firstBackupTime, lastBackupTime } = organization;
  const last = lastBackupTime === undefined ? undefined : resolvePointInTime(organization, "latest");
  return {
    organizationId: id,
    organizationName: name,
    first: firstBackupTime,
    last,
    ageSeconds: last === undefined ? undefined : dataAgeSeconds(organization, last, nowMs),
  };
}

/** All mailboxes of a backup. Opens a restore session, which listing needs, and stops it. */
export async function listMailboxes(connection: Connection, backup: BackupSelector): Promise<Mailbox[]> {
  return withMailboxes(connection, backup, (mailboxes) => mailboxes);
}

/** One mailbox of a backup. Opens a restore session, which listing needs, and stops it. */
export async function findMailbox(
  connection: Connection,
  backup: BackupSelector & { mailbox: MailboxSelector },
): Promise<Mailbox> {
  return withMailboxes(connection, backup, (mailboxes, time) => selectMailbox(mailboxes, backup.mailbox, time));
}

/** Where a device code is asked for: in a session that is open, or in one that is opened for it. */
export type CodeSource = { restoreSessionId: string } | BackupSelector;

/**
 * A code with which a person lets the server into Exchange. Asking needs a restore session: the one that is named, else one that is opened
 * for it and stopped again.
 */
export async function askDeviceCode(
  connection: Connection,
  { targetApplicationId, targetRegion, targetOrganizationName, ...source }: CodeSource & DeviceCodeRequest,
): Promise<DeviceCode> {
  await connection.logIn();
  refuseUnspokenFields(connection.dialect.apiVersion, ["userCode"]);
  const request = {
    targetApplicationId,
    ...(targetRegion === undefined ? {} : { targetRegion }),
    ...(targetOrganizationName === undefined ? {} : { targetOrganizationName }),
  };
  const ask = (sessionId: string) => connection.dialect.requestDeviceCode(sessionId, request);
  return "restoreSessionId" in source
    ? ask(source.restoreSessionId)
    : withSession(connection, source, ({ sessionId }) => ask(sessionId));
}

/** Pause between two looks whether a device code was entered, in milliseconds. */
const codePauseMs = 5000;

/**
 * Waits until a person has entered a device code.
 *
 * @param code - `timeout`: longest wait, a duration as text; default 15m
 * @throws ConfigError when that is none; MailboxRestoreError (`guard`) when the server cannot tell (before v6), or when nobody entered it in time
 */
export async function awaitDeviceCode(
  connection: Connection,
  { userCode, timeout = "15m" }: { userCode: string; timeout?: string },
): Promise<void> {
  const limitMs = parseDuration(timeout);
  if (limitMs === undefined) {
    throw new ConfigError("timeout must be a duration like 90s or 15m");
  }
  for (let waitedMs = 0; ; waitedMs += codePauseMs) {
    const isEntered = await connection.dialect.isDeviceCodeEntered(userCode);
    if (isEntered === true) {
      return;
    }
    if (isEntered === undefined) {
      throw new MailboxRestoreError(
        "guard",
        `The server speaks the REST API ${connection.dialect.apiVersion}, which cannot tell whether a device code was entered (from v6 on).`,
      );
    }
    if (waitedMs + codePauseMs > limitMs) {
      throw new MailboxRestoreError("guard", `Nobody entered the device code within ${durationInWords(limitMs)}.`);
    }
    await sleep(codePauseMs);
  }
}

/** The moments that can be restored; undefined where the server does not list them. */
export async function listRestorePoints(
  connection: Connection,
  { organization, repositoryId }: { organization: string; repositoryId?: string },
): Promise<RestorePoint[] | undefined> {
  const { id } = selectOrganization(await connection.organizations(), organization);
  return connection.dialect.listRestorePoints(id, repositoryId);
}

function withMailboxes<T>(
  connection: Connection,
  backup: BackupSelector,
  use: (mailboxes: Mailbox[], pointInTime: string) => T,
): Promise<T> {
  return withSession(connection, backup, async (session, time) => use(await session.mailboxes(), time));
}

async function withSession<T>(
  connection: Connection,
  { organization: idOrName, pointInTime = "latest", showDeleted = false, showAllVersions = false }: BackupSelector,
  use: (session: OpenSession, pointInTime: string) => Promise<T>,
): Promise<T> {
  const organization = selectOrganization(await connection.organizations(), idOrName);
  const time = resolvePointInTime(organization, pointInTime);
  const lease = connection.sessions.reserve(organization.id, { pointInTime: time, showDeleted, showAllVersions });
  try {
    return await use(await lease.open(), time);
  } finally {
    const warning = await lease.release();
    if (warning !== undefined) {
      process.emitWarning(warning, "RestoreSessionWarning");
    }
  }
}

/** State of one restore session of this login. */
export function readRestoreSession(connection: Connection, restoreSessionId: string): Promise<RestoreSession> {
  return connection.dialect.getSession(restoreSessionId);
}
