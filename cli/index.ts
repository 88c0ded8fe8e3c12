#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addDeviceCode } from "./commands/device-code";
import { addJournal } from "./commands/journal";
import { addMailboxes } from "./commands/mailboxes";
import { addPreflight } from "./commands/preflight";
import { addReport } from "./commands/report";
import { addSessions } from "./commands/sessions";
import { addSimulate } from "./commands/simulate";
import { addStop } from "./commands/stop";
import { exitCodes, exitCodesHelp } from "./exit";
import { nearestOf } from "../provider/nearest";
import { harmless, lookOf, paint, printFailure } from "./output";

const manual = `
${exitCodesHelp}

With --json a command writes one JSON document to standard output, with the field
names that the package's functions have; everything else goes to standard error.
A failure's document is {"error": {"code", "message"}}.`;

/** The command line as a whole. */
function vb365(): Command {
  const program = new Command("vb365")
    .description(
      "Looks around in Veeam Backup for Microsoft 365 before and after a mailbox restore, and simulates a server.\n" +
        "Restores themselves are declared in Pulumi programs.",
    )
    .version(version())
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 80, 100) })
    .configureOutput({ outputError: (text, write) => write(failure(text, longOptions(program))) })
    .showHelpAfterError("vb365 --help lists the commands, vb365 COMMAND --help a command's options.")
    .addHelpText("after", manual);
  [addSimulate, addPreflight, addMailboxes, addSessions, addStop, addDeviceCode, addJournal, addReport].forEach((add) =>
    add(program),
  );
  return program;
}

/** Nothing ends the process in the middle of its output: the exit code is set, and Node ends when all is done. */
async function main(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever reads may stop reading (`| head`); there is nobody left to tell.
    stream.on("error", () => undefined);
  }
  try {
    await vb365().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      const isHelp = error.code === "commander.helpDisplayed" || error.code === "commander.version";
      process.exitCode = isHelp ? exitCodes.fine : exitCodes.usage;
      return;
    }
    printFailure(error, false);
  }
}

function version(): string {
  const manifest = JSON.parse(readFileSync(require.resolve("pulumi-vb365/package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/** A mistake in the command line, without the value of a misspelled option: it may be a secret. */
function failure(text: string, options: string[]): string {
  const hidden = text.replace(/^error: unknown option '(--?[^'=]*)=[^]*'/, (_, option: string) => {
    const nearest = nearestOf(option, options);
    return `error: unknown option '${option}'${nearest === undefined ? "" : `\n(Did you mean ${nearest}?)`}`;
  });
  return harmless(hidden).replace(/^error:/, paint(lookOf(process.stderr), "error:", "red"));
}

const longOptions = (program: Command): string[] =>
  program.commands.flatMap((command) => [
    ...command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : [])),
    ...longOptions(command),
  ]);

void main();
