import * as pulumi from "@pulumi/pulumi";
import type { DrillVerdictOutputs } from "../provider/resources/drill-verdict/inputs";
import { BulkMailboxRestore, type BulkMailboxRestoreArgs, type MailboxesArgs } from "./bulk-mailbox-restore";
import { handlerOf, tokenOf, urnOf } from "./handler";
import type { ExportToPstArgs, RestoreToArgs } from "./mailbox-restore";

/** Where a drill puts the mail: files, or another mailbox. Never a mailbox that is drilled: that is refused before anything is sent. */
export type DrillTargetArgs =
  | {
      /** Write each mailbox into a PST file; the path must name `{email}` or `{mailboxId}`. */
      exportToPst: pulumi.Input<ExportToPstArgs>;
      restoreTo?: undefined;
    }
  | {
      /** Write into a mailbox that is there for it. */
      restoreTo: pulumi.Input<RestoreToArgs>;
      exportToPst?: undefined;
    };

/** What the drill has to reach, for each mailbox; at least one of the two. Durations as text: `"4h"`, `"1d"`. */
export interface ObjectivesArgs {
  /** Recovery time objective: longest time from the start of the clock to the end of the restore. */
  rto?: pulumi.Input<string>;
  /** Recovery point objective: oldest data that may be restored, counted back from the start of the clock. */
  rpo?: pulumi.Input<string>;
}

/** Where the evidence goes. */
export interface EvidenceArgs {
  /** Folder, relative to the program's. Default `evidence`. */
  folder?: pulumi.Input<string>;
  /** Name of the files without their ending. Default: the drill's name and `runId`, or the time when it began, and with `shard` which one it is. */
  name?: pulumi.Input<string>;
}

/** What a {@link RestoreDrill} is declared with. */
export type RestoreDrillArgs = MailboxesArgs &
  DrillTargetArgs &
  Pick<
    BulkMailboxRestoreArgs,
    | "organization"
    | "pointInTime"
    | "showDeleted"
    | "showAllVersions"
    | "repositoryId"
    | "maxConcurrentRestores"
    | "shard"
    | "failurePolicy"
    | "retryFailed"
    | "runId"
    | "reason"
    | "verify"
    | "onDestroy"
    | "timeouts"
  > & {
    /** What each mailbox has to reach. */
    objectives: pulumi.Input<ObjectivesArgs>;
    /** When the clock of the objectives began, RFC 3339 with an offset: the moment of the assumed disaster. Default: when the restores begin. */
    clockStart?: pulumi.Input<string>;
    /**
     * Checks of each mailbox beyond a good result: `notEmpty`, at least one item was restored or is there; `noFailedItems`; `pstVerified`, the file
     * passed its checks and is still there. One that cannot be told is no pass. Default: `pstVerified` for exports, `noFailedItems` for restores.
     */
    checks?: pulumi.Input<pulumi.Input<"notEmpty" | "noFailedItems" | "pstVerified">[]>;
    /** Fail the run when an objective was missed or a check failed (`"fail"`, default), after the evidence is written; or only report it. */
    onMissed?: pulumi.Input<"fail" | "report">;
    /** Where the evidence goes. Default: folder `evidence`, files named for drill and run. */
    evidence?: pulumi.Input<EvidenceArgs>;
  };

/**
 * A recovery drill: restores mailboxes to a place that cannot be production, measures it against objectives, and leaves evidence as JSON,
 * Markdown, JUnit XML and an HTML page. A drill that failed fails the run, after the evidence is written.
 *
 * Another `runId` is another drill. `vb365 report` makes the formats again, proves them, and joins those of several shards.
 */
export class RestoreDrill extends pulumi.ComponentResource {
  /** `Passed` when every objective was met and every check passed, for every mailbox. */
  declare readonly verdict: pulumi.Output<DrillVerdictOutputs["verdict"]>;
  /** Each objective against the worst mailbox, and the first mailboxes that missed it. */
  declare readonly results: pulumi.Output<DrillVerdictOutputs["results"]>;
  /** Mailboxes by how they ended, items, and bytes of exported files. */
  declare readonly totals: pulumi.Output<DrillVerdictOutputs["totals"]>;
  /** Paths of the evidence, relative to the program's folder. */
  declare readonly evidenceFiles: pulumi.Output<DrillVerdictOutputs["evidenceFiles"]>;
  /** SHA-256 of the evidence, as it says it itself. */
  declare readonly evidenceDigest: pulumi.Output<string>;
  /** The restores, one by one in its results file. */
  declare readonly restores: BulkMailboxRestore;

  constructor(name: string, args: RestoreDrillArgs, opts?: pulumi.ComponentResourceOptions) {
    super("vb365:index:RestoreDrill", name, {}, opts);
    refuseInPlace(name, args);
    const { objectives, clockStart, checks, onMissed, evidence, ...bulk } = args;
    const parent = { parent: this };
    this.restores = new BulkMailboxRestore(`${name}-restores`, { ...bulk, onFailed: "report" }, parent);
    const { resultsFile, digest, begunAt, endpoint, apiVersion, resolvedPointInTime } = this.restores;
    const verdict = new DrillVerdict(
      `${name}-verdict`,
      {
        name,
        objectives,
        clockStart,
        checks,
        onMissed,
        evidence,
        organization: args.organization,
        pointInTime: args.pointInTime,
        action: args.exportToPst === undefined ? "restoreTo" : "exportToPst",
        target:
          args.exportToPst === undefined
            ? pulumi.output(args.restoreTo).apply(({ mailbox }) => mailbox)
            : pulumi.output(args.exportToPst).apply(({ path }) => path),
        failurePolicy: args.failurePolicy,
        runId: args.runId,
        reason: args.reason,
        shard: args.shard,
        hashFiles: pulumi.output(args.verify).apply((verify) => verify?.hashOnRefresh ?? false),
        restores: { resultsFile, digest, begunAt, endpoint, apiVersion, resolvedPointInTime },
      },
      parent,
    );
    const { verdict: said, results, totals, evidenceFiles, evidenceDigest } = verdict;
    Object.assign(this, { verdict: said, results, totals, evidenceFiles, evidenceDigest });
    this.registerOutputs({ verdict: said, results, totals, evidenceFiles, evidenceDigest });
  }
}

/** Types refuse it, and a program in JavaScript has none. */
function refuseInPlace(name: string, args: RestoreDrillArgs): void {
  const { restoreToOriginalLocation } = args as { restoreToOriginalLocation?: unknown };
  if (restoreToOriginalLocation !== undefined) {
    throw new pulumi.RunError(
      `RestoreDrill ${name}: a drill never writes into production: use exportToPst, or restoreTo with a mailbox that is there for it.`,
    );
  }
  if (args.exportToPst === undefined && (args.restoreTo as unknown) === undefined) {
    throw new pulumi.RunError(`RestoreDrill ${name}: one of exportToPst, restoreTo must be given.`);
  }
}

const kind = "DrillVerdict";

const outputNames = [
  "verdict",
  "results",
  "totals",
  "evidenceFiles",
  "evidenceDigest",
  "evidencePresent",
  "stateVersion",
] as const satisfies (keyof DrillVerdictOutputs)[];

/** Judges the results and writes the evidence. A resource of its own, because a child that fails ends its component's program first. */
class DrillVerdict extends pulumi.CustomResource {
  declare readonly verdict: pulumi.Output<DrillVerdictOutputs["verdict"]>;
  declare readonly results: pulumi.Output<DrillVerdictOutputs["results"]>;
  declare readonly totals: pulumi.Output<DrillVerdictOutputs["totals"]>;
  declare readonly evidenceFiles: pulumi.Output<DrillVerdictOutputs["evidenceFiles"]>;
  declare readonly evidenceDigest: pulumi.Output<string>;

  constructor(name: string, args: Record<string, unknown>, opts: pulumi.CustomResourceOptions) {
    const seeded = Object.fromEntries(outputNames.map((output) => [output, undefined]));
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
    super(
      tokenOf(kind),
      name,
      { ...seeded, ...given, __urn: urnOf(kind, name, opts), __provider: handlerOf(kind) },
      opts,
    );
  }
}
