import type {
  Counts,
  ExchangeAccess,
  Mailbox,
  Organization,
  RestoreAnswer,
  RestoreToOptions,
  SessionEvent,
} from "../api/dialects/dialect";
import { cut } from "../api/answer";
import { MailboxRestoreError, messageOf } from "../errors";
import { type Attribution, attribute } from "./attribution";
import type { Connection } from "./connection";
import { type Judgement, type Outcome, judge, provesNothingWritten } from "./outcome";
import { dataAgeSeconds, resolvePointInTime } from "./point-in-time";
import { type PstDraft, type PstFile, draftPst } from "./pst";
import { isRefusal, refusal } from "./refusal";
import { type MailboxSelector, selectMailbox, selectOrganization } from "./selection";
import type { OpenSession, SessionLease, Work } from "./session-pool";

/** Where the mail comes from: a mailbox of a backup, or a mailbox in a session that somebody else opened. */
export type RestoreSource =
  | {
      organization: string;
      mailbox: MailboxSelector;
      /** RFC 3339, or "latest". */
      pointInTime: string;
      showDeleted: boolean;
      showAllVersions: boolean;
    }
  | { restoreSessionId: string; mailbox: MailboxSelector };

export type RestoreAction =
  | { kind: "exportToPst"; path: string; contentKeywords: string | undefined }
  | { kind: "restoreToOriginalLocation"; access: ExchangeAccess }
  | { kind: "restoreTo"; options: RestoreToOptions; access: ExchangeAccess };

export interface RestoreRequest {
  /** Whose restore this is: project, stack and name. */
  identity: string;
  attemptId: string;
  source: RestoreSource;
  action: RestoreAction;
  /** E-mail of the production mailbox that may be written to. */
  confirmInPlace: string | undefined;
}

/** What is known of a restore that was sent. Plain JSON; null means that nobody said. */
export interface RestoreRecord {
  sessionId: string;
  mailboxId: string;
  mailboxEmail: string;
  organizationId: string | null;
  resolvedPointInTime: string | null;
  outcome: Outcome;
  counts: Counts;
  /** The first {@link shownTexts}. */
  failures: string[];
  failureCount: number;
  warnings: string[];
  /** From the moment before the action was sent; ISO 8601 UTC. */
  startedAt: string;
  finishedAt: string;
  durationSeconds: number;
  dataAgeSeconds: number | null;
  pst?: PstFile;
  /** This restore's own event, when the session has one. */
  events: { type: string; status: string; message: string }[];
  /** Only while the end was not seen: what is needed to recognise this restore's event later. */
  pending?: PendingRestore;
}

export interface PendingRestore {
  mailboxName: string;
  /** Address that was written to, where it is another one. */
  target?: string;
  /** Events that were there before, or belong to other restores; their ids. */
  ignoredEvents: string[];
  alone: boolean;
  aloneOnMailbox: boolean;
  /** The session is ours and served this restore alone, so it may be stopped once this is settled. */
  mayStopSession: boolean;
}

/** Told what the restore is doing now; `done` of `total` are bytes. */
export type Report = (activity: string, bytes?: { done: number; total: number | undefined }) => void;

/** Texts of the server that are kept of a list, and characters of each: the state is written anew at every step of a stack. */
const shownTexts = 20;
const shownCharacters = 300;

/** What is settled before anything is sent. */
interface Prepared {
  session: OpenSession;
  mailbox: Mailbox;
  mailboxes: Mailbox[];
  organizationId: string | null;
  pointInTime: string | null;
  dataAgeSeconds: number | null;
}

/** Where an action takes place, and how to see what became of it. */
interface Stage extends Prepared {
  work: Work;
  /** What the session's events tell of this action now. */
  see(): Promise<Attribution>;
  report: Report;
}

interface Done {
  judgement: Judgement;
  seen: Attribution;
  pst?: PstFile;
}

/**
 * Carries out one restore or export: finds the mailbox, sends the action once, and judges what came of it.
 *
 * A restore session that we opened is stopped at the end, also after a failure, unless it holds the evidence of a restore
 * whose end was not seen.
 *
 * @returns what became of an action that was sent, be it good or bad.
 * @throws MailboxRestoreError when nothing was sent, when the server refused, or when it is proved that nothing was
 * written: then the same request may be made again.
 */
export async function restoreMailbox(
  connection: Connection,
  request: RestoreRequest,
  report: Report = () => undefined,
): Promise<RestoreRecord> {
  const { action } = request;
  if (action.kind === "exportToPst") {
    const draft = await draftPst(action.path, request);
    try {
      return await inSession(connection, request, report, (stage) => runExport(connection, action, draft, stage));
    } finally {
      await draft.discard();
    }
  }
  connection.keepSecret(action.access.userPassword);
  return inSession(connection, request, report, (stage) => runRestore(connection, action, stage));
}

async function inSession(
  connection: Connection,
  request: RestoreRequest,
  report: Report,
  run: (stage: Stage) => Promise<Done>,
): Promise<RestoreRecord> {
  report("logging in");
  const { lease, ...source } = await findSource(connection, request.source);
  let record: RestoreRecord;
  try {
    const leaveGate = await connection.gate.enter(() => report("waiting for its turn"));
    try {
      const prepared = await prepare(request, lease, source, report);
      record = await carryOut(connection, request, prepared, report, run);
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
  return warning === undefined ? record : { ...record, warnings: shorten([...record.warnings, warning]) };
}

async function findSource(connection: Connection, source: RestoreSource) {
  if ("restoreSessionId" in source) {
    return {
      lease: connection.sessions.borrow(source.restoreSessionId),
      organization: undefined,
      pointInTime: undefined,
    };
  }
  const organization = selectOrganization(await connection.organizations(), source.organization);
  const pointInTime = resolvePointInTime(organization, source.pointInTime);
  const { showDeleted, showAllVersions } = source;
  const lease = connection.sessions.reserve(organization.id, { pointInTime, showDeleted, showAllVersions });
  return { lease, organization, pointInTime };
}

/** Everything that can fail without the server having been asked to restore. */
async function prepare(
  request: RestoreRequest,
  lease: SessionLease,
  { organization, pointInTime }: { organization: Organization | undefined; pointInTime: string | undefined },
  report: Report,
): Promise<Prepared> {
  report("opening a restore session");
  const session = await lease.open();
  report("looking for the mailbox");
  const mailboxes = await session.mailboxes();
  const mailbox = selectMailbox(
    mailboxes,
    request.source.mailbox,
    pointInTime ?? `restore session ${session.sessionId}`,
  );
  refuseUnconfirmedInPlace(request, mailbox);
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
  };
}

async function carryOut(
  { dialect }: Connection,
  { action }: RestoreRequest,
  prepared: Prepared,
  report: Report,
  run: (stage: Stage) => Promise<Done>,
): Promise<RestoreRecord> {
  const { session, mailbox, mailboxes } = prepared;
  const type = action.kind === "exportToPst" ? "Export" : "Restore";
  const target = action.kind === "restoreTo" ? action.options.mailbox : undefined;
  const work = session.begin(type, mailbox.id, target);
  let claimed = false;
  const see = async () => {
    const events = await dialect.listEvents(session.sessionId);
    const { alone, aloneOnMailbox } = work;
    const neighbours = work.neighbours();
    const ignore = session.knownEvents;
    const seen = attribute(events, { type, mailbox, mailboxes, target, neighbours, ignore, alone, aloneOnMailbox });
    if (seen.kind === "ours") {
      session.knownEvents.add(seen.event.id);
      claimed = true;
    }
    return seen;
  };
  const startedAt = new Date();
  try {
    const { judgement, seen, pst } = await run({ ...prepared, work, see, report });
    const finishedAt = new Date();
    return {
      sessionId: session.sessionId,
      mailboxId: mailbox.id,
      mailboxEmail: mailbox.email,
      organizationId: prepared.organizationId,
      resolvedPointInTime: prepared.pointInTime,
      outcome: judgement.outcome,
      counts: judgement.counts,
      failures: shorten(judgement.failures),
      failureCount: judgement.failures.length,
      warnings: shorten(judgement.warnings),
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      durationSeconds: (finishedAt.getTime() - startedAt.getTime()) / 1000,
      dataAgeSeconds: prepared.dataAgeSeconds,
      ...(pst === undefined ? {} : { pst }),
      events: seen.kind === "ours" ? [shownEvent(seen.event)] : [],
      ...(isOpen(judgement.outcome) ? { pending: pendingOf(prepared, work, seen, target) } : {}),
    };
  } finally {
    work.end(claimed);
  }
}

/** Notes what recognises this restore later, and keeps its session. */
function pendingOf(
  { session, mailbox }: Prepared,
  { alone, aloneOnMailbox }: Work,
  seen: Attribution,
  target: string | undefined,
): PendingRestore {
  const { mayBeStopped } = session.keepOpen();
  // An event of ours that still runs was claimed like any other; it is the one to look at again.
  const ours = seen.kind === "ours" ? seen.event.id : undefined;
  const ignoredEvents = [...session.knownEvents].filter((id) => id !== ours);
  const named = target === undefined ? {} : { target };
  return { mailboxName: mailbox.name, ...named, ignoredEvents, alone, aloneOnMailbox, mayStopSession: mayBeStopped };
}

const isOpen = (outcome: Outcome) => outcome === "Unfinished" || outcome === "Unknown";

async function runRestore(
  { dialect }: Connection,
  action: Exclude<RestoreAction, { kind: "exportToPst" }>,
  { session, mailbox, see, report }: Stage,
): Promise<Done> {
  report("restoring");
  let answer: RestoreAnswer | undefined;
  let failure: unknown;
  try {
    answer =
      action.kind === "restoreTo"
        ? await dialect.restoreTo(session.sessionId, mailbox.id, action.options, action.access)
        : await dialect.restoreToOriginalLocation(session.sessionId, mailbox.id, action.access);
  } catch (error) {
    if (error instanceof MailboxRestoreError && error.notSent) {
      throw error;
    }
    failure = error;
  }
  // From here on the action may have been carried out: whatever goes wrong below is a result, not an error.
  report("checking the result");
  const { seen, problem } = await tryToSee(see);
  if (answer === undefined && seen.kind === "none" && isRefusal(failure)) {
    throw refusal(messageOf(failure));
  }
  const judgement = judge(answer, seen);
  if (answer === undefined) {
    judgement.warnings.push(`After the action was sent: ${messageOf(failure)}`);
  }
  if (problem !== undefined) {
    judgement.warnings.push(`The session's events could not be read: ${problem}`);
  }
  if (judgement.outcome === "Succeeded" && judgement.warnings.length > 0) {
    judgement.outcome = "SucceededWithWarnings";
  }
  if (provesNothingWritten(judgement)) {
    throw refusal(judgement.failures.join("; ") || "every item failed");
  }
  return { judgement, seen };
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
  { session, mailbox, see, report }: Stage,
): Promise<Done> {
  // The server searches and builds the whole file before its first byte; that may take hours (reference 6.x, export).
  report("waiting for the server to build the PST");
  const answer = await dialect.exportToPst(session.sessionId, mailbox.id, { contentKeywords: action.contentKeywords });
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

/**
 * Looks again at a restore whose end was not seen: what do its session's events say now? Sends no action. The session is
 * stopped when that restore is settled, if it served no other one.
 *
 * @returns undefined when the events still cannot tell.
 */
export async function lookAgain(
  { dialect }: Connection,
  restore: { sessionId: string; mailboxId: string; mailboxEmail: string; pending: PendingRestore },
): Promise<{ judgement: Judgement; finishedAt: string } | undefined> {
  const { sessionId, pending } = restore;
  const mailbox = { id: restore.mailboxId, name: pending.mailboxName, email: restore.mailboxEmail };
  const events = await dialect.listEvents(sessionId);
  const seen = attribute(events, {
    type: "Restore",
    mailbox,
    // Nothing is known here of who else worked in the session, so an event that names another one leaves the end unknown.
    mailboxes: [mailbox],
    target: pending.target,
    neighbours: [],
    ignore: new Set(pending.ignoredEvents),
    alone: pending.alone,
    aloneOnMailbox: pending.aloneOnMailbox,
  });
  const judgement = judge(undefined, seen);
  if (seen.kind !== "ours" || isOpen(judgement.outcome)) {
    return undefined;
  }
  const warning = await stopPending(dialect, restore);
  if (warning !== undefined) {
    judgement.warnings.push(warning);
  }
  const ended = Date.parse(seen.event.endTime ?? "");
  return { judgement, finishedAt: new Date(Number.isNaN(ended) ? Date.now() : ended).toISOString() };
}

/** Stops the session of a restore that is settled or forgotten. Never throws: what was seen counts more than a stop. */
export async function stopPending(
  dialect: Pick<Connection["dialect"], "stopSession">,
  { sessionId, pending }: { sessionId: string; pending: PendingRestore },
): Promise<string | undefined> {
  if (!pending.mayStopSession) {
    return undefined;
  }
  try {
    await dialect.stopSession(sessionId);
    return undefined;
  } catch (error) {
    return `Restore session ${sessionId} could not be stopped and ends by itself later: ${messageOf(error)}`;
  }
}

const shorten = (texts: string[]) => texts.slice(0, shownTexts).map((text) => cut(text, shownCharacters));

function shownEvent({ type, status, message }: SessionEvent) {
  return { type, status, message: cut(message, shownCharacters) };
}
