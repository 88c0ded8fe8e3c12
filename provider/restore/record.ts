import { Ajv, type ValidateFunction } from "ajv";
import { cut } from "../api/answer";
import type { Counts, SessionEvent } from "../api/dialects/dialect";
import type { Named } from "./attribution";
import { type Judgement, type Outcome, outcomes } from "./outcome";
import type { PstFile } from "../pst/draft";

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
  /** Other mailboxes of that session that its events may be thought to name. Left out where there are none. */
  namesakes?: Named[];
  /** The server has answered that it has begun, so there is an event of it, now or soon (v8). */
  hasBegun?: true;
  /** Another session that the server made for this restore, and that tells of it (v8). */
  runsIn?: string;
}

/** What is known of an attempt before it is sent. */
export type Attempt = Pick<
  RestoreRecord,
  "sessionId" | "organizationId" | "resolvedPointInTime" | "dataAgeSeconds" | "startedAt"
> & { mailbox: { id: string; email: string } };

/** The record of an attempt, as it was judged at a time (ISO 8601 UTC). */
export function recordOf(
  { sessionId, organizationId, resolvedPointInTime, dataAgeSeconds, startedAt, mailbox }: Attempt,
  { outcome, counts, failures, warnings }: Judgement,
  finishedAt: string,
  event?: SessionEvent,
): RestoreRecord {
  return {
    sessionId,
    mailboxId: mailbox.id,
    mailboxEmail: mailbox.email,
    organizationId,
    resolvedPointInTime,
    outcome,
    counts,
    failures: shorten(failures),
    failureCount: failures.length,
    warnings: shorten(warnings),
    startedAt,
    finishedAt,
    durationSeconds: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
    dataAgeSeconds,
    events: event === undefined ? [] : [shownEvent(event)],
  };
}

/** Told what the restore is doing now; `done` of `total` are bytes. */
export type Report = (activity: string, bytes?: { done: number; total: number | undefined }) => void;

/** Texts of the server that are kept of a list, and characters of each: the state is written anew at every step of a stack. */
const shownTexts = 20;
const shownCharacters = 300;

export const shorten = (texts: string[]) => texts.slice(0, shownTexts).map((text) => cut(text, shownCharacters));

export function shownEvent({ type, status, message }: SessionEvent) {
  return { type, status, message: cut(message, shownCharacters) };
}

/** Is its end not seen? */
export const isOpen = (outcome: Outcome) => outcome === "Unfinished" || outcome === "Unknown";

const text = { type: "string" };
const orNull = (type: string) => ({ type: [type, "null"] });
const texts = { type: "array", items: text };
const counted = ["created", "merged", "failed", "skipped", "failedFolders"];
const required = {
  sessionId: text,
  mailboxId: text,
  mailboxEmail: text,
  organizationId: orNull("string"),
  resolvedPointInTime: orNull("string"),
  outcome: { enum: outcomes },
  counts: {
    type: "object",
    properties: {
      ...Object.fromEntries(counted.map((name) => [name, orNull("number")])),
      restored: { type: "number" },
    },
    required: counted,
  },
  failures: texts,
  failureCount: { type: "number" },
  warnings: texts,
  startedAt: text,
  finishedAt: text,
  // Null where a moment could not be read when it was written. Nothing is decided by it, so nothing is held up by it either.
  durationSeconds: orNull("number"),
  dataAgeSeconds: orNull("number"),
  events: { type: "array", items: { type: "object" } },
};
const pstFile = {
  type: "object",
  properties: { path: text, bytes: { type: "number" }, sha256: text, verified: texts },
  required: ["path", "bytes", "sha256", "verified"],
};
const pending = {
  type: "object",
  properties: { mailboxName: text, ignoredEvents: texts },
  required: ["mailboxName", "ignoredEvents"],
};

let compiled: ValidateFunction<RestoreRecord> | undefined;

/**
 * A record as it was read from a file, which anybody may have changed or a disk have damaged.
 *
 * @throws Error that says what is wrong with it
 */
export function readRecord(value: unknown): RestoreRecord {
  compiled ??= new Ajv({ allowUnionTypes: true }).compile<RestoreRecord>({
    type: "object",
    properties: { ...required, pst: pstFile, pending },
    required: Object.keys(required),
  });
  if (!compiled(value)) {
    const [{ instancePath, message } = { instancePath: "", message: "" }] = compiled.errors ?? [];
    throw new Error(`its result is not whole: ${instancePath === "" ? "it" : instancePath.slice(1)} ${message ?? ""}`);
  }
  return value;
}
