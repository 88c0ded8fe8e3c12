import { mailboxActionRoutes } from "./mailbox-action";
import { mailboxRoutes } from "./mailboxes";
import { organizationRoutes } from "./organizations";
import { restoreSessionRoutes } from "./restore-sessions";
import type { Route } from "./route";
import { tokenRoutes } from "./token";

/**
 * The part of the REST API v3 that a mailbox restore needs: login, organizations, restore sessions with their events,
 * mailboxes and their action. Folders, items, jobs and the tenant's own organization are left out.
 */
export const v3Routes: readonly Route[] = [
  ...tokenRoutes,
  ...organizationRoutes,
  ...restoreSessionRoutes,
  ...mailboxRoutes,
  ...mailboxActionRoutes,
];
