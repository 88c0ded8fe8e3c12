import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../errors";
import type { Break } from "../pst/download";
import { draftPst } from "../pst/draft";
import type { Done, Stage } from "./carry-out";
import { judge } from "./outcome";
import type { RestoreAction, RestoreRequest } from "./request";
import { tryToSee } from "./run-restore";

/** A session that nobody asks anything of ends (documented; the time is not), and a token does, too: one small question keeps both. */
const keepAliveMs = 5 * 60_000;

/** An export changes no mailbox: whatever goes wrong is an ordinary error, and the next `up` makes it again. */
export async function runExport(
  { path, options, pst: pstOptions }: Extract<RestoreAction, { kind: "exportToPst" }>,
  owner: Pick<RestoreRequest, "identity" | "formerIdentity" | "attemptId">,
  { dialect, session, mailbox, see, report, timeouts }: Stage,
): Promise<Done> {
  const { sessionId } = session;
  const draft = await draftPst(path, owner);
  const ask = () => dialect.getSession(sessionId).catch(() => undefined);
  const keepAlive = setInterval(() => void ask(), keepAliveMs).unref();
  const endsAt = timeouts.restore === undefined ? undefined : performance.now() + timeouts.restore;
  const breaks: Break[] = [];
  try {
    // The server searches and builds the whole file before its first byte; that may take hours (reference 6.x, export).
    report("waiting for the server to build the PST");
    const pst = await draft.receive(
      {
        canResume: dialect.exportsResume,
        ask(start) {
          const left = endsAt === undefined ? undefined : Math.max(1, endsAt - performance.now());
          return dialect.exportToPst(sessionId, mailbox.id, options, { ...timeouts, restore: left }, start);
        },
        renewLogin: async () => void (await ask()),
        pause(ms) {
          report("the line broke, asking again");
          return sleep(ms);
        },
        broke: (problem) => breaks.push(problem),
      },
      pstOptions,
      (done, total) => report("exporting", { done, total }),
    );
    const done = await judgeExport(see).catch((error: unknown) => draft.reject(messageOf(error)));
    await draft.keep();
    done.judgement.warnings.push(
      ...breaks.map((problem) => inWords(problem, dialect.apiVersion, dialect.exportsResume)),
    );
    return { ...done, pst };
  } finally {
    clearInterval(keepAlive);
    await draft.discard().catch(() => undefined);
  }
}

async function judgeExport(see: Stage["see"]): Promise<Pick<Done, "judgement" | "seen">> {
  const { seen, problem } = await tryToSee(see);
  const judgement = judge({ counts: undefined, warnings: [], exceptions: [], cannotContinueError: undefined }, seen);
  if (judgement.outcome === "Failed") {
    throw new Error(`the server sent a file, but its event says ${judgement.failures.join("; ")}`);
  }
  if (seen.kind !== "ours" || judgement.outcome === "Unknown" || judgement.outcome === "Unfinished") {
    // The file itself is the proof of an export; an event could only have added to it.
    judgement.outcome = "Succeeded";
    judgement.warnings = problem === undefined ? [] : [`The session's events could not be read: ${problem}`];
  }
  if (judgement.outcome === "PartiallyFailed") {
    // A whole file came; what the event warns of is shown, and what it lacks is for a person to see.
    judgement.outcome = "SucceededWithWarnings";
  }
  return { judgement, seen };
}

function inWords({ at, reason, goesOn }: Break, apiVersion: string, canResume: boolean): string {
  const begin = `The transfer broke after ${at} bytes: ${reason}. `;
  if (goesOn) {
    return `${begin}It went on from there.`;
  }
  return `${begin}The export was made again from its begin${canResume ? "" : `: the REST API ${apiVersion} cannot go on from a break`}.`;
}
