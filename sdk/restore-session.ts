import * as pulumi from "@pulumi/pulumi";
import type { RestoreSessionOutputs } from "../provider/resources/restore-session/inputs";
import { handlerOf, tokenOf, urnOf } from "./handler";

/** What a {@link RestoreSession} shows. */
export interface RestoreSessionArgs {
  /** Id or name of the organisation, as the server lists it. An edit opens another session. */
  organization: pulumi.Input<string>;
  /** RFC 3339 with an offset, or `"latest"`: the last backup when it is opened. An edit opens another session. */
  pointInTime: pulumi.Input<string>;
  /** Show items that were deleted before that time, too. Default false. An edit opens another session. */
  showDeleted?: pulumi.Input<boolean>;
  /** Show all versions of changed items. Default false. An edit opens another session. */
  showAllVersions?: pulumi.Input<boolean>;
  /** Only what the backup repository with this id holds. Default: all. REST API v8. An edit opens another session. */
  repositoryId?: pulumi.Input<string>;
}

const kind = "RestoreSession";

// Not those that are declared and optional: an output that is not known yet would make a restore in the session one, too.
const outputNames = [
  "restoreSessionId",
  "organizationId",
  "resolvedPointInTime",
  "state",
  "endpoint",
  "apiVersion",
  "stateVersion",
] as const satisfies (keyof RestoreSessionOutputs)[];

/**
 * A restore session, for programs that want one session for many restores. `up` opens it and `destroy` stops it. Restores open
 * sessions of their own, and share them, so most programs need none.
 *
 * A session that nobody uses is stopped by the server (documented; the time is not). A refresh sees that, and the next `up` opens a
 * new one; restores that were done in the old one are not done again.
 */
export class RestoreSession extends pulumi.CustomResource {
  /** As declared: id or name of the organisation. */
  declare readonly organization: pulumi.Output<string>;
  /** As declared; what `"latest"` meant is in `resolvedPointInTime`. */
  declare readonly pointInTime: pulumi.Output<string>;
  /** As declared; undefined means false. */
  declare readonly showDeleted: pulumi.Output<boolean | undefined>;
  /** As declared; undefined means false. */
  declare readonly showAllVersions: pulumi.Output<boolean | undefined>;
  /** As declared; undefined means all repositories. */
  declare readonly repositoryId: pulumi.Output<string | undefined>;
  /** Id on the server; also the resource's id. */
  declare readonly restoreSessionId: pulumi.Output<string>;
  /** Id of the organisation on the server. */
  declare readonly organizationId: pulumi.Output<string>;
  /** The moment that it shows, ISO 8601 UTC. */
  declare readonly resolvedPointInTime: pulumi.Output<string>;
  /** As last seen. */
  declare readonly state: pulumi.Output<RestoreSessionOutputs["state"]>;
  /** Server on which it was opened. */
  declare readonly endpoint: pulumi.Output<string>;
  /** Version of the REST API that it was opened with, as `v3`. */
  declare readonly apiVersion: pulumi.Output<string>;
  /** Version of what is written into the state; read by this package alone. */
  declare readonly stateVersion: pulumi.Output<number>;

  constructor(name: string, args: RestoreSessionArgs, opts?: pulumi.CustomResourceOptions) {
    const seeded = Object.fromEntries(outputNames.map((output) => [output, undefined]));
    // An argument that is there and undefined would be an output that no preview knows.
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
    super(
      tokenOf(kind),
      name,
      { ...seeded, ...given, __urn: urnOf(kind, name, opts), __provider: handlerOf(kind) },
      opts,
    );
  }
}
