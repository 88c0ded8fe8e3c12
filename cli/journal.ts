import type { Command } from "commander";
import { defaultJournalDir, environmentVariableOf } from "../provider/config";
import type { JournalEntry } from "../provider/restore/journal";
import { exitCodesHelp } from "./exit";

/** What the commands have that look into a journal. */
export interface JournalFlags {
  journalDir?: string;
  json?: boolean;
}

const variable = environmentVariableOf("journalDir");

/** A command that looks into a journal, with the options that all of them have. */
export function journalCommand(
  journal: Command,
  { name, summary, description, examples }: { name: string; summary: string; description: string; examples: string[] },
): Command {
  const help = `
The journal is the folder that --journal-dir names, else ${variable},
else ${defaultJournalDir} in this folder, which is right where Pulumi.yaml stands.
A stack's configuration is not read: where it sets vb365:journalDir, name that
folder. No server is asked.

Examples:
${examples.map((example) => `  ${example}`).join("\n")}

${exitCodesHelp}`;
  return journal
    .command(name)
    .summary(summary)
    .description(description)
    .option("--journal-dir <folder>", "folder of the journal")
    .option("--json", "one JSON document on standard output, for programs")
    .addHelpText("after", help);
}

/** Folder of the journal: what was typed, what the argument itself leads into, the environment, or the default. */
export function journalFolder({ journalDir }: JournalFlags, ofArgument?: string): string {
  return journalDir || ofArgument || process.env[variable] || defaultJournalDir;
}

/** The resource that an attempt belongs to, by its name in the program. */
export const resourceOf = ({ identity }: Pick<JournalEntry, "identity">) => identity.split("::").at(-1) ?? identity;

/** It stands for a restore session that holds nothing of ours, and for no attempt. */
export const isSessionMark = ({ attemptId, sessionId }: Pick<JournalEntry, "attemptId" | "sessionId">) =>
  attemptId === sessionId;
