import { DeviceCodes } from "./device-codes";
import type { RestoreCounts } from "./mail";
import { TargetMailboxes } from "./mail";
import type { OpenPoints } from "./open-points";
import type { PstFile } from "./pst";
import type { SeededMailbox, SeededOrganization } from "./seed";
import { type SessionRecord, Sessions } from "./sessions";
import type { Tokens } from "./tokens";

/** An action that the server accepted and that writes into a mailbox. Two entries are two restores. */
export interface MailboxWrite {
  readonly sessionId: string;
  readonly sourceMailboxId: string;
  /** The address that was written to. */
  readonly targetEmail: string;
  /** The target is an archive: only when an archive was restored to its original place. */
  readonly targetIsArchive: boolean;
  /** The folder that was asked for, if any. */
  readonly folder: string | undefined;
  /** Region and organization of a target elsewhere, as asked (v6 on). */
  readonly officeRegion: string | undefined;
  readonly officeOrganizationName: string | undefined;
  /** How the server was let into Exchange. */
  readonly accessBy: "password" | "deviceCode" | "certificate";
  /** The session that tells of it, where that is another one (v8). */
  readonly runsIn: string | undefined;
  readonly action: "restoretoOriginallocation" | "restoreTo";
  /** Zeros until it is finished. */
  readonly counts: RestoreCounts;
  /** How many of the written items were marked as unread. */
  readonly markedAsUnread: number;
  /** Why it could not go on to its end. */
  readonly cannotContinueError: string | undefined;
  /** ISO 8601; undefined while the restore runs. */
  readonly finishedAt: string | undefined;
}

/** A PST export that the server accepted. */
export interface MailboxExport {
  readonly sessionId: string;
  readonly mailboxId: string;
  readonly keywords: string | undefined;
  /** Where the file is split, in bytes, as asked (v4 on). */
  readonly sizeLimitBytes: number | undefined;
  /** Items that the keywords found. */
  readonly matchedItems: number;
  /** Size of the whole file; what reached the client may be less. */
  readonly bytes: number;
  /** Position of the first byte that was asked for (v7, v8); 0 for a whole file. */
  readonly firstByte: number;
}

/** An action that the server accepted, in the words of a program: what a test of a runbook compares. */
export interface SentAction {
  /** Address of the mailbox that the mail is of. */
  readonly mailbox: string;
  /** Set for an archive. */
  readonly archive?: true;
  readonly action: "exportToPst" | "restoreToOriginalLocation" | "restoreTo";
  /** Address of the mailbox that was written to; only of `restoreTo`. */
  readonly to?: string;
  /** The folder of it that was asked for. */
  readonly folder?: string;
  /** ISO 8601 in UTC: the time that the restore session shows. */
  readonly pointInTime: string;
}

/** What was set up, and how the server behaves where its documentation leaves it open. */
export interface Behaviour extends OpenPoints {
  exchange: { userName: string; userPassword: string };
  application: { applicationId: string; certificate: string; certificatePassword?: string } | undefined;
  psts: PstFile[];
  reshape: ((body: unknown, request: { method: string; path: string }) => unknown) | undefined;
  onSent: ((sent: readonly SentAction[]) => void) | undefined;
}

/** Everything the server knows. */
export class ServerState {
  readonly writes: MailboxWrite[] = [];
  readonly exports: MailboxExport[] = [];
  readonly sent: SentAction[] = [];
  readonly targets = new TargetMailboxes();
  readonly deviceCodes = new DeviceCodes();
  runningExports = 0;
  readonly sessions: Sessions;

  constructor(
    readonly organizations: readonly SeededOrganization[],
    readonly tokens: Tokens,
    readonly behaviour: Behaviour,
    readonly clock: () => Date,
  ) {
    this.sessions = new Sessions(behaviour, clock);
  }

  /** Notes an action as it was accepted. */
  note(
    { email: mailbox, isArchive = false }: SeededMailbox,
    { dateTime: pointInTime }: SessionRecord,
    what: { action: SentAction["action"]; to?: string; folder?: string | undefined },
  ): void {
    const { action, to, folder } = what;
    this.sent.push({
      mailbox,
      ...(isArchive ? { archive: true as const } : {}),
      action,
      ...(to === undefined ? {} : { to }),
      ...(folder === undefined ? {} : { folder }),
      pointInTime,
    });
    this.behaviour.onSent?.(this.sent);
  }
}
