import { type Command, Option } from "commander";
import { type ApiError, MailboxRestoreError, isApiError, isConnectionError } from "../provider/errors";
import { type Connection, connect } from "../provider/restore/connection";
import { InterruptedError, exitCodesHelp } from "./exit";
import { type Answer, note, printAnswer, printFailure } from "./output";
import { type ConnectionFlags, passwordHelp, resolveSettings } from "./settings";

/** What every command has that asks a server. */
export interface ClientFlags extends ConnectionFlags {
  json?: boolean;
}

/** A command that asks a server, with the options that all of them have. */
export function clientCommand(
  program: Command,
  { name, summary, description, examples }: { name: string; summary: string; description: string; examples: string[] },
): Command {
  const help = `
Settings are taken from options, then from the stack that --stack names, then
from the environment: VB365_ENDPOINT, VB365_USERNAME, VB365_PASSWORD,
VB365_TOKEN, VB365_API_VERSION, VB365_CA_CERT, VB365_TLS_FINGERPRINT,
VB365_INSECURE and so on, one for each key. The password is never an option: it
comes from the stack, from the environment, from standard input, or is asked
for.

Examples:
${examples.map((example) => `  ${example}`).join("\n")}

${exitCodesHelp}`;
  const command = program
    .command(name)
    .summary(summary)
    .description(description)
    .option("--json", "one JSON document on standard output, for programs")
    .optionsGroup("Connection:")
    .option("--endpoint <url>", "address of the REST service, https://HOST:4443")
    .option("--username <name>", "account that may restore, DOMAIN\\user or user@domain")
    .option("--password-stdin", "read the password from the first line of standard input")
    .addOption(
      new Option("--ca-cert <file>", "CA of the server's certificate, PEM").conflicts(["tlsFingerprint", "insecure"]),
    )
    .addOption(new Option("--tls-fingerprint <sha256>", "the server's very certificate").conflicts("insecure"))
    .option("--insecure", "do not verify the server; for trials only")
    .option("--stack <name>", "take vb365:* from this stack's configuration, with the pulumi command")
    // It is known only so that no message repeats what was typed after it.
    .addOption(new Option("--password [value]").hideHelp())
    .optionsGroup("Options:")
    .addHelpText("after", help);
  return command.on("option:password", () =>
    command.error(
      "error: there is no --password, because everybody on this machine can read arguments; " + passwordHelp,
    ),
  );
}

/** Carries out a command and prints what came of it. */
export async function answer(flags: ClientFlags, work: () => Promise<Answer>): Promise<void> {
  const json = flags.json === true;
  try {
    printAnswer(await work(), json);
  } catch (error) {
    printFailure(error, json);
  }
}

/**
 * Connects, works, and disconnects. ^C ends the command after the work, so that no restore session is left open; a second one
 * ends it at once.
 *
 * @param use - gets the connection, and one sentence that says where its settings came from
 */
export async function withConnection<T>(
  flags: ConnectionFlags,
  use: (connection: Connection, origins: string) => Promise<T>,
): Promise<T> {
  const { settings, origins } = await resolveSettings(flags);
  if (settings.trust.by === "nothing") {
    note(`warning: ${settings.endpoint} is not verified (insecure): whoever answers there gets the password.`);
  }
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    note("Ending after the request that runs, so that nothing stays open on the server; ^C again ends at once.");
  };
  process.once("SIGINT", interrupt);
  const connection = connect(settings);
  try {
    const result = await use(connection, origins);
    if (isInterrupted) {
      throw new InterruptedError();
    }
    return result;
  } catch (error) {
    if (isInterrupted) {
      throw new InterruptedError();
    }
    throw isConnectionError(error) || isAuthenticationError(error)
      ? new MailboxRestoreError(error.code, `${error.message}\n${origins}`)
      : error;
  } finally {
    process.off("SIGINT", interrupt);
    await connection.end();
  }
}

/** The login was refused; what is left to ask would be refused, too. */
export const isAuthenticationError = (error: unknown): error is ApiError =>
  isApiError(error) && error.code === "authentication";
