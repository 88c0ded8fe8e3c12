import * as pulumi from "@pulumi/pulumi";
import type { BulkMailboxRestoreOutputs } from "../provider/resources/bulk-mailbox-restore/outputs";
import { handlerOf, tokenOf, urnOf } from "./handler";
import {
  type ActionArgs,
  type BackupSourceArgs,
  type CommonArgs,
  type MailboxArgs,
  withSecretAccess,
} from "./mailbox-restore";

/** Which mailboxes: exactly one of the three. */
export type MailboxesArgs =
  | {
      /** A list: e-mail addresses, or what names a mailbox otherwise. One more is restored alone; one less is forgotten. */
      mailboxes: pulumi.Input<pulumi.Input<string | MailboxArgs>[]>;
      mailboxesFile?: undefined;
      allMailboxes?: undefined;
    }
  | {
      /**
       * A file with the list, relative to the program's folder. CSV with a column `email` or `id`, and maybe `archive`, or one address a line;
       * or JSON, an array of addresses or of `{ email, archive }` or `{ id }`. An edit of the file is an edit of the list.
       */
      mailboxesFile: pulumi.Input<string>;
      mailboxes?: undefined;
      allMailboxes?: undefined;
    }
  | {
      /** The whole organisation, as the backup shows it at that time. */
      allMailboxes: pulumi.Input<AllMailboxesArgs>;
      mailboxes?: undefined;
      mailboxesFile?: undefined;
    };

/** The whole organisation, or a part of it by address. In patterns `*` and `?` stand for anything; upper and lower case are the same. */
export interface AllMailboxesArgs {
  /** Only mailboxes whose address is like one of these. Default: all. */
  include?: pulumi.Input<pulumi.Input<string>[]>;
  /** Not those whose address is like one of these. Default: none. */
  exclude?: pulumi.Input<pulumi.Input<string>[]>;
  /** In-place archives, too. Default false. */
  archives?: pulumi.Input<boolean>;
}

/** One part of a list that several machines share. */
export interface ShardArgs {
  /** From 0. */
  index: pulumi.Input<number>;
  /** Of how many. An edit moves mailboxes between the parts: each part restores what comes to it. */
  count: pulumi.Input<number>;
}

/** What a {@link BulkMailboxRestore} is declared with: which mailboxes of which backup, and one action as the template for each. */
export type BulkMailboxRestoreArgs = MailboxesArgs &
  Pick<
    BackupSourceArgs,
    "organization" | "pointInTime" | "showDeleted" | "showAllVersions" | "repositoryId" | "maxRestorePointAge"
  > &
  ActionArgs &
  Pick<CommonArgs, "runId" | "reason" | "verify" | "onDestroy" | "timeouts"> & {
    /** The organisation once more, as `organization` has it: production mailboxes are written to. Needed by `restoreToOriginalLocation`. */
    confirmInPlace?: pulumi.Input<string>;
    /** Only this part of the mailboxes; which one belongs to which part depends on its name alone. Default: all. */
    shard?: pulumi.Input<ShardArgs>;
    /** Mailboxes at the same time. Default, and at most: the provider's `maxConcurrentRestores`. */
    maxConcurrentRestores?: pulumi.Input<number>;
    /** What counts as good enough; judged again at every `up`, without sending anything. */
    failurePolicy?: pulumi.Input<{
      /** Mailboxes that may fail. Default 0. */
      maxFailedMailboxes?: pulumi.Input<number>;
      /** Items of a mailbox that may fail. Default 0. */
      maxFailedItems?: pulumi.Input<number>;
      /** Whether a mailbox with nothing to write, with the counts to prove it, has failed. Default `"fail"`. */
      onNothingToRestore?: pulumi.Input<"fail" | "accept">;
    }>;
    /** A result that is not good enough fails the update (`"fail"`, default), or only shows in the outputs (`"report"`). */
    onFailed?: pulumi.Input<"fail" | "report">;
    /** Any text; another one sends the mailboxes that failed again, and those alone. */
    retryFailed?: pulumi.Input<string>;
  };

/** Every output, so that the engine knows their names before the first value is there. */
const outputNames = [
  "attemptId",
  "endpoint",
  "apiVersion",
  "organizationId",
  "resolvedPointInTime",
  "dataAgeSeconds",
  "begunAt",
  "intentHash",
  "selectionHash",
  "totals",
  "failures",
  "failureCount",
  "warnings",
  "digest",
  "resultsFile",
  "marks",
  "startedAt",
  "finishedAt",
  "durationSeconds",
  "pstMissing",
  "adoptedFrom",
  "stateVersion",
] as const satisfies (keyof BulkMailboxRestoreOutputs)[];

const kind = "BulkMailboxRestore";

/**
 * Restores or exports of many mailboxes of Veeam Backup for Microsoft 365 in one resource, each carried out once by `pulumi up`.
 *
 * What became of each stands in `resultsFile`, with a line before and after each send, so that a crash loses nothing: the next `up` goes on
 * with those that were never sent. A mailbox that comes to the list is restored alone. Another action, point in time or `runId` restores all
 * of them again, which the preview shows as *replace*. Destroying the resource forgets the record; mail that was restored stays.
 */
export class BulkMailboxRestore extends pulumi.CustomResource {
  /** One run of what is declared; also the resource's id. A UUID. */
  declare readonly attemptId: pulumi.Output<string>;
  /** Server that it ran on. */
  declare readonly endpoint: pulumi.Output<string>;
  /** Version of the REST API that it was begun with, as `v3`. */
  declare readonly apiVersion: pulumi.Output<string>;
  /** Id of the organisation on the server; null where the backup could not be opened, as the two below. */
  declare readonly organizationId: pulumi.Output<string | null>;
  /** The moment that is restored, ISO 8601 UTC; mailboxes that come later are restored from the same. */
  declare readonly resolvedPointInTime: pulumi.Output<string | null>;
  /** Age of the data when the first run of it began, in seconds. */
  declare readonly dataAgeSeconds: pulumi.Output<number | null>;
  /** When it was begun, before the first request; ISO 8601 UTC. */
  declare readonly begunAt: pulumi.Output<string>;
  /** SHA-256 of what is done with each mailbox, in normal form. */
  declare readonly intentHash: pulumi.Output<string>;
  /** SHA-256 of which mailboxes these are. */
  declare readonly selectionHash: pulumi.Output<string>;
  /** Mailboxes by how they ended, items, and bytes of exported files. */
  declare readonly totals: pulumi.Output<BulkMailboxRestoreOutputs["totals"]>;
  /** The first 20 mailboxes whose result is not good enough, each with the reason. */
  declare readonly failures: pulumi.Output<BulkMailboxRestoreOutputs["failures"]>;
  /** How many mailboxes have a result that is not good enough. */
  declare readonly failureCount: pulumi.Output<number>;
  /** The first 20 warnings, each with its mailbox. */
  declare readonly warnings: pulumi.Output<string[]>;
  /** SHA-256 of what became of each mailbox: it changes whenever that does. */
  declare readonly digest: pulumi.Output<string>;
  /** File with a line before and one after each send: JSON Lines, relative to the program's folder. */
  declare readonly resultsFile: pulumi.Output<string>;
  /** How each mailbox ended, in short; read by this package alone. */
  declare readonly marks: pulumi.Output<Record<string, string>>;
  /** The moment before the first action was sent, ISO 8601 UTC; null when none was. */
  declare readonly startedAt: pulumi.Output<string | null>;
  /** The moment when the end of the last one was seen, ISO 8601 UTC; null when none was. */
  declare readonly finishedAt: pulumi.Output<string | null>;
  /** From `startedAt` to `finishedAt`, in seconds. */
  declare readonly durationSeconds: pulumi.Output<number>;
  /** Mailboxes whose exported file was missing or another one at the last refresh; undefined before one, and for restores. */
  declare readonly pstMissing: pulumi.Output<number | undefined>;
  /** `"journal"` when it was begun by a run that was broken off. */
  declare readonly adoptedFrom: pulumi.Output<string | undefined>;
  /** Version of what is written into the state; read by this package alone. */
  declare readonly stateVersion: pulumi.Output<number>;

  constructor(name: string, args: BulkMailboxRestoreArgs, opts?: pulumi.CustomResourceOptions) {
    if (opts?.replaceOnChanges?.includes("*")) {
      // The engine would replace, and so send again, for a rotated password and after every partial failure.
      throw new pulumi.RunError(
        `BulkMailboxRestore ${name}: replaceOnChanges: ["*"] would send mail again for any edit. Name the inputs, or use runId.`,
      );
    }
    const seeded = Object.fromEntries(outputNames.map((output) => [output, undefined]));
    const inputs = { ...seeded, ...withSecretAccess(args) };
    super(tokenOf(kind), name, { ...inputs, __urn: urnOf(kind, name, opts), __provider: handlerOf(kind) }, opts);
  }
}
