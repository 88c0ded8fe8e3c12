import type { Command } from "commander";
import type { RestoreSession } from "../../provider/api/dialects/dialect";
import { type ClientFlags, answer, clientCommand, withConnection } from "../connection";
import { exitCodes } from "../exit";
import { type Answer, type Cell, counted, table } from "../output";

/** `vb365 sessions`: the restore sessions of this login. */
export function addSessions(program: Command): void {
  clientCommand(program, {
    name: "sessions",
    summary: "list the restore sessions of this login",
    description:
      "Lists the restore sessions that this login opened, the newest first. The server shows nobody else's. A result means " +
      "something once the session has stopped. Changes nothing.",
    examples: ["vb365 sessions --stack dev", "vb365 sessions --json"],
  }).action((flags: ClientFlags) => answer(flags, () => list(flags)));
}

async function list(flags: ClientFlags): Promise<Answer> {
  return withConnection(flags, async (connection) => {
    const sessions = (await connection.dialect.listSessions()).sort(byOpening);
    const working = sessions.filter(({ state }) => state === "Working").length;
    return {
      document: { endpoint: connection.settings.endpoint, sessions },
      text: (look) => table(look, ["ID", "STATE", "RESULT", "OPENED", "ORGANIZATION", "NAME"], sessions.map(rowOf)),
      remark: `${counted(sessions.length, "restore session")}, ${working} working.`,
      exitCode: exitCodes.fine,
    };
  });
}

function rowOf({ id, state, result, createdAt, organization, name }: RestoreSession): Cell[] {
  const shown: Cell = state === "Working" ? { text: state, colour: "green" } : state;
  // The server's fractions of a second help nobody, and take the width that the name needs.
  return [id, shown, result, createdAt.replace(/\.\d+/, ""), organization, name];
}

/** The newest first; a time that cannot be read comes last. */
function byOpening(a: RestoreSession, b: RestoreSession): number {
  return (Date.parse(b.createdAt) || 0) - (Date.parse(a.createdAt) || 0);
}
