import type { RestoreRecord } from "../../restore/record";
import type { FailurePolicy } from "../../restore/outcome";
import { type MailboxRestoreInputs, withoutAccess, withoutDefaults } from "./inputs";
import { hashOf, intentOf } from "./intent";

/** What the state remembers of a restore: the declared inputs without access, and what became of them. */
export interface MailboxRestoreOutputs
  extends Omit<MailboxRestoreInputs, "mailboxId">, Omit<RestoreRecord, "sessionId" | "mailboxId"> {
  /** Null where a person's note is all that there is. */
  sessionId: string | null;
  mailboxId: string | null;
  /** Where the record came from, when no run of this resource brought it. */
  adoptedFrom?: string;
  /** One run of an intent; also the resource's id. A UUID. */
  attemptId: string;
  /** Server that it ran on. It is never looked up or continued on another one. */
  endpoint: string;
  apiVersion: string;
  /** SHA-256 of the normalised intent. */
  intentHash: string;
  stateVersion: 1;
}

/** Puts inputs and record together into what is stored: plain JSON, no credentials, no default twice, nothing undefined. */
export function outputsOf(
  inputs: MailboxRestoreInputs,
  run: {
    attemptId: string;
    endpoint: string;
    apiVersion: string;
    record: Omit<RestoreRecord, "sessionId" | "mailboxId"> & { sessionId: string | null; mailboxId: string | null };
    adoptedFrom?: string;
  },
): MailboxRestoreOutputs {
  const { record, attemptId, endpoint, apiVersion, adoptedFrom } = run;
  return plain({
    ...withoutDefaults(withoutAccess(inputs)),
    ...record,
    ...(adoptedFrom === undefined ? {} : { adoptedFrom }),
    attemptId,
    endpoint,
    apiVersion,
    intentHash: hashOf(intentOf(inputs)),
    stateVersion: 1,
  });
}

/**
 * The stored outputs with everything that an edit may change taken from the new inputs: guards, judgement, remarks, and the form
 * in which the same intent is written. `mailboxId` stays the server's.
 */
export function withEdits(outputs: MailboxRestoreOutputs, inputs: MailboxRestoreInputs): MailboxRestoreOutputs {
  const { organization, mailbox, pointInTime, showDeleted, showAllVersions, repositoryId, session, restoreSessionId } =
    inputs;
  const { confirmInPlace, maxRestorePointAge, failurePolicy, onUnknown, reason, verify, onDestroy, timeouts } = inputs;
  const { adopt, __urn } = inputs;
  const source = {
    organization,
    mailbox,
    pointInTime,
    showDeleted,
    showAllVersions,
    repositoryId,
    session,
    restoreSessionId,
  };
  const edits = {
    confirmInPlace,
    maxRestorePointAge,
    failurePolicy,
    onUnknown,
    reason,
    verify,
    onDestroy,
    timeouts,
    adopt,
    __urn,
  };
  return plain<object>(withoutDefaults({ ...outputs, ...source, ...edits })) as MailboxRestoreOutputs;
}

export function policyOf(inputs: Pick<MailboxRestoreInputs, "failurePolicy">): FailurePolicy {
  return {
    maxFailedItems: inputs.failurePolicy?.maxFailedItems ?? 0,
    onNothingToRestore: inputs.failurePolicy?.onNothingToRestore ?? "fail",
  };
}

/** Is this a result that nobody knows, and that the program accepts as it is? */
export function isAcceptedUnknown(outputs: MailboxRestoreOutputs): boolean {
  const { outcome, counts } = outputs;
  const isUnknown = outcome === "Unknown" || (outcome === "PartiallyFailed" && counts.failed === null);
  return isUnknown && isAcceptanceDeclared(outputs);
}

export const isAcceptanceDeclared = ({ onUnknown }: MailboxRestoreOutputs) => typeof onUnknown === "object";

/** The same result, accepted by a person; there is nothing left to look at. */
export function accepted({ pending: _settled, ...outputs }: MailboxRestoreOutputs): MailboxRestoreOutputs {
  const note = typeof outputs.onUnknown === "object" ? outputs.onUnknown.accept : "";
  return {
    ...outputs,
    outcome: "Accepted",
    warnings: [...outputs.warnings, `Accepted without knowing the result: ${note}`],
  };
}

/** Whose restore this is: project, stack and name, as the URN says them. */
export function identityOf(inputs: Pick<MailboxRestoreInputs, "__urn">, fallback: string): string {
  return inputs.__urn ?? fallback;
}

function plain<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
