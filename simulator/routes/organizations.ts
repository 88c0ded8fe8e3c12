import type { WireOrganization } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { OpenPoints } from "../open-points";
import type { SeededOrganization } from "../seed";
import { parseExploreTime, ticksBeyond } from "../times";
import type { VersionTraits } from "../versions";
import type { Action } from "./fields";
import { flagIn, readAction, readFlat, requireFields, textIn } from "./fields";
import { pageOf, pageQuery } from "./pages";
import { wireSession } from "./restore-sessions";
import type { Route, RouteContext } from "./route";
import { styled } from "./route";

const actions = { explore: ["datetime", "type", "showDeleted", "showAllVersions"] };

/** Reading organizations and starting a restore session of one. */
export function organizationRoutes(version: VersionTraits, open: OpenPoints): Route[] {
  const root = `/${version.name}`;
  const fields = [
    "dateTime",
    "type",
    "showDeleted",
    "showAllVersions",
    ...(version.number >= 8 ? ["repositoryId"] : []),
  ];
  const opening = (path: string): Route[] => {
    const ofUrl: Route = {
      version,
      method: "POST",
      path: `${path}/explore`,
      fields,
      handle: (context) => explore(context, readFlat(context.body, "explore")),
    };
    const inEnvelope: Route = {
      version,
      method: "POST",
      path: `${path}/Action`,
      actions,
      handle: (context) => explore(context, readAction(context.body, Object.keys(actions), open)),
    };
    return styled(version, open, { flat: [ofUrl], envelope: [inEnvelope] });
  };
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
    ...opening(`${root}/Organizations/{organizationId}`),
    { version, method: "GET", path: `${root}/Organization`, handle: getOwnOrganization },
    ...opening(`${root}/Organization`),
  ];
}

/**
 * An array up to v7, a page from v8 on [D]; the reference's sample of v3's list prints some flags as text, the one by id does not [D].
 */
function listOrganizations(context: RouteContext): Answer {
  const { version, state, tenantOf } = context;
  if (state.behaviour.tenantList === "refused") {
    refuseTenant(context);
  }
  const seen = state.organizations.filter(({ name }) => tenantOf === undefined || name === tenantOf);
  const toWire = (organization: SeededOrganization) => wireOrganization(context, organization);
  if (version.number >= 8) {
    return jsonAnswer(200, pageOf(context, "/v8/organizations", seen, toWire));
  }
  const words = version.number === 3 ? { isExchangeOnline: "true", isSharePointOnline: "true" } : {};
  return jsonAnswer(
    200,
    seen.map((organization) => ({ ...toWire(organization), ...words })),
  );
}

function refuseTenant(context: RouteContext): void {
  if (context.tenantOf !== undefined) {
    throw new VendorError("tenantOnly", undefined, context.state.behaviour.tenantRefusal);
  }
}

function getOrganization(context: RouteContext): Answer {
  return jsonAnswer(200, wireOrganization(context, findOrganization(context)));
}

function explore(context: RouteContext, action: Action): Answer {
  const organization = findOrganization(context);
  const { state, user, version } = context;
  requireFields(action, ["datetime", "type"]);
  const wanted = textIn(action, "datetime") ?? "";
  const time = parseExploreTime(wanted);
  if (time === undefined) {
    throw new VendorError("invalidValue", "datetime");
  }
  if (textIn(action, "type")?.toLowerCase() !== "vex") {
    throw new VendorError("sessionNotCreated");
  }
  const own = state.sessions.all.filter((session) => session.user === user && session.state === "Working");
  if (own.length >= state.behaviour.maxOpenSessions) {
    throw new VendorError("tooMany");
  }
  const session = state.sessions.open({
    organization,
    user,
    time,
    ticks: ticksBeyond(wanted),
    showDeleted: flagIn(action, "showDeleted"),
    showAllVersions: flagIn(action, "showAllVersions"),
    repositoryId: version.number >= 8 ? textIn(action, "repositoryId") : undefined,
  });
  return jsonAnswer(version.exploreStatus, wireSession(context, session));
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

/** A tenant's own organization: from v6 on with fewer fields, and the times whether asked for or not. [D] */
function getOwnOrganization(context: RouteContext): Answer {
  const organization = findOrganization(context);
  const { id, name } = organization;
  return jsonAnswer(
    200,
    context.version.isFlat
      ? { id, name, type: "Office365", ...timesOf(organization) }
      : wireOrganization(context, organization),
  );
}

function wireOrganization(context: RouteContext, organization: SeededOrganization): WireOrganization {
  const { version, query, baseUrl } = context;
  // The default is true up to v6, and false from v7 on. [D]
  const isExtended = (query["extendedview"] ?? (version.number <= 6 ? "true" : "false")) === "true";
  return {
    id: organization.id,
    type: "Office365",
    name: organization.name,
    officeName: organization.officeName ?? organization.name,
    region: organization.region ?? "Worldwide",
    isExchangeOnline: true,
    isSharePointOnline: true,
    ...(version.number >= 5 ? { isTeamsOnline: true } : {}),
    ...(isExtended ? timesOf(organization) : {}),
    _links: { self: { href: `${baseUrl}/${version.name}/organizations/${organization.id}` } },
  };
}

function timesOf({ firstBackupTime, lastBackupTime = firstBackupTime }: SeededOrganization) {
  return {
    isBackedup: firstBackupTime !== undefined,
    ...(firstBackupTime === undefined ? {} : { firstBackuptime: firstBackupTime }),
    ...(lastBackupTime === undefined ? {} : { lastBackuptime: lastBackupTime }),
  };
}
