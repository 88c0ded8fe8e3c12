import type { Answer } from "../answer";
import { emptyAnswer } from "../answer";
import type { PstFile } from "../pst";
import { emptyPst, splitAt, zipOf } from "../pst";
import { countMatches } from "../mail";
import type { SeededMailbox } from "../seed";
import type { Session } from "../sessions";
import type { Action } from "./fields";
import type { OpenPoints } from "../open-points";
import type { VersionTraits } from "../versions";
import { VendorError } from "../errors";
import { flagIn, readAction, readFlat, textIn } from "./fields";
import { findMailbox } from "./mailboxes";
import { accessFields, restore, restoreToFields } from "./mailbox-restore";
import type { Route, RouteContext } from "./route";
import { styled } from "./route";

const actionNames = ["exporttoPst", "restoretoOriginallocation", "restoreTo"] as const;

/** What does something with a mailbox: one route up to v5, a route an action from v6 on. [D] */
export function mailboxActionRoutes(version: VersionTraits, open: OpenPoints): Route[] {
  const { name, number, isFlat } = version;
  const mailbox = `/${name}/RestoreSessions/{sessionId}/Organization/Mailboxes/{mailboxId}`;
  // Whether v3 to v5 bind contentKeyword, contentKeywords or both is open. [inf]
  const keywords = isFlat ? ["contentKeyword"] : ["contentKeywords", "contentKeyword"];
  const fields = {
    exporttoPst: [...keywords, ...(number >= 4 ? ["enablePstSizeLimit", "pstSizeLimitBytes"] : [])],
    restoretoOriginallocation: accessFields(version, open),
    restoreTo: restoreToFields(version, open),
  };
  const envelope: Route = {
    version,
    method: "POST",
    path: `${mailbox}/Action`,
    actions: fields,
    handle(context) {
      findMailbox(context);
      return run(context, readAction(context.body, actionNames, open));
    },
  };
  const urls = { exporttoPst: "exportToPst", restoretoOriginallocation: "restore", restoreTo: "restoreTo" };
  const flat = actionNames.map((action): Route => ({
    version,
    method: "POST",
    path: `${mailbox}/${urls[action]}`,
    fields: fields[action],
    handle: (context) => run(context, readFlat(context.body, action)),
  }));
  return styled(version, open, { flat, envelope: [envelope] });
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
  const { state, version } = context;
  const { behaviour, exports, sessions } = state;
  const binding = version.isFlat ? "contentKeyword" : behaviour.keywordBinding;
  const bound = binding === "both" ? ["contentKeywords", "contentKeyword"] : [binding];
  const keywords = bound.map((name) => textIn(action, name)).find((text) => text !== undefined);
  const limit = version.number >= 4 && flagIn(action, "enablePstSizeLimit") ? sizeLimitIn(action) : undefined;
  const matchedItems = countMatches(session, mailbox, keywords);
  const isEmpty = matchedItems === 0 && keywords !== undefined;
  if (isEmpty && behaviour.emptyExport === "refused") {
    throw new VendorError("nothingToExport");
  }
  if (state.runningExports >= behaviour.maxExports) {
    throw new VendorError("tooMany");
  }
  const earlier = exports.filter(({ sessionId, mailboxId }) => sessionId === session.id && mailboxId === mailbox.id);
  const times = behaviour.exportFile === "rebuilt" ? earlier.length : 0;
  const made = (isEmpty ? [emptyPst()] : behaviour.psts).map((pst) => (times === 0 ? pst : pst.rebuilt(times)));
  const psts = limit === undefined ? made : made.flatMap((pst) => (pst.bytes > limit ? splitAt(limit, pst) : [pst]));
  const isSplit = psts.length > 1;
  const file = await oneFileOf(psts, mailbox.name, behaviour.splitExport);
  const tag = behaviour.exportTag === "none" ? undefined : `"${mailbox.id}-${times}"`;
  const mayResume = version.number >= 7 && behaviour.rangeAnswer === "partial" && (context.ifRange ?? tag) === tag;
  const part = mayResume ? rangeIn(context.range, file.bytes) : undefined;
  exports.push({
    sessionId: session.id,
    mailboxId: mailbox.id,
    keywords,
    sizeLimitBytes: limit,
    matchedItems,
    bytes: file.bytes,
    firstByte: part?.first ?? 0,
  });
  if (part === undefined) {
    state.note(mailbox, session, { action: "exportToPst" });
  }
  const text = `Exporting mailbox ${mailbox.name} (${mailbox.email}) to PST`;
  const event = sessions.beginEvent(session, "Export", text);
  state.runningExports += 1;
  try {
    await context.duringWork();
  } finally {
    state.runningExports -= 1;
  }
  sessions.endEvent(event, "Success", text);
  const name = `${mailbox.name}.${isSplit ? "zip" : "pst"}`;
  return fileAnswer(file, part, { tag, name: behaviour.exportFileName === "none" ? undefined : name });
}

/** One PST goes as it is, several in a ZIP. [D] */
async function oneFileOf(psts: PstFile[], name: string, packing: OpenPoints["splitExport"]): Promise<PstFile> {
  const [first, ...others] = psts;
  return first !== undefined && others.length === 0 ? first : zipOf(psts, name, packing);
}

/** A file as an attachment, or the part of it that was asked for. The pattern of the name is not documented. [inf] */
function fileAnswer(
  file: PstFile,
  part: Part | undefined,
  { name, tag }: { name: string | undefined; tag: string | undefined },
): Answer {
  const headers = {
    "Content-Type": "application/octet-stream",
    ...(tag === undefined ? {} : { ETag: tag }),
    ...(name === undefined
      ? {}
      : { "Content-Disposition": `attachment; filename="${name.replace(/[^\x20-\x7e]|["\\/]/g, "_")}"` }),
  };
  if (part === undefined) {
    return { status: 200, headers, length: file.bytes, open: () => file.open() };
  }
  const { first, last } = part;
  if (first > last) {
    return { ...emptyAnswer(416), headers: { "Content-Range": `bytes */${file.bytes}` } };
  }
  return {
    status: 206,
    headers: { ...headers, "Content-Range": `bytes ${first}-${last}/${file.bytes}` },
    length: last - first + 1,
    open: () => file.open(first, last),
  };
}

interface Part {
  first: number;
  /** Inclusive; before the first one where there is no such part. */
  last: number;
}

/** `bytes=FIRST-` or `bytes=FIRST-LAST`; anything else asks for the whole file. */
function rangeIn(header: string | undefined, bytes: number): Part | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined) {
    return undefined;
  }
  return { first: Number(first), last: last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1) };
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
