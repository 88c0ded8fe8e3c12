import { randomUUID } from "node:crypto";
import { MailboxRestoreError } from "../../errors";
import type { Connection } from "../../restore/connection";
import type { Journal } from "../../restore/journal";
import { type RestoreRecord, isOpen, recordOf, shorten } from "../../restore/record";
import { unknownCounts } from "../../restore/outcome";
import {
  type MailboxResult,
  type Results,
  type ResultsHeader,
  beginResults,
  closeResults,
  listOpenResults,
  openResults,
} from "../../restore/results";
import { timeoutsOf } from "../../timeouts";
import { hashOf, intentLayout } from "../mailbox-restore/intent";
import type { Remembered } from "../seen-state";
import { actionOf, keepSecrets } from "../mailbox-restore/request";
import type { Surroundings } from "../mailbox-restore/surroundings";
import { type Backup, openBackup } from "./backup";
import { isConfirmed } from "./check";
import type { BulkMailboxRestoreInputs } from "./inputs";
import { bulkIntentOf } from "./intent";
import {
  type Listed,
  chosenFrom,
  fingerprintOf,
  isNamedById,
  isOfShard,
  listedIn,
  repeatedIn,
  withOneName,
} from "./list";
import { readMarks } from "./marks";
import { type BulkMailboxRestoreOutputs, isGood, outcomeOf, outputsOf, policyOf } from "./outputs";
import { type Template, runAll } from "./run";

/** Whose bulk restore it is. */
export const identityOf = (inputs: Pick<BulkMailboxRestoreInputs, "__urn">, fallback: string) =>
  inputs.__urn ?? fallback;

/**
 * Carries out what is declared, for each mailbox once: what an earlier run that was broken off came to is taken over.
 *
 * @throws MailboxRestoreError when the backup cannot be opened; what becomes of a mailbox is in the outputs
 */
export async function carryOutNew(
  connection: Connection,
  inputs: BulkMailboxRestoreInputs,
  remembered: Remembered,
  surroundings: Surroundings,
): Promise<BulkMailboxRestoreOutputs> {
  const { journal, voice } = surroundings;
  const attemptId = randomUUID();
  const identity = identityOf(inputs, attemptId);
  const intentHash = hashOf(bulkIntentOf(inputs));
  const { formerIdentity: former, again } = remembered;
  const { endpoint } = connection.settings;
  let earlier: Results | undefined;
  for (const open of await listOpenResults(journal)) {
    if (open.identity !== identity && open.identity !== former) {
      continue;
    }
    if (open.intentLayout !== intentLayout) {
      throw new MailboxRestoreError(
        "journal",
        `The results ${open.path} were begun by another version of pulumi-vb365, and this one cannot tell whether they are of the same ` +
          `as is declared now. Nothing was sent. Run pulumi up with that version; or, if all of it is to run anew, move the file away, ` +
          `and the .open file beside it.`,
      );
    }
    // Another spelling of the server may be the same server: what was restored is never sent again because of that.
    if (open.intentHash === intentHash && earlier === undefined) {
      earlier = await openResults(open.path);
    } else if (open.identity === identity) {
      voice.warn(`An earlier bulk restore of this resource was never recorded; its results are in ${open.path}.`);
      await closeResults(open.path);
    }
  }
  if (earlier?.header !== undefined) {
    voice.warn(
      `This was begun already by a run that was broken off: ${earlier.known.size} mailboxes are known, and it goes on from there. If you ` +
        `took its record out of the state to have it done again, set a new runId.` +
        (earlier.header.endpoint === endpoint
          ? ""
          : ` It was begun on ${earlier.header.endpoint}; what was restored from there counts.`),
    );
  }
  const { owner } = journal;
  const header = { version: 1, identity, attemptId, intentHash, intentLayout, again, endpoint, owner } as const;
  const results = earlier ?? (await beginResults(journal, header));
  try {
    return await goOn(connection, inputs, {
      results,
      olds: undefined,
      former,
      surroundings,
      adopted: earlier !== undefined,
    });
  } finally {
    await results.close();
  }
}

/**
 * Goes on with a bulk restore of the state: mailboxes that came to the list, those never sent or not seen to their end, and with another
 * `retryFailed` those that failed.
 */
export async function carryOutMore(
  connection: Connection,
  olds: BulkMailboxRestoreOutputs,
  inputs: BulkMailboxRestoreInputs,
  surroundings: Surroundings,
): Promise<BulkMailboxRestoreOutputs> {
  const results = await openResults(olds.resultsFile);
  try {
    return await goOn(connection, inputs, {
      results,
      olds,
      former: olds.__urn === inputs.__urn ? undefined : olds.__urn,
      surroundings,
      adopted: false,
    });
  } finally {
    await results.close();
  }
}

async function goOn(
  connection: Connection,
  inputs: BulkMailboxRestoreInputs,
  run: {
    results: Results;
    olds: BulkMailboxRestoreOutputs | undefined;
    former: string | undefined;
    surroundings: Surroundings;
    adopted: boolean;
  },
): Promise<BulkMailboxRestoreOutputs> {
  const { results, olds, former, surroundings, adopted } = run;
  const { voice, journal } = surroundings;
  const opened = async (backup: Promise<Backup>): Promise<Backup | { reason: string }> => {
    try {
      return await backup;
    } catch (error) {
      if (inputs.onFailed === "report" && error instanceof MailboxRestoreError) {
        return { reason: error.message };
      }
      throw error;
    }
  };
  keepSecrets(connection, inputs);
  const timeouts = timeoutsOf(inputs.timeouts, connection.settings.timeouts);
  const action = actionOf(inputs, connection.settings.exchange);
  const confirmed = isConfirmed(inputs.confirmInPlace, inputs.organization);
  voice.activity("logging in");
  const pointInTime = olds?.resolvedPointInTime ?? pointInTimeOf(results);
  const backup = await opened(openBackup(connection, inputs, { action, timeouts, pointInTime }));
  if ("reason" in backup) {
    return unopened(inputs, backup.reason, { results, olds, connection });
  }
  let warning: string | undefined;
  let outputs: BulkMailboxRestoreOutputs;
  try {
    const listed = withKnownNames(await declaredIn(inputs, backup), results);
    await results.declare(listed.map(({ name }) => name));
    if (confirmed) {
      await backup.mailboxes();
    }
    await refuseRenamed(journal, headerOf(results, olds), listed);
    const askable = await settleLost(journal, results);
    const markedOf = olds === undefined ? undefined : readMarks(olds.marks);
    const policy = policyOf(inputs);
    const retries = olds !== undefined && olds.retryFailed !== inputs.retryFailed && inputs.retryFailed !== undefined;
    const isUntried = (name: string) => results.retried.get(name) !== inputs.retryFailed;
    const due = (await withoutDoubtful(listed, results, voice)).filter(({ name }) => {
      const result = results.known.get(name);
      const outcome = result === undefined ? (markedOf?.(name) ?? "NeverSent") : outcomeOf(result);
      const isOver = result?.type === "failed" || (result?.type === "ended" && !isOpen(result.record.outcome));
      return (
        outcome === "NeverSent" ||
        askable.has(name) ||
        (retries && isOver && !isGood(result, policy) && isUntried(name))
      );
    });
    const template: Template = {
      identity: identityOf(inputs, headerOf(results, olds).attemptId),
      formerIdentity: former,
      intent: bulkIntentOf(inputs),
      action,
      runId: inputs.runId,
      retry: inputs.retryFailed,
      isConfirmed: confirmed,
      timeouts,
      limit: Math.min(inputs.maxConcurrentRestores ?? Infinity, connection.settings.maxConcurrentRestores),
    };
    const brokenOff =
      due.length === 0 ? undefined : await runAll(connection, template, due, { backup, results, surroundings });
    if (brokenOff !== undefined) {
      voice.warn(`It was broken off, and the next pulumi up goes on with the rest: ${brokenOff}`);
      const left = due.filter(({ name }) => !results.known.has(name));
      const [at, type] = [new Date().toISOString(), "neverSent" as const];
      await Promise.all(left.map(({ name: mailbox }) => results.add({ at, type, mailbox, reason: brokenOff })));
    }
    outputs = outputsOf(inputs, {
      endpoint: connection.settings.endpoint,
      apiVersion: olds?.apiVersion ?? backup.dialect.apiVersion,
      organizationId: backup.organization.id,
      resolvedPointInTime: backup.pointInTime,
      dataAgeSeconds: olds?.dataAgeSeconds ?? backup.ageSeconds,
      header: headerOf(results, olds),
      begunAt: headerOf(results, olds).begunAt,
      path: results.path,
      names: listed.map(({ name }) => name),
      resultOf: (name) => results.known.get(name),
      ...(markedOf === undefined ? {} : { markedOf }),
      ...(adopted
        ? { adoptedFrom: "journal" }
        : olds?.adoptedFrom === undefined
          ? {}
          : { adoptedFrom: olds.adoptedFrom }),
    });
  } finally {
    warning = await backup.leave();
  }
  return warning === undefined ? outputs : { ...outputs, warnings: shorten([...outputs.warnings, warning]) };
}

/** Where failures are reported and not thrown, a server that lets nobody in is a result, too: nothing was sent, and why. */
async function unopened(
  inputs: BulkMailboxRestoreInputs,
  reason: string,
  run: { results: Results; olds: BulkMailboxRestoreOutputs | undefined; connection: Connection },
): Promise<BulkMailboxRestoreOutputs> {
  const { results, olds, connection } = run;
  const names = (listedIn(inputs) ?? []).filter((one) => isOfShard(one, inputs.shard)).map(({ name }) => name);
  await results.declare(names);
  const [at, type] = [new Date().toISOString(), "neverSent" as const];
  const left = names.filter((name) => !results.known.has(name));
  await Promise.all(left.map((mailbox) => results.add({ at, type, mailbox, reason })));
  const outputs = outputsOf(inputs, {
    endpoint: connection.settings.endpoint,
    apiVersion: olds?.apiVersion ?? connection.dialect.apiVersion,
    organizationId: olds?.organizationId ?? null,
    resolvedPointInTime: olds?.resolvedPointInTime ?? null,
    dataAgeSeconds: olds?.dataAgeSeconds ?? null,
    header: headerOf(results, olds),
    begunAt: headerOf(results, olds).begunAt,
    path: results.path,
    names,
    resultOf: (name) => results.known.get(name),
    ...(olds === undefined ? {} : { markedOf: readMarks(olds.marks) }),
  });
  return { ...outputs, warnings: shorten([reason, ...outputs.warnings]) };
}

type Header = Pick<ResultsHeader, "identity" | "attemptId" | "intentHash"> & { begunAt: string };

/** What the file says, or the state where somebody has emptied it. */
function headerOf({ header, path }: Results, olds: BulkMailboxRestoreOutputs | undefined): Header {
  const stated = olds === undefined ? undefined : { ...olds, identity: identityOf(olds, olds.attemptId) };
  const found = stated ?? (header === undefined ? undefined : { ...header, begunAt: header.at });
  if (found === undefined) {
    throw new MailboxRestoreError("journal", `The results ${path} do not say what they are of. Nothing was sent.`);
  }
  return found;
}

/** The very same restore of a mailbox, of the same stack, under another name, which no state is known to have: an alias was forgotten. */
async function refuseRenamed(journal: Journal, own: Header, listed: readonly Listed[]): Promise<void> {
  const stackOf = (urn: string) => urn.split("::").slice(0, 2).join("::");
  const alike = (await listOpenResults(journal)).filter(
    (open) =>
      open.identity !== own.identity &&
      open.attemptId !== own.attemptId &&
      open.intentHash === own.intentHash &&
      open.owner !== journal.owner &&
      stackOf(open.identity) === stackOf(own.identity),
  );
  for (const { path, identity } of alike) {
    const { known, close } = await openResults(path);
    await close();
    const same = listed.find(({ name }) => ["sent", "ended"].includes(known.get(name)?.type ?? ""));
    if (same !== undefined) {
      const name = identity.split("::").at(-1) ?? identity;
      throw new MailboxRestoreError(
        "journal",
        `Resource ${name} of this stack has begun the very same restore of ${same.name}, and the state has not been seen to have it: ` +
          `${path}. If this is ${name} under a new name, say so with aliases: [{ name: "${name}" }]. If it is to run once more, set a ` +
          `runId of its own. Nothing was sent.`,
      );
    }
  }
}

/** An earlier run of it has said what "latest" is. */
function pointInTimeOf({ known }: Results): string | undefined {
  for (const result of known.values()) {
    if (result.type === "ended" && result.record.resolvedPointInTime !== null) {
      return result.record.resolvedPointInTime;
    }
  }
  return undefined;
}

/** A mailbox keeps the name that it was restored under, also when another one gets its address, or has it no longer. */
function withKnownNames(listed: readonly Listed[], { known }: Results): Listed[] {
  const names = new Map<string, string>();
  for (const [name, result] of known) {
    if (result.type === "ended" && result.record.mailboxId !== null) {
      names.set(result.record.mailboxId.toLowerCase(), name);
    }
  }
  return listed.map((one) => {
    const name = known.has(one.name) || one.found === undefined ? undefined : names.get(one.found.id);
    return name === undefined ? one : { ...one, name };
  });
}

const wasSent = (result: MailboxResult | undefined) => result !== undefined && result.type !== "neverSent";

/**
 * A mailbox that was restored, and is not there any more, may be there under another name: a mailbox that shares its address has its id for
 * a name, and ids count in one session alone [inf]. Where nobody can tell, it is not sent.
 */
async function withoutDoubtful(
  listed: readonly Listed[],
  results: Results,
  voice: Surroundings["voice"],
): Promise<Listed[]> {
  const { known } = results;
  const names = new Set(listed.map(({ name }) => name));
  const gone = new Map([...known].filter(([name, result]) => wasSent(result) && !names.has(name)));
  const emails = new Set([...gone].flatMap(([name, result]) => (isNamedById(name) ? [emailIn(result)] : [])));
  const isDoubtful = ({ name, found }: Listed) => {
    const address = isNamedById(name) ? (found?.address ?? "") : name;
    const email = address.replace(/ \(archive\)$/, "");
    const mayBeOneById = emails.has(email) || emails.has("") || (email === "" && emails.size > 0);
    return !wasSent(known.get(name)) && (mayBeOneById || (isNamedById(name) && gone.has(address)));
  };
  const doubtful = new Set(listed.filter(isDoubtful));
  const reason =
    "it shares its address with a mailbox that was restored and is not there any more under that name: it may be the same, so nothing is " +
    "sent. To restore all of them again set a new runId, to restore this one a MailboxRestore with its id";
  for (const { name: mailbox } of doubtful) {
    await results.add({ at: new Date().toISOString(), type: "neverSent", mailbox, reason });
    voice.warn(`Mailbox ${mailbox}: ${reason}.`);
  }
  return listed.filter((one) => !doubtful.has(one));
}

/** Empty where nobody has said. */
const emailIn = (result: MailboxResult) =>
  result.type === "ended" ? (result.record.mailboxEmail ?? "").toLowerCase() : "";

/** The mailboxes that are declared, this shard's alone. */
async function declaredIn(inputs: BulkMailboxRestoreInputs, backup: Backup): Promise<Listed[]> {
  const listed = listedIn(inputs);
  if (listed !== undefined && inputs.__mailboxes !== undefined) {
    const { sha256 } = fingerprintOf(listed);
    if (sha256 !== inputs.__mailboxes.sha256) {
      throw new MailboxRestoreError(
        "file",
        `mailboxesFile ${inputs.mailboxesFile} is another one than at the preview. Nothing was sent. Run pulumi up again.`,
      );
    }
  }
  const hasIds = listed?.some(({ selector }) => "id" in selector) ?? true;
  const mailboxes = hasIds ? await backup.mailboxes() : [];
  const all = listed === undefined ? chosenFrom(mailboxes, inputs.allMailboxes ?? {}) : withOneName(listed, mailboxes);
  const [repeated] = repeatedIn(all);
  if (repeated !== undefined) {
    throw new MailboxRestoreError(
      "selection",
      `Mailbox ${repeated} is named twice, by its address and by its id. Nothing was sent.`,
    );
  }
  return all.filter((one) => isOfShard(one, inputs.shard));
}

/** Was it sent, and its end not seen? */
const isAsked = (result: MailboxResult): result is Extract<MailboxResult, { type: "sent" | "ended" }> =>
  result.type === "sent" || (result.type === "ended" && isOpen(result.record.outcome));

/**
 * What was sent and has no end in the results must be in the journal, where it is settled. One that is not there any more was settled by
 * a person, or its file is lost: then nobody can tell what became of it, and it is not sent again.
 *
 * @returns the mailboxes whose entry is there
 */
async function settleLost(journal: Journal, results: Results): Promise<Set<string>> {
  const entries = await journal.entries();
  const ended = new Set(
    [...results.known.values()].flatMap((one) =>
      one.type === "ended" && !isOpen(one.record.outcome) ? [one.attemptId] : [],
    ),
  );
  // A crash came between the two.
  entries.filter(({ attemptId }) => ended.has(attemptId)).forEach((entry) => journal.close(entry));
  const asked = [...results.known.values()].filter(isAsked);
  const open = new Set(entries.map(({ attemptId }) => attemptId));
  for (const result of asked.filter(({ attemptId }) => !open.has(attemptId))) {
    const { mailbox, attemptId } = result;
    const sessionId = result.type === "sent" ? result.sessionId : result.record.sessionId;
    const entry = (await journal.inSession(sessionId)).find((one) => one.attemptId === attemptId);
    const at = new Date().toISOString();
    if (entry?.result !== undefined && !isOpen(entry.result.outcome)) {
      await results.add({ at, type: "ended", mailbox, attemptId, record: entry.result });
    } else if (entry?.note !== undefined) {
      await results.add({ at, type: "neverSent", mailbox, attemptId, reason: `settled by hand: ${entry.note}` });
    } else {
      await results.add({ at, type: "ended", mailbox, attemptId, record: lostRecord(result, sessionId) });
    }
  }
  return new Set(asked.flatMap(({ mailbox, attemptId }) => (open.has(attemptId) ? [mailbox] : [])));
}

function lostRecord(result: Extract<MailboxResult, { type: "sent" | "ended" }>, sessionId: string): RestoreRecord {
  if (result.type === "ended") {
    return { ...result.record, outcome: "Unknown" };
  }
  const attempt = {
    sessionId,
    mailbox: { id: "", email: result.mailbox },
    organizationId: null,
    resolvedPointInTime: null,
    dataAgeSeconds: null,
    startedAt: result.at,
  };
  const warnings = ["It was sent by a run that was broken off, and its entry in the journal is gone."];
  return recordOf(attempt, { outcome: "Unknown", counts: unknownCounts, failures: [], warnings }, result.at);
}
