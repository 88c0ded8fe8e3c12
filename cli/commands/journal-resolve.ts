import { type Command, InvalidArgumentError, Option } from "commander";
import { MailboxRestoreError } from "../../provider/errors";
import { intentLayout } from "../../provider/resources/mailbox-restore/intent";
import {
  type Journal,
  type JournalEntry,
  type JournalFile,
  journalFolderOf,
  openJournal,
} from "../../provider/restore/journal";
import { type Judgement, type Outcome, unknownCounts } from "../../provider/restore/outcome";
import { discardParts } from "../../provider/pst/draft";
import { type RestoreRecord, isOpen, recordOf } from "../../provider/restore/record";
import { answer } from "../connection";
import { exitCodes } from "../exit";
import { type JournalFlags, isSessionMark, journalCommand, journalFolder, resourceOf } from "../journal";
import { findInJournal } from "../journal-lookup";
import { type Answer, harmless, note } from "../output";

interface Flags extends JournalFlags {
  carriedOut?: string;
  notCarriedOut?: string;
  unrelated?: string;
}

/** What was done, and what the next `pulumi up` makes of it. */
interface Settlement {
  settled: "carriedOut" | "notCarriedOut" | "setAside" | "unrelated" | "nothingToDo";
  entry?: JournalEntry;
  /** How the attempt ended, as far as it is known now. */
  outcome?: Outcome | undefined;
  done: string;
  next: string;
}

/** `vb365 journal resolve`: a person's word on what nobody else can tell. */
export function addJournalResolve(journal: Command): void {
  const command = journalCommand(journal, {
    name: "resolve",
    summary: "say what became of a restore that nobody can tell about",
    description:
      "Settles an attempt of a run that was broken off. Look into the mailbox and at the events of the restore session first: what " +
      "is said here is believed, and a restore that is said not to have been carried out is sent again. An attempt that a pulumi up " +
      "works on now is refused.",
    examples: [
      'vb365 journal resolve 0b51f6a2-7c0e-4f6c-9a55-3b9d5f7f0c11 --carried-out "the 45 items are there"',
      'vb365 journal resolve 0b51f6a2-7c0e-4f6c-9a55-3b9d5f7f0c11 --not-carried-out "no new mail in it"',
      'vb365 journal resolve 6f1c8a52-0b7e-4a6f-9d0e-2f5b1c3d4e5f --unrelated "restored by hand for a colleague"',
    ],
  })
    .argument("<attempt>", "id of an attempt, file of the journal, or id of a restore session")
    .addOption(saying("--carried-out", "it was: take it over as Accepted").conflicts(["notCarriedOut", "unrelated"]))
    .addOption(saying("--not-carried-out", "it was not: the next pulumi up sends it").conflicts("unrelated"))
    .addOption(saying("--unrelated", "that restore session holds restores of others only"));
  command.action((what: string, flags: Flags) => {
    if ((flags.carriedOut ?? flags.notCarriedOut ?? flags.unrelated) === undefined) {
      command.error("error: say what became of it: --carried-out, --not-carried-out or --unrelated, and why");
    }
    return answer(flags, () => resolve(what, flags));
  });
}

const saying = (flag: string, description: string) =>
  new Option(`${flag} <why>`, description).argParser((why) => {
    if (why.trim() === "") {
      throw new InvalidArgumentError("Say why: it is kept with the attempt.");
    }
    return why.trim();
  });

async function resolve(what: string, flags: Flags): Promise<Answer> {
  const journal = openJournal(journalFolder(flags, journalFolderOf(what)));
  const settlement = await settle(journal, what, flags);
  const { settled, entry, outcome, done, next } = settlement;
  return {
    document: {
      folder: journal.folder,
      settled,
      attemptId: entry?.attemptId,
      sessionId: entry?.sessionId ?? (settled === "unrelated" ? what : undefined),
      identity: entry?.identity,
      outcome,
      next,
    },
    text: () => harmless(`${done}\n${next}`),
    exitCode: exitCodes.fine,
  };
}

async function settle(journal: Journal, what: string, flags: Flags): Promise<Settlement> {
  if (flags.unrelated !== undefined) {
    return settleSession(journal, what, flags.unrelated);
  }
  await refuseWhileWorkedOn(journal, await findInJournal(journal, what));
  // Read again: whoever worked on it may have answered it meanwhile.
  const file = await findInJournal(journal, what);
  if (file.entry === undefined) {
    return settleUnreadable(journal, file, flags);
  }
  if (file.isClosed) {
    return settleClosed(file.entry, flags);
  }
  return flags.carriedOut === undefined
    ? settleNotCarriedOut(journal, file.entry, flags.notCarriedOut ?? "")
    : settleCarriedOut(journal, file.entry, flags.carriedOut);
}

async function settleCarriedOut(journal: Journal, entry: JournalEntry, why: string): Promise<Settlement> {
  if (entry.stage === "answered") {
    const outcome = entry.result?.outcome;
    const done = `Nothing needs to be done: ${inWords(entry)} is answered already, ${outcome}.`;
    return { settled: "nothingToDo", entry, outcome, done, next: takenOver(entry, outcome) };
  }
  if (entry.action === "exportToPst") {
    throw no(
      `${inWords(entry)} cannot be settled as carried out: what counts is its file, which nobody has checked. An export changes no ` +
        `mailbox, so the next pulumi up of ${resourceOf(entry)} makes it again. Nothing was changed.`,
    );
  }
  const record = acceptedRecord(entry, why);
  await journal.settle(entry, why, record);
  return {
    settled: "carriedOut",
    entry,
    outcome: record.outcome,
    done: `Noted: ${inWords(entry)} was carried out.`,
    next: takenOver(entry, record.outcome),
  };
}

async function settleNotCarriedOut(journal: Journal, entry: JournalEntry, why: string): Promise<Settlement> {
  const resource = resourceOf(entry);
  const outcome = entry.result?.outcome;
  if (outcome !== undefined && outcome !== "Accepted" && !isOpen(outcome)) {
    throw no(
      `It is known how ${inWords(entry)} ended: ${outcome}. ${takenOver(entry, outcome)} To restore once more on purpose, give the ` +
        `resource a new runId. Nothing was changed.`,
    );
  }
  if (entry.path !== null) {
    await discardParts(entry.path, entry.attemptId);
  }
  await journal.settle(entry, why);
  const does = entry.action === "exportToPst" ? "makes it again" : "sends it";
  const unless = outcome === undefined ? "" : ", unless the stack's state has this attempt already";
  return {
    settled: "notCarriedOut",
    entry,
    done: `Noted and closed: ${inWords(entry)} was not carried out.`,
    next: `The next pulumi up of ${resource} ${does}${unless}.`,
  };
}

async function settleUnreadable(
  journal: Journal,
  { path, reason }: JournalFile & { entry: undefined },
  { carriedOut, notCarriedOut = "" }: Flags,
): Promise<Settlement> {
  if (carriedOut !== undefined) {
    throw no(
      `${path} cannot be read (${reason}), so nobody can take over what it tells of. If that restore was carried out, declare ` +
        `adopt: { note: "why" } in its resource, and then move the file aside with --not-carried-out. Nothing was changed.`,
    );
  }
  const aside = await journal.setAside(path, notCarriedOut);
  return {
    settled: "setAside",
    done: `Noted; ${path} could not be read (${reason}) and is now ${aside}.`,
    next: "It stops nothing any more: the next pulumi up sends what neither its state nor the rest of the journal has.",
  };
}

function settleClosed(entry: JournalEntry, { carriedOut }: Flags): Settlement {
  const next = "It stops and answers nothing: the next pulumi up goes by the stack's state.";
  if (carriedOut !== undefined && !isSessionMark(entry)) {
    throw no(
      `${inWords(entry)} is closed already. ${next} If the state does not have it, take it over with adopt: { note: "why" } in its ` +
        `resource. Nothing was changed.`,
    );
  }
  const what = isSessionMark(entry) ? `restore session ${entry.sessionId}` : inWords(entry);
  const done = `Nothing needs to be done: ${what} is closed already.`;
  return { settled: "nothingToDo", entry, outcome: entry.result?.outcome, done, next };
}

async function settleSession(journal: Journal, sessionId: string, why: string): Promise<Settlement> {
  const entries = (await journal.files()).flatMap(({ entry, isClosed }) => (entry ? [{ entry, isClosed }] : []));
  const attempt = entries.find(({ entry }) => entry.attemptId === sessionId && !isSessionMark(entry))?.entry;
  if (attempt !== undefined) {
    throw no(
      `${sessionId} is an attempt of resource ${resourceOf(attempt)}, and --unrelated is said of a restore session, as vb365 ` +
        `sessions shows its id. Nothing was changed.`,
    );
  }
  if (!/^[\w-]+$/.test(sessionId)) {
    throw no(`${sessionId} is no id of a restore session, as vb365 sessions shows them. Nothing was changed.`);
  }
  await journal.settleSession(sessionId, why);
  const left = entries.filter(({ entry, isClosed }) => !isClosed && entry.sessionId === sessionId);
  const kept = left.map(({ entry }) => entry.attemptId).join(", ");
  return {
    settled: "unrelated",
    done: `Noted in ${journal.folder}: restore session ${sessionId} holds restores of others.`,
    next:
      "With this journal, the next pulumi up stops no more because of what that session holds" +
      (left.length === 0 ? "." : `; what this journal itself has open there stays so: ${kept}.`),
  };
}

/** Whoever works on an attempt knows better than anybody what becomes of it. */
async function refuseWhileWorkedOn(journal: Journal, file: JournalFile): Promise<void> {
  const owner = file.entry === undefined ? file.owner : file.entry.owner;
  if (file.isClosed || file.entry?.stage === "answered" || owner === undefined) {
    return;
  }
  const watching = () => note("Looking for some seconds whether a pulumi up still works on it.");
  if (await journal.isWorkedOn({ owner }, watching)) {
    const what = file.entry === undefined ? file.path : inWords(file.entry);
    throw no(
      `A pulumi up that runs now works on ${what}: wait until it has ended; vb365 journal list then shows what is left open. ` +
        `Nothing was changed.`,
    );
  }
}

function acceptedRecord(entry: JournalEntry, why: string): RestoreRecord {
  const warnings = [`Settled by hand: ${why}`];
  const judgement: Judgement = { outcome: "Accepted", counts: unknownCounts, failures: [], warnings };
  return recordOf(entry, judgement, new Date().toISOString());
}

/** What the next `pulumi up` does with an attempt that is answered. */
function takenOver(entry: JournalEntry, outcome: Outcome | undefined): string {
  const resource = resourceOf(entry);
  return entry.intentLayout === intentLayout
    ? `The next pulumi up of ${resource} takes it over as ${outcome} and sends nothing, unless it declares something else.`
    : `Another version of pulumi-vb365 began it: run pulumi up with that version, or declare adopt: { note: "why" } in ${resource}.`;
}

/** `the restore of a@b.example into c@d.example (attempt …, resource …)`. */
function inWords(entry: JournalEntry): string {
  const { action, mailbox, writesTo, attemptId } = entry;
  const what = action === "exportToPst" ? "export" : "restore";
  const where = writesTo === null ? "" : ` into ${writesTo}`;
  return `the ${what} of ${mailbox.email || mailbox.id}${where} (attempt ${attemptId}, resource ${resourceOf(entry)})`;
}

/** The answer is no, and the journal is as it was. */
const no = (message: string) => new MailboxRestoreError("journal", message.charAt(0).toUpperCase() + message.slice(1));
