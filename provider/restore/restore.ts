import { resolve } from "node:path";
import type {
  Dialect,
  ExchangeAccess,
  ExportOptions,
  Mailbox,
  Organization,
  RestoreAnswer,
  RestoreToOptions,
} from "../api/dialects/dialect";
import { ConnectionError, MailboxRestoreError, isConnectionError, messageOf } from "../errors";
import { type Timeouts, durationInWords } from "../timeouts";
import { type Attribution, attribute, namesakesOf } from "./attribution";
import type { Connection } from "./connection";
import { type SessionLook, settleOwn, settleTarget } from "./earlier";
import type { Journal, JournalEntry } from "./journal";
import { type Patience, type SentRestore, type Sight, follow } from "./follow";
import { type Judgement, type Outcome, judge, provesNothingWritten, unknownCounts } from "./outcome";
import { dataAgeSeconds, remarkOnPointInTime, resolvePointInTime } from "./point-in-time";
import { type PstDraft, type PstFile, draftPst } from "./pst";
import { type PendingRestore, type Report, type RestoreRecord, isOpen, recordOf, shorten } from "./record";
import { isRefusal, refusal } from "./refusal";
import { backupIn } from "./repository";
import { type MailboxSelector, selectMailbox, selectOrganization } from "./selection";
import type { OpenSession, SessionLease, Work } from "./session-pool";
import { refuseUnspokenFields } from "./unspoken";

/** Where the mail comes from: a mailbox of a backup, or a mailbox in a session that somebody else opened. */
export type RestoreSource =
  | {
      organization: string;
      mailbox: MailboxSelector;
      /** RFC 3339, or "latest". */
      pointInTime: string;
      showDeleted: boolean;
      showAllVersions: boolean;
      repositoryId?: string | undefined;
      /** Longest time between the restored moment and now, in milliseconds. */
      maxAgeMs?: number | undefined;
    }
  | { restoreSessionId: string; mailbox: MailboxSelector };

export type RestoreAction =
  | { kind: "exportToPst"; path: string; options: ExportOptions }
  | { kind: "restoreToOriginalLocation"; access: ExchangeAccess }
  | { kind: "restoreTo"; options: RestoreToOptions; access: ExchangeAccess };

export interface RestoreRequest {
  /** Whose restore this is: project, stack and name. */
  identity: string;
  /** The same before it was renamed. */
  formerIdentity: string | undefined;
  attemptId: string;
  /** What is to be done, as a digest. */
  intentHash: string;
  /** Digests of two layouts cannot be compared. */
  intentLayout: number;
  /** The state had the same intent already, and it is run again on purpose. */
  again: boolean;
  source: RestoreSource;
  action: RestoreAction;
  /** E-mail of the production mailbox that may be written to. */
  confirmInPlace: string | undefined;
  timeouts: Timeouts;
}

/** What became of a restore; `earlier` is there when a run before had carried it out already, and nothing was sent. */
export interface Restored {
  record: RestoreRecord;
  earlier?: JournalEntry;
}

/** What a restore needs of the process that it runs in. */
export interface RestoreSurroundings {
  journal: Journal;
  sessionLook: SessionLook;
  report: Report;
  warn(text: string): void;
  /** Nobody is left who would take the result: the Pulumi CLI was killed. */
  engineIsGone(): Promise<boolean>;
}

/** What is settled before anything is sent. */
interface Prepared {
  session: OpenSession;
  mailbox: Mailbox;
  mailboxes: Mailbox[];
  organizationId: string | null;
  pointInTime: string | null;
  dataAgeSeconds: number | null;
  /** What should be read about all this. */
  remarks: string[];
}

/** Where an action takes place, and how to see what became of it. */
interface Stage extends Prepared {
  work: Work;
  /** What the session's events tell of this action now. */
  see(): Promise<Attribution>;
  /** Waits for the end of a restore that goes on in a session after its answer. */
  awaitEnd(runsIn: string): Promise<Done>;
  report: Report;
  timeouts: Timeouts;
}

interface Done {
  judgement: Judgement;
  seen: Attribution;
  /** The server answered that it has begun, and its session tells of it, or another one. */
  hasBegun?: true;
  runsIn?: string;
  pst?: PstFile;
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
    return { earlier: earlier.entry, record: earlier.record };
  }
  if (action.kind === "exportToPst") {
    const draft = await draftPst(action.path, request);
    try {
      return await inSession(connection, request, surroundings, (stage) => runExport(connection, action, draft, stage));
    } finally {
      await draft.discard();
    }
  }
  return inSession(connection, request, surroundings, (stage) => runRestore(connection, action, stage));
}

const settlingOf = ({ timeouts }: RestoreRequest, surroundings: RestoreSurroundings) => ({
  ...surroundings,
  limitMs: timeouts.restore,
});

async function inSession(
  connection: Connection,
  request: RestoreRequest,
  surroundings: RestoreSurroundings,
  run: (stage: Stage) => Promise<Done>,
): Promise<Restored> {
  const { report } = surroundings;
  const { timeouts } = request;
  connection.allow(timeouts);
  report("logging in");
  await within(timeouts.login, "login", connection.logIn());
  refuseUnspokenFields(connection.dialect.apiVersion, fieldsOf(request));
  const { lease, ...source } = await findSource(connection, request);
  let restored: Restored;
  try {
    const leaveGate = await connection.gate.enter(() => report("waiting for its turn"));
    try {
      await refuseWithoutEngine(surroundings);
      let prepared = await prepare(request, lease, source, report);
      await refuseOpenQuestions(connection, request, prepared, surroundings);
      // Hours may have passed since the first look, and another run of the same stack may have been here.
      const earlier = await settleOwn(connection, request, settlingOf(request, surroundings));
      while (prepared.session.isRetired) {
        // It was kept as evidence in the meantime: nothing else may begin in it.
        prepared = await prepare(request, lease, source, report);
      }
      restored =
        earlier === undefined
          ? { record: await carryOut(connection, request, prepared, surroundings, run) }
          : { earlier: earlier.entry, record: earlier.record };
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

/** Work that is waited for so long and no longer; it may go on for others who want it, too. Nothing has been sent yet. */
async function within<T>(limitMs: number, name: "login" | "session", work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const what = name === "login" ? "The login" : "The restore session";
    const message = `${what} took longer than timeouts.${name} allows (${limitMs / 1000} s). Nothing was sent.`;
    timer = setTimeout(() => reject(new ConnectionError(message, { notSent: true, timedOut: true })), limitMs);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Without an engine nobody stores what comes of it, and the next `up` knows nothing of it. */
async function refuseWithoutEngine({ engineIsGone }: RestoreSurroundings): Promise<void> {
  if (await engineIsGone()) {
    throw new MailboxRestoreError("guard", "The Pulumi CLI is gone, so nothing was sent. Run pulumi up again.");
  }
}

/** The mailbox that a restore writes to; null for an export. */
function writtenMailbox(action: RestoreAction, { email, id, isArchive }: Mailbox): string | null {
  switch (action.kind) {
    case "exportToPst":
      return null;
    case "restoreTo":
      return action.options.mailbox.toLowerCase();
    case "restoreToOriginalLocation":
      return `${email || id}${isArchive ? " (archive)" : ""}`.toLowerCase();
  }
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

async function findSource(connection: Connection, { source, action, timeouts }: RestoreRequest) {
  if ("restoreSessionId" in source) {
    return {
      lease: connection.sessions.borrow(source.restoreSessionId),
      organization: undefined,
      pointInTime: undefined,
    };
  }
  const organization = selectOrganization(
    await within(timeouts.session, "session", connection.organizations()),
    source.organization,
  );
  const { showDeleted, showAllVersions, repositoryId, maxAgeMs } = source;
  const backup = await within(timeouts.session, "session", backupIn(connection.dialect, organization, repositoryId));
  const pointInTime = resolvePointInTime(backup, source.pointInTime);
  refuseTooOld(backup, pointInTime, maxAgeMs);
  const options = { pointInTime, showDeleted, showAllVersions, repositoryId };
  // A restore that ends after its answer is told from others by its session alone.
  const isTold = action.kind === "exportToPst" || !connection.dialect.restoresEndLater;
  const lease = isTold
    ? connection.sessions.reserve(organization.id, options)
    : connection.sessions.reserveAlone(organization.id, options);
  return { lease, organization: backup, pointInTime };
}

/** Everything that can fail without the server having been asked to restore. */
async function prepare(
  request: RestoreRequest,
  lease: SessionLease,
  { organization, pointInTime }: { organization: Organization | undefined; pointInTime: string | undefined },
  report: Report,
): Promise<Prepared> {
  report("opening a restore session");
  const { session: limitMs } = request.timeouts;
  const session = await within(limitMs, "session", lease.open());
  report("looking for the mailbox");
  const mailboxes = await within(limitMs, "session", session.mailboxes());
  const mailbox = selectMailbox(
    mailboxes,
    request.source.mailbox,
    pointInTime ?? `restore session ${session.sessionId}`,
  );
  refuseUnconfirmedInPlace(request, mailbox);
  refusePublicFolders(request, mailbox);
  const remark =
    organization === undefined || pointInTime === undefined
      ? undefined
      : remarkOnPointInTime(organization, pointInTime);
  return {
    session,
    mailbox,
    mailboxes,
    organizationId: organization?.id ?? null,
    pointInTime: pointInTime ?? null,
    dataAgeSeconds:
      organization === undefined || pointInTime === undefined
        ? null
        : dataAgeSeconds(organization, pointInTime, Date.now()),
    remarks: remark === undefined ? [] : [remark],
  };
}

async function carryOut(
  { dialect, settings }: Connection,
  request: RestoreRequest,
  prepared: Prepared,
  surroundings: RestoreSurroundings,
  run: (stage: Stage) => Promise<Done>,
): Promise<RestoreRecord> {
  const { session, mailbox, mailboxes } = prepared;
  const { action, timeouts } = request;
  const { journal, report, engineIsGone } = surroundings;
  const type = action.kind === "exportToPst" ? "Export" : "Restore";
  const target = action.kind === "restoreTo" ? action.options.mailbox : undefined;
  let entry: JournalEntry = {
    version: 1,
    stage: "sent",
    identity: request.identity,
    attemptId: request.attemptId,
    intentHash: request.intentHash,
    intentLayout: request.intentLayout,
    again: request.again,
    endpoint: settings.endpoint,
    apiVersion: dialect.apiVersion,
    action: action.kind,
    mailbox: { id: mailbox.id, name: mailbox.name, email: mailbox.email },
    writesTo: writtenMailbox(action, mailbox),
    target: target ?? null,
    path: action.kind === "exportToPst" ? resolve(action.path) : null,
    organizationId: prepared.organizationId,
    resolvedPointInTime: prepared.pointInTime,
    dataAgeSeconds: prepared.dataAgeSeconds,
    sessionId: session.sessionId,
    ownsSession: session.isOurs,
    ignoredEvents: [...session.knownEvents],
    ...(action.kind === "exportToPst" ? {} : namesakesIn(prepared)),
    startedAt: new Date().toISOString(),
    owner: journal.owner,
  };
  const work = session.begin(type, mailbox.id, target);
  let claimed: string | undefined;
  const see = async () => {
    const events = await dialect.listEvents(session.sessionId);
    const { alone, aloneOnMailbox } = work;
    const neighbours = work.neighbours();
    const ignore = session.knownEvents;
    const seen = attribute(events, { type, mailbox, mailboxes, target, neighbours, ignore, alone, aloneOnMailbox });
    if (seen.kind === "ours") {
      session.knownEvents.add(seen.event.id);
      claimed = seen.event.id;
    }
    return seen;
  };
  const awaitEnd = async (runsIn: string): Promise<Done> => {
    const elsewhere = runsIn === session.sessionId ? {} : { runsIn };
    entry = { ...entry, hasBegun: true, ...elsewhere };
    // Without the note a crash from here on is a question for a person, no second restore.
    await journal.note(entry).catch(() => undefined);
    const sent: SentRestore = {
      sessionId: session.sessionId,
      mailboxId: mailbox.id,
      mailboxEmail: mailbox.email,
      neighbours: work.neighbours(),
      pending: {
        mailboxName: mailbox.name,
        ...(target === undefined ? {} : { target }),
        ignoredEvents: [...session.knownEvents],
        alone: work.alone,
        aloneOnMailbox: work.aloneOnMailbox,
        mayStopSession: session.isOurs,
        ...namesakesIn(prepared),
        hasBegun: true,
        ...elsewhere,
      },
    };
    const done = await followTillEnd(dialect, sent, { limitMs: timeouts.restore, report, isPointless: engineIsGone });
    if (done.seen.kind === "ours") {
      session.knownEvents.add(done.seen.event.id);
      claimed = done.seen.event.id;
    }
    return { ...done, hasBegun: true, ...elsewhere };
  };
  try {
    await journal.begin(entry);
    let done: Done;
    try {
      await refuseWithoutEngine(surroundings);
      await refuseSettled(journal, entry);
      done = await run({ ...prepared, work, see, awaitEnd, report, timeouts });
    } catch (error) {
      if (error instanceof MailboxRestoreError) {
        // Not sent, refused, or proved to have written nothing. An entry that cannot be removed asks at the next `up`.
        await journal.forget(entry).catch(() => undefined);
      } else {
        // A mistake of ours, at any moment: the entry stays, and the next `up` asks the server.
        await journal.abandon(entry);
        session.keepOpen();
      }
      throw error;
    }
    const { seen, pst } = done;
    const judgement = { ...done.judgement, warnings: [...done.judgement.warnings, ...prepared.remarks] };
    const event = seen.kind === "ours" ? seen.event : undefined;
    const record: RestoreRecord = {
      ...recordOf(entry, judgement, new Date().toISOString(), event),
      ...(pst === undefined ? {} : { pst }),
      ...(isOpen(judgement.outcome) ? { pending: pendingOf(prepared, work, done, target) } : {}),
    };
    const problem = await noteAnswer(journal, claimed === undefined ? entry : { ...entry, eventId: claimed }, record);
    if (action.kind !== "exportToPst") {
      // Should the journal be lost before the state has this, the session is all that tells of it.
      session.keepForNow();
    }
    return problem === undefined ? record : { ...record, warnings: shorten([...record.warnings, problem]) };
  } finally {
    work.end(claimed !== undefined);
  }
}

/** Whoever stood still for long between the entry and this moment may find that others have settled it. */
async function refuseSettled(journal: Journal, entry: JournalEntry): Promise<void> {
  if (!(await journal.isStillOurs(entry))) {
    throw new MailboxRestoreError(
      "journal",
      "Another run has settled this restore in the meantime, so nothing was sent. Run pulumi up again.",
    );
  }
}

/** What was carried out is a result, also when the disk is full. */
async function noteAnswer(journal: Journal, entry: JournalEntry, record: RestoreRecord): Promise<string | undefined> {
  try {
    await journal.answer(entry, record);
    return undefined;
  } catch (error) {
    return `The result is known, and could not be noted. ${messageOf(error)}`;
  }
}

function namesakesIn({ mailbox, mailboxes }: Prepared): Pick<PendingRestore, "namesakes"> {
  const namesakes = namesakesOf(mailbox, mailboxes);
  return namesakes.length === 0 ? {} : { namesakes };
}

/** Notes what recognises this restore later, and keeps its session. */
function pendingOf(
  prepared: Prepared,
  { alone, aloneOnMailbox }: Work,
  { seen, hasBegun, runsIn }: Done,
  target: string | undefined,
): PendingRestore {
  const { session, mailbox } = prepared;
  const { mayBeStopped } = session.keepOpen();
  // An event of ours that still runs was claimed like any other; it is the one to look at again.
  const ours = seen.kind === "ours" ? seen.event.id : undefined;
  const ignoredEvents = [...session.knownEvents].filter((id) => id !== ours);
  return {
    mailboxName: mailbox.name,
    ...(target === undefined ? {} : { target }),
    ignoredEvents,
    alone,
    aloneOnMailbox,
    mayStopSession: mayBeStopped,
    ...namesakesIn(prepared),
    ...(hasBegun === undefined ? {} : { hasBegun }),
    ...(runsIn === undefined ? {} : { runsIn }),
  };
}

async function runRestore(
  { dialect }: Connection,
  action: Exclude<RestoreAction, { kind: "exportToPst" }>,
  { session, mailbox, see, awaitEnd, report, timeouts }: Stage,
): Promise<Done> {
  report("restoring");
  let answer: RestoreAnswer | undefined;
  let failure: unknown;
  try {
    answer =
      action.kind === "restoreTo"
        ? await dialect.restoreTo(session.sessionId, mailbox.id, action.options, action.access, timeouts)
        : await dialect.restoreToOriginalLocation(session.sessionId, mailbox.id, action.access, timeouts);
  } catch (error) {
    if (error instanceof MailboxRestoreError && error.notSent) {
      throw error;
    }
    failure = error;
  }
  // From here on the action may have been carried out: whatever goes wrong below is a result, not an error.
  if (answer !== undefined && dialect.restoresEndLater && answer.counts === undefined) {
    const done = await awaitEnd(answer.runsIn ?? session.sessionId);
    return provenWritten(done);
  }
  report("checking the result");
  const { seen, problem } = await tryToSee(see);
  if (answer === undefined && seen.kind === "none" && isRefusal(failure)) {
    throw refusal(messageOf(failure));
  }
  const judgement = judge(answer, seen);
  if (isConnectionError(failure) && failure.timedOut && judgement.outcome === "Unknown") {
    // We gave up waiting, which says nothing of the server: the next `up` looks again.
    judgement.outcome = "Unfinished";
  }
  if (answer === undefined) {
    judgement.warnings.push(`After the action was sent: ${messageOf(failure)}`);
  }
  if (problem !== undefined) {
    judgement.warnings.push(`The session's events could not be read: ${problem}`);
  }
  if (judgement.outcome === "Succeeded" && judgement.warnings.length > 0) {
    judgement.outcome = "SucceededWithWarnings";
  }
  return provenWritten({ judgement, seen });
}

/** @throws MailboxRestoreError when it is proved that nothing was written: then the same may be tried again. */
function provenWritten(done: Done): Done {
  if (provesNothingWritten(done.judgement)) {
    throw refusal(done.judgement.failures.join("; ") || "every item failed");
  }
  return done;
}

/** A restore that has just begun may not be in its session's events yet; it is waited for so long, in milliseconds. */
const unseenLimitMs = 10 * 60_000;

/** Looks until a restore that has begun is over. What cannot be seen now stays open, and the next `up` looks again. */
async function followTillEnd(dialect: Dialect, sent: SentRestore, patience: Patience): Promise<Done> {
  const openWith = (outcome: Outcome, seen: Attribution, warnings: string[] = []): Done => ({
    judgement: { outcome, counts: unknownCounts, failures: [], warnings },
    seen,
  });
  let sight: Sight;
  try {
    sight = await follow(dialect, sent, { ...patience, unseenLimitMs });
  } catch (error) {
    return openWith("Unfinished", { kind: "none" }, [`After the action was sent: ${messageOf(error)}`]);
  }
  switch (sight.kind) {
    case "ended": {
      const { judgement, event } = sight;
      const hasWarned = judgement.outcome === "Succeeded" && judgement.warnings.length > 0;
      return {
        judgement: hasWarned ? { ...judgement, outcome: "SucceededWithWarnings" } : judgement,
        seen: { kind: "ours", event },
      };
    }
    case "running":
      return openWith("Unfinished", { kind: "ours", event: sight.event });
    case "unknown":
      return openWith("Unknown", { kind: "none" });
  }
}

async function tryToSee(see: Stage["see"]): Promise<{ seen: Attribution; problem?: string }> {
  try {
    return { seen: await see() };
  } catch (error) {
    return { seen: { kind: "unclear", events: [] }, problem: messageOf(error) };
  }
}

/** An export changes no mailbox: whatever goes wrong is an ordinary error, and the next `up` makes it again. */
async function runExport(
  { dialect }: Connection,
  action: Extract<RestoreAction, { kind: "exportToPst" }>,
  draft: PstDraft,
  { session, mailbox, see, report, timeouts }: Stage,
): Promise<Done> {
  // The server searches and builds the whole file before its first byte; that may take hours (reference 6.x, export).
  report("waiting for the server to build the PST");
  const answer = await dialect.exportToPst(session.sessionId, mailbox.id, action.options, timeouts);
  const pst = await draft.receive(answer, (done) => report("exporting", { done, total: answer.bytes }));
  const { seen, problem } = await tryToSee(see);
  const judgement = judge({ counts: undefined, warnings: [], exceptions: [], cannotContinueError: undefined }, seen);
  if (judgement.outcome === "Failed") {
    throw new MailboxRestoreError(
      "export",
      `The export to ${action.path} was not kept: the server sent a file, but its event says ${judgement.failures.join("; ")}`,
    );
  }
  if (seen.kind !== "ours" || judgement.outcome === "Unknown" || judgement.outcome === "Unfinished") {
    // The file itself is the proof of an export; an event could only have added to it.
    judgement.outcome = "Succeeded";
    judgement.warnings = problem === undefined ? [] : [`The session's events could not be read: ${problem}`];
  }
  if (judgement.outcome === "PartiallyFailed") {
    // A whole file came; what the event warns of is shown, and what it lacks is for a person to see.
    judgement.outcome = "SucceededWithWarnings";
  }
  await draft.keep();
  return { judgement, seen, pst };
}

/** What the request uses, and the version may not have. */
function fieldsOf({ source, action }: RestoreRequest): string[] {
  return [
    ...usedOf(source),
    ...(action.kind === "restoreToOriginalLocation" ? [] : usedOf(action.options)),
    ...(action.kind === "exportToPst" ? [] : usedOf(action.access)),
  ];
}

const usedOf = (fields: object) =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));

function refuseTooOld(organization: Organization, pointInTime: string, maxAgeMs: number | undefined): void {
  const ageMs = dataAgeSeconds(organization, pointInTime, Date.now()) * 1000;
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
    throw new MailboxRestoreError(
      "guard",
      `The backup that ${pointInTime} shows is ${durationInWords(ageMs)} old, and maxRestorePointAge allows ${durationInWords(maxAgeMs)}. Nothing was sent.`,
    );
  }
}

/** Public folders go back to where they came from, and not with a certificate (user guide; told from v6 on). */
function refusePublicFolders({ action }: RestoreRequest, { isPublic, email, id }: Mailbox): void {
  if (!isPublic || action.kind === "exportToPst") {
    return;
  }
  const what =
    action.kind === "restoreTo"
      ? "go back to their original location only: use restoreToOriginalLocation, or exportToPst"
      : "applicationId" in action.access
        ? "cannot be restored with an application's certificate: give user and password, or a device code"
        : undefined;
  if (what !== undefined) {
    throw new MailboxRestoreError(
      "guard",
      `${email || id} is a mailbox of public folders, and those ${what}. Nothing was sent.`,
    );
  }
}

/** Writing into a production mailbox needs its name said twice. */
function refuseUnconfirmedInPlace({ action, confirmInPlace }: RestoreRequest, { email, id }: Mailbox): void {
  const writesToSource =
    action.kind === "restoreToOriginalLocation" ||
    (action.kind === "restoreTo" && action.options.mailbox.toLowerCase() === email.toLowerCase());
  // A mailbox without an address is confirmed by its id.
  const written = email || id;
  if (writesToSource && confirmInPlace?.toLowerCase() !== written.toLowerCase()) {
    throw new MailboxRestoreError(
      "guard",
      `This writes into the production mailbox ${written}. To confirm it, set confirmInPlace: "${written}". Nothing was sent.`,
    );
  }
}
