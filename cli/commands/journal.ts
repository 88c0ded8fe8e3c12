import type { Command } from "commander";
import { exitCodesHelp } from "../exit";
import { addJournalList } from "./journal-list";
import { addJournalResolve } from "./journal-resolve";

/** `vb365 journal`: what was sent and has not come into a stack's state yet. Asks no server. */
export function addJournal(program: Command): void {
  const journal = program
    .command("journal")
    .summary("list and settle restores of runs that were broken off")
    .description(
      "The journal is a folder that remembers what pulumi up sent until the stack's state has it. What a broken run left in it is " +
        "taken over by the next pulumi up; only what nobody can tell waits for a person's word. No server is asked.",
    )
    .addHelpText(
      "after",
      `\nExamples:\n  vb365 journal list\n  vb365 journal resolve ATTEMPT_ID --not-carried-out "no new mail in the mailbox"\n\n${exitCodesHelp}`,
    );
  addJournalList(journal);
  addJournalResolve(journal);
}
