import type { WireMailbox } from "../../provider/api/wire/v3";
import type { WireMailbox as WireFlatMailbox } from "../../provider/api/wire/v6";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { VendorError } from "../errors";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import { mailboxesOf } from "../sessions";
import type { VersionTraits } from "../versions";
import { pageOf, pageQuery } from "./pages";
import { sessionPath } from "./restore-sessions";
import type { Route, RouteContext } from "./route";

/** Reading the mailboxes of a restore session. 500 when the session has ended. [C] */
export function mailboxRoutes(version: VersionTraits): Route[] {
  const list = `/${version.name}/RestoreSessions/{sessionId}/Organization/Mailboxes`;
  return [
    { version, method: "GET", path: list, query: pageQuery, handle: listMailboxes },
    { version, method: "GET", path: `${list}/{mailboxId}`, handle: getMailbox },
  ];
}

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
    pageOf(context, `${sessionPath(context, session)}/organization/mailboxes`, mailboxesOf(session), (mailbox) =>
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

/** `isArchive` is text up to v4, as the samples of v1 to v4 print it; `isPublic` came with v6. [D] */
function wireMailbox(context: RouteContext, session: Session, mailbox: SeededMailbox): WireMailbox | WireFlatMailbox {
  const { version } = context;
  const isArchive = mailbox.isArchive ?? false;
  const self = `${context.baseUrl}${sessionPath(context, session)}/organization/mailboxes/${mailbox.id}`;
  return {
    id: mailbox.id,
    name: mailbox.name,
    email: mailbox.email,
    ...(version.number <= 4 ? { isArchive: isArchive ? "true" : "false" } : { isArchive }),
    ...(version.isFlat ? { isPublic: mailbox.isPublic ?? false } : {}),
    _links: {
      self: { href: self },
      folders: { href: `${self}/folders?parentId=null` },
      allfolders: { href: `${self}/folders` },
    },
  };
}
