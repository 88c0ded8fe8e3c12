import type { Dialect, Mailbox } from "../api/dialects/dialect";
import { draftPst } from "../pst/draft";
import { expandPath, namesMailbox } from "../pst/path";
import { prepareSink } from "../pst/sink";
import { type Prepared, carryOut } from "./carry-out";
import type { Connection } from "./connection";
import { settleOwn, settleTarget } from "./earlier";
import { runExport } from "./export";
import { refusePublicFolders, refuseUnconfirmedInPlace, refuseWithoutEngine } from "./guards";
import type { JournalEntry } from "./journal";
import { dataAgeSeconds, remarkOnPointInTime } from "./point-in-time";
import { type Report, type RestoreRecord, shorten } from "./record";
import { type RestoreRequest, type RestoreSurroundings, writtenMailbox } from "./request";
import { runRestore } from "./run-restore";
import { selectMailbox } from "./selection";
import type { SessionLease } from "./session-pool";
import { type Found, findSource, openWithin, within } from "./source";
import { refuseUnspokenFields } from "./unspoken";

/** What became of a restore; `earlier` is there when a run before had carried it out already, and nothing was sent. */
export interface Restored {
  record: RestoreRecord;
  /** Version that it was sent with. */
  apiVersion: string;
  earlier?: JournalEntry;
}

/**
 * Carries out one restore or export: finds the mailbox, notes in the journal what is about to be sent, sends the action once, and
 * judges what came of it.
 *
 * A restore session that we opened is stopped when all in it has ended and is stored, also after a failure, unless it holds the evidence
 * of a restore whose end was not seen.
 *
 * @returns what became of an action that was sent, be it good or bad.
 * @throws MailboxRestoreError when nothing was sent, when the server refused, or when it is proved that nothing was
 * written: then the same request may be made again.
 */
export async function restoreMailbox(
  connection: Connection,
  request: RestoreRequest,
  surroundings: RestoreSurroundings,
): Promise<Restored> {
  const { action } = request;
  const earlier = await settleOwn(connection, request, settlingOf(request, surroundings));
  if (earlier !== undefined) {
    return { earlier: earlier.entry, record: earlier.record, apiVersion: earlier.entry.apiVersion };
  }
  if (action.kind === "exportToPst" && !namesMailbox(action.path)) {
    // A file that cannot be written is told before anything is asked of the server.
    const draft = await draftPst(pathFor({ ...request, action }, {}).path, request);
    await draft.discard();
  }
  if (action.kind === "exportToPst") {
    prepareSink();
  }
  return inSession(connection, request, surroundings);
}

const settlingOf = ({ timeouts }: RestoreRequest, surroundings: RestoreSurroundings) => ({
  ...surroundings,
  limitMs: timeouts.restore,
});

async function inSession(
  connection: Connection,
  request: RestoreRequest,
  surroundings: RestoreSurroundings,
): Promise<Restored> {
  const { report } = surroundings;
  const { timeouts, source } = request;
  connection.allow(timeouts);
  report("logging in");
  const ofSession = "restoreSessionId" in source ? source.apiVersion : undefined;
  await within(timeouts.login, "login", connection.logIn(ofSession));
  const dialect = ofSession === undefined ? connection.dialect : connection.speaking(ofSession);
  refuseUnspokenFields(dialect.apiVersion, namesUsedIn(request));
  const { lease, ...found } = await findSource(connection, dialect, request);
  let restored: Restored;
  try {
    const leaveGate = await connection.gate.enter(() => report("waiting for its turn"));
    try {
      await refuseWithoutEngine(surroundings);
      let prepared = await prepare(request, lease, { dialect, ...found }, report);
      await refuseOpenQuestions(connection, request, prepared, surroundings);
      // Hours may have passed since the first look, and another run of the same stack may have been here.
      const earlier = await settleOwn(connection, request, settlingOf(request, surroundings));
      while (prepared.session.isRetired) {
        // It was kept as evidence in the meantime: nothing else may begin in it.
        prepared = await prepare(request, lease, { dialect, ...found }, report);
      }
      restored =
        earlier === undefined
          ? { record: await begin(connection, request, prepared, surroundings), apiVersion: dialect.apiVersion }
          : { earlier: earlier.entry, record: earlier.record, apiVersion: earlier.entry.apiVersion };
    } finally {
      leaveGate();
    }
  } catch (error) {
    const warning = await lease.release();
    if (warning !== undefined && error instanceof Error) {
      error.message += ` ${warning}`;
    }
    throw error;
  }
  const warning = await lease.release();
  const { record } = restored;
  return warning === undefined
    ? restored
    : { ...restored, record: { ...record, warnings: shorten([...record.warnings, warning]) } };
}

async function begin(
  { settings }: Connection,
  request: RestoreRequest,
  prepared: Prepared,
  surroundings: RestoreSurroundings,
): Promise<RestoreRecord> {
  const { action } = request;
  if (action.kind !== "exportToPst") {
    return carryOut(settings, request, prepared, surroundings, (stage) => runRestore(action, stage));
  }
  const { path, remarks } = pathFor({ ...request, action }, prepared.mailbox);
  const placed = { ...action, path };
  return carryOut(
    settings,
    { ...request, action: placed },
    { ...prepared, remarks: [...prepared.remarks, ...remarks] },
    surroundings,
    (stage) => runExport(placed, request, stage),
  );
}

function pathFor(
  {
    action,
    runId,
  }: Pick<RestoreRequest, "runId"> & { action: Extract<RestoreRequest["action"], { kind: "exportToPst" }> },
  { email, id: mailboxId }: Partial<Prepared["mailbox"]>,
) {
  return expandPath(action.path, { email, mailboxId, date: new Date().toISOString().slice(0, 10), runId });
}

/** Restores of other runs, into the same mailbox, whose end nobody knows. */
async function refuseOpenQuestions(
  connection: Connection,
  request: RestoreRequest,
  { mailbox, mailboxes, organizationId }: Prepared,
  surroundings: RestoreSurroundings,
): Promise<void> {
  const { action } = request;
  const writesTo = writtenMailbox(action, mailbox);
  if (writesTo === null) {
    return;
  }
  surroundings.report("looking for restores that were broken off");
  const strange = await surroundings.sessionLook.strangeRestores(connection);
  if (strange.length > 0) {
    const target = action.kind === "restoreTo" ? action.options.mailbox : undefined;
    const organizations = organizationId === null ? [] : await connection.organizations();
    surroundings.sessionLook.refuse(strange, { mailbox, mailboxes, target, organizationId, organizations });
  }
  await settleTarget(connection, { ...request, writesTo }, settlingOf(request, surroundings));
}

/** Everything that can fail without the server having been asked to restore. */
async function prepare(
  request: RestoreRequest,
  lease: SessionLease,
  { dialect, organization, pointInTime }: Found & { dialect: Dialect },
  report: Report,
): Promise<Prepared> {
  report("opening a restore session");
  const { session: limitMs } = request.timeouts;
  const session = await openWithin(limitMs, lease);
  report("looking for the mailbox");
  const select = (all: Mailbox[]) =>
    selectMailbox(all, request.source.mailbox, pointInTime ?? `restore session ${session.sessionId}`);
  const { mailbox, mailboxes } = await within(limitMs, "session", session.find(select));
  refuseUnconfirmedInPlace(request, mailbox);
  refusePublicFolders(request, mailbox);
  const prepared = { dialect, session, mailbox, mailboxes, organizationId: organization?.id ?? null };
  if (organization === undefined || pointInTime === undefined) {
    return { ...prepared, pointInTime: null, dataAgeSeconds: null, remarks: [] };
  }
  const remark = remarkOnPointInTime(organization, pointInTime);
  return {
    ...prepared,
    pointInTime,
    dataAgeSeconds: dataAgeSeconds(organization, pointInTime, Date.now()),
    remarks: remark === undefined ? [] : [remark],
  };
}

/** What the request uses, and the version may not have. */
function namesUsedIn({ source, action }: RestoreRequest): string[] {
  const fields = [
    source,
    action.kind === "restoreToOriginalLocation" ? {} : action.options,
    action.kind === "exportToPst" ? {} : action.access,
  ];
  return fields.flatMap((some) => Object.entries(some).flatMap(([name, value]) => (value === undefined ? [] : [name])));
}
