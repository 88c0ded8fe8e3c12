import * as pulumi from "@pulumi/pulumi";
import type {
  DeviceCode,
  Mailbox,
  Organization,
  RestorePoint,
  RestoreSession as SessionState,
} from "../provider/api/dialects/dialect";
import { readConnectionSettings, rivalsOf } from "../provider/config";
import { ConfigError } from "../provider/errors";
import { type Connection, connect } from "../provider/restore/connection";
import {
  type BackupSelector,
  type BackupWindow,
  type ServerInfo,
  askDeviceCode,
  awaitDeviceCode,
  findMailbox,
  listMailboxes,
  listRestorePoints,
  readBackupWindow,
  readRestoreSession,
  readServerInfo,
} from "../provider/restore/lookup";
import { type PreflightReport, type PreflightRequest, preflight as runPreflight } from "../provider/restore/preflight";
import type { MailboxSelector } from "../provider/restore/selection";

/**
 * Plain values for a server other than the stack's. What is left out comes from the stack's configuration (`vb365:KEY`), then
 * from the environment.
 */
export interface ConnectionOptions {
  /** Address of the REST service, `https://HOST:PORT`; the port is 4443 when none is given. */
  endpoint?: string;
  /** Account that may restore, `DOMAIN\user` or `user@domain`. */
  username?: string;
  /** Its password; sent to the server at the login alone. */
  password?: string;
  /** How to log in. Default `"password"`. */
  grantType?: "password" | "jwt-bearer";
  /** Application or tenant that the assertion is for. */
  clientId?: string;
  /** Microsoft's answer to a device-code login, as JSON text (REST API v4 and later). */
  assertion?: string;
  /** A token that was got elsewhere, instead of a login. */
  token?: string;
  /** Version of the REST API. Default `"auto"`: the newest that both know. */
  apiVersion?: "auto" | "v3" | "v4" | "v5" | "v6" | "v7" | "v8";
  /** CA of the server's certificate: PEM text, or a file that holds it. Default: the CAs that Node trusts. */
  caCert?: string;
  /** SHA-256 of the server's certificate, hexadecimal; then this alone decides whether the server is trusted. */
  tlsFingerprint?: string;
  /** Trust any certificate. Default false; a warning at every call. */
  insecure?: boolean;
}

/** Which mailbox, by address or by id. */
export type MailboxQuery =
  | {
      /** E-mail of the mailbox, as the backup lists it; upper and lower case are the same. */
      email: string;
      /** The in-place archive of that address instead of the mailbox itself. Default false. */
      archive?: boolean;
    }
  | {
      /** Id of the mailbox, as a restore session lists it. */
      id: string;
    };

/**
 * What the server tells of itself. Logs in and asks for the organisations; changes nothing.
 *
 * @throws MailboxRestoreError with a `code`, when the server is not reached, not trusted, or refuses the login.
 */
export function getServerInfo(options?: ConnectionOptions): Promise<ServerInfo> {
  return connected(options, readServerInfo);
}

/** The organisations that this login sees. Changes nothing. */
export function getOrganizations(options?: ConnectionOptions): Promise<Organization[]> {
  return connected(options, (connection) => connection.organizations());
}

/** First and last backup of an organisation, in ISO 8601 UTC, and the age of the last one in seconds. Changes nothing. */
export function getBackupWindow(
  args: {
    /** Id or name of the organisation, as the server lists it. */
    organization: string;
  },
  options?: ConnectionOptions,
): Promise<BackupWindow> {
  return connected(options, (connection) => readBackupWindow(connection, args.organization));
}

/** All mailboxes of a backup; `pointInTime` is the latest by default. Opens a restore session, which listing needs, and stops it. */
export function getMailboxes(args: BackupSelector, options?: ConnectionOptions): Promise<Mailbox[]> {
  return connected(options, (connection) => listMailboxes(connection, args));
}

/**
 * One mailbox of a backup; `pointInTime` is the latest by default. Opens a restore session, which listing needs, and stops it.
 *
 * @throws MailboxRestoreError (`selection`) when there is none, with the nearest names, or more than one, with their ids.
 */
export function getMailbox(
  args: BackupSelector & {
    /** Which mailbox of that backup. */
    mailbox: MailboxQuery;
  },
  options?: ConnectionOptions,
): Promise<Mailbox> {
  return connected(options, (connection) => findMailbox(connection, { ...args, mailbox: selectorOf(args.mailbox) }));
}

/** State of one restore session; the server shows those of the same login alone. Changes nothing. */
export function getRestoreSession(
  args: {
    /** Id of the session on the server. */
    restoreSessionId: string;
  },
  options?: ConnectionOptions,
): Promise<SessionState> {
  return connected(options, (connection) => readRestoreSession(connection, args.restoreSessionId));
}

/**
 * Looks whether a restore could begin: login, organisation, backup and its age, mailbox. Nothing is thrown for a check that fails:
 * it is in the report, beside what could not be checked. Changes nothing; looking for a mailbox opens a restore session and stops it.
 */
export function preflight(
  args: Omit<PreflightRequest, "mailbox"> & {
    /** Which mailbox; without one, none is looked for, and no restore session is opened. */
    mailbox?: MailboxQuery;
  },
  options?: ConnectionOptions,
): Promise<PreflightReport> {
  const { mailbox, ...others } = args;
  const request = { ...others, ...(mailbox === undefined ? {} : { mailbox: selectorOf(mailbox) }) };
  return connected(options, (connection) => runPreflight(connection, request));
}

/**
 * Asks the server for a device code, with which a person lets it into Exchange (REST API v4 and later), and says in Pulumi's output what
 * that person has to do: open `verificationUrl`, enter `userCode`, and log in. Then a restore may carry it as its `userCode`. The code ends
 * after `expiresInSeconds`. Asking needs a restore session: the one that is named, or one that is opened for it and stopped. Whether a
 * code is good outside of the session that it was asked for in is not documented: name the one that the restore is done in, to be sure. A
 * preview asks, too, unless the program keeps it from that with `pulumi.runtime.isDryRun()`.
 *
 * @throws MailboxRestoreError (`guard`) when the server's version has no device codes.
 */
export async function requestDeviceCode(
  args: (
    | BackupSelector
    | {
        /** Id of an open restore session. */
        restoreSessionId: string;
      }
  ) & {
    /** Id of the application at Microsoft that the person logs in to. */
    targetApplicationId: string;
    /** Cloud of a target in another organisation. */
    targetRegion?: string;
    /** Name of that organisation. */
    targetOrganizationName?: string;
  },
  options?: ConnectionOptions,
): Promise<DeviceCode> {
  const code = await connected(options, (connection) => askDeviceCode(connection, args));
  await pulumi.log.info(
    code.message ||
      `To let the server into Exchange, open ${code.verificationUrl} and enter the code ${code.userCode}.`,
  );
  return code;
}

/**
 * Waits until a person has entered a device code (REST API v6 and later). Asks the server every five seconds; changes nothing.
 *
 * @throws MailboxRestoreError (`guard`) when nobody entered it in time, or when the server's version cannot tell.
 */
export function waitForDeviceCode(
  args: {
    /** The code, from {@link requestDeviceCode}. */
    userCode: string;
    /** Longest wait, a duration like `"15m"`. Default `"15m"`, which is as long as Microsoft's codes last. */
    timeout?: string;
  },
  options?: ConnectionOptions,
): Promise<void> {
  return connected(options, (connection) => awaitDeviceCode(connection, args));
}

/** The moments that can be restored, where the server lists them (REST API v6 and later); undefined elsewhere. Changes nothing. */
export function getRestorePoints(
  args: {
    /** Id or name of the organisation, as the server lists it. */
    organization: string;
    /** Only those in this backup repository. Default: all. */
    repositoryId?: string;
  },
  options?: ConnectionOptions,
): Promise<RestorePoint[] | undefined> {
  return connected(options, (connection) => listRestorePoints(connection, args));
}

function selectorOf(mailbox: MailboxQuery): MailboxSelector {
  return "id" in mailbox ? { id: mailbox.id } : { email: mailbox.email, archive: mailbox.archive ?? false };
}

async function connected<T>(options: ConnectionOptions = {}, use: (connection: Connection) => Promise<T>): Promise<T> {
  const config = new pulumi.Config("vb365");
  const given = new Map(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as const])),
  );
  const rivals = rivalsOf(given.keys());
  const ofStack = (key: string) => (rivals.has(key) ? undefined : config.get(key));
  const result = readConnectionSettings((key) => given.get(key) ?? ofStack(key), process.env);
  if ("mistakes" in result) {
    throw new ConfigError(result.mistakes.map(({ reason }) => reason).join("\n"));
  }
  if (result.settings.trust.by === "nothing") {
    void pulumi.log.warn(`vb365:insecure is set: ${result.settings.endpoint} is not verified.`);
  }
  const connection = connect(result.settings);
  try {
    return await use(connection);
  } finally {
    // No logout: it may end all tokens of this login, and the provider restores with it at the same time.
    connection.close();
  }
}
