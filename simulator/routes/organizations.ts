import type { WireOrganization } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { SeededOrganization } from "../seed";
import { parseExploreTime } from "../times";
import type { VersionTraits } from "../versions";
import { flagIn, readAction, readFlat, requireFields, textIn } from "./fields";
import { pageOf, pageQuery } from "./pages";
import { wireSession } from "./restore-sessions";
import type { Route, RouteContext } from "./route";

const actions = { explore: ["datetime", "type", "showDeleted", "showAllVersions"] };

/** Reading organizations and starting a restore session of one. */
export function organizationRoutes(version: VersionTraits): Route[] {
  const root = `/${version.name}`;
  const fields = [
    "dateTime",
    "type",
    "showDeleted",
    "showAllVersions",
    ...(version.number >= 8 ? ["repositoryId"] : []),
  ];
  const opening = (path: string): Route =>
    version.isFlat
      ? { version, method: "POST", path: `${path}/explore`, fields, handle: explore }
      : { version, method: "POST", path: `${path}/Action`, actions, handle: explore };
  const extended = version.isFlat ? ["extendedView"] : [];
  const query = version.number >= 8 ? [...extended, ...pageQuery] : extended;
  return [
    { version, method: "GET", path: `${root}/Organizations`, query, handle: listOrganizations },
    {
      version,
      method: "GET",
      path: `${root}/Organizations/{organizationId}`,
      query: extended,
      handle: getOrganization,
    },
    opening(`${root}/Organizations/{organizationId}`),
    { version, method: "GET", path: `${root}/Organization`, handle: getOrganization },
    opening(`${root}/Organization`),
  ];
}

/**
 * An array up to v7, a page from v8 on [D]; the reference's sample of v3's list prints some flags as text, the one by id does not [D].
 */
function listOrganizations(context: RouteContext): Answer {
  refuseTenant(context);
  const { version, state } = context;
  const toWire = (organization: SeededOrganization) => wireOrganization(context, organization);
  if (version.number >= 8) {
    return jsonAnswer(200, pageOf(context, "/v8/organizations", state.organizations, toWire));
  }
  const words = version.number === 3 ? { isExchangeOnline: "true", isSharePointOnline: "true" } : {};
  return jsonAnswer(
    200,
    state.organizations.map((organization) => ({ ...toWire(organization), ...words })),
  );
}

function refuseTenant(context: RouteContext): void {
  if (context.tenantOf !== undefined) {
    throw new VendorError("tenantOnly");
  }
}

function getOrganization(context: RouteContext): Answer {
  return jsonAnswer(200, wireOrganization(context, findOrganization(context)));
}

function explore(context: RouteContext): Answer {
  const organization = findOrganization(context);
  const action = context.version.isFlat
    ? readFlat(context.body, "explore")
    : readAction(context.body, Object.keys(actions));
  requireFields(action, ["datetime", "type"]);
  const time = parseExploreTime(textIn(action, "datetime") ?? "");
  if (time === undefined) {
    throw new VendorError("invalidValue", "datetime");
  }
  if (textIn(action, "type")?.toLowerCase() !== "vex") {
    throw new VendorError("sessionNotCreated");
  }
  const session = context.state.sessions.open({
    organization,
    user: context.user,
    time,
    showDeleted: flagIn(action, "showDeleted"),
    showAllVersions: flagIn(action, "showAllVersions"),
  });
  return jsonAnswer(context.version.exploreStatus, wireSession(context, session));
}

function findOrganization(context: RouteContext): SeededOrganization {
  const { tenantOf, params, state } = context;
  const id = params["organizationId"]?.toLowerCase();
  if (id !== undefined) {
    refuseTenant(context);
  }
  const organization = state.organizations.find((candidate) =>
    id === undefined ? candidate.name === tenantOf : candidate.id === id,
  );
  if (organization === undefined) {
    throw new VendorError("notFound");
  }
  return organization;
}

function wireOrganization(context: RouteContext, organization: SeededOrganization): WireOrganization {
  const { version } = context;
  const { firstBackupTime, lastBackupTime = firstBackupTime } = organization;
  // The default is true up to v6, and false from v7 on; a tenant's own organization takes no such wish, and has the times. [D]
  const isOwn = context.params["organizationId"] === undefined && context.tenantOf !== undefined;
  const isExtended = isOwn || (context.query["extendedview"] ?? (version.number <= 6 ? "true" : "false")) === "true";
  return {
    id: organization.id,
    type: "Office365",
    name: organization.name,
    officeName: organization.officeName ?? organization.name,
    region: organization.region ?? "Worldwide",
    isExchangeOnline: true,
    isSharePointOnline: true,
    ...(isExtended ? { isBackedup: firstBackupTime !== undefined } : {}),
    ...(firstBackupTime === undefined || !isExtended ? {} : { firstBackuptime: firstBackupTime }),
    ...(lastBackupTime === undefined || !isExtended ? {} : { lastBackuptime: lastBackupTime }),
    _links: { self: { href: `${context.baseUrl}/${version.name}/organizations/${organization.id}` } },
  };
}
