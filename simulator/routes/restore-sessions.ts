import type { WireRestoreSession, WireSessionEvent } from "../../provider/api/wire/v3";
import type {
  WireRestoredMailbox,
  WireSessionEvent as WireFlatEvent,
  WireSessionStatistics,
} from "../../provider/api/wire/v6";
import type { Answer } from "../answer";
import { emptyAnswer, jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { Session, SessionEvent } from "../sessions";
import { durationText, nameTime, offsetTime, utcTime } from "../times";
import type { RestoreCounts } from "../mail";
import type { OpenPoints } from "../open-points";
import type { MailboxWrite } from "../state";
import type { VersionTraits } from "../versions";
import { readAction } from "./fields";
import { pageOf, pageQuery } from "./pages";
import type { Route, RouteContext } from "./route";
import { styled } from "./route";

const stopAction = { stop: [] };

/** Reading and stopping restore sessions, and their events. */
export function restoreSessionRoutes(version: VersionTraits, open: OpenPoints): Route[] {
  const all = `/${version.name}/RestoreSessions`;
  const one = `${all}/{sessionId}`;
  const times = [
    ...(version.isFlat ? ["startTimeFrom", "startTimeTo"] : []),
    ...(version.number >= 8 ? ["endTimeFrom", "endTimeTo", "orderAsc", "orderBy"] : []),
  ];
  const inEnvelope = (context: RouteContext) => {
    readAction(context.body, Object.keys(stopAction), open);
    return stopSession(context);
  };
  return [
    { version, method: "GET", path: all, query: [...pageQuery, ...times], handle: listSessions },
    { version, method: "GET", path: one, handle: getSession },
    { version, method: "GET", path: `${one}/Organization`, handle: getSessionOrganization },
    ...styled(version, open, {
      flat: [{ version, method: "POST", path: `${one}/Stop`, fields: [], handle: stopSession }],
      envelope: [{ version, method: "POST", path: `${one}/Action`, actions: stopAction, handle: inEnvelope }],
    }),
    { version, method: "GET", path: `${one}/Events`, query: pageQuery, handle: listEvents },
    { version, method: "GET", path: `${one}/Events/{eventId}`, handle: getEvent },
    ...(version.number >= 8
      ? [{ version, method: "GET" as const, path: `${one}/Statistics`, handle: getStatistics }]
      : []),
  ];
}

/** What was done in a session, items that are through alone. [D] v8 */
function getStatistics(context: RouteContext): Answer {
  const session = findSession(context);
  const { state } = context;
  if (state.behaviour.statistics === "none") {
    throw new VendorError("notFound");
  }
  const written = state.writes.filter(({ sessionId, runsIn }) => (runsIn ?? sessionId) === session.id);
  const { formerStatistics: former } = session;
  const isLagging = former !== undefined && former.left-- > 0;
  const done = isLagging ? written.slice(0, former.restores) : written;
  const sum = (count: (counts: RestoreCounts) => number) =>
    done.reduce((total, { counts }) => total + count(counts), 0);
  const restored = sum(({ created, merged }) => created + merged);
  const [failed, skipped] = [sum((counts) => counts.failed), sum((counts) => counts.skipped)];
  const statistics: WireSessionStatistics = {
    totalItemsCount: restored + failed + skipped,
    restoredItemsCount: restored,
    failedItemsCount: failed,
    skippedItemsCount: skipped,
    warnings: isLagging ? [] : session.warnings,
    errors: isLagging ? [] : session.errors,
    items: state.behaviour.statistics === "items" ? done.map((write) => itemOf(context, write)) : [],
  };
  return jsonAnswer(200, statistics);
}

/** A mailbox in statistics, where the server lists what was restored. [D] */
function itemOf({ state }: RouteContext, write: MailboxWrite): WireRestoredMailbox {
  const { sourceMailboxId, counts, cannotContinueError } = write;
  const mailboxes = state.organizations.flatMap((organization) => organization.mailboxes);
  const {
    name = "",
    email = "",
    isArchive = false,
    isPublic = false,
  } = mailboxes.find(({ id }) => id === sourceMailboxId) ?? {};
  return {
    id: sourceMailboxId,
    itemRestoreDetailsType: "BulkMailbox",
    itemType: "Mailbox",
    name,
    status:
      cannotContinueError !== undefined ? "Failed" : counts.failed + counts.failedFolders > 0 ? "Warning" : "Success",
    mailboxEmail: email,
    mailboxIsArchive: isArchive,
    mailboxIsPublic: isPublic,
    createdMailboxItemsCount: counts.created,
    mergedMailboxItemsCount: counts.merged,
    failedMailboxItemsCount: counts.failed,
    skippedMailboxItemsCount: counts.skipped,
    ...(cannotContinueError === undefined ? {} : { cannotContinueMailboxError: cannotContinueError }),
  };
}

/** A session in the vendor's shape. `endTime` is absent while it works. [D] */
export function wireSession(context: RouteContext, session: Session): WireRestoreSession {
  const self = `${context.baseUrl}${sessionPath(context, session)}`;
  return {
    id: session.id,
    name: `Exchange restore (Entire organization - ${nameTime(new Date(session.dateTime))})`,
    organization: session.organization.name,
    type: "Vex",
    creationTime: utcTime(session.creationTime),
    ...(session.endTime === undefined ? {} : { endTime: utcTime(session.endTime) }),
    state: session.state,
    result: resultOf(session),
    initiatedBy: session.user,
    _links: {
      self: { href: self },
      organization: { href: `${self}/organization` },
      restoreSessionEvents: { href: `${self}/events` },
    },
  };
}

/** The path of a session as the server's links spell it. [D] */
export function sessionPath({ version }: RouteContext, session: Session): string {
  return `/${version.name}/restoresessions/${session.id}`;
}

/** The sessions of this login only. [D] Drawn as an array by the reference, read as a page by the portal [C]: a page. */
function listSessions(context: RouteContext): Answer {
  const own = context.state.sessions.all.filter((session) => session.user === context.user);
  return jsonAnswer(
    200,
    pageOf(context, `/${context.version.name}/restoresessions`, own, (session) => wireSession(context, session)),
  );
}

/** Answers for an ended session too: its state is Stopped. [D] */
function getSession(context: RouteContext): Answer {
  return jsonAnswer(200, wireSession(context, findSession(context)));
}

/** 500 when the session has ended. [C] */
function getSessionOrganization(context: RouteContext): Answer {
  const session = context.state.sessions.findWorking(context.params["sessionId"] ?? "", context.user);
  const self = `${context.baseUrl}${sessionPath(context, session)}/organization`;
  return jsonAnswer(200, {
    id: session.organization.id,
    name: session.organization.name,
    type: "Office365",
    _links: { self: { href: self }, mailboxes: { href: `${self}/mailboxes` } },
  });
}

/** 200 with an empty body, 204 from v8 on [D], also for a session that has ended [inf]. */
function stopSession(context: RouteContext): Answer {
  const session = findSession(context);
  context.state.sessions.stop(session, "client");
  return emptyAnswer(context.version.stopStatus);
}

/** Events can be read after the session has ended. [inf] */
function listEvents(context: RouteContext): Answer {
  const session = findSession(context);
  const path = `${sessionPath(context, session)}/events`;
  const events = context.state.sessions.eventsOf(session);
  return jsonAnswer(
    200,
    pageOf(context, path, events, (event) => wireEvent(context, event)),
  );
}

function getEvent(context: RouteContext): Answer {
  const id = context.params["eventId"]?.toLowerCase();
  const { sessions } = context.state;
  const event = sessions.eventsOf(findSession(context)).find((candidate) => candidate.id === id);
  if (event === undefined) {
    throw new VendorError("notFound");
  }
  return jsonAnswer(200, wireEvent(context, event));
}

function wireEvent(context: RouteContext, event: SessionEvent): WireSessionEvent & WireFlatEvent {
  const end = event.endTime ?? context.state.clock();
  return {
    id: event.id,
    type: event.type,
    status: event.status,
    startTime: offsetTime(event.startTime),
    ...(event.endTime === undefined ? {} : { endTime: offsetTime(event.endTime) }),
    duration: durationText(end.getTime() - event.startTime.getTime()),
    title: event.title,
    message: event.message,
    order: event.order,
    ...(event.about === undefined ? {} : { itemType: "Mailbox", ...event.about }),
  };
}

/** The worst of its events; Success while it works, when the value means nothing yet. [D] */
function resultOf(session: Session): string {
  if (session.result !== undefined) {
    return session.result;
  }
  const found = session.state === "Working" ? [] : session.events.map((event) => event.status);
  return (["Failed", "Warning"] as const).find((status) => found.includes(status)) ?? "Success";
}

function findSession(context: RouteContext): Session {
  return context.state.sessions.find(context.params["sessionId"] ?? "", context.user);
}
