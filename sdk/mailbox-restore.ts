import * as pulumi from "@pulumi/pulumi";
import type { MailboxRestoreOutputs } from "../provider/resources/mailbox-restore/outputs";
import { handlerOf, tokenOf, urnOf } from "./handler";
import type { RestoreSession } from "./restore-session";

/**
 * How the server gets into Exchange: user and password, a device code, or an application's certificate; one of the three, secret by
 * itself. Default: what the provider has (`exchangeUserName`, `exchangeApplicationId` and so on); the two are never mixed.
 */
export interface ExchangeAccessArgs {
  /** Account that may write into the mailbox. Default: the provider's `exchangeUserName`. */
  userName?: pulumi.Input<string>;
  /** Its password. Default: the provider's `exchangeUserPassword`. */
  userPassword?: pulumi.Input<string>;
  /** Device code that a person has entered, from {@link requestDeviceCode}. REST API v4 and later. */
  userCode?: pulumi.Input<string>;
  /** Id of an application at Microsoft. REST API v6 and later, as the three below. */
  applicationId?: pulumi.Input<string>;
  /** The application's certificate with its private key: a PFX in base64. Checked at preview. */
  applicationCertificate?: pulumi.Input<string>;
  /** Password of that PFX. Default: none. */
  applicationCertificatePassword?: pulumi.Input<string>;
  /** Account that the application acts as; needed with a certificate. */
  impersonationAccountName?: pulumi.Input<string>;
}

/** Which mailbox of a backup. */
export type MailboxArgs =
  | {
      /** E-mail of the mailbox, as the backup lists it; upper and lower case are the same. */
      email: pulumi.Input<string>;
      /** The in-place archive of that address instead of the mailbox itself. Default false. */
      archive?: pulumi.Input<boolean>;
      id?: undefined;
    }
  | {
      /** Id of the mailbox, as a restore session lists it. */
      id: pulumi.Input<string>;
      email?: undefined;
      archive?: undefined;
    };

/** Export to a PST file on the machine that runs Pulumi. */
export interface ExportToPstArgs {
  /**
   * File to write, relative to the program's folder; missing folders are made, mode 0600. It may name `{email}`, `{mailboxId}`, `{date}` (day
   * of the run, UTC) and `{runId}`; a value that would lead out of the folder is refused, one that no file's name can hold is made safe and
   * told. A file that is not this resource's own is never overwritten. The parts of a split export are numbered: `finance.1.pst`.
   */
  path: pulumi.Input<string>;
  /** Export only items that contain this. Default: everything. */
  contentKeywords?: pulumi.Input<string>;
  /**
   * Let the server split the file where it grows larger than `pstSizeLimitBytes`. Default false. REST API v4 and later. A mailbox over the
   * limit comes as a ZIP, which is unpacked while it arrives; `pst.files` lists the parts.
   */
  enablePstSizeLimit?: pulumi.Input<boolean>;
  /** From 1 GiB (1073741824) to 49 GiB, in bytes; needed with `enablePstSizeLimit`. */
  pstSizeLimitBytes?: pulumi.Input<number>;
}

/** Restore into the mailbox that the backup was taken from. Which items are written is the server's decision. */
export type RestoreToOriginalLocationArgs = ExchangeAccessArgs;

/** Restore into another mailbox. All seven flags are always sent. */
export interface RestoreToArgs extends ExchangeAccessArgs {
  /** E-mail of the target mailbox. */
  mailbox: pulumi.Input<string>;
  /** Client Access server, as the Veeam server resolves it. Default `outlook.office365.com`. */
  casServer?: pulumi.Input<string>;
  /** Folder of the target mailbox, made if it is not there. Default: the original folders. REST API v4 and later. */
  folder?: pulumi.Input<string>;
  /** Microsoft's cloud of a target in another organisation. REST API v6 and later. */
  officeRegion?: pulumi.Input<"Worldwide" | "Germany" | "China" | "USDefence" | "USGovernment">;
  /** Name of the other organisation. REST API v6 and later. */
  officeOrganizationName?: pulumi.Input<string>;
  /** Restore items that changed since the backup. Default true. */
  changedItems?: pulumi.Input<boolean>;
  /** Restore items that are missing in the target. Default true. */
  deletedItems?: pulumi.Input<boolean>;
  /** Mark what was restored as unread. Default false. */
  markRestoredAsUnread?: pulumi.Input<boolean>;
  /** Leave the Drafts folder out. Default false. */
  excludeDrafts?: pulumi.Input<boolean>;
  /** Leave the Deleted Items folder out. Default false. */
  excludeDeletedItems?: pulumi.Input<boolean>;
  /** Leave In-Place Hold items out. Default false. */
  excludeInPlaceHoldItems?: pulumi.Input<boolean>;
  /** Leave Litigation Hold items out. Default false. */
  excludeLitigationHoldItems?: pulumi.Input<boolean>;
}

/** A mailbox named by organisation, address and time. We open a restore session for it, and stop it. */
export interface BackupSourceArgs {
  /** Id or name of the organisation, as the server lists it. An edit restores again. */
  organization: pulumi.Input<string>;
  /** Which mailbox of that backup. An edit restores again. */
  mailbox: MailboxArgs;
  /** RFC 3339 with an offset, or `"latest"`: the last backup when it runs, kept from then on. An edit restores again. */
  pointInTime: pulumi.Input<string>;
  /** Show items that were deleted before that time, too. Default false. An edit restores again. */
  showDeleted?: pulumi.Input<boolean>;
  /** Show all versions of changed items. Default false. An edit restores again. */
  showAllVersions?: pulumi.Input<boolean>;
  /** Only what the backup repository with this id holds. Default: all. REST API v8. An edit restores again. */
  repositoryId?: pulumi.Input<string>;
  /** Oldest data that may be restored, a duration like `"24h"` or `"7d"`: judged before anything is sent. Default: any age. */
  maxRestorePointAge?: pulumi.Input<string>;
  session?: undefined;
  restoreSessionId?: undefined;
  mailboxId?: undefined;
}

/** A mailbox in a {@link RestoreSession} of the program. What counts is what was declared of the session: one that expired and was opened anew restores nothing again. */
export interface OwnSessionSourceArgs {
  /** The session to restore in, which stays open. An edit of its organisation, time or flags restores again. */
  session: RestoreSession;
  /** Which mailbox of that session. An edit restores again. */
  mailbox: MailboxArgs;
  organization?: undefined;
  pointInTime?: undefined;
  showDeleted?: undefined;
  showAllVersions?: undefined;
  repositoryId?: undefined;
  maxRestorePointAge?: undefined;
  restoreSessionId?: undefined;
  mailboxId?: undefined;
}

/** A mailbox in a restore session that was opened elsewhere: the form of the REST reference. We never stop that session. */
export interface SessionSourceArgs {
  /** Id of the session on the server; one that this login opened, because it sees no others. An edit restores again. */
  restoreSessionId: pulumi.Input<string>;
  /** Id of the mailbox inside that session. An edit restores again. */
  mailboxId: pulumi.Input<string>;
  session?: undefined;
  organization?: undefined;
  mailbox?: undefined;
  pointInTime?: undefined;
  showDeleted?: undefined;
  showAllVersions?: undefined;
  repositoryId?: undefined;
  maxRestorePointAge?: undefined;
}

/** Exactly one of the three actions. */
export type ActionArgs =
  | {
      /** Write the mailbox into a PST file; no mailbox is changed. An edit exports again. */
      exportToPst: pulumi.Input<ExportToPstArgs>;
      restoreToOriginalLocation?: undefined;
      restoreTo?: undefined;
    }
  | {
      /** Write into the mailbox that was backed up; needs `confirmInPlace`. An edit of the account restores nothing. */
      restoreToOriginalLocation: pulumi.Input<RestoreToOriginalLocationArgs>;
      exportToPst?: undefined;
      restoreTo?: undefined;
    }
  | {
      /** Write into another mailbox. An edit restores again, but not one of the account. */
      restoreTo: pulumi.Input<RestoreToArgs>;
      exportToPst?: undefined;
      restoreToOriginalLocation?: undefined;
    };

/** Limits, each a duration as text: `"90s"`, `"20m"`, `"8h"`, `"2d"`. Default: the provider's `timeouts`. */
export interface TimeoutsArgs {
  /** Longest wait for a login to be answered. Default `"2m"`. When it ends, nothing was sent. */
  login?: pulumi.Input<string>;
  /** Longest wait for a restore session to open, or for one of its lists to begin. Default `"5m"`. When it ends, nothing was sent. */
  session?: pulumi.Input<string>;
  /** Longest silence before a restore or an export begins to answer. Default: no limit. A restore is `Unfinished` then. */
  firstByte?: pulumi.Input<string>;
  /** Longest silence in the middle of an answer. Default `"2m"`. */
  idle?: pulumi.Input<string>;
  /** Longest wait for a restore or an export as a whole. Default: no limit. A restore is `Unfinished` then, and the next `up` goes on waiting. */
  restore?: pulumi.Input<string>;
}

/** How an exported file is proved. An edit counts from the next export or refresh on. */
export interface VerifyArgs {
  /** Open it with a PST library and read every item: `pst.contents` has how many. Default false; a large file takes long. */
  contents?: pulumi.Input<boolean>;
  /** Compare the content at every refresh. Default false: size and time, and the content only where the time is another one. */
  hashOnRefresh?: pulumi.Input<boolean>;
  /** Write `PATH.sha256` beside it, for `sha256sum -c`. Default false. */
  sha256File?: pulumi.Input<boolean>;
}

/** A restore that was done by hand. */
export type AdoptArgs =
  | {
      /** A restore session of this login that holds it: its events say how it ended. */
      restoreSessionId: pulumi.Input<string>;
      note?: undefined;
    }
  | {
      /** Who did it, when, and how it ended; the outcome is `Accepted`. */
      note: pulumi.Input<string>;
      restoreSessionId?: undefined;
    };

/** What every restore and export has; all of it optional, and only `runId` runs one again. */
export interface CommonArgs {
  /** Any text: a date, a ticket, a commit. Another one restores again, and that is its only purpose. */
  runId?: pulumi.Input<string>;
  /** E-mail of the production mailbox that is written to; needed by `restoreToOriginalLocation`, and by `restoreTo` the source itself. */
  confirmInPlace?: pulumi.Input<string>;
  /** What counts as good enough; judged again at every `up`, without sending anything. */
  failurePolicy?: pulumi.Input<{
    /** Items that may fail. Default 0. */
    maxFailedItems?: pulumi.Input<number>;
    /** Whether a restore that found nothing to write, with the counts to prove it, is a failure. Default `"fail"`. */
    onNothingToRestore?: pulumi.Input<"fail" | "accept">;
  }>;
  /** A restore whose end nobody can tell: `"fail"` (default), or accept it with a note that says why. */
  onUnknown?: pulumi.Input<
    | "fail"
    | {
        /** Why it is accepted, for whoever reads the state later. */
        accept: pulumi.Input<string>;
      }
  >;
  /** For the record; changes nothing. */
  reason?: pulumi.Input<string>;
  /** What is done to prove an exported file, beyond the checks that always run: size, magic, format, and the header's checksum and size. */
  verify?: pulumi.Input<VerifyArgs>;
  /** What a destroy does to the exported file. Default `"keep"`. Restored mail always stays. */
  onDestroy?: pulumi.Input<"keep" | "deletePst">;
  /** How long what is waited for. Pulumi's own `customTimeouts` do not reach a dynamic provider. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
  /**
   * Take over a restore that was done by hand, instead of running one: nothing is sent. Read when the resource is created, and may be
   * removed afterwards.
   */
  adopt?: pulumi.Input<AdoptArgs>;
}

/** What a {@link MailboxRestore} is declared with: one way to name the mailbox, one action, and what is common to all. */
export type MailboxRestoreArgs = (BackupSourceArgs | OwnSessionSourceArgs | SessionSourceArgs) &
  ActionArgs &
  CommonArgs;

/** Every output, so that the engine knows their names before the first value is there. */
const outputNames = [
  "attemptId",
  "endpoint",
  "sessionId",
  "apiVersion",
  "mailboxId",
  "mailboxEmail",
  "organizationId",
  "resolvedPointInTime",
  "outcome",
  "counts",
  "failures",
  "failureCount",
  "warnings",
  "startedAt",
  "finishedAt",
  "durationSeconds",
  "dataAgeSeconds",
  "pst",
  "events",
  "intentHash",
  "stateVersion",
  "adoptedFrom",
] as const satisfies (keyof MailboxRestoreOutputs)[];

const kind = "MailboxRestore";

/**
 * A mailbox restore or export of Veeam Backup for Microsoft 365, carried out once by `pulumi up`.
 *
 * What was carried out is not done again: not by a second `up`, nor by a changed password, policy or package version. An
 * edit of what is to be restored, or another `runId`, is a new restore; the preview shows it as *replace*. Destroying the
 * resource forgets the record; mail that was restored stays where it is.
 */
export class MailboxRestore extends pulumi.CustomResource {
  /** One run of what is declared; also the resource's id. A UUID. */
  declare readonly attemptId: pulumi.Output<string>;
  /** Server that it ran on. */
  declare readonly endpoint: pulumi.Output<string>;
  /** Restore session that it ran in; null when it was taken over from a note. */
  declare readonly sessionId: pulumi.Output<string | null>;
  /** Version of the REST API that it was sent with, as `v3`. */
  declare readonly apiVersion: pulumi.Output<string>;
  /** Id of the restored mailbox in its session; null when it was taken over and nobody said. */
  declare readonly mailboxId: pulumi.Output<string | null>;
  /** E-mail of the restored mailbox, as the backup lists it. */
  declare readonly mailboxEmail: pulumi.Output<string>;
  /** Id of the organisation on the server; null when the restore session was opened elsewhere. */
  declare readonly organizationId: pulumi.Output<string | null>;
  /** The moment that the session was opened for, ISO 8601 UTC; null when it was opened elsewhere. */
  declare readonly resolvedPointInTime: pulumi.Output<string | null>;
  /** How it ended, as far as was seen. */
  declare readonly outcome: pulumi.Output<MailboxRestoreOutputs["outcome"]>;
  /** Items, as the server counted them; null = it did not say. An export has none. */
  declare readonly counts: pulumi.Output<MailboxRestoreOutputs["counts"]>;
  /** The first 20 failures that the server named. */
  declare readonly failures: pulumi.Output<string[]>;
  /** How many failures there were, those beyond the first 20 included. */
  declare readonly failureCount: pulumi.Output<number>;
  /** What did not keep it from succeeding, and should be read. Empty when there is nothing. */
  declare readonly warnings: pulumi.Output<string[]>;
  /** The moment before the action was sent, ISO 8601 UTC. */
  declare readonly startedAt: pulumi.Output<string>;
  /** The moment when its end was seen, ISO 8601 UTC. */
  declare readonly finishedAt: pulumi.Output<string>;
  /** From `startedAt` to `finishedAt`, in seconds. */
  declare readonly durationSeconds: pulumi.Output<number>;
  /** Age of the restored data when the action was sent, in seconds; null when the session was opened elsewhere. */
  declare readonly dataAgeSeconds: pulumi.Output<number | null>;
  /** The exported file as it was proved; undefined for restores. */
  declare readonly pst: pulumi.Output<MailboxRestoreOutputs["pst"]>;
  /** This restore's own event in the session, when there is one. */
  declare readonly events: pulumi.Output<MailboxRestoreOutputs["events"]>;
  /** SHA-256 of what was declared, in normal form. */
  declare readonly intentHash: pulumi.Output<string>;
  /** Version of what is written into the state; read by this package alone. */
  declare readonly stateVersion: pulumi.Output<number>;
  /** Where this record came from when no run of this resource brought it: the journal of a broken run, a restore session, a note. */
  declare readonly adoptedFrom: pulumi.Output<string | undefined>;

  constructor(name: string, args: MailboxRestoreArgs, opts?: pulumi.CustomResourceOptions) {
    if (opts?.replaceOnChanges?.includes("*")) {
      // The engine would replace, and so send again, for a rotated password and after every partial failure.
      throw new pulumi.RunError(
        `MailboxRestore ${name}: replaceOnChanges: ["*"] would send mail again for any edit. Name the inputs, or use runId.`,
      );
    }
    const seeded = Object.fromEntries(outputNames.map((output) => [output, undefined]));
    const inputs = {
      ...seeded,
      ...withSecretAccess(args),
      ...(args.session === undefined ? {} : { session: declaredIn(args.session) }),
    };
    const props = { ...inputs, __urn: urnOf(kind, name, opts), __provider: handlerOf(kind) };
    // Pulumi takes a stack trace for each property, and maps it to sources: with a thousand restores most of the program's time. The
    // place in the program, which the state keeps, is taken another way.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      super(tokenOf(kind), name, props, opts);
    } catch (error) {
      Error.stackTraceLimit = stackTraceLimit;
      if (error instanceof Error) {
        Error.captureStackTrace(error, MailboxRestore);
      }
      throw error;
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}

/** What a session is to a restore in it: where it is now, and what was declared of it. */
function declaredIn(session: RestoreSession) {
  const { restoreSessionId, apiVersion, organization, pointInTime, showDeleted, showAllVersions, repositoryId } =
    session;
  return { restoreSessionId, apiVersion, organization, pointInTime, showDeleted, showAllVersions, repositoryId };
}

const accessNames = [
  "userName",
  "userPassword",
  "userCode",
  "applicationId",
  "applicationCertificate",
  "applicationCertificatePassword",
  "impersonationAccountName",
] as const satisfies (keyof ExchangeAccessArgs)[];

/** Credentials are secrets whether or not the program says so. */
export function withSecretAccess(args: ActionArgs): Record<string, unknown> {
  const { restoreTo, restoreToOriginalLocation } = args;
  return {
    ...args,
    ...(restoreTo === undefined ? {} : { restoreTo: secretAccess(restoreTo) }),
    ...(restoreToOriginalLocation === undefined
      ? {}
      : { restoreToOriginalLocation: secretAccess(restoreToOriginalLocation) }),
  };
}

function secretAccess(access: pulumi.Input<ExchangeAccessArgs>): unknown {
  if (pulumi.Output.isInstance(access) || access instanceof Promise) {
    // An action that is computed as a whole cannot be taken apart before it is known, so it is secret as a whole.
    return pulumi.secret(access);
  }
  return Object.fromEntries(
    Object.entries(access).map(([name, value]: [string, unknown]) =>
      (accessNames as readonly string[]).includes(name) && value !== undefined
        ? [name, pulumi.secret(value)]
        : [name, value],
    ),
  );
}
