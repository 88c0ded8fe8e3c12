import { resolve } from "node:path";
import type { Organization, RestoreSession, SessionEvent } from "../api/dialects/dialect";
import { defaultJournalDir } from "../config";
import { MailboxRestoreError } from "../errors";
import { mayBe, mayConcern, namesakesOf, textOf } from "./attribution";
import type { Connection } from "./connection";
import { type Sight, type SentRestore, follow, stopPending } from "./follow";
import type { Journal, JournalEntry } from "./journal";
import { type Judgement, type Outcome, unknownCounts, withFailures } from "./outcome";
import { discardParts } from "../pst/draft";
import { isPstPresent } from "../pst/presence";
import { type Report, type RestoreRecord, isOpen, recordOf, shorten } from "./record";
import { normalId } from "./same-id";
import { isOfAnother } from "./selection";

/**
 * What was begun earlier and never came into the state: restores of a run that was broken off. Each is settled before anything new is
 * sent, by the journal, by the server, or by a person.
 */

/** A restore or an export that was carried out earlier, and is taken over. */
export interface Earlier {
  entry: JournalEntry;
  record: RestoreRecord;
}

export interface Settling {
  journal: Journal;
  report: Report;
  warn(text: string): void;
  engineIsGone(): Promise<boolean>;
  /** How long an earlier restore is waited for, in milliseconds; undefined = as long as it takes. */
  limitMs: number | undefined;
}

/**
 * Settles what is open of the same resource.
 *
 * @returns what the same intent came to already: then nothing is sent.
 * @throws MailboxRestoreError (`journal`) when another intent of this resource was sent and nobody can tell what became of it.
 */
export async function settleOwn(connection: Connection, own: Own, settling: Settling): Promise<Earlier | undefined> {
  const { intentHash, intentLayout } = own;
  const { journal } = settling;
  for (;;) {
    const entry = (await journal.entries()).find((one) => one.identity === own.identity || isFormer(one, own, journal));
    if (entry === undefined) {
      return undefined;
    }
    if (entry.owner === journal.owner && entry.stage === "answered") {
      // The engine asks this very process again, so it has what came of it.
      journal.close(entry);
      continue;
    }
    // What a person has settled is settled for whatever this resource is now, when digests cannot be compared.
    const isSame = entry.intentHash === intentHash || entry.intentLayout !== intentLayout;
    if (entry.intentLayout !== intentLayout && entry.note === undefined) {
      throw new MailboxRestoreError(
        "journal",
        `${inWords(entry)} was begun by another version of pulumi-vb365, and this one cannot tell whether it is the same as what is ` +
          `declared now. Nothing was sent. Run pulumi up with that version; or take the restore over with adopt: { note: "…" }; or ` +
          `settle it: ${waysToResolve(journal, entry)}.`,
      );
    }
    if (entry.stage === "answered" && (isSame || !hasNoKnownEnd(entry))) {
      const earlier = entry.result === undefined ? undefined : { entry, record: entry.result };
      if (isSame && earlier !== undefined && (await isStillThere(earlier))) {
        const ended = await seeTheEnd(connection, earlier, settling);
        if (ended !== undefined) {
          await journal.answer(entry, ended);
          continue;
        }
        const warning = await stopIfLast(connection, settling, entry);
        return { entry, record: withWarning(earlier.record, warning) };
      }
      // Another intent, or a file that is gone.
      if (!isSame) {
        settling.warn(
          `An earlier restore of this resource was never recorded: ${inWords(entry)}, ${entry.result?.outcome}.`,
        );
        await stopIfLast(connection, settling, entry);
      }
      journal.close(entry);
      continue;
    }
    const wait = () => settling.report("waiting for an earlier run of this restore");
    if (entry.stage === "sent" && (await journal.settled(entry, wait)) === "changed") {
      continue;
    }
    if (entry.action === "exportToPst") {
      // It changed no mailbox, so it is simply made again.
      await discardParts(entry.path ?? "", entry.attemptId);
      await journal.forget(entry);
      await stopIfLast(connection, settling, entry);
      continue;
    }
    const record = await askServer(connection, entry, settling);
    if (!isSame && isOpen(record.outcome)) {
      throw openQuestion(journal, entry, record);
    }
    await journal.answer(entry, record);
  }
}

/** A resource, and what it is about to do. */
type Own = Pick<JournalEntry, "identity" | "intentHash" | "intentLayout"> & {
  /** Its URN before it was renamed. */
  formerIdentity: string | undefined;
};

/** What was begun under the name before a rename: only the very same, because somebody else may have that name now. */
const isFormer = (entry: JournalEntry, own: Own, journal: Journal) =>
  entry.identity === own.formerIdentity && entry.owner !== journal.owner && isSameIntent(entry, own);

const isSameIntent = (entry: JournalEntry, own: Own) =>
  entry.intentHash === own.intentHash && entry.intentLayout === own.intentLayout;

/** `urn:pulumi:STACK::PROJECT` */
const stackOf = (urn: string) => urn.split("::").slice(0, 2).join("::");

/**
 * Settles what others have open on the mailbox that is about to be written to.
 *
 * @throws MailboxRestoreError (`journal`) when nobody can tell what became of one.
 */
export async function settleTarget(
  connection: Connection,
  own: Own & { writesTo: string; bulk?: string },
  settling: Settling,
): Promise<void> {
  const { journal } = settling;
  const { writesTo, identity, bulk } = own;
  for (;;) {
    const others = (await journal.entries()).filter(
      (one) =>
        one.writesTo === writesTo &&
        one.identity !== identity &&
        one.owner !== journal.owner &&
        !(bulk !== undefined && one.identity.startsWith(bulk)),
    );
    const entry = others.find(hasNoKnownEnd);
    if (entry === undefined) {
      const same = others.find((one) => isSameRestore(connection, one, own));
      if (same !== undefined && !(await journal.isWorkedOn(same, () => undefined))) {
        throw renameQuestion(same);
      }
      return;
    }
    const wait = () => settling.report(`waiting for another restore into ${writesTo}`);
    if (entry.stage === "sent" && (await journal.settled(entry, wait)) === "changed") {
      continue;
    }
    const record = await askServer(connection, entry, settling);
    if (isOpen(record.outcome)) {
      throw openQuestion(journal, entry, record);
    }
    // It stays open for its own resource, which takes the result over.
    await journal.answer(entry, record);
  }
}

/** The very same restore of the same stack, by a resource of another name: carried out, and not seen in the state since. */
const isSameRestore = ({ settings }: Connection, entry: JournalEntry, own: Own) =>
  isSameIntent(entry, own) &&
  entry.note === undefined &&
  entry.endpoint === settings.endpoint &&
  stackOf(entry.identity) === stackOf(own.identity);

function renameQuestion(entry: JournalEntry): MailboxRestoreError {
  const name = entry.identity.split("::").at(-1) ?? entry.identity;
  return new MailboxRestoreError(
    "journal",
    `Resource ${name} of this stack carried out the very same restore (${inWords(entry)}), and the state has not been seen to have it. If ` +
      `this is ${name} under a new name, say so with aliases: [{ name: "${name}" }], after one pulumi up under the old name if the state ` +
      `does not have it. If it is to run once more, set a runId of its own. Nothing was sent.`,
  );
}

const hasNoKnownEnd = ({ note, result }: JournalEntry) =>
  note === undefined && (result === undefined || isOpen(result.outcome));

/** What became of a restore that was sent by a process that is gone. */
async function askServer(connection: Connection, entry: JournalEntry, settling: Settling): Promise<RestoreRecord> {
  const { journal } = settling;
  if (connection.settings.endpoint !== entry.endpoint) {
    throw new MailboxRestoreError(
      "journal",
      `${inWords(entry)} was sent to ${entry.endpoint} by a run that was broken off, and cannot be looked up on ` +
        `${connection.settings.endpoint}. Set vb365:endpoint back to see how it ended, or look for yourself and settle it: ` +
        `${waysToResolve(journal, entry)}. Nothing was sent.`,
    );
  }
  settling.report("asking the server about an earlier run of this restore");
  const sent = await sentOf(journal, entry);
  const sight = await follow(connection.speaking(entry.apiVersion), sent, {
    limitMs: settling.limitMs,
    report: settling.report,
    isPointless: settling.engineIsGone,
  });
  return judgedBy(entry, sent, sight);
}

/** What an earlier restore came to since it was noted; undefined when it was over by then, or nobody can tell now. */
async function seeTheEnd(
  connection: Connection,
  { entry, record }: Earlier,
  settling: Settling,
): Promise<RestoreRecord | undefined> {
  if (!hasNoKnownEnd(entry) || connection.settings.endpoint !== entry.endpoint) {
    return undefined;
  }
  // In the state it can be looked at again at any time, so a look that fails is no reason to leave it out.
  const now = await askServer(connection, entry, settling).catch(() => record);
  return isOpen(now.outcome) ? undefined : now;
}

/** Everything that was begun in the session counts, also what is long closed: its event must not be taken for this one's. */
async function sentOf(journal: Journal, entry: JournalEntry): Promise<SentRestore> {
  const isRestore = ({ action }: JournalEntry) => action !== "exportToPst";
  const inSession = await journal.inSession(entry.sessionId);
  const others = inSession.filter((one) => one.attemptId !== entry.attemptId && isRestore(one));
  const unexplained = others.filter(({ eventId }) => eventId === undefined);
  const known = others.flatMap(({ eventId }) => eventId ?? []);
  // An archive carries its owner's address: without its name its event would pass for the owner's. Entries of 0.1.0 do not have them.
  const begun = others.map(({ mailbox }) => mailbox);
  const namesakes = entry.namesakes ?? namesakesOf(entry.mailbox, begun);
  return {
    sessionId: entry.sessionId,
    mailboxId: entry.mailbox.id,
    mailboxEmail: entry.mailbox.email,
    neighbours: others
      .filter(({ mailbox }) => mailbox.id !== entry.mailbox.id)
      .map(({ mailbox, target }) => ({ mailboxId: mailbox.id, target: target ?? undefined, mailbox })),
    pending: entry.result?.pending ?? {
      mailboxName: entry.mailbox.name,
      ...(namesakes.length === 0 ? {} : { namesakes }),
      ...(entry.target === null ? {} : { target: entry.target }),
      ignoredEvents: [...new Set([...entry.ignoredEvents, ...known])],
      alone: entry.ownsSession && unexplained.length === 0,
      aloneOnMailbox: entry.ownsSession && !unexplained.some(({ mailbox }) => mailbox.id === entry.mailbox.id),
      mayStopSession: entry.ownsSession && inSession.length === 1,
      ...(entry.hasBegun === undefined ? {} : { hasBegun: entry.hasBegun }),
      ...(entry.runsIn === undefined ? {} : { runsIn: entry.runsIn }),
    },
  };
}

function judgedBy(entry: JournalEntry, { pending }: SentRestore, sight: Sight): RestoreRecord {
  const now = new Date().toISOString();
  switch (sight.kind) {
    case "ended": {
      const { failures = [], failureCount = 0 } = entry.result ?? {};
      const record = recordOf(entry, withFailures(sight.judgement, failures), sight.finishedAt, sight.event);
      return { ...record, failureCount: failureCount + sight.judgement.failures.length };
    }
    case "running":
      return { ...recordOf(entry, unseen("Unfinished"), now, sight.event), pending };
    case "unknown":
      return { ...recordOf(entry, unseen("Unknown"), now), pending };
  }
}

const unseen = (outcome: Outcome): Judgement => ({ outcome, counts: unknownCounts, failures: [], warnings: [] });

/** Stops the session of an attempt that is over, unless something else in it has no known end: it would lose its evidence. */
async function stopIfLast(
  connection: Connection,
  settling: Settling,
  entry: JournalEntry,
): Promise<string | undefined> {
  if (connection.settings.endpoint !== entry.endpoint) {
    return undefined;
  }
  const { sessionId, ownsSession, runsIn } = entry;
  const isNeeded = (await settling.journal.inSession(sessionId)).some(hasNoKnownEnd);
  const mayStopSession = ownsSession && !isNeeded;
  return stopPending(connection.speaking(entry.apiVersion), {
    sessionId,
    pending: { mayStopSession, ...(runsIn === undefined ? {} : { runsIn }) },
  });
}

/** An export is worth what its file is. */
async function isStillThere({ record }: Earlier): Promise<boolean> {
  return record.pst === undefined || isPstPresent(record.pst);
}

const withWarning = (record: RestoreRecord, warning: string | undefined): RestoreRecord =>
  warning === undefined ? record : { ...record, warnings: shorten([...record.warnings, warning]) };

/** `The restore of a@b.example into c@d.example (begun 2026-…)`. */
function inWords({ mailbox, writesTo, startedAt }: JournalEntry): string {
  const where = writesTo === null ? "" : ` into ${writesTo}`;
  return `The restore of ${mailbox.email || mailbox.id}${where} (begun ${startedAt})`;
}

const waysToResolve = (journal: Journal, { attemptId }: JournalEntry) =>
  `${resolveCommand(journal, attemptId)} with --carried-out "why" or --not-carried-out "why"`;

/** The command to paste, in the program's folder. */
const resolveCommand = ({ folder }: Journal, id: string) =>
  `vb365 journal resolve ${id}${folder === resolve(defaultJournalDir) ? "" : ` --journal-dir ${folder}`}`;

function openQuestion(journal: Journal, entry: JournalEntry, { outcome }: RestoreRecord): MailboxRestoreError {
  const what =
    outcome === "Unfinished" ? "still runs on the server" : "was sent, and nobody can tell what became of it";
  const name = entry.identity.split("::").at(-1) ?? entry.identity;
  return new MailboxRestoreError(
    "journal",
    `${inWords(entry)} of resource ${name} was begun by a run that was broken off. It ${what}, so nothing is sent to that mailbox ` +
      `before it is settled. Look into the mailbox and at the events of restore session ${entry.sessionId}; then settle it: ` +
      `${waysToResolve(journal, entry)}.`,
  );
}

/** A person has taken the restore of a resource over by hand: what was open of it is settled by that, unless somebody works on it. */
export async function closeOwn(journal: Journal, identity: string): Promise<void> {
  for (const entry of await journal.entries()) {
    if (
      entry.identity === identity &&
      !(entry.stage === "sent" && (await journal.isWorkedOn(entry, () => undefined)))
    ) {
      journal.close(entry);
    }
  }
}

/** A restore that this login has open on the server and that nothing here explains. */
export interface StrangeRestore {
  session: RestoreSession;
  event: SessionEvent;
}

/** A restore that the state has. */
export interface Witness {
  attemptId: string;
  sessionId: string | null;
  /** An export leaves no event of a restore, and explains none. */
  exportToPst?: unknown;
  /** Told by another session, as long as its end was not seen. */
  pending?: { runsIn?: string } | undefined;
}

/** Looks around once a process, before its first restore: a runner without a journal may have lost one that still runs. */
export interface SessionLook {
  /** The state has this restore. */
  witness(seen: Witness): void;
  strangeRestores(connection: Connection): Promise<StrangeRestore[]>;
  /**
   * @throws MailboxRestoreError (`journal`) when a restore that nothing explains may be the one that is about to be sent.
   */
  refuse(strange: StrangeRestore[], about: About): void;
}

type About = Parameters<typeof mayConcern>[1] & { organizations: Organization[]; organizationId: string | null };

export function createSessionLook(journal: Journal): SessionLook {
  const attempts = new Map<string, string>();
  /** Sessions that the server made for restores that the state or the journal has. */
  const known = new Set<string>();
  let found: Promise<StrangeRestore[]> | undefined;
  return {
    refuse: (strange, about) => refuseStrange(journal, strange, about),
    witness({ attemptId, sessionId, exportToPst, pending }) {
      if (pending?.runsIn !== undefined) {
        known.add(normalId(pending.runsIn));
      }
      if (sessionId !== null && exportToPst === undefined) {
        attempts.set(attemptId, sessionId);
      }
    },
    strangeRestores(connection) {
      found ??= lookAround(connection).catch((error: unknown) => {
        found = undefined;
        throw error;
      });
      return found;
    },
  };

  async function lookAround({ dialect, sessions }: Connection): Promise<StrangeRestore[]> {
    const strange: StrangeRestore[] = [];
    (await journal.entries()).forEach(({ runsIn }) => runsIn !== undefined && known.add(normalId(runsIn)));
    for (const session of await dialect.listSessions()) {
      if (
        isOfAnotherKind(session) ||
        session.state === "Stopped" ||
        sessions.opened(session.id) ||
        known.has(normalId(session.id))
      ) {
        continue;
      }
      const entries = (await journal.inSession(session.id)).filter(({ action }) => action !== "exportToPst");
      if (entries.some(({ attemptId }) => attemptId === session.id)) {
        // A person has said that it is none of ours.
        continue;
      }
      const seen = new Set(entries.flatMap(({ eventId }) => eventId ?? []));
      const left = (await listRestores(dialect, session.id)).filter(({ id }) => !seen.has(id));
      // What is known and left no event that was found may be any of those that are left.
      const explained = new Set(
        entries.filter(({ eventId }) => eventId === undefined).map(({ attemptId }) => attemptId),
      );
      const noted = new Set(entries.map(({ attemptId }) => attemptId));
      attempts.forEach(
        (sessionId, attemptId) => sessionId === session.id && !noted.has(attemptId) && explained.add(attemptId),
      );
      if (left.length > explained.size) {
        strange.push(...left.map((event) => ({ session, event })));
      }
    }
    return strange;
  }
}

/** A session of files or sites restores no mail. */
const isOfAnotherKind = ({ type }: RestoreSession) => type !== "" && type.toLowerCase() !== "vex";

async function listRestores({ listEvents }: Connection["dialect"], sessionId: string): Promise<SessionEvent[]> {
  return (await listEvents(sessionId)).filter(({ type }) => mayBe(type, "Restore"));
}

function refuseStrange(journal: Journal, strange: StrangeRestore[], about: About): void {
  const found = strange.find(
    ({ session, event }) =>
      !isOfAnother(session, about.organizationId, about.organizations) && mayConcern(event, about),
  );
  if (found === undefined) {
    return;
  }
  const { session, event } = found;
  const isRunning = event.status.toLowerCase() === "running";
  const last = isRunning
    ? "Do not stop that session while it runs."
    : `Or stop that session with vb365 stop ${session.id} and run pulumi up again, which sends.`;
  throw new MailboxRestoreError(
    "journal",
    `Restore session ${session.id}, which this login opened at ${session.createdAt} and which is still open, holds a restore that ` +
      `neither this stack nor its journal knows: "${textOf(event)}" (${event.status}). It may be the very restore that is about to be ` +
      `sent, begun by a run whose journal is gone, or one of another stack with this login, so nothing was sent. Look into the mailbox. Then: wait until it has ended, and take ` +
      `it over with adopt: { restoreSessionId: "${session.id}" }; or, if it is another one, say so with ` +
      `${resolveCommand(journal, session.id)} --unrelated "why". ${last}`,
  );
}
