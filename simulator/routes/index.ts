import type { OpenPoints } from "../open-points";
import type { VersionTraits } from "../versions";
import { deviceCodeRoutes } from "./device-code";
import { mailboxActionRoutes } from "./mailbox-action";
import { mailboxRoutes } from "./mailboxes";
import { organizationRoutes } from "./organizations";
import { restorePointRoutes } from "./restore-points";
import { restoreSessionRoutes } from "./restore-sessions";
import type { Route } from "./route";
import { serverRoutes } from "./server-info";
import { tokenRoutes } from "./token";

/**
 * The part of one version of the REST API that a mailbox restore needs: login, organizations, restore sessions with their events,
 * mailboxes and their actions, restore points. Folders, items and jobs are left out.
 */
export function routesOf(version: VersionTraits, open: OpenPoints): Route[] {
  return [
    ...tokenRoutes(version),
    ...serverRoutes(version),
    ...organizationRoutes(version, open),
    ...restoreSessionRoutes(version, open),
    ...mailboxRoutes(version),
    ...mailboxActionRoutes(version, open),
    ...deviceCodeRoutes(version),
    ...restorePointRoutes(version),
  ];
}
