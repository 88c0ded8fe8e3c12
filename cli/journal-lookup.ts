import { basename, resolve } from "node:path";
import { MailboxRestoreError } from "../provider/errors";
import { nearestFirst } from "../provider/nearest";
import type { Journal, JournalFile } from "../provider/restore/journal";
import { isSessionMark, resourceOf } from "./journal";

/** So many names of what is there help somebody who misspelled one. */
const shownNames = 5;

/**
 * Finds the one file of a journal that somebody means by the id of an attempt, by a file, or by the id of a restore session that
 * holds a single open attempt. What is open comes before what is closed.
 *
 * @throws MailboxRestoreError (`selection`) with the names that are there.
 */
export async function findInJournal(journal: Journal, what: string): Promise<JournalFile> {
  const files = await journal.files();
  const named = files.filter((file) => [file.path, basename(file.path), attemptOf(file)].includes(what));
  const atPath = files.filter(({ path }) => path === resolve(what));
  const inSession = files.filter(({ entry }) => entry?.sessionId === what);
  const matches = [named, atPath, inSession].find(({ length }) => length > 0) ?? [];
  const open = matches.filter(({ isClosed }) => !isClosed);
  if (open.length > 1) {
    throw unclear(`Restore session ${what} holds several open attempts; name one of them:`, open);
  }
  const file = open[0] ?? matches.at(-1);
  if (file === undefined) {
    throw unknown(journal, files, what);
  }
  return file;
}

function unknown({ folder }: Journal, files: JournalFile[], what: string): MailboxRestoreError {
  const missing = `The journal ${folder} knows no attempt, file or restore session "${what}".`;
  const open = files.filter(({ isClosed, entry }) => !isClosed || entry === undefined);
  if (open.length === 0) {
    return unclear(`${missing} Nothing is open in it; is it the right folder (--journal-dir)?`, []);
  }
  const byName = new Map(open.map((file) => [nameOf(file), file]));
  const nearest = nearestFirst(what, [...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
  return unclear(`${missing} Open in it, the nearest first:`, nearest);
}

function unclear(text: string, files: JournalFile[]): MailboxRestoreError {
  const lines = files
    .slice(0, shownNames)
    .map((file) => `  ${nameOf(file)} (${file.entry === undefined ? "cannot be read" : resourceOf(file.entry)})`);
  const rest = files.length - lines.length;
  return new MailboxRestoreError(
    "selection",
    [text, ...lines, ...(rest > 0 ? [`  … and ${rest} more: vb365 journal list`] : [])].join("\n"),
  );
}

/** What stands for a whole session has no attempt. */
const attemptOf = ({ entry }: JournalFile) =>
  entry === undefined || isSessionMark(entry) ? undefined : entry.attemptId;

const nameOf = (file: JournalFile) => attemptOf(file) ?? basename(file.path);
