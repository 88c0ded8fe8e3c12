import { randomUUID } from "node:crypto";
import type { Mailbox, RestoreSession } from "../../api/dialects/dialect";
import { MailboxRestoreError } from "../../errors";
import { attribute, mayBe, textOf } from "../../restore/attribution";
import type { Connection } from "../../restore/connection";
import { type Judgement, judge, unknownCounts } from "../../restore/outcome";
import { momentSent, serverMoment } from "../../restore/point-in-time";
import { type RestoreRecord, isOpen, recordOf } from "../../restore/record";
import { type MailboxSelector, isOfAnother, selectMailbox, selectOrganization } from "../../restore/selection";
import type { AdoptInput, MailboxRestoreInputs } from "./inputs";
import { type MailboxRestoreOutputs, outputsOf } from "./outputs";
import { sourceOf } from "./request";
import type { Voice } from "./surroundings";

type Record = Omit<RestoreRecord, "sessionId" | "mailboxId"> & { sessionId: string | null; mailboxId: string | null };

/**
 * Takes a restore over that was done by hand: what its session tells of it, or what a person says. Sends no action, and stops nothing.
 *
 * @throws MailboxRestoreError (`selection`) when the session does not tell of such a restore.
 */
export async function adopt(
  connection: Connection,
  inputs: MailboxRestoreInputs & { adopt: AdoptInput },
  voice: Voice,
): Promise<MailboxRestoreOutputs> {
  const { restoreSessionId, note = "" } = inputs.adopt;
  if (restoreSessionId !== undefined) {
    voice.activity("reading the restore session");
  }
  const record =
    restoreSessionId === undefined
      ? recordOfNote(inputs, note)
      : await readSession(connection, inputs, restoreSessionId);
  return outputsOf(inputs, {
    attemptId: randomUUID(),
    endpoint: connection.settings.endpoint,
    apiVersion: connection.dialect.apiVersion,
    record,
    adoptedFrom: restoreSessionId === undefined ? "note" : `${bySession}${restoreSessionId}`,
  });
}

const bySession = "restore session ";

/** Was it taken over by its session, because a person said so? */
export const isDoneByHand = ({ adoptedFrom }: MailboxRestoreOutputs) => adoptedFrom?.startsWith(bySession) === true;

function recordOfNote(inputs: MailboxRestoreInputs, note: string): Record {
  const now = new Date().toISOString();
  return {
    mailboxEmail: inputs.mailbox?.email ?? "",
    organizationId: null,
    resolvedPointInTime: momentDeclared(inputs),
    dataAgeSeconds: null,
    sessionId: null,
    mailboxId: inputs.mailbox?.id ?? inputs.mailboxId ?? null,
    outcome: "Accepted",
    counts: unknownCounts,
    failures: [],
    failureCount: 0,
    warnings: [`Done by hand, and nothing was sent: ${note}`],
    startedAt: now,
    finishedAt: now,
    durationSeconds: 0,
    events: [],
  };
}

async function readSession(connection: Connection, inputs: MailboxRestoreInputs, sessionId: string): Promise<Record> {
  const { dialect } = connection;
  const session = await dialect.getSession(sessionId);
  const organizationId = await organizationOf(connection, inputs, session);
  const { mailbox: selector } = sourceOf(inputs);
  // A session that is over lists no mailboxes any more, and its events still tell of the restore.
  const mailboxes = session.state === "Working" ? await dialect.listMailboxes(sessionId) : [];
  const mailbox =
    mailboxes.length === 0 ? namedIn(selector) : selectMailbox(mailboxes, selector, `restore session ${sessionId}`);
  const type = inputs.exportToPst === undefined ? "Restore" : "Export";
  const target = inputs.restoreTo?.mailbox;
  const events = await dialect.listEvents(sessionId);
  const seen = attribute(events, {
    type,
    mailbox,
    mailboxes: mailboxes.length === 0 ? [mailbox] : mailboxes,
    target,
    neighbours: [],
    ignore: new Set(),
    alone: true,
    aloneOnMailbox: true,
  });
  if (seen.kind !== "ours") {
    const listed = events.filter((event) => mayBe(event.type, type)).map((event) => `"${textOf(event)}"`);
    throw new MailboxRestoreError(
      "selection",
      `Restore session ${sessionId} does not tell of one ${type.toLowerCase()} of ${mailbox.email || mailbox.id} alone: ` +
        `${listed.length === 0 ? "it has none" : `it has ${listed.slice(0, 5).join(", ")}`}. Nothing was recorded and nothing was ` +
        `sent. If you know that it was done, say so with adopt: { note: "who, when, how it ended" }.`,
    );
  }
  const { event } = seen;
  const judgement = withDoubt(judge(undefined, seen), textOf(event), inputs);
  // A session does not say which time it shows.
  const unsaid = { resolvedPointInTime: null, dataAgeSeconds: null };
  const attempt = { sessionId, mailbox, organizationId, ...unsaid, startedAt: serverMoment(event.startTime) };
  return {
    ...recordOf(attempt, judgement, serverMoment(event.endTime), event),
    mailboxId: mailbox.id || null,
    ...(isOpen(judgement.outcome)
      ? {
          pending: pendingOf(
            mailbox,
            target,
            events.map(({ id }) => id).filter((id) => id !== event.id),
          ),
        }
      : {}),
  };
}

/** What is looked at again is this one event, so nothing else counts. */
const pendingOf = (mailbox: Pick<Mailbox, "name">, target: string | undefined, ignoredEvents: string[]) => ({
  mailboxName: mailbox.name,
  ...(target === undefined ? {} : { target }),
  ignoredEvents,
  alone: true,
  aloneOnMailbox: true,
  mayStopSession: false,
});

const namedIn = (selector: MailboxSelector) =>
  "id" in selector ? { id: selector.id, name: "", email: "" } : { id: "", name: "", email: selector.email };

function momentDeclared({ pointInTime = "latest" }: MailboxRestoreInputs): string | null {
  return pointInTime === "latest" ? null : momentSent(pointInTime);
}

/** @throws MailboxRestoreError (`selection`) when the session is one of another organisation. */
async function organizationOf(
  connection: Connection,
  { organization: idOrName }: MailboxRestoreInputs,
  session: RestoreSession,
): Promise<string | null> {
  if (idOrName === undefined) {
    return null;
  }
  const organizations = await connection.organizations();
  const { id, name } = selectOrganization(organizations, idOrName);
  if (isOfAnother(session, id, organizations)) {
    throw new MailboxRestoreError(
      "selection",
      `Restore session ${session.id} is one of organization "${session.organization}", and this resource declares "${name}". ` +
        `Nothing was recorded and nothing was sent. Give the session of the restore that was done by hand.`,
    );
  }
  return id;
}

/** What an event does not tell was not seen: where the mail went, or what is in the file. */
export function withDoubt(
  judgement: Judgement,
  text: string,
  inputs: Pick<MailboxRestoreInputs, "restoreTo" | "exportToPst">,
): Judgement {
  const { restoreTo, exportToPst } = inputs;
  if (restoreTo !== undefined && text.toLowerCase().includes(restoreTo.mailbox.toLowerCase())) {
    return judgement;
  }
  const what =
    exportToPst !== undefined
      ? "which file was written, and nobody has checked one"
      : `that the mail went ${restoreTo === undefined ? "to its original location" : `into ${restoreTo.mailbox}`}`;
  const doubt = `The session does not say ${what}: it is recorded because adopt says so.`;
  const outcome = judgement.outcome === "Succeeded" ? "SucceededWithWarnings" : judgement.outcome;
  return { ...judgement, outcome, warnings: [...judgement.warnings, doubt] };
}
