import type { Answer } from "../answer";
import { emptyPst } from "../pst";
import { countMatches } from "../mail";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import type { Action } from "./fields";
import type { VersionTraits } from "../versions";
import { VendorError } from "../errors";
import { flagIn, readAction, readFlat, textIn } from "./fields";
import { findMailbox } from "./mailboxes";
import { accessFields, restore, restoreToFields } from "./mailbox-restore";
import type { Route, RouteContext } from "./route";

const actionNames = ["exporttoPst", "restoretoOriginallocation", "restoreTo"] as const;

/** What does something with a mailbox: one route up to v5, a route an action from v6 on. [D] */
export function mailboxActionRoutes(version: VersionTraits): Route[] {
  const { name, number, isFlat } = version;
  const mailbox = `/${name}/RestoreSessions/{sessionId}/Organization/Mailboxes/{mailboxId}`;
  // Whether v3 to v5 bind contentKeyword, contentKeywords or both is open. [inf]
  const keywords = isFlat ? ["contentKeyword"] : ["contentKeywords", "contentKeyword"];
  const fields = {
    exporttoPst: [...keywords, ...(number >= 4 ? ["enablePstSizeLimit", "pstSizeLimitBytes"] : [])],
    restoretoOriginallocation: accessFields(version),
    restoreTo: restoreToFields(version),
  };
  if (!isFlat) {
    return [{ version, method: "POST", path: `${mailbox}/Action`, actions: fields, handle: runEnvelope }];
  }
  const urls = { exporttoPst: "exportToPst", restoretoOriginallocation: "restore", restoreTo: "restoreTo" };
  return actionNames.map((action) => ({
    version,
    method: "POST",
    path: `${mailbox}/${urls[action]}`,
    fields: fields[action],
    handle: (context) => run(context, readFlat(context.body, action)),
  }));
}

function runEnvelope(context: RouteContext): Promise<Answer> {
  findMailbox(context);
  return run(context, readAction(context.body, actionNames));
}

async function run(context: RouteContext, action: Action): Promise<Answer> {
  const { session, mailbox } = findMailbox(context);
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
  const binding = context.version.isFlat ? "contentKeyword" : state.behaviour.keywordBinding;
  const bound = binding === "both" ? ["contentKeywords", "contentKeyword"] : [binding];
  const keywords = bound.map((name) => textIn(action, name)).find((text) => text !== undefined);
  const limit = context.version.number >= 4 && flagIn(action, "enablePstSizeLimit") ? sizeLimitIn(action) : undefined;
  const matchedItems = countMatches(session, mailbox, keywords);
  const file = matchedItems === 0 && keywords !== undefined ? emptyPst() : state.behaviour.pst;
  state.exports.push({
    sessionId: session.id,
    mailboxId: mailbox.id,
    keywords,
    sizeLimitBytes: limit,
    matchedItems,
    bytes: file.bytes,
  });
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

/** 1 to 49 GB, in bytes. [D] */
function sizeLimitIn(action: Action): number {
  const limit = Number(action.fields["pstsizelimitbytes"]);
  const gigabyte = 1024 ** 3;
  if (!Number.isInteger(limit) || limit < gigabyte || limit > 49 * gigabyte) {
    throw new VendorError("invalidValue", "pstSizeLimitBytes");
  }
  return limit;
}
