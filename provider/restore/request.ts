import type { ExchangeAccess, ExportOptions, Mailbox, RestoreToOptions } from "../api/dialects/dialect";
import type { PstOptions } from "../pst/draft";
import type { Timeouts } from "../timeouts";
import type { SessionLook } from "./earlier";
import type { Journal } from "./journal";
import type { Report } from "./record";
import type { MailboxSelector } from "./selection";

/** Where the mail comes from: a mailbox of a backup, or a mailbox in a session that was opened before. */
export type RestoreSource =
  | {
      organization: string;
      mailbox: MailboxSelector;
      /** RFC 3339, or "latest". */
      pointInTime: string;
      showDeleted: boolean;
      showAllVersions: boolean;
      repositoryId?: string | undefined;
      /** Longest time between the restored moment and now, in milliseconds. */
      maxAgeMs?: number | undefined;
    }
  | {
      restoreSessionId: string;
      mailbox: MailboxSelector;
      /** The program opened it, so nobody else works in it; else anybody with this login may. */
      isOfProgram: boolean;
      /** Version that it was opened with, if that is known: versions are not mixed within a session. */
      apiVersion?: string | undefined;
    };

export type RestoreAction =
  | {
      kind: "exportToPst";
      /** May hold names in braces, for which this mailbox's values stand. */
      path: string;
      options: ExportOptions;
      pst: PstOptions;
    }
  | { kind: "restoreToOriginalLocation"; access: ExchangeAccess }
  | { kind: "restoreTo"; options: RestoreToOptions; access: ExchangeAccess };

export interface RestoreRequest {
  /** Whose restore this is: project, stack and name. */
  identity: string;
  /** The same before it was renamed. */
  formerIdentity: string | undefined;
  /**
   * Restores of one declaration whose identities begin with this: several of them may write into one target, and none is taken for another.
   */
  bulk?: string;
  attemptId: string;
  /** What is to be done, as a digest. */
  intentHash: string;
  /** Digests of two layouts cannot be compared. */
  intentLayout: number;
  /** The state had the same intent already, and it is run again on purpose. */
  again: boolean;
  source: RestoreSource;
  action: RestoreAction;
  /** The program's own text that tells this run from others. */
  runId: string | undefined;
  /** E-mail of the production mailbox that may be written to. */
  confirmInPlace: string | undefined;
  timeouts: Timeouts;
}

/** What a restore needs of the process that it runs in. */
export interface RestoreSurroundings {
  journal: Journal;
  sessionLook: SessionLook;
  report: Report;
  warn(text: string): void;
  /** Nobody is left who would take the result: the Pulumi CLI was killed. */
  engineIsGone(): Promise<boolean>;
}

/** The mailbox that a restore writes to; null for an export. */
export function writtenMailbox(action: RestoreAction, { email, id, isArchive }: Mailbox): string | null {
  switch (action.kind) {
    case "exportToPst":
      return null;
    case "restoreTo":
      return action.options.mailbox.toLowerCase();
    case "restoreToOriginalLocation":
      return `${email || id}${isArchive ? " (archive)" : ""}`.toLowerCase();
  }
}
