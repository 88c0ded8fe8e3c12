import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type JournalEntry, type JournalFile, openJournal } from "../../provider/restore/journal";
import { isOpen } from "../../provider/restore/record";
import { answer } from "../connection";
import { exitCodes } from "../exit";
import { type JournalFlags, isSessionMark, journalCommand, journalFolder, resourceOf } from "../journal";
import { type Answer, type Cell, type Look, counted, table } from "../output";

interface Flags extends JournalFlags {
  all?: boolean;
}

/** `vb365 journal list`: what was sent and has not come into a stack's state yet. */
export function addJournalList(journal: Command): void {
  journalCommand(journal, {
    name: "list",
    summary: "list what the journal holds",
    description:
      "Lists the attempts that are open, the oldest first: sent and not answered, because a pulumi up works on them now or was " +
      "broken off; or answered, and not known to be in a stack's state. Ends with 1 when one of its files cannot be read: it stops " +
      "every pulumi up that would send something. Changes nothing.",
    examples: ["vb365 journal list", "vb365 journal list --all --json --journal-dir ../infra/.vb365/journal"],
  })
    .option("--all", "those that are closed, too")
    .action((flags: Flags) => answer(flags, () => list(flags)));
}

async function list(flags: Flags): Promise<Answer> {
  const journal = openJournal(journalFolder(flags));
  const shown = (await journal.files()).filter(({ isClosed }) => flags.all === true || !isClosed);
  const readable = shown.flatMap((file) => (file.entry === undefined ? [] : [file]));
  const unreadable = shown.flatMap((file) => (file.entry === undefined ? [file] : []));
  const remark = remarkOn(shown);
  return {
    document: {
      folder: journal.folder,
      entries: readable.map(documentOf),
      unreadable: unreadable.map(({ path, isClosed, reason }) => ({ file: path, closed: isClosed, reason })),
    },
    text: (look) =>
      shown.length === 0 ? nothingIn(journal.folder, flags.all === true) : textOf(look, readable, unreadable),
    ...(remark === undefined ? {} : { remark }),
    exitCode: unreadable.length > 0 ? exitCodes.no : exitCodes.fine,
  };
}

type Readable = JournalFile & { entry: JournalEntry };
type Unreadable = JournalFile & { entry: undefined };

/** The entry without what only the provider can use. */
function documentOf({ path, isClosed, entry }: Readable): object {
  const { owner: _owner, ignoredEvents: _ignoredEvents, intentHash: _intentHash, ...shown } = entry;
  return { file: path, closed: isClosed, ...shown };
}

/** Who looks into the wrong folder must not take that for good news. */
function nothingIn(folder: string, all: boolean): string {
  return existsSync(folder)
    ? `The journal ${folder} holds nothing${all ? "" : " that is open"}.`
    : `There is no journal at ${folder}, so nothing is open in it. It is made when something is sent first.`;
}

function textOf(look: Look, readable: Readable[], unreadable: Unreadable[]): string {
  const head = ["ATTEMPT", "RESOURCE", "ACTION", "MAILBOX", "WRITES TO", "BEGUN", "STAGE", "RESTORE SESSION"];
  const tables = [
    ...(readable.length > 0 ? [table(look, head, readable.map(rowOf))] : []),
    ...(unreadable.length > 0
      ? [
          table(
            look,
            ["FILE", "CANNOT BE READ"],
            unreadable.map(({ path, reason }) => [path, { text: reason, colour: "red" }]),
            { wrapLast: true },
          ),
        ]
      : []),
  ];
  return tables.join("\n\n");
}

function rowOf({ entry, isClosed }: Readable): Cell[] {
  const { attemptId, action, mailbox, writesTo, path, startedAt, sessionId } = entry;
  if (isSessionMark(entry)) {
    return ["", "", "", "", "", "", stageOf(entry, isClosed), sessionId];
  }
  return [
    attemptId,
    resourceOf(entry),
    action,
    mailbox.email || mailbox.id,
    writesTo ?? path ?? "",
    startedAt.replace(/\.\d+/, ""),
    stageOf(entry, isClosed),
    sessionId,
  ];
}

function stageOf(entry: JournalEntry, isClosed: boolean): Cell {
  const { stage, result, note } = entry;
  const outcome = result?.outcome;
  if (isClosed) {
    const how = isSessionMark(entry) ? "unrelated" : note === undefined ? outcome : (outcome ?? "not carried out");
    return { text: how === undefined ? "closed" : `closed, ${how}`, colour: "dim" };
  }
  if (stage === "sent" || outcome === undefined) {
    return { text: "sent", colour: "yellow" };
  }
  const text = `answered, ${outcome}`;
  return isOpen(outcome) ? { text, colour: "yellow" } : text;
}

function remarkOn(files: JournalFile[]): string | undefined {
  const open = files.filter(({ isClosed, entry }) => !isClosed && entry !== undefined);
  const sent = open.filter(({ entry }) => entry?.stage === "sent").length;
  const damaged = files.filter(({ entry }) => entry === undefined);
  const lines = [
    ...(open.length > 0 ? [`${counted(open.length, "open attempt")}, ${sent} without an answer.`] : []),
    ...(damaged.length > 0
      ? [
          `${counted(damaged.length, "file")} cannot be read and may tell of a restore into any mailbox. Look into the mailboxes and at ` +
            `vb365 sessions; then: vb365 journal resolve ${damaged[0]?.path} --not-carried-out "why"`,
        ]
      : []),
  ];
  return lines.length > 0 ? lines.join("\n") : undefined;
}
