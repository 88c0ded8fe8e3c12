import type { WireMailbox } from "../../provider/api/wire/v3";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import { mailboxesOf } from "../sessions";
import { pageOf, pageQuery } from "./pages";
import { sessionPath } from "./restore-sessions";
import type { Route, RouteContext } from "./route";

const list = "/v3/RestoreSessions/{sessionId}/Organization/Mailboxes";

/** Reading the mailboxes of a restore session. 500 when the session has ended. [C] */
export const mailboxRoutes: readonly Route[] = [
  { method: "GET", path: list, query: pageQuery, handle: listMailboxes },
  { method: "GET", path: `${list}/{mailboxId}`, handle: getMailbox },
];

/**
 * The working session and the mailbox that a path names.
 *
 * @throws VendorError `notFound` or `sessionEnded`
 */
export function findMailbox(context: RouteContext): { session: Session; mailbox: SeededMailbox } {
  const session = workingSession(context);
  const id = context.params["mailboxId"]?.toLowerCase();
  const mailbox = mailboxesOf(session).find((candidate) => candidate.id === id);
  if (mailbox === undefined) {
    throw new VendorError("notFound");
  }
  return { session, mailbox };
}

function listMailboxes(context: RouteContext): Answer {
  const session = workingSession(context);
  return jsonAnswer(
    200,
    pageOf(context, `${sessionPath(session)}/organization/mailboxes`, mailboxesOf(session), (mailbox) =>
      wireMailbox(context, session, mailbox),
    ),
  );
}

function getMailbox(context: RouteContext): Answer {
  const { session, mailbox } = findMailbox(context);
  return jsonAnswer(200, wireMailbox(context, session, mailbox));
}

function workingSession(context: RouteContext): Session {
  return context.state.sessions.findWorking(context.params["sessionId"] ?? "", context.user);
}

/** `isArchive` is text, as the samples of v1 to v4 print it. [D] */
function wireMailbox(context: RouteContext, session: Session, mailbox: SeededMailbox): WireMailbox {
  const self = `${context.baseUrl}${sessionPath(session)}/organization/mailboxes/${mailbox.id}`;
  return {
    id: mailbox.id,
    name: mailbox.name,
    email: mailbox.email,
    isArchive: mailbox.isArchive === true ? "true" : "false",
    _links: {
      self: { href: self },
      folders: { href: `${self}/folders?parentId=null` },
      allfolders: { href: `${self}/folders` },
    },
  };
}
