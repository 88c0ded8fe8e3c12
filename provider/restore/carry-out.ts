import { resolve } from "node:path";
import type { Dialect, Mailbox } from "../api/dialects/dialect";
import type { ConnectionSettings } from "../config";
import { MailboxRestoreError, messageOf } from "../errors";
import type { Timeouts } from "../timeouts";
import { type Attribution, attribute, namesakesOf } from "./attribution";
import { type SentRestore, follow } from "./follow";
import { refuseWithoutEngine } from "./guards";
import type { Journal, JournalEntry } from "./journal";
import { type Judgement, type Outcome, unknownCounts } from "./outcome";
import type { PstFile } from "../pst/draft";
import { type PendingRestore, type Report, type RestoreRecord, isOpen, recordOf, shorten } from "./record";
import { type RestoreRequest, type RestoreSurroundings, writtenMailbox } from "./request";
import { isSameId, normalId } from "./same-id";
import type { OpenSession, Work } from "./session-pool";

/** What is settled before anything is sent. */
export interface Prepared {
  /** The version that the session was opened with. */
  dialect: Dialect;
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
export interface Stage extends Prepared {
  /** What the session's events tell of this action now. */
  see(): Promise<Attribution>;
  /**
   * Waits for the end of a restore that goes on in a session after its answer.
   *
   * @param answered - what the server answered when it began; undefined when its answer was lost, and the restore was seen
   */
  awaitEnd(answered: { runsIn?: string } | undefined): Promise<Done>;
  report: Report;
  timeouts: Timeouts;
}

/** What became of an action. */
export interface Done {
  judgement: Judgement;
  seen: Attribution;
  /** What is known of how it went on after its answer. */
  begun?: Begun;
  pst?: PstFile;
}

type Begun = Pick<PendingRestore, "hasBegun" | "runsIn">;

/** A restore that has just begun may not be in its session's events yet; it is waited for so long, in milliseconds. */
const unseenLimitMs = 10 * 60_000;

/**
 * Sends an action and judges it, with the journal around: what is about to be sent is noted before, and what became of it after.
 *
 * @param run - sends, once; a MailboxRestoreError from it says that nothing was written
 */
export async function carryOut(
  settings: ConnectionSettings,
  request: RestoreRequest,
  prepared: Prepared,
  surroundings: RestoreSurroundings,
  run: (stage: Stage) => Promise<Done>,
): Promise<RestoreRecord> {
  const { dialect, session, mailbox, mailboxes } = prepared;
  const { action, timeouts, source } = request;
  const { journal, report, engineIsGone } = surroundings;
  const type = action.kind === "exportToPst" ? "Export" : "Restore";
  const target = action.kind === "restoreTo" ? action.options.mailbox : undefined;
  // In a session where others may work, restores of one mailbox that go on after their answer can be told apart only one by one.
  const isOneByOne = !session.isOurs && type === "Restore" && dialect.restoresEndLater;
  const leaveTurn = isOneByOne ? await session.turnOf(mailbox.id) : () => undefined;
  const ignored = new Set(session.knownEvents);
  let work: Work | undefined;
  let claimed: string | undefined;
  try {
    if (isOneByOne) {
      (await dialect.listEvents(session.sessionId)).forEach(({ id }) => ignored.add(id));
    }
    let entry = entryOf(settings, request, prepared, journal, [...ignored]);
    const own = (work = session.begin(type, mailbox.id, target));
    const claim = (seen: Attribution) => {
      if (seen.kind === "ours") {
        session.knownEvents.add(seen.event.id);
        claimed = seen.event.id;
      }
      return seen;
    };
    const pendingIn = (begun: Begun): PendingRestore => ({
      ...pendingOf(prepared, own, target),
      // An event of ours that still runs was claimed like any other; it is the one to look at again.
      ignoredEvents: [...new Set([...ignored, ...session.knownEvents])].filter((id) => id !== claimed),
      mayStopSession: session.isOurs,
      ...begun,
    });
    const see = async () => {
      const { alone, aloneOnMailbox } = own;
      const ignore = new Set([...ignored, ...session.knownEvents]);
      const neighbours = own.neighbours();
      const events = await dialect.listEvents(session.sessionId);
      return claim(attribute(events, { type, mailbox, mailboxes, target, neighbours, ignore, alone, aloneOnMailbox }));
    };
    const awaitEnd: Stage["awaitEnd"] = async (answered) => {
      const { runsIn } = answered ?? {};
      const begun: Begun = {
        ...(answered === undefined ? {} : { hasBegun: true }),
        ...(runsIn === undefined || isSameId(runsIn, session.sessionId) ? {} : { runsIn: normalId(runsIn) }),
      };
      entry = { ...entry, ...begun };
      // Without the note a crash from here on is a question for a person, no second restore.
      await journal.note(entry).catch(() => undefined);
      const sent: SentRestore = {
        sessionId: session.sessionId,
        mailboxId: mailbox.id,
        mailboxEmail: mailbox.email,
        neighbours: own.neighbours(),
        pending: pendingIn(begun),
      };
      const patience = { limitMs: timeouts.restore, unseenLimitMs, report, isPointless: engineIsGone };
      const { leftOpen, ...done } = await followTillEnd(dialect, sent, patience);
      if (leftOpen !== undefined) {
        session.stopToo(leftOpen);
      }
      claim(done.seen);
      const isDoubtful = "restoreSessionId" in source && !source.isOfProgram && begun.runsIn === undefined;
      return { ...(isDoubtful ? withDoubt(done, session.sessionId) : done), begun };
    };
    const done = await sendJournaled();
    const judgement = { ...done.judgement, warnings: [...done.judgement.warnings, ...prepared.remarks] };
    const record: RestoreRecord = {
      ...recordOf(entry, judgement, new Date().toISOString(), done.seen.kind === "ours" ? done.seen.event : undefined),
      ...(done.pst === undefined ? {} : { pst: done.pst }),
      ...(isOpen(judgement.outcome) ? { pending: keptOpen(pendingIn(done.begun ?? {})) } : {}),
    };
    const problem = await noteAnswer(journal, claimed === undefined ? entry : { ...entry, eventId: claimed }, record);
    if (type === "Restore") {
      // Should the journal be lost before the state has this, the session is all that tells of it.
      session.keepForNow();
    }
    return problem === undefined ? record : { ...record, warnings: shorten([...record.warnings, problem]) };

    async function sendJournaled(): Promise<Done> {
      await journal.begin(entry);
      try {
        await refuseWithoutEngine(surroundings);
        await refuseSettled(journal, entry);
        return await run({ ...prepared, see, awaitEnd, report, timeouts });
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
    }
  } finally {
    work?.end(claimed !== undefined);
    leaveTurn();
  }

  /** The session holds the evidence from now on. */
  function keptOpen(pending: PendingRestore): PendingRestore {
    return { ...pending, mayStopSession: session.keepOpen().mayBeStopped };
  }
}

function entryOf(
  { endpoint }: ConnectionSettings,
  { identity, attemptId, intentHash, intentLayout, again, action }: RestoreRequest,
  { dialect, session, mailbox, organizationId, pointInTime, dataAgeSeconds, mailboxes }: Prepared,
  { owner }: Journal,
  ignoredEvents: string[],
): JournalEntry {
  return {
    version: 1,
    stage: "sent",
    identity,
    attemptId,
    intentHash,
    intentLayout,
    again,
    endpoint,
    apiVersion: dialect.apiVersion,
    action: action.kind,
    mailbox: { id: mailbox.id, name: mailbox.name, email: mailbox.email },
    writesTo: writtenMailbox(action, mailbox),
    target: action.kind === "restoreTo" ? action.options.mailbox : null,
    path: action.kind === "exportToPst" ? resolve(action.path) : null,
    organizationId,
    resolvedPointInTime: pointInTime,
    dataAgeSeconds,
    sessionId: session.sessionId,
    ownsSession: session.isOurs,
    ignoredEvents,
    ...(action.kind === "exportToPst" ? {} : namesakesIn(mailbox, mailboxes)),
    startedAt: new Date().toISOString(),
    owner,
  };
}

/** What recognises a restore later, but for what was there before it. */
function pendingOf(
  { mailbox, mailboxes }: Prepared,
  { alone, aloneOnMailbox }: Work,
  target: string | undefined,
): Omit<PendingRestore, "ignoredEvents" | "mayStopSession"> {
  return {
    mailboxName: mailbox.name,
    ...(target === undefined ? {} : { target }),
    alone,
    aloneOnMailbox,
    ...namesakesIn(mailbox, mailboxes),
  };
}

function namesakesIn(mailbox: Mailbox, mailboxes: Mailbox[]): Pick<PendingRestore, "namesakes"> {
  const namesakes = namesakesOf(mailbox, mailboxes);
  return namesakes.length === 0 ? {} : { namesakes };
}

/** Looks until a restore that has begun is over. What cannot be seen now stays open, and the next `up` looks again. */
async function followTillEnd(
  dialect: Dialect,
  sent: SentRestore,
  patience: Parameters<typeof follow>[2],
): Promise<Done & { leftOpen?: string | undefined }> {
  const openWith = (outcome: Outcome, seen: Attribution, warnings: string[] = []): Done => ({
    judgement: { outcome, counts: unknownCounts, failures: [], warnings },
    seen,
  });
  try {
    const sight = await follow(dialect, sent, patience);
    switch (sight.kind) {
      case "ended":
        return { judgement: sight.judgement, seen: { kind: "ours", event: sight.event }, leftOpen: sight.leftOpen };
      case "running":
        return openWith("Unfinished", { kind: "ours", event: sight.event });
      case "unknown":
        return openWith("Unknown", { kind: "none" });
    }
  } catch (error) {
    return openWith("Unfinished", { kind: "none" }, [`After the action was sent: ${messageOf(error)}`]);
  }
}

/** Somebody else with this login may have restored the same mailbox there at the same moment. */
function withDoubt(done: Done, sessionId: string): Done {
  const { judgement } = done;
  if (isOpen(judgement.outcome)) {
    return done;
  }
  const doubt = `Restore session ${sessionId} was opened elsewhere: its new event that names the mailbox is taken for this restore's.`;
  return { ...done, judgement: { ...judgement, warnings: [...judgement.warnings, doubt] } };
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
