import type {
  Counts,
  ExchangeAccess,
  Organization,
  RestoreAnswer,
  RestoreToOptions,
  SessionEvent,
} from "../api/dialects/dialect";
import { MailboxRestoreError, isApiError, isConnectionError, messageOf } from "../errors";
import type { Connection } from "./connection";
import { type Judgement, type Outcome, findEvent, judge, provesNothingWritten } from "./outcome";
import { dataAgeSeconds, resolvePointInTime } from "./point-in-time";
import { type PstFile, type ReceivedPst, preparePst, receivePst } from "./pst";
import { type MailboxSelector, selectMailbox, selectOrganization } from "./selection";
import type { SessionLease } from "./session-pool";

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
  | { restoreSessionId: string; mailboxId: string };

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
}

/** Told what the restore is doing now; `done` of `total` are bytes. */
export type Report = (activity: string, bytes?: { done: number; total: number | undefined }) => void;

/** Texts of the server that are kept of a list, and characters of each: the state is written anew at every step of a stack. */
const shownTexts = 20;
const shownCharacters = 300;

interface Opened {
  lease: SessionLease;
  organization: Organization | undefined;
  pointInTime: string | undefined;
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
  if (request.action.kind === "exportToPst") {
    await preparePst(request.action.path, request.identity);
  } else {
    connection.keepSecret(request.action.access.userPassword);
  }
  const opened = await openSource(connection, request.source, report);
  const { lease } = opened;
  let record: RestoreRecord;
  try {
    record = await restoreInSession(connection, request, opened, report);
    if (record.outcome === "Unfinished" || record.outcome === "Unknown") {
      lease.keepOpen();
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

async function openSource(connection: Connection, source: RestoreSource, report: Report): Promise<Opened> {
  report("logging in");
  if ("restoreSessionId" in source) {
    const lease = await connection.sessions.borrow(source.restoreSessionId);
    return { lease, organization: undefined, pointInTime: undefined };
  }
  const organization = selectOrganization(await connection.organizations(), source.organization);
  const pointInTime = resolvePointInTime(organization, source.pointInTime);
  report("opening a restore session");
  const { showDeleted, showAllVersions } = source;
  const lease = await connection.sessions.acquire(organization.id, { pointInTime, showDeleted, showAllVersions });
  return { lease, organization, pointInTime };
}

async function restoreInSession(
  connection: Connection,
  request: RestoreRequest,
  { lease, organization, pointInTime }: Opened,
  report: Report,
): Promise<RestoreRecord> {
  const { source, action } = request;
  report("looking for the mailbox");
  const mailbox = selectMailbox(
    await lease.mailboxes(),
    "restoreSessionId" in source ? { id: source.mailboxId } : source.mailbox,
    pointInTime ?? `restore session ${lease.sessionId}`,
  );
  refuseUnconfirmedInPlace(request, mailbox.email);

  const leaveGate = await connection.gate.enter(() => report("waiting for its turn"));
  const type = action.kind === "exportToPst" ? "Export" : "Restore";
  const work = lease.begin(type);
  const startedAt = new Date();
  try {
    const seeEvent = async (): Promise<SessionEvent | undefined> => {
      const events = await connection.dialect.listEvents(lease.sessionId);
      const names = [mailbox.email, mailbox.name];
      const event = findEvent(events, { type, names, ignore: lease.knownEvents, alone: work.alone });
      if (event !== undefined) {
        lease.knownEvents.add(event.id);
      }
      return event;
    };
    const done =
      action.kind === "exportToPst"
        ? await runExport(connection, request, action, { lease, mailboxId: mailbox.id, seeEvent, report })
        : await runRestore(connection, action, { lease, mailboxId: mailbox.id, seeEvent, report });
    const finishedAt = new Date();
    const { judgement, event } = done;
    return {
      sessionId: lease.sessionId,
      mailboxId: mailbox.id,
      mailboxEmail: mailbox.email,
      organizationId: organization?.id ?? null,
      resolvedPointInTime: pointInTime ?? null,
      outcome: judgement.outcome,
      counts: judgement.counts,
      failures: shorten(judgement.failures),
      failureCount: judgement.failures.length,
      warnings: shorten(judgement.warnings),
      startedAt: startedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      durationSeconds: (finishedAt.getTime() - startedAt.getTime()) / 1000,
      dataAgeSeconds:
        pointInTime === undefined ? null : dataAgeSeconds(organization, pointInTime, startedAt.toISOString()),
      ...(done.pst === undefined ? {} : { pst: done.pst }),
      events: event === undefined ? [] : [shownEvent(event)],
    };
  } finally {
    work.end();
    leaveGate();
  }
}

interface Surroundings {
  lease: SessionLease;
  mailboxId: string;
  /** Reads the session's events and picks this action's own. */
  seeEvent(): Promise<SessionEvent | undefined>;
  report: Report;
}

interface Done {
  judgement: Judgement;
  event: SessionEvent | undefined;
  pst?: PstFile;
}

async function runRestore(
  { dialect }: Connection,
  action: Exclude<RestoreAction, { kind: "exportToPst" }>,
  { lease, mailboxId, seeEvent, report }: Surroundings,
): Promise<Done> {
  report("restoring");
  let answer: RestoreAnswer;
  try {
    answer =
      action.kind === "restoreTo"
        ? await dialect.restoreTo(lease.sessionId, mailboxId, action.options, action.access)
        : await dialect.restoreToOriginalLocation(lease.sessionId, mailboxId, action.access);
  } catch (error) {
    return afterFailedSend(error, seeEvent);
  }
  report("checking the result");
  const { event, problem } = await tryToSee(seeEvent);
  const judgement = judge(answer, event);
  if (problem !== undefined) {
    judgement.warnings.push(`The session's events could not be read: ${problem}`);
    if (judgement.outcome === "Succeeded") {
      judgement.outcome = "SucceededWithWarnings";
    }
  }
  if (provesNothingWritten(judgement)) {
    throw refusal(judgement.failures.join("; ") || "every item failed and nothing was written");
  }
  return { judgement, event };
}

/** An action was sent, or may have been, and no success came back: was it refused, has it run, or does nobody know? */
async function afterFailedSend(error: unknown, seeEvent: Surroundings["seeEvent"]): Promise<Done> {
  if (!mayHaveBeenReceived(error)) {
    throw error;
  }
  const { event, problem } = await tryToSee(seeEvent);
  if (event === undefined && problem === undefined && isRefusal(error)) {
    throw refusal(messageOf(error));
  }
  const judgement = judge(undefined, event);
  if (judgement.outcome === "Succeeded") {
    // The event is proof enough; that the answer was another one stays visible.
    judgement.outcome = "SucceededWithWarnings";
  }
  judgement.warnings.push(`After the action was sent: ${messageOf(error)}`);
  if (problem !== undefined) {
    judgement.warnings.push(`The session's events could not be read: ${problem}`);
  }
  return { judgement, event };
}

/** False when the action certainly never left, because the line or the login before it failed. */
function mayHaveBeenReceived(error: unknown): boolean {
  if (isConnectionError(error)) {
    return !error.notSent;
  }
  return !(isApiError(error) && /\/token$/i.test(error.path));
}

/**
 * Did the Veeam server itself say no? It does so in its own error shape. A 401 that comes late, a proxy's 502 to 504 and
 * anything that is not the server's shape say nothing about what the server did.
 */
function isRefusal(error: unknown): boolean {
  return (
    isApiError(error) &&
    error.serverMessage !== undefined &&
    error.status >= 400 &&
    ![401, 408, 502, 503, 504].includes(error.status)
  );
}

function refusal(reason: string): MailboxRestoreError {
  return new MailboxRestoreError(
    "refused",
    `The server refused the restore and nothing was written: ${reason}. Mend the cause and run pulumi up again.`,
  );
}

async function tryToSee(see: Surroundings["seeEvent"]): Promise<{ event: SessionEvent | undefined; problem?: string }> {
  try {
    return { event: await see() };
  } catch (error) {
    return { event: undefined, problem: messageOf(error) };
  }
}

/** An export changes no mailbox: whatever goes wrong is an ordinary error, and the next `up` makes it again. */
async function runExport(
  { dialect }: Connection,
  request: RestoreRequest,
  action: Extract<RestoreAction, { kind: "exportToPst" }>,
  { lease, mailboxId, seeEvent, report }: Surroundings,
): Promise<Done> {
  // The server searches and builds the whole file before its first byte; that may take hours (reference 6.x, export).
  report("waiting for the server to build the PST");
  const answer = await dialect.exportToPst(lease.sessionId, mailboxId, { contentKeywords: action.contentKeywords });
  const received: ReceivedPst = await receivePst(answer, action.path, (done) =>
    report("exporting", { done, total: answer.bytes }),
  );
  try {
    const { event, problem } = await tryToSee(seeEvent);
    const judgement = judge({ counts: undefined, warnings: [], exceptions: [], cannotContinueError: undefined }, event);
    if (event === undefined || judgement.outcome === "Unknown" || judgement.outcome === "Unfinished") {
      // The file itself is the proof of an export; an event could only have added to it.
      judgement.outcome = "Succeeded";
      judgement.warnings = problem === undefined ? [] : [`The session's events could not be read: ${problem}`];
    }
    if (judgement.outcome === "Failed") {
      throw new MailboxRestoreError(
        "export",
        `The export to ${action.path} was not kept: the server sent a file, but its event says ${judgement.failures.join("; ")}`,
      );
    }
    await received.keep({ identity: request.identity, attemptId: request.attemptId });
    return { judgement, event, pst: received.pst };
  } catch (error) {
    await received.discard();
    throw error;
  }
}

/** Writing into a production mailbox needs its name said twice. */
function refuseUnconfirmedInPlace({ action, confirmInPlace }: RestoreRequest, email: string): void {
  const writesToSource =
    action.kind === "restoreToOriginalLocation" ||
    (action.kind === "restoreTo" && action.options.mailbox.toLowerCase() === email.toLowerCase());
  if (writesToSource && confirmInPlace?.toLowerCase() !== email.toLowerCase()) {
    throw new MailboxRestoreError(
      "guard",
      `This writes into the production mailbox ${email}. To confirm it, set confirmInPlace: "${email}". Nothing was sent.`,
    );
  }
}

/**
 * Looks again at a restore whose end was not seen: what do its session's events say now? Sends no action.
 *
 * @returns undefined when the events still cannot tell.
 */
export async function lookAgain(
  { dialect }: Connection,
  restore: { sessionId: string; mailboxEmail: string; ownsSession: boolean },
): Promise<{ judgement: Judgement; finishedAt: string } | undefined> {
  const events = await dialect.listEvents(restore.sessionId);
  const restores = events.filter(({ type }) => type.toLowerCase() === "restore");
  const event = findEvent(restores, {
    type: "Restore",
    names: [restore.mailboxEmail],
    ignore: new Set(),
    alone: restores.length === 1,
  });
  const judgement = judge(undefined, event);
  if (judgement.outcome === "Unknown") {
    return undefined;
  }
  const nothingRuns = restores.every(({ status }) => status.toLowerCase() !== "running");
  if (restore.ownsSession && nothingRuns) {
    await dialect.stopSession(restore.sessionId);
  }
  return { judgement, finishedAt: (event?.endTime ? new Date(event.endTime) : new Date()).toISOString() };
}

const shorten = (texts: string[]) => texts.slice(0, shownTexts).map((text) => text.slice(0, shownCharacters));

function shownEvent({ type, status, message }: SessionEvent) {
  return { type, status, message: message.slice(0, shownCharacters) };
}
