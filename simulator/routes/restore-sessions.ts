import type { WireRestoreSession, WireSessionEvent } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { emptyAnswer, jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { Session, SessionEvent } from "../sessions";
import { durationText, nameTime, offsetTime, utcTime } from "../times";
import { readAction } from "./envelope";
import { pageOf, pageQuery } from "./pages";
import type { Route, RouteContext } from "./route";

const one = "/v3/RestoreSessions/{sessionId}";
const stopAction = { stop: [] };

/** Reading and stopping restore sessions, and their events. */
export const restoreSessionRoutes: readonly Route[] = [
  { method: "GET", path: "/v3/RestoreSessions", query: pageQuery, handle: listSessions },
  { method: "GET", path: one, handle: getSession },
  { method: "GET", path: `${one}/Organization`, handle: getSessionOrganization },
  { method: "POST", path: `${one}/Action`, actions: stopAction, handle: stopSession },
  { method: "GET", path: `${one}/Events`, query: pageQuery, handle: listEvents },
  { method: "GET", path: `${one}/Events/{eventId}`, handle: getEvent },
];

/** A session in the vendor's shape. `endTime` is absent while it works. [D] */
export function wireSession(context: RouteContext, session: Session): WireRestoreSession {
  const self = `${context.baseUrl}${sessionPath(session)}`;
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
export function sessionPath(session: Session): string {
  return `/v3/restoresessions/${session.id}`;
}

/** The sessions of this login only. [D] Drawn as an array by the reference, read as a page by the portal [C]: a page. */
function listSessions(context: RouteContext): Answer {
  const own = context.state.sessions.all.filter((session) => session.user === context.user);
  return jsonAnswer(
    200,
    pageOf(context, "/v3/restoresessions", own, (session) => wireSession(context, session)),
  );
}

/** Answers for an ended session too: its state is Stopped. [D] */
function getSession(context: RouteContext): Answer {
  return jsonAnswer(200, wireSession(context, findSession(context)));
}

/** 500 when the session has ended. [C] */
function getSessionOrganization(context: RouteContext): Answer {
  const session = context.state.sessions.findWorking(context.params["sessionId"] ?? "", context.user);
  const self = `${context.baseUrl}${sessionPath(session)}/organization`;
  return jsonAnswer(200, {
    id: session.organization.id,
    name: session.organization.name,
    type: "Office365",
    _links: { self: { href: self }, mailboxes: { href: `${self}/mailboxes` } },
  });
}

/** 200 with an empty body [D], also for a session that has ended [inf]. */
function stopSession(context: RouteContext): Answer {
  const session = findSession(context);
  readAction(context.body, Object.keys(stopAction));
  context.state.sessions.stop(session, "client");
  return emptyAnswer(200);
}

/** Events can be read after the session has ended. [inf] */
function listEvents(context: RouteContext): Answer {
  const session = findSession(context);
  const path = `${sessionPath(session)}/events`;
  return jsonAnswer(
    200,
    pageOf(context, path, session.events, (event) => wireEvent(context, event)),
  );
}

function getEvent(context: RouteContext): Answer {
  const id = context.params["eventId"]?.toLowerCase();
  const event = findSession(context).events.find((candidate) => candidate.id === id);
  if (event === undefined) {
    throw new VendorError("notFound");
  }
  return jsonAnswer(200, wireEvent(context, event));
}

function wireEvent(context: RouteContext, event: SessionEvent): WireSessionEvent {
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
  };
}

/** The worst of its events; Success while it works, when the value means nothing yet. [D] */
function resultOf(session: Session): string {
  const found = session.state === "Working" ? [] : session.events.map((event) => event.status);
  return (["Failed", "Warning"] as const).find((status) => found.includes(status)) ?? "Success";
}

function findSession(context: RouteContext): Session {
  return context.state.sessions.find(context.params["sessionId"] ?? "", context.user);
}
