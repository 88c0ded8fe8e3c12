import { MailboxRestoreError } from "../provider/errors";

/** How the command ends. Programs may rely on these numbers. */
export const exitCodes = {
  fine: 0,
  /** The question was answered, and the answer is no. */
  no: 1,
  /** The command line or a setting is wrong; the server was asked nothing. */
  usage: 2,
  /** The question was not answered: the server was not reached, refused the login, or failed. */
  noAnswer: 3,
  /** ^C, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The same in words, for every `--help`. */
export const exitCodesHelp = `Exit codes:
  0    fine
  1    the answer is no: a check failed, or what was named does not exist
  2    wrong usage or configuration; the server was asked nothing
  3    no answer: the server could not be reached, refused the login, or failed
  130  interrupted`;

/** Somebody pressed ^C, and what was open on the server has been closed since. */
export class InterruptedError extends Error {
  constructor() {
    super("Interrupted.");
  }
}

/** Which exit code an error stands for. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) {
    return exitCodes.interrupted;
  }
  switch (codeOf(error)) {
    case "config":
      return exitCodes.usage;
    case "selection":
    case "not-found":
    case "journal":
    case "file":
      return exitCodes.no;
    default:
      return exitCodes.noAnswer;
  }
}

/** The stable code of an error, for programs. */
export function codeOf(error: unknown): string {
  if (error instanceof InterruptedError) {
    return "interrupted";
  }
  return error instanceof MailboxRestoreError ? error.code : "unexpected";
}
