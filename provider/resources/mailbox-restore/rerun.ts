import { unknownValue } from "../shape";
import type { MailboxRestoreInputs } from "./inputs";
import { differingInputs, intentOf } from "./intent";
import type { MailboxRestoreOutputs } from "./outputs";

type Bag = Record<string, unknown>;

/** Why a preview shows a replace, and what that does, in plain words. No value is repeated: it may be a secret of the program. */
export function rerunInWords(olds: MailboxRestoreOutputs, news: MailboxRestoreInputs): string {
  const [before, after] = [intentOf(olds), intentOf(news)];
  const leaves = differingInputs(before, after).flatMap((name) => leavesOf(name, before[name], after[name]));
  const isSure = leaves.some(({ isKnown }) => isKnown);
  const names = leaves.map(({ path }) => path).join(", ");
  const why = isSure
    ? `${names} changed, so`
    : `${names} ${leaves.length === 1 ? "is" : "are"} not known before the update; if it differs,`;
  return `${why} ${whatHappens(news)} The result of ${olds.finishedAt} is forgotten, and nothing of it is undone.`;
}

/** A run on purpose (`--replace`) of which the state knows nothing: nobody else would tell of it. */
export const unrecordedInWords = (begunAt: string, outcome: string, where: string): string =>
  `This was run again at ${begunAt}, and the state has the result before that: that run was broken off, or still goes on. It came to: ` +
  `${outcome}. Once it is over, pulumi up --replace takes that over, and sends nothing of it again; ${where}.`;

function whatHappens({ exportToPst, restoreTo, mailbox, mailboxId, adopt }: MailboxRestoreInputs): string {
  if (adopt !== undefined) {
    return `what was done by hand is taken over once more, and nothing is sent: remove adopt to have it run.`;
  }
  const source = shown(mailbox?.email ?? mailbox?.id ?? mailboxId, "the mailbox");
  if (exportToPst !== undefined) {
    return `${source} is exported again, to ${shown(exportToPst.path, "its file")}; no mailbox is written to.`;
  }
  const target = restoreTo === undefined ? source : shown(restoreTo.mailbox, "its target");
  return `the restore runs again: mail of ${source} is WRITTEN AGAIN into ${target}.`;
}

/** Paths below an input that differ; what is not an object is its own path. */
function leavesOf(path: string, before: unknown, after: unknown): { path: string; isKnown: boolean }[] {
  if (isBag(before) && isBag(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .flatMap((name) => leavesOf(`${path}.${name}`, before[name], after[name]));
  }
  return [{ path, isKnown: after !== unknownValue }];
}

const shown = (value: string | undefined, otherwise: string) =>
  value === undefined || value === unknownValue ? otherwise : value;
const isBag = (value: unknown): value is Bag => typeof value === "object" && value !== null && !Array.isArray(value);
