import type { Command } from "commander";
import type { Dialect } from "../../provider/api/dialects/dialect";
import { isConnectionError, isNotFound, messageOf } from "../../provider/errors";
import { type ClientFlags, answer, clientCommand, isAuthenticationError, withConnection } from "../connection";
import { type ExitCode, exitCodes } from "../exit";
import { type Answer, type Cell, table } from "../output";

/** What became of one restore session. */
interface Stop {
  id: string;
  outcome: "stopped" | "alreadyOver" | "notFound" | "failed" | "notTried";
  /** In words. */
  detail: string;
}

/** `vb365 stop`: ends restore sessions. */
export function addStop(program: Command): void {
  clientCommand(program, {
    name: "stop",
    summary: "stop restore sessions of this login",
    description:
      "Stops restore sessions and tells what became of each. One that is over already is fine; one that this login does not see " +
      "is not. Do not stop a session in which a restore still runs: it is the only place that tells how the restore ended.",
    examples: ["vb365 stop 6f1c8a52-0b7e-4a6f-9d0e-2f5b1c3d4e5f", "vb365 sessions --json   # shows the ids"],
  })
    .argument("<restore-session-id...>", "ids as vb365 sessions shows them")
    .action((ids: string[], flags: ClientFlags) => answer(flags, () => stopAll([...new Set(ids)], flags)));
}

async function stopAll(ids: string[], flags: ClientFlags): Promise<Answer> {
  return withConnection(flags, async (connection, origins) => {
    const stops: Stop[] = [];
    let isServerGone = false;
    for (const id of ids) {
      if (isServerGone) {
        stops.push({ id, outcome: "notTried", detail: "the server gave no answer before" });
        continue;
      }
      try {
        stops.push(await stop(connection.dialect, id));
      } catch (error) {
        // A login that is refused again and again may lock the account.
        isServerGone = isConnectionError(error) || isAuthenticationError(error);
        stops.push({ id, outcome: "failed", detail: messageOf(error) });
      }
    }
    return {
      document: { endpoint: connection.settings.endpoint, sessions: stops },
      text: (look) =>
        table(
          look,
          ["ID", "OUTCOME", "DETAIL"],
          stops.map(({ id, outcome, detail }) => [id, shownOutcomes[outcome], detail]),
          { wrapLast: true },
        ),
      ...(isServerGone ? { remark: origins } : {}),
      exitCode: exitCodeFor(stops),
    };
  });
}

async function stop(dialect: Dialect, id: string): Promise<Stop> {
  try {
    const { state, endedAt } = await dialect.getSession(id);
    if (state === "Stopped") {
      return { id, outcome: "alreadyOver", detail: endedAt === undefined ? "" : `ended at ${endedAt}` };
    }
  } catch (error) {
    if (isNotFound(error)) {
      return {
        id,
        outcome: "notFound",
        detail: "this login sees no such restore session; vb365 sessions lists its own",
      };
    }
    throw error;
  }
  await dialect.stopSession(id);
  return { id, outcome: "stopped", detail: "" };
}

const shownOutcomes: Record<Stop["outcome"], Cell> = {
  stopped: { text: "stopped", colour: "green" },
  alreadyOver: "over already",
  notFound: { text: "not found", colour: "red" },
  failed: { text: "failed", colour: "red" },
  notTried: { text: "not tried", colour: "yellow" },
};

function exitCodeFor(stops: Stop[]): ExitCode {
  const has = (outcome: Stop["outcome"]) => stops.some((one) => one.outcome === outcome);
  if (has("failed")) {
    return exitCodes.noAnswer;
  }
  return has("notFound") ? exitCodes.no : exitCodes.fine;
}
