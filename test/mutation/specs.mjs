import { readdirSync } from "node:fs";
import process from "node:process";

/** `--thorough`: tests of the provider process, too, and all of those that pass a mutant. */
export const isThorough = process.env.VB365_MUTATION_THOROUGH !== undefined;

/** The folders of tests that reach the TypeScript sources, the quick ones first; most others start processes that load `dist/`. */
const folders = ["test/unit", "test/contract", ...(isThorough ? ["test/host"] : []), "test/mutation"];

/** Their tests in which restores and resources have no part of their own, which load `dist/`, or which last too long for thousands of mutants. */
const others = [
  /unit\/evidence-/,
  /unit\/pst-(path|sink|split|transfer)\./,
  /unit\/(api|config|docstrings|hostile|progress|stack-traces|types)\./,
  /contract\/(answers|client|export|faults|functions|inline-programs|lifecycle|mailbox-restore|mailboxes|observe)\./,
  /contract\/(organizations|proxy|recording|requests|restore-sessions|runbooks|token|trust)\./,
  /host\/(contract|engine-gone|exactly-once|export|faults|lenient|load|open-points|restore|timeouts|unanswered|versions)\./,
];

/** The test files that mutants are to be killed by, in this order: the first test that fails ends the run of a mutant. */
export function specs() {
  return folders
    .flatMap((folder) =>
      readdirSync(folder)
        .sort()
        .map((name) => `${folder}/${name}`),
    )
    .filter((file) => file.endsWith(".test.ts") && !others.some((other) => other.test(file)));
}

/** Does a file's every test start a server and a provider? */
export const isSlow = (file) => /^test\/(host|mutation)\//.test(file);

/** What holds of a process that has really ended, or lasts for seconds on purpose: it is skipped. */
export const isOfItsOwnProcess = (title) =>
  [
    "opens another session when one is full, and stops both",
    "makes an export that was under way again, and no other",
    "so that a new runId restores again",
    "so that another resource may write to that mailbox",
    "waits for a lease that nobody renews to run out, and then for the server to end",
    "asks, and takes the result over under the old name; another stack is not held up",
    "makes it again, and removes what was received of it",
    "makes it again when it was killed before the whole file was kept",
  ].includes(title);
