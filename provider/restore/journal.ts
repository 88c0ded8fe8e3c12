import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MailboxRestoreError, messageOf } from "../errors";
import { moveFile, moveFileSync } from "../move-file";
import type { Named } from "./attribution";
import { flushFolder, writeFlushed } from "./flushed";
import { type RestoreRecord, readRecord } from "./record";

/**
 * What was sent and has not come into the state yet. Pulumi forgets a create that was broken off; this folder does not.
 *
 * A file an attempt, `SESSION-ATTEMPT.json`, replaced as a whole and flushed to disk before the action is sent and again when its
 * result is there. Closed ones stand in `closed/`: they never stop or answer anything, and help to tell events of one session apart.
 */
export interface Journal {
  /** Its folder, absolute. */
  readonly folder: string;
  /** Marks what this process wrote. */
  readonly owner: string;
  /**
   * What is open, oldest first.
   *
   * @throws MailboxRestoreError (`journal`) when one of them cannot be read: it may be about any mailbox.
   */
  entries(): Promise<JournalEntry[]>;
  /** All that was begun in a restore session, closed or not. */
  inSession(sessionId: string): Promise<JournalEntry[]>;
  /** Writes an entry and flushes it. Until it is answered or forgotten, its lease tells others that somebody works on it. */
  begin(entry: JournalEntry): Promise<void>;
  /** Writes what was learnt of an entry while its action goes on, and flushes it. */
  note(entry: JournalEntry): Promise<void>;
  /** Writes what became of it, and flushes it. Ends its lease. */
  answer(entry: JournalEntry, result: RestoreRecord): Promise<void>;
  /** Is it as this process has written it? Whoever was away for long may have been settled by others. */
  isStillOurs(entry: JournalEntry): Promise<boolean>;
  /** Removes an entry of which nothing came: not sent, refused, or proved to have written nothing. */
  forget(entry: JournalEntry): Promise<void>;
  /** Nobody works on it any more, and nothing is known of it. */
  abandon(entry: JournalEntry): Promise<void>;
  /** The state has it, or a person has settled it. One that is not open is left alone. */
  close(attempt: Pick<JournalEntry, "sessionId" | "attemptId">): void;
  /** Waits while somebody works on an entry: until it is answered or gone, or until nobody renews its lease any more. */
  settled(entry: JournalEntry, onWait: () => void): Promise<"changed" | "abandoned">;
  /** For people: all its files, read anew, the oldest first. What cannot be read is among them, with the reason. */
  files(): Promise<JournalFile[]>;
  /**
   * Does the process that wrote an entry still work? Watches whether its lease is renewed, some seconds at most, and trusts no clock.
   *
   * @param onWatch - told before the first pause
   */
  isWorkedOn(attempt: Pick<JournalEntry, "owner">, onWatch: () => void): Promise<boolean>;
  /** What a person says of an open entry: with a result its resource takes that over, without one it is closed. */
  settle(entry: JournalEntry, note: string, result?: RestoreRecord): Promise<void>;
  /** What a person says of a restore session that holds restores of others: nothing in it stops anything any more. */
  settleSession(sessionId: string, note: string): Promise<void>;
  /**
   * Moves a file that cannot be read to where it stops nothing, and keeps beside it what a person says of it.
   *
   * @returns where it is now
   */
  setAside(path: string, note: string): Promise<string>;
}

/** A file of the journal. */
export type JournalFile = {
  /** Absolute. */
  path: string;
  isClosed: boolean;
} & (
  | { entry: JournalEntry }
  /** It cannot be read; the process that wrote it, where so much can be read. */
  | { entry: undefined; reason: string; owner: string | undefined }
);

export interface JournalEntry {
  version: 1;
  /** `sent` from the moment before the action is sent. */
  stage: "sent" | "answered";
  /** Project, stack and name, as the URN says them. */
  identity: string;
  attemptId: string;
  intentHash: string;
  intentLayout: number;
  /** The state had the same intent already: it was run again on purpose (`--replace`). */
  again: boolean;
  endpoint: string;
  apiVersion: string;
  action: "exportToPst" | "restoreToOriginalLocation" | "restoreTo";
  mailbox: { id: string; name: string; email: string };
  /** Mailbox that is written to, in lower case; null for an export. */
  writesTo: string | null;
  /** Address of the target, if it is another mailbox. */
  target: string | null;
  /** File of an export, absolute. */
  path: string | null;
  organizationId: string | null;
  resolvedPointInTime: string | null;
  dataAgeSeconds: number | null;
  sessionId: string;
  /** We opened that session. */
  ownsSession: boolean;
  /** The server has answered that it has begun (v8). */
  hasBegun?: true;
  /** Another session that the server made for this restore, and that tells of it (v8). */
  runsIn?: string;
  /** Events that were there before; their ids. */
  ignoredEvents: string[];
  /** Other mailboxes of that session that its events may be thought to name. Left out where there are none. */
  namesakes?: Named[];
  /** ISO 8601 UTC. */
  startedAt: string;
  /** Process that sent it. */
  owner: string;
  result?: RestoreRecord;
  /** This action's own event, when it was found. */
  eventId?: string;
  /** What a person said of it. */
  note?: string;
}

export interface JournalOptions {
  /** Pause between two renewals of a lease, in milliseconds. */
  renewMs?: number;
  /** A lease that was not renewed for so long belongs to nobody, in milliseconds. */
  abandonedAfterMs?: number;
  pause?(ms: number): Promise<unknown>;
}

/** A lease that is so old belongs to nobody, whatever the clocks of two machines say: then the server is asked, and nothing is sent. */
const longAgoMs = 60_000;
/** Closed entries are kept so long: no restore session lives longer. */
const keptMs = 30 * 86_400_000;

const entryName = /^[0-9a-f]{16}-[0-9a-z-]+\.json$/;

/** Opens a journal. Nothing is made before something is written. */
export function openJournal(folder: string, options: JournalOptions = {}): Journal {
  const { renewMs = 1000, abandonedAfterMs = 6000, pause = (ms: number) => sleep(ms) } = options;
  const absolute = resolve(folder);
  const closed = join(absolute, "closed");
  const owner = randomUUID();
  const lease = createLease(join(absolute, `${owner}.lease`), renewMs);
  /** Ours as we wrote them, and what others have answered: nobody changes those any more. */
  const known = new Map<string, JournalEntry>();
  let made: Promise<void> | undefined;
  let scan: Promise<JournalEntry[]> | undefined;

  const make = async () => {
    await mkdir(closed, { recursive: true, mode: 0o700 });
    // What stands here is of this machine alone, and a program's folder is often a repository.
    await writeFile(join(absolute, ".gitignore"), "*\n", { flag: "wx" }).catch(() => undefined);
    removeOld(closed, () => true);
    // A process that was killed leaves its lease, which has not been renewed since.
    removeOld(absolute, (name) => name.endsWith(".lease"));
  };
  const write = async (entry: JournalEntry) => {
    const name = nameOf(entry);
    try {
      made ??= make();
      await made;
      await writeFlushed(join(absolute, name), `${JSON.stringify(entry)}\n`);
    } catch (error) {
      made = undefined;
      throw unwritable(absolute, error);
    }
    known.set(name, entry);
  };
  const read = async (from: string, name: string): Promise<JournalEntry | undefined> => {
    const path = join(from, name);
    try {
      const entry = parseEntry(await readFile(path, "utf8"));
      if (from === absolute && entry.stage === "answered") {
        known.set(name, entry);
      }
      return entry;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return undefined;
      }
      throw isFault(error) ? unreadable(path, error) : damaged(path, error);
    }
  };
  const readOpen = async (name: string) => known.get(name) ?? (await read(absolute, name));
  const list = async (from: string): Promise<string[]> => {
    try {
      return (await readdir(from)).filter((name) => entryName.test(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return [];
      }
      throw new MailboxRestoreError(
        "journal",
        `The journal ${from} cannot be read: ${messageOf(error)}. It tells what was sent already, so nothing is sent without it. ` +
          `Make it readable, or choose another folder with vb365:journalDir.`,
      );
    }
  };
  const release = (entry: JournalEntry) => lease.release(entry.attemptId);
  const writeClosed = async (name: string, text: string) => {
    try {
      made ??= make();
      await made;
      await writeFlushed(join(closed, name), `${text}\n`);
    } catch (error) {
      made = undefined;
      throw unwritable(absolute, error);
    }
  };

  return {
    folder: absolute,
    owner,
    entries() {
      // A thousand resources ask at once; whoever asks while a scan runs gets what that one finds.
      scan ??= list(absolute)
        .then((names) => inTurn(names, readOpen))
        .then(oldestFirst)
        .finally(() => (scan = undefined));
      return scan;
    },
    async inSession(sessionId) {
      const isOfSession = (name: string) => name.startsWith(digestOf(sessionId));
      const [opened, over] = [await list(absolute), await list(closed)];
      return oldestFirst([
        ...(await inTurn(opened.filter(isOfSession), readOpen)),
        ...(await inTurn(over.filter(isOfSession), (name) => read(closed, name))),
      ]);
    },
    async begin(entry) {
      try {
        made ??= make();
        await made;
        await lease.hold(entry.attemptId);
      } catch (error) {
        made = undefined;
        throw unwritable(absolute, error);
      }
      try {
        await write(entry);
      } catch (error) {
        await release(entry);
        throw error;
      }
    },
    note: write,
    async answer(entry, result) {
      try {
        await write({ ...entry, stage: "answered", result });
      } finally {
        await release(entry);
      }
    },
    async isStillOurs(entry) {
      const now = await read(absolute, nameOf(entry));
      return now?.stage === "sent" && now.owner === owner && now.note === undefined;
    },
    async forget(entry) {
      known.delete(nameOf(entry));
      try {
        await rm(join(absolute, nameOf(entry)), { force: true });
        await flushFolder(absolute);
      } finally {
        await release(entry);
      }
    },
    abandon: release,
    close(attempt) {
      const name = nameOf(attempt);
      known.delete(name);
      try {
        if (existsSync(join(absolute, name))) {
          mkdirSync(closed, { recursive: true, mode: 0o700 });
          moveFileSync(join(absolute, name), join(closed, name));
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
          throw unwritable(absolute, error);
        }
      }
    },
    async settled(entry, onWait) {
      if (entry.owner === owner) {
        return lease.holds(entry.attemptId) ? waitForOwn() : "abandoned";
      }
      const seen = { mark: undefined as string | undefined, unchangedMs: 0 };
      for (;;) {
        // The lease first: its owner answers before it lets go.
        const mark = await readFile(join(absolute, `${entry.owner}.lease`), "utf8").catch(() => undefined);
        const now = await read(absolute, nameOf(entry));
        if (now === undefined || now.stage === "answered") {
          return "changed";
        }
        if (mark === undefined || Date.now() - Date.parse(mark) > longAgoMs) {
          return "abandoned";
        }
        seen.unchangedMs = mark === seen.mark ? seen.unchangedMs + renewMs : 0;
        seen.mark = mark;
        if (seen.unchangedMs >= abandonedAfterMs) {
          return "abandoned";
        }
        onWait();
        await pause(renewMs);
      }

      async function waitForOwn(): Promise<"changed"> {
        onWait();
        await lease.released(entry.attemptId);
        return "changed";
      }
    },
    async files() {
      const found = [
        ...(await inTurn(await list(absolute), (name) => inspect(join(absolute, name), false))),
        ...(await inTurn(await list(closed), (name) => inspect(join(closed, name), true))),
      ];
      const begun = ({ entry }: JournalFile) => entry?.startedAt ?? "";
      return found
        .filter((file) => file !== undefined)
        .sort((a, b) => (begun(a) < begun(b) ? -1 : begun(a) > begun(b) ? 1 : 0));
    },
    async isWorkedOn(attempt, onWatch) {
      const readMark = () => readFile(join(absolute, `${attempt.owner}.lease`), "utf8").catch(() => undefined);
      const first = await readMark();
      let mark = first;
      for (let ms = 0; mark !== undefined && mark === first && ms < abandonedAfterMs; ms += renewMs) {
        if (ms === 0) {
          onWatch();
        }
        await pause(renewMs);
        mark = await readMark();
      }
      return mark !== undefined && mark !== first;
    },
    async settle(entry, note, result) {
      if (result !== undefined) {
        return write({ ...entry, note, stage: "answered", result });
      }
      // It stands closed before it is gone: an attempt that was begun in a session is counted at every moment.
      const name = nameOf(entry);
      await writeClosed(name, JSON.stringify({ ...entry, note }));
      known.delete(name);
      await rm(join(absolute, name), { force: true });
      await flushFolder(absolute);
    },
    async settleSession(sessionId, note) {
      const mark: JournalEntry = {
        version: 1,
        stage: "sent",
        identity: "",
        attemptId: sessionId,
        intentHash: "",
        intentLayout: 0,
        again: false,
        endpoint: "",
        apiVersion: "",
        action: "restoreToOriginalLocation",
        mailbox: { id: "", name: "", email: "" },
        writesTo: "",
        target: null,
        path: null,
        organizationId: null,
        resolvedPointInTime: null,
        dataAgeSeconds: null,
        sessionId,
        ownsSession: false,
        ignoredEvents: [],
        startedAt: "",
        owner,
        note,
      };
      await writeClosed(nameOf(mark), JSON.stringify(mark));
    },
    async setAside(path, note) {
      const name = `${basename(path)}.damaged`;
      await writeClosed(`${name}.note`, `${new Date().toISOString()} ${note}`);
      try {
        await moveFile(path, join(closed, name));
      } catch (error) {
        throw unwritable(absolute, error);
      }
      await flushFolder(dirname(path));
      return join(closed, name);
    },
  };
}

/** The journal that a path leads into; undefined when it is no path, or not one of an entry's file. */
export function journalFolderOf(path: string): string | undefined {
  const name = basename(path);
  if (name === path || !entryName.test(name)) {
    return undefined;
  }
  const folder = dirname(resolve(path));
  return basename(folder) === "closed" ? dirname(folder) : folder;
}

/** Undefined when the file has gone meanwhile. */
async function inspect(path: string, isClosed: boolean): Promise<JournalFile | undefined> {
  let text = "";
  try {
    text = await readFile(path, "utf8");
    return { path, isClosed, entry: parseEntry(text) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    if (isFault(error)) {
      throw unreadable(path, error);
    }
    return { path, isClosed, entry: undefined, reason: messageOf(error), owner: ownerOf(text) };
  }
}

function ownerOf(text: string): string | undefined {
  try {
    const { owner } = JSON.parse(text) as Partial<JournalEntry>;
    return typeof owner === "string" ? owner : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the text of one entry.
 *
 * @throws Error that says what is wrong with it
 */
export function parseEntry(text: string): JournalEntry {
  const entry = JSON.parse(text) as Partial<Record<keyof JournalEntry, unknown>> | null;
  if (typeof entry !== "object" || entry === null) {
    throw new Error("it is no object");
  }
  if (entry.version !== 1) {
    throw new Error("another version of pulumi-vb365 wrote it");
  }
  const texts = [
    "identity",
    "attemptId",
    "intentHash",
    "endpoint",
    "apiVersion",
    "sessionId",
    "startedAt",
    "owner",
  ] as const;
  const wrong = texts.find((name) => typeof entry[name] !== "string");
  if (wrong !== undefined) {
    throw new Error(`its ${wrong} is missing`);
  }
  const { mailbox, stage, result, ignoredEvents, writesTo, action } = entry as Partial<JournalEntry>;
  const isWhole =
    typeof mailbox?.id === "string" &&
    typeof mailbox.email === "string" &&
    Array.isArray(ignoredEvents) &&
    (action === "exportToPst" ? writesTo === null : typeof writesTo === "string") &&
    (stage === "sent" || stage === "answered");
  if (!isWhole) {
    throw new Error("it is not whole");
  }
  if (stage === "answered") {
    readRecord(result);
  }
  return entry as JournalEntry;
}

/** The file's name. What the server or a state names goes through a digest: a name must not lead out of the folder. */
const nameOf = ({ sessionId, attemptId }: Pick<JournalEntry, "sessionId" | "attemptId">) =>
  `${digestOf(sessionId)}-${/^[0-9a-z-]+$/.test(attemptId) ? attemptId : digestOf(attemptId)}.json`;

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Few at a time: a machine has only so many open files. */
async function inTurn<T>(names: string[], work: (name: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let at = 0; at < names.length; at += filesAtOnce) {
    results.push(...(await Promise.all(names.slice(at, at + filesAtOnce).map(work))));
  }
  return results;
}
const filesAtOnce = 16;

const oldestFirst = (entries: (JournalEntry | undefined)[]) =>
  entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));

function removeOld(folder: string, isOurs: (name: string) => boolean): void {
  const before = Date.now() - keptMs;
  for (const name of readdirSync(folder).filter(isOurs)) {
    const path = join(folder, name);
    if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? before) < before) {
      rmSync(path, { force: true });
    }
  }
}

interface Lease {
  hold(attemptId: string): Promise<void>;
  holds(attemptId: string): boolean;
  release(attemptId: string): Promise<void>;
  released(attemptId: string): Promise<void>;
}

/**
 * One file for all that a process works on, rewritten while it lives. Whoever waits watches whether it changes: process ids mean
 * nothing in another container, and clocks differ.
 */
function createLease(path: string, renewMs: number): Lease {
  const held = new Map<string, { over: Promise<void>; end: () => void }>();
  let timer: NodeJS.Timeout | undefined;
  const renew = () => writeFileSync(path, new Date().toISOString(), { mode: 0o600 });
  return {
    async hold(attemptId) {
      if (timer === undefined) {
        renew();
        // A renewal that fails once is made up for by the next one.
        timer = setInterval(
          () =>
            void Promise.resolve()
              .then(renew)
              .catch(() => undefined),
          renewMs,
        ).unref();
      }
      let end = () => undefined as void;
      const over = new Promise<void>((resolve) => (end = resolve));
      held.set(attemptId, { over, end });
      return Promise.resolve();
    },
    holds: (attemptId) => held.has(attemptId),
    release(attemptId) {
      held.get(attemptId)?.end();
      held.delete(attemptId);
      if (held.size === 0) {
        clearInterval(timer);
        timer = undefined;
        // At once: a lease that is held again in the meantime must not lose its file.
        try {
          rmSync(path, { force: true });
        } catch {
          // The disk takes no changes any more, or somebody has it open, which Windows minds. What went wrong before counts more, and others look at
          // whether it is renewed.
        }
      }
      return Promise.resolve();
    },
    released: async (attemptId) => held.get(attemptId)?.over,
  };
}

function unwritable(folder: string, error: unknown): MailboxRestoreError {
  return new MailboxRestoreError(
    "journal",
    `The journal ${folder} cannot be written: ${messageOf(error)}. Without it a crash could send the same mail twice, so nothing ` +
      `is sent. Make it writable, or choose another folder with vb365:journalDir.`,
  );
}

/** Did the file system fail, rather than the text in the file? */
const isFault = (error: unknown) => {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined && code !== "EISDIR";
};

function unreadable(path: string, error: unknown): MailboxRestoreError {
  return new MailboxRestoreError(
    "journal",
    `The journal entry ${path} could not be opened: ${messageOf(error)}. It tells of something that was sent, so nothing is sent ` +
      `without it. Make it readable for this account; there is nothing wrong with the entry itself.`,
  );
}

function damaged(path: string, error: unknown): MailboxRestoreError {
  return new MailboxRestoreError(
    "journal",
    `The journal entry ${path} cannot be read: ${messageOf(error)}. It may tell of a restore that was sent, into any mailbox, so ` +
      `nothing is sent before it is settled. Look at vb365 sessions and into the mailbox; then move the file away, or run ` +
      `vb365 journal resolve ${path} --not-carried-out "why".`,
  );
}
