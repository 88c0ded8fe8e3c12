import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { environmentVariableOf } from "../../provider/config";
import { ConfigError, messageOf } from "../../provider/errors";
import { type ApiVersion, apiVersions, isApiVersion } from "../../provider/versions";
import type { Simulator, SimulatorOptions } from "../../simulator";
import { exitCodes, exitCodesHelp } from "../exit";
import { type Look, counted, lookOf, note, paint, printDocument, printFailure, table } from "../output";

interface Flags {
  port?: number;
  mailboxes?: number;
  counters?: boolean;
  organizations?: string;
  record?: string;
  apiVersions?: ApiVersion[];
  json?: boolean;
}

/** Rows of a table that a person still reads. */
const shownMailboxes = 12;

/** `vb365 simulate`: a server to try things with. */
export function addSimulate(program: Command): void {
  program
    .command("simulate")
    .summary("start a simulated Veeam server on this machine")
    .description(
      "Starts a simulated Veeam server with an organization, its mailboxes and their backups, on 127.0.0.1 only. It prints its " +
        "login and the lines that configure a stack or a shell for it, and runs until ^C. Certificate and CA are new each time.",
    )
    .option("--port <number>", "port; default: any that is free", wholeNumber(1, 65535))
    .option("--mailboxes <number>", "so many numbered mailboxes besides the named ones", wholeNumber(0, 100_000))
    .option(
      "--api-versions <list>",
      `versions of the REST API that it serves, of ${apiVersions.join(",")}; default: v3`,
      versionList,
    )
    .option("--counters", "restores answer with counters; default: with an empty body, as the reference of v3 has it")
    .option(
      "--organizations <file>",
      "your own: what `vb365 mailboxes --json` printed, or an array of organizations as JSON",
    )
    .option("--record <file>", "keep what was sent there, as a JSON array, up to date with each action")
    .option("--json", "one JSON document on standard output, for programs")
    .addHelpText(
      "after",
      `\nExamples:\n  vb365 simulate\n  vb365 simulate --port 4443 --mailboxes 200 --counters\n\n${exitCodesHelp}`,
    )
    .action(async (flags: Flags) => {
      try {
        await simulate(flags);
      } catch (error) {
        printFailure(error, flags.json === true);
      }
    });
}

async function simulate(flags: Flags): Promise<void> {
  const simulator = await start(flags);
  const folder = await mkdtemp(join(tmpdir(), "vb365-simulator-"));
  try {
    const caFile = join(folder, "ca.pem");
    await writeFile(caFile, simulator.caCert);
    const ended = signalled();
    if (flags.json === true) {
      printDocument(documentOf(simulator, caFile));
    } else {
      process.stdout.write(`${introduction(lookOf(process.stdout), simulator, flags.apiVersions ?? ["v3"], caFile)}\n`);
    }
    await ended;
  } finally {
    await simulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
  note(whatWasAsked(simulator));
  process.exitCode = exitCodes.fine;
}

async function start(flags: Flags): Promise<Simulator> {
  const { port, mailboxes = 0, counters = false, record } = flags;
  // The other commands need not wait for what only this one loads.
  const { defaultOrganizations, numberedMailboxes, organizationsFrom, startSimulator } =
    await import("../../simulator/index.js");
  const own = flags.organizations;
  const organizations = own === undefined ? defaultOrganizations() : readFileAs(own, organizationsFrom);
  const keep = (sent: Simulator["sent"]) => record !== undefined && writeRecord(record, sent);
  keep([]);
  const options: SimulatorOptions = {
    ...(port === undefined ? {} : { port }),
    apiVersions: flags.apiVersions ?? ["v3"],
    restoreAnswer: counters ? "counters" : "empty",
    onSent: keep,
    organizations: organizations.map((organization) => ({
      ...organization,
      mailboxes: [...organization.mailboxes, ...numberedMailboxes(mailboxes)],
    })),
  };
  try {
    return await startSimulator(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" || code === "EACCES") {
      throw new ConfigError(`Port ${port} cannot be used (${code}): choose another --port, or leave it out.`);
    }
    throw error;
  }
}

function readFileAs<T>(path: string, parse: (document: unknown) => T): T {
  try {
    return parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new ConfigError(`${path}: ${messageOf(error)}`);
  }
}

/** Whoever reads it meanwhile sees a whole file. */
function writeRecord(path: string, sent: Simulator["sent"]): void {
  try {
    writeFileSync(`${path}.part`, `${JSON.stringify(sent, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw new ConfigError(`What was sent cannot be kept: ${messageOf(error)}. Choose another --record.`);
  }
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"] as const) {
      process.once(signal, () => resolve());
    }
  });
}

/** The configuration of a stack for this server, by key. */
function configOf(simulator: Simulator, caFile: string): Record<string, string> {
  return {
    endpoint: simulator.endpoint,
    username: simulator.username,
    password: simulator.password,
    caCert: caFile,
    exchangeUserName: simulator.exchange.userName,
    exchangeUserPassword: simulator.exchange.userPassword,
  };
}

function documentOf(simulator: Simulator, caFile: string): object {
  const config = configOf(simulator, caFile);
  const environment = Object.entries(config).map(([key, value]) => [environmentVariableOf(key), value]);
  return {
    endpoint: simulator.endpoint,
    config,
    environment: Object.fromEntries(environment) as Record<string, string>,
    organizations: simulator.organizations.map(({ id, name, firstBackupTime, lastBackupTime, mailboxes }) => ({
      id,
      name,
      firstBackupTime,
      lastBackupTime: lastBackupTime ?? firstBackupTime,
      mailboxes: mailboxes.map(({ email, name: shown, isArchive = false }) => ({ email, name: shown, isArchive })),
    })),
  };
}

function introduction(look: Look, simulator: Simulator, versions: readonly string[], caFile: string): string {
  const config = Object.entries(configOf(simulator, caFile));
  const setLines = config.map(([key, value]) => {
    const secret = key.endsWith("assword") ? "--secret " : "";
    return `pulumi config set ${secret}vb365:${key} ${quoted(value)}`;
  });
  const exportLines = config.map(([key, value]) => `export ${environmentVariableOf(key)}=${quoted(value)}`);
  return [
    `${paint(look, `Simulated Veeam server at ${simulator.endpoint}`, "bold")} (loopback only: no other machine reaches it)`,
    `It speaks the REST API ${versions.join(", ")}.`,
    `Login ${simulator.username}, password ${simulator.password}; all of it is invented.`,
    ...simulator.organizations.flatMap((organization) => ["", holdings(look, organization)]),
    ...["", paint(look, "For a stack:", "bold"), ...setLines],
    ...["", paint(look, "For a shell:", "bold"), ...exportLines],
    ...["", "Running; ^C ends it, and the CA's file goes with it."],
  ].join("\n");
}

function holdings(
  look: Look,
  { name, firstBackupTime, lastBackupTime, mailboxes }: Simulator["organizations"][number],
) {
  const rows = mailboxes
    .slice(0, shownMailboxes)
    .map(({ email, name: shown, isArchive = false }) => [email, shown, isArchive ? "archive" : ""]);
  const rest = mailboxes.length - rows.length;
  return [
    `Organization ${paint(look, name, "bold")}, backups from ${firstBackupTime ?? "?"} to ${lastBackupTime ?? firstBackupTime ?? "?"}, ` +
      `${counted(mailboxes.length, "mailbox", "mailboxes")}:`,
    table(look, ["E-MAIL", "NAME", "ARCHIVE"], rows),
    ...(rest > 0 ? [`… and ${rest} more, up to ${mailboxes.at(-1)?.email}`] : []),
  ].join("\n");
}

function whatWasAsked({ logins, sessions, writes, exports, requests, unknown }: Simulator): string {
  const stopped = sessions.filter(({ state }) => state === "Stopped").length;
  const strange = unknown.map(({ method, path }) => `${method} ${path}`);
  return [
    `The server was asked: ${counted(logins, "login")}, ${counted(sessions.length, "restore session")} opened and ${stopped} stopped, ` +
      `${counted(writes.length, "restore")}, ${counted(exports.length, "export")}; ${counted(requests.length, "request")} in all.`,
    ...(strange.length > 0 ? [`Not as documented: ${[...new Set(strange)].join(", ")}`] : []),
  ].join("\n");
}

/** As a POSIX shell takes it for one word. */
function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

function versionList(text: string): ApiVersion[] {
  const names = text.split(",").map((name) => name.trim());
  if (!names.every(isApiVersion)) {
    throw new InvalidArgumentError(`It must be a list of ${apiVersions.join(", ")}.`);
  }
  return names;
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}
