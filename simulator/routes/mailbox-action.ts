import type { Answer } from "../answer";
import { emptyPst } from "../pst";
import { countMatches } from "../mail";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import type { Action } from "./envelope";
import { readAction, textIn } from "./envelope";
import { findMailbox } from "./mailboxes";
import { restore, restoreToFields } from "./mailbox-restore";
import type { Route, RouteContext } from "./route";

const actions = {
  // Whether v3 binds contentKeyword, contentKeywords or both is open: both. [inf]
  exporttoPst: ["contentKeywords", "contentKeyword"],
  restoretoOriginallocation: ["userName", "userPassword"],
  restoreTo: restoreToFields,
};

/** The one route of v3 that does something with a mailbox: export, restore in place, restore elsewhere. [D] */
export const mailboxActionRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v3/RestoreSessions/{sessionId}/Organization/Mailboxes/{mailboxId}/Action",
    actions,
    handle: runAction,
  },
];

async function runAction(context: RouteContext): Promise<Answer> {
  const { session, mailbox } = findMailbox(context);
  const action = readAction(context.body, Object.keys(actions));
  return context.state.sessions.work(session, () =>
    action.name === "exporttoPst"
      ? exportToPst(context, session, mailbox, action)
      : restore(context, session, mailbox, action),
  );
}

/** The whole file is made before the first byte is sent. [inf] */
async function exportToPst(
  context: RouteContext,
  session: Session,
  mailbox: SeededMailbox,
  action: Action,
): Promise<Answer> {
  const { state } = context;
  const keywords = textIn(action, "contentKeywords") ?? textIn(action, "contentKeyword");
  const matchedItems = countMatches(session, mailbox, keywords);
  const file = matchedItems === 0 && keywords !== undefined ? emptyPst() : state.behaviour.pst;
  state.exports.push({ sessionId: session.id, mailboxId: mailbox.id, keywords, matchedItems, bytes: file.bytes });
  const text = `Exporting mailbox ${mailbox.name} (${mailbox.email}) to PST`;
  const event = state.sessions.beginEvent(session, "Export", text);
  await context.duringWork();
  state.sessions.endEvent(event, "Success", text);
  return {
    status: 200,
    headers: {
      "Content-Type": "application/octet-stream",
      // The pattern of the name is not documented. [inf]
      "Content-Disposition": `attachment; filename="${mailbox.name.replace(/[^\x20-\x7e]|["\\/]/g, "_")}.pst"`,
    },
    length: file.bytes,
    open: () => file.open(),
  };
}
