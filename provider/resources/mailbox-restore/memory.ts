import { resolve } from "node:path";
import type { SessionLook } from "../../restore/earlier";
import type { Journal, JournalEntry } from "../../restore/journal";
import type { MailboxRestoreInputs } from "./inputs";
import { type PathValues, expandPath, namesDay } from "../../pst/path";
import { type Remembered, createSeenState } from "../seen-state";
import { unknownValue } from "../shape";
import { hashOf, intentOf } from "./intent";
import type { MailboxRestoreOutputs } from "./outputs";

/**
 * What this process has seen of the state. The engine shows a resource's inputs or its outputs with each call, and what the state has
 * needs no journal any more.
 */
export interface Memory {
  /** The engine showed the inputs that the state has; an empty bag for a new resource. */
  sawInputs(inputs: MailboxRestoreInputs, urn: string | undefined): Promise<void>;
  /**
   * The engine showed the outputs that the state has.
   *
   * @returns what this resource came to later, and the state never had: of a `--replace` that was broken off
   */
  sawOutputs(outputs: MailboxRestoreOutputs): readonly JournalEntry[];
  /**
   * The engine deletes what it replaced. It does so when it has stored what came in its place: where it cannot store, it goes no further.
   */
  sawReplaced(outputs: MailboxRestoreOutputs): Promise<void>;
  /** For a create, which takes over what was left of earlier ones: what the state has is none of that. */
  rememberedOf(inputs: MailboxRestoreInputs): Remembered;
  /** Another resource of this program that exports to the same file, as far as that is known; its name. */
  sharesFileWith(inputs: MailboxRestoreInputs): string | undefined;
}

export function createMemory(opened: () => { journal: Journal; sessionLook: SessionLook }): Memory {
  const seen = createSeenState<JournalEntry>();
  /** URN of the resource that exports to a file, by its path. */
  const filesOf = new Map<string, string>();
  /** Closing is good order, not safety: what stays open asks again. */
  const close = (attempt: { attemptId: string; sessionId: string }) => {
    try {
      opened().journal.close(attempt);
    } catch {
      return;
    }
  };
  return {
    async sawInputs(inputs, urn) {
      const identity = inputs.__urn;
      if (identity === undefined || urn === undefined) {
        return;
      }
      const intentHash = hashOf(intentOf(inputs));
      // A journal that cannot be read is told by whoever is about to send something.
      const entries = await opened()
        .journal.entries()
        .catch(() => []);
      // The state has this intent, so it has its first run. A later run of the same intent (`--replace`) is not proved by that.
      const runs = entries
        .filter((entry) => entry.identity === identity && entry.intentHash === intentHash)
        .filter(({ again, stage }) => !again && stage === "answered");
      seen.sawInputs(urn, { identity, intentHash, runs });
    },
    sawOutputs(outputs) {
      const { attemptId, sessionId, startedAt, exportToPst, pending } = outputs;
      opened().sessionLook.witness({ attemptId, sessionId, exportToPst, pending });
      if (sessionId !== null) {
        close({ attemptId, sessionId });
      }
      // With `--replace` the engine shows nothing of the state, so that run looks like a first one.
      const others = seen.othersThan(outputs);
      const isLater = (run: JournalEntry) => run.startedAt > startedAt;
      others.filter((run) => !isLater(run)).forEach(close);
      return others.filter(isLater);
    },
    async sawReplaced({ __urn: urn, attemptId }) {
      const { journal } = opened();
      const entries = await journal.entries().catch(() => []);
      entries
        .filter(({ identity }) => identity === urn || (urn !== undefined && seen.formerUrnOf(identity) === urn))
        .filter((entry) => entry.owner === journal.owner && entry.stage === "answered" && entry.attemptId !== attemptId)
        .forEach(close);
    },
    sharesFileWith(inputs) {
      const { exportToPst, mailbox, runId, adopt, __urn: urn } = inputs;
      const template = exportToPst?.path;
      if (template === undefined || urn === undefined || adopt !== undefined) {
        return undefined;
      }
      if (namesDay(template) && seen.intentHashOf(urn) === hashOf(intentOf(inputs))) {
        // It was carried out on another day, and its file has that day's name.
        return undefined;
      }
      // The server's spelling decides, and it does not tell upper from lower case.
      const values = { email: mailbox?.email?.toLowerCase(), mailboxId: mailbox?.id, date: "today", runId };
      const path = pathOf(template, values);
      const other = path === undefined ? undefined : filesOf.get(path);
      if (path !== undefined && other === undefined) {
        filesOf.set(path, urn);
      }
      return other === undefined || other === urn ? undefined : other.split("::").at(-1);
    },
    rememberedOf(inputs) {
      const urn = inputs.__urn ?? "";
      // It is run again on purpose, and the engine has not shown the outputs.
      seen.takeRuns(urn).forEach(close);
      return { again: seen.intentHashOf(urn) === hashOf(intentOf(inputs)), formerIdentity: seen.formerUrnOf(urn) };
    },
  };
}

/** Undefined where a value is not known yet. */
function pathOf(template: string, values: PathValues): string | undefined {
  try {
    const { path } = expandPath(template, values);
    return path.includes(unknownValue) ? undefined : resolve(path);
  } catch {
    return undefined;
  }
}
