import { isAcceptable } from "../../restore/outcome";
import type { MailboxRestoreInputs } from "./inputs";
import { differingInputs, intentOf } from "./intent";
import { type MailboxRestoreOutputs, policyOf } from "./outputs";

/** The dynamic host's vocabulary: true = call update; undefined = let the engine compare the inputs. */
export interface DiffResult {
  changes: true | undefined;
  replaces: string[];
}

/**
 * Another intent is another run: a replace. Everything else is left to the engine's own comparison of inputs, which sees
 * edited credentials (we do not: they are in no output), and stores them by an update that asks nothing of the server.
 * A stored result that is not good enough calls for an update too, because a refresh has wiped the engine's own mark of it.
 */
export function diff(olds: MailboxRestoreOutputs, news: MailboxRestoreInputs): DiffResult {
  const replaces = differingInputs(intentOf(olds), intentOf(news));
  const isOpen = !isAcceptable(olds.outcome, olds.counts, olds.failureCount, policyOf(news));
  return { changes: replaces.length === 0 && isOpen ? true : undefined, replaces };
}
