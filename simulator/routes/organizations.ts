import type { WireOrganization } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { SeededOrganization } from "../seed";
import { parseExploreTime } from "../times";
import { flagIn, readAction, requireFields, textIn } from "./envelope";
import { wireSession } from "./restore-sessions";
import type { Route, RouteContext } from "./route";

const actions = { explore: ["datetime", "type", "showDeleted", "showAllVersions"] };

/** Reading organizations and starting a restore session of one. */
export const organizationRoutes: readonly Route[] = [
  { method: "GET", path: "/v3/Organizations", handle: listOrganizations },
  { method: "GET", path: "/v3/Organizations/{organizationId}", handle: getOrganization },
  { method: "POST", path: "/v3/Organizations/{organizationId}/Action", actions, handle: explore },
];

/** An array and no page [D]; the reference's sample of the list prints some flags as text, the one by id does not [D]. */
function listOrganizations(context: RouteContext): Answer {
  return jsonAnswer(
    200,
    context.state.organizations.map((organization) => ({
      ...wireOrganization(context, organization),
      isExchangeOnline: "true",
      isSharePointOnline: "true",
    })),
  );
}

function getOrganization(context: RouteContext): Answer {
  return jsonAnswer(200, wireOrganization(context, findOrganization(context)));
}

function explore(context: RouteContext): Answer {
  const organization = findOrganization(context);
  const action = readAction(context.body, Object.keys(actions));
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
  return jsonAnswer(201, wireSession(context, session));
}

function findOrganization(context: RouteContext): SeededOrganization {
  const id = context.params["organizationId"]?.toLowerCase();
  const organization = context.state.organizations.find((candidate) => candidate.id === id);
  if (organization === undefined) {
    throw new VendorError("notFound");
  }
  return organization;
}

function wireOrganization(context: RouteContext, organization: SeededOrganization): WireOrganization {
  const { firstBackupTime, lastBackupTime = firstBackupTime } = organization;
  return {
    id: organization.id,
    type: "Office365",
    name: organization.name,
    officeName: organization.officeName ?? organization.name,
    region: organization.region ?? "Worldwide",
    isExchangeOnline: true,
    isSharePointOnline: true,
    isBackedup: firstBackupTime !== undefined,
    ...(firstBackupTime === undefined ? {} : { firstBackuptime: firstBackupTime }),
    ...(lastBackupTime === undefined ? {} : { lastBackuptime: lastBackupTime }),
    _links: { self: { href: `${context.baseUrl}/v3/organizations/${organization.id}` } },
  };
}
