import type { WireRestorePoint } from "../../provider/api/wire/v6";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { uuidFrom } from "../ids";
import { restorePointsOf } from "../seed";
import type { VersionTraits } from "../versions";
import { pageOf, pageQuery } from "./pages";
import type { Route, RouteContext } from "./route";

/** `GET RestorePoints` (v6 on): an array in v6, pages from v7 on. [D] */
export function restorePointRoutes(version: VersionTraits): Route[] {
  if (!version.isFlat) {
    return [];
  }
  const ofVersion = version.number >= 7 ? ["from", "to", "orderAsc", "isCopy", ...pageQuery] : ["backupTime"];
  const query = ["organizationId", "jobId", "repositoryId", "isLongTermCopy", "isRetrieved", ...ofVersion];
  return [{ version, method: "GET", path: `/${version.name}/RestorePoints`, query, handle: listRestorePoints }];
}

function listRestorePoints(context: RouteContext): Answer {
  const { state, query, version, tenantOf } = context;
  const { organizationid: organizationId, repositoryid: repositoryId } = query;
  const points = state.organizations
    .filter(({ name }) => tenantOf === undefined || name === tenantOf)
    .filter(({ id }) => organizationId === undefined || id === organizationId.toLowerCase())
    .flatMap((organization) =>
      restorePointsOf(organization, repositoryId).map((point) => wirePoint(organization.id, point)),
    )
    .reverse();
  return jsonAnswer(
    200,
    version.number >= 7 ? pageOf(context, `/${version.name}/restorepoints`, points, same) : points,
  );
}

const same = <T>(row: T): T => row;

function wirePoint(organizationId: string, point: ReturnType<typeof restorePointsOf>[number]): WireRestorePoint {
  return {
    id: point.id,
    repositoryId: point.repositoryId,
    backupTime: point.backupTime,
    jobId: uuidFrom("job", organizationId),
    organizationId,
    isExchange: point.isExchange,
    isSharePoint: false,
    isOneDrive: false,
    isTeams: false,
    isLongTermCopy: false,
    isRetrieved: false,
  };
}
