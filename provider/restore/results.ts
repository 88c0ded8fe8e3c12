import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MailboxRestoreError, messageOf } from "../errors";
import { moveFile } from "../move-file";
import { writeFlushed } from "./flushed";
import type { Journal, JournalEntry } from "./journal";
import { type RestoreRecord, isOpen, readRecord } from "./record";

/**
 * What a bulk restore has done so far, mailbox by mailbox: JSON Lines, a line before and one after each send, each flushed to disk before
 * the next step. Lines are only added. The last one of a mailbox is what is known of it.
 */
export type ResultLine = { at: string } & (
  | ({ type: "begun" } & ResultsHeader)
  /** Which mailboxes it is about from now on. */
  | { type: "declared"; mailboxes: string[] }
  /** About to be sent; the journal has the rest. */
  | ({ type: "sent"; mailbox: string; retry?: string } & Pick<JournalEntry, "attemptId" | "sessionId" | "apiVersion">)
  | { type: "ended"; mailbox: string; attemptId: string; record: RestoreRecord }
  /** It was sent, and nothing was written: the server said no, or no whole file came. */
  | { type: "failed"; mailbox: string; attemptId: string; startedAt: string; reason: string }
  /** Nothing was sent, and why; of an attempt that was about to be. */
  | { type: "neverSent"; mailbox: string; attemptId?: string; reason: string }
);

/** Whose results they are. */
export interface ResultsHeader {
  version: 1;
  identity: string;
  attemptId: string;
  intentHash: string;
  intentLayout: number;
  /** The state had the same intent already: it was run again on purpose. */
  again: boolean;
  endpoint: string;
  /** Process that began it. */
  owner: string;
}

/** What is known of one mailbox. */
export type MailboxResult = Extract<ResultLine, { mailbox: string }>;

/** The results of one bulk restore, open for more. */
export interface Results {
  /** Absolute. */
  readonly path: string;
  readonly header: ({ at: string } & ResultsHeader) | undefined;
  /** The mailboxes that it is about, in the order of the declaration. */
  readonly declared: readonly string[];
  /** The last line of each mailbox, by its name. */
  readonly known: ReadonlyMap<string, MailboxResult>;
  /** For which `retryFailed` a mailbox was sent last. */
  readonly retried: ReadonlyMap<string, string>;
  /** Says which mailboxes it is about from now on. */
  declare(mailboxes: readonly string[]): Promise<void>;
  /** Adds a line; resolves when it is on the disk. */
  add(line: MailboxResult): Promise<void>;
  /** Reads what another process has added in the meantime. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** One that was begun, and that no state is known to have. */
export interface OpenResults extends ResultsHeader {
  path: string;
}

const folderIn = (journal: Journal) => join(journal.folder, "bulk");
const markOf = (path: string) => path.replace(/\.jsonl$/, ".open");
const digestOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Begins a file of results. It counts as open until {@link closeResults}. */
export async function beginResults(journal: Journal, header: ResultsHeader): Promise<Results> {
  const folder = folderIn(journal);
  const path = join(folder, `${digestOf(header.identity)}-${header.attemptId}.jsonl`);
  const line: ResultLine = { at: new Date().toISOString(), type: "begun", ...header };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(journal.folder, ".gitignore"), "*\n", { flag: "wx" }).catch(() => undefined);
    await writeFlushed(path, `${JSON.stringify(line)}\n`);
    // The mark last: a file without one is nobody's question.
    await writeFlushed(markOf(path), `${JSON.stringify(header)}\n`);
  } catch (error) {
    throw unwritable(path, error);
  }
  return openResults(path);
}

/** Those that are open, of one resource or of all. */
export async function listOpenResults(journal: Journal): Promise<OpenResults[]> {
  const folder = folderIn(journal);
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return [];
    }
    throw unreadable(folder, error);
  });
  const open: OpenResults[] = [];
  for (const name of names.filter((one) => one.endsWith(".open"))) {
    const mark = join(folder, name);
    try {
      open.push({ ...parseHeader(await readFile(mark, "utf8")), path: mark.replace(/\.open$/, ".jsonl") });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        throw unreadable(mark, error);
      }
    }
  }
  return open;
}

/** The state has the attempt, so nobody takes it over any more. The results stay. */
export async function closeResults(path: string): Promise<void> {
  await rm(markOf(resolve(path)), { force: true });
}

/** The resource is forgotten: its results go where closed entries of the journal are, and are removed with them. */
export async function retireResults(path: string): Promise<void> {
  const absolute = resolve(path);
  const closed = join(dirname(dirname(absolute)), "closed");
  await rm(markOf(absolute), { force: true });
  await mkdir(closed, { recursive: true, mode: 0o700 });
  await moveFile(absolute, join(closed, basename(absolute)));
}

/**
 * Opens a file of results. A last line that a crash cut off never happened: whatever follows a line is done after it is on the disk.
 *
 * @throws MailboxRestoreError (`journal`) when it is not there, or one of its lines cannot be read
 */
export async function openResults(path: string): Promise<Results> {
  const absolute = resolve(path);
  const known = new Map<string, MailboxResult>();
  const retried = new Map<string, string>();
  const learn = (line: MailboxResult) => {
    if (isNews(known.get(line.mailbox), line)) {
      known.set(line.mailbox, line);
    }
    if (line.type === "sent" && line.retry !== undefined) {
      retried.set(line.mailbox, line.retry);
    }
  };
  let header: Results["header"];
  let declared: readonly string[] = [];
  let readTo = 0;
  let file: FileHandle;
  try {
    // Whoever adds a line adds it behind those of others, whatever they do meanwhile.
    file = await open(absolute, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    throw unreadable(absolute, error);
  }
  const readNew = async () => {
    const { size } = await file.stat();
    if (size <= readTo) {
      return;
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - readTo), 0, size - readTo, readTo);
    const whole = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1);
    for (const line of linesOf(whole.toString("utf8"))) {
      const parsed = parseLine(absolute, line);
      if (parsed.type === "begun") {
        header ??= parsed;
      } else if (parsed.type === "declared") {
        declared = parsed.mailboxes;
      } else {
        learn(parsed);
      }
    }
    readTo += whole.length;
  };
  try {
    await readNew();
  } catch (error) {
    await file.close();
    throw error;
  }

  let lines: { text: string; done: (error?: Error) => void }[] = [];
  let readers: { done: (error?: Error) => void }[] = [];
  let isWorking = false;
  let working = Promise.resolve();
  /** Lines that come while others are being flushed go together. */
  const writeBatch = async () => {
    const batch = lines;
    lines = [];
    try {
      await readNew();
      const before = (await file.stat()).size;
      // Nothing is taken away: what looks like the rest of a crash may be what another process is writing.
      const bytes = Buffer.from((before > readTo ? cutOff : "") + batch.map(({ text }) => text).join(""));
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten < bytes.length) {
        throw new Error("the disk took only a part of it");
      }
      await file.datasync();
      if (before === readTo && (await file.stat()).size === before + bytes.length) {
        readTo += bytes.length;
      }
      batch.forEach(({ done }) => done());
    } catch (error) {
      const failure = error instanceof MailboxRestoreError ? error : unwritable(absolute, error);
      batch.forEach(({ done }) => done(failure));
    }
  };
  const readForAll = async () => {
    const batch = readers;
    readers = [];
    try {
      await readNew();
      batch.forEach(({ done }) => done());
    } catch (error) {
      batch.forEach(({ done }) => done(error as Error));
    }
  };
  /** One after the other: two at once would count the same bytes twice, and an older line would be taken for the last one. */
  const work = async () => {
    while (readers.length + lines.length > 0) {
      await (readers.length > 0 ? readForAll() : Promise.resolve());
      await (lines.length > 0 ? writeBatch() : Promise.resolve());
    }
    // At once: what comes a moment later must find nobody at work.
    isWorking = false;
  };
  const begin = () => {
    if (!isWorking) {
      isWorking = true;
      working = work();
    }
  };
  const refresh = () =>
    new Promise<void>((resolve, reject) => {
      readers.push({ done: (error) => (error === undefined ? resolve() : reject(error)) });
      begin();
    });
  const write = (line: ResultLine) =>
    new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => {
        if (error !== undefined) {
          return reject(error);
        }
        if ("mailbox" in line) {
          learn(line);
        }
        resolve();
      };
      lines.push({ text: `${JSON.stringify(line)}\n`, done });
      begin();
    });
  return {
    path: absolute,
    get header() {
      return header;
    },
    known,
    retried,
    get declared() {
      return declared;
    },
    async declare(mailboxes) {
      if (JSON.stringify(mailboxes) !== JSON.stringify(declared)) {
        await write({ at: new Date().toISOString(), type: "declared", mailboxes: [...mailboxes] });
        declared = mailboxes;
      }
    },
    add: write,
    refresh,
    async close() {
      await working;
      await file.close();
    },
  };
}

/** Ends what a crash has left of a line, and says so. Behind a whole line it ends an empty one. */
const cutOff = `\n${JSON.stringify({ type: "cutOff" })}\n`;

/** Whole lines. One that was cut off never happened. */
function linesOf(text: string): string[] {
  const lines = text.split("\n").slice(0, -1);
  const isMark = (line: string | undefined) => line === cutOff.trim();
  return lines.filter((line, index) => !isMark(line) && !isMark(lines[index + 1]));
}

/**
 * That nothing was sent takes nothing back but its own attempt: a process whose engine is gone may say it of mailboxes that the next one
 * has restored since.
 */
function isNews(before: MailboxResult | undefined, line: MailboxResult): boolean {
  if (line.type !== "neverSent" || before === undefined || before.type === "neverSent") {
    return true;
  }
  const isOver = before.type === "failed" || (before.type === "ended" && !isOpen(before.record.outcome));
  return before.attemptId === line.attemptId && !isOver;
}

/** Another process has carried it out in the meantime. */
export class CarriedOutElsewhere extends Error {}

/** Attempts of a bulk restore in the journal: by the identity of the mailbox's restore, which is that of the bulk and its name. */
export const identityIn = (bulk: string, mailbox: string) => `${bulk}/${mailbox}`;

const mailboxOf = ({ identity }: JournalEntry, bulks: readonly string[]): string | undefined => {
  const bulk = bulks.find((one) => identity.startsWith(`${one}/`));
  return bulk === undefined ? undefined : identity.slice(bulk.length + 1);
};

/**
 * The journal as the restores of a bulk use it: what is sent and what becomes of it stands in the results, too, and an entry is closed as
 * soon as it does. One whose end was not seen stays open, because others may be about to write into the same mailbox.
 *
 * @param bulks - identity of the bulk restore, and the one before it was renamed
 * @param retry - `retryFailed` of this run
 * @param onSend - told of an attempt that is about to be sent
 */
export function journalWith(
  journal: Journal,
  results: Results,
  { bulks, retry, onSend }: { bulks: readonly string[]; retry: string | undefined; onSend(entry: JournalEntry): void },
): Journal {
  const at = () => new Date().toISOString();
  const whenDecided = new Map(results.known);
  return {
    ...journal,
    async begin(entry) {
      await journal.begin(entry);
      const { attemptId, sessionId, apiVersion } = entry;
      const mailbox = mailboxOf(entry, bulks) ?? entry.identity;
      try {
        await results.refresh();
        const now = results.known.get(mailbox);
        if (now !== whenDecided.get(mailbox) && now?.type === "ended" && !isOpen(now.record.outcome)) {
          throw new CarriedOutElsewhere();
        }
        const again = retry === undefined ? {} : { retry };
        await results.add({ at: at(), type: "sent", mailbox, attemptId, sessionId, apiVersion, ...again });
        onSend(entry);
      } catch (error) {
        await journal.forget(entry);
        throw error;
      }
    },
    async answer(entry, record) {
      // A neighbour's restore into the same target may be settled in the turn of another mailbox, or belong to another resource.
      const mailbox = mailboxOf(entry, bulks);
      if (mailbox !== undefined) {
        await results.add({ at: at(), type: "ended", mailbox, attemptId: entry.attemptId, record });
      }
      await journal.answer(entry, record);
      // What another process had begun is taken over first, and closed by whoever does.
      if (mailbox !== undefined && entry.owner === journal.owner && !isOpen(record.outcome)) {
        journal.close(entry);
      }
    },
    async forget(entry) {
      const mailbox = mailboxOf(entry, bulks);
      if (mailbox !== undefined) {
        const reason = "Nothing was sent, or nothing was written.";
        await results.add({ at: at(), type: "neverSent", mailbox, attemptId: entry.attemptId, reason });
      }
      await journal.forget(entry);
    },
  };
}

function parseHeader(text: string): ResultsHeader {
  const header = JSON.parse(text) as Partial<ResultsHeader> | null;
  if (header?.version !== 1 || typeof header.identity !== "string" || typeof header.attemptId !== "string") {
    throw new Error("another version of pulumi-vb365 wrote it, or something else");
  }
  return header as ResultsHeader;
}

/** What a line of a mailbox must have, by its type. */
const textsOf: ReadonlyMap<unknown, string[]> = new Map([
  ["sent", ["mailbox", "attemptId", "sessionId", "apiVersion"]],
  ["ended", ["mailbox", "attemptId"]],
  ["failed", ["mailbox", "attemptId", "startedAt", "reason"]],
  ["neverSent", ["mailbox", "reason"]],
]);

function parseLine(path: string, text: string): ResultLine {
  try {
    const line = JSON.parse(text) as Record<string, unknown> | null;
    if (line?.type === "begun") {
      parseHeader(text);
      return line as ResultLine;
    }
    const isText = (one: unknown) => typeof one === "string";
    const { mailboxes } = line ?? {};
    if (line?.type === "declared" && Array.isArray(mailboxes) && mailboxes.every(isText)) {
      return line as ResultLine;
    }
    if (!isText(line?.["at"]) || textsOf.get(line?.type)?.every((name) => isText(line?.[name])) !== true) {
      throw new Error("it holds a line of another kind");
    }
    if (line?.type === "ended") {
      readRecord(line["record"]);
    }
    return line as ResultLine;
  } catch (error) {
    throw unreadable(path, error);
  }
}

const unwritable = (path: string, error: unknown) =>
  new MailboxRestoreError(
    "journal",
    `The results ${path} cannot be written, so nothing is sent: ${messageOf(error)}. They keep mail from being sent twice. Mend that, and ` +
      `run pulumi up again.`,
  );

/** Without the results nobody knows what was sent since the state was written. */
const unreadable = (path: string, error: unknown) =>
  new MailboxRestoreError(
    "journal",
    `The results ${path} cannot be read: ${messageOf(error)}. They tell what was sent already, so nothing is sent without them. Put the ` +
      `file back where it was. If it is lost, and no pulumi up was broken off since the last one that ended, an empty file in its place ` +
      `says so: then what the state has counts.`,
  );
