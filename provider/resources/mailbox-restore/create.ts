import { randomUUID } from "node:crypto";
import type { ExchangeAccess } from "../../api/dialects/dialect";
import { ConfigError } from "../../errors";
import type { Connection } from "../../restore/connection";
import { type Report, type RestoreAction, type RestoreSource, restoreMailbox } from "../../restore/restore";
import type { AccessInput, MailboxRestoreInputs } from "./inputs";
import { type MailboxRestoreOutputs, accepted, identityOf, isAcceptedUnknown, outputsOf } from "./outputs";
import { verdictOn } from "./verdict";

/** What a resource may tell the person who watches. */
export interface Voice {
  /** What it is doing now; shown while it lasts. */
  activity: Report;
  /** Stays on the screen as a diagnostic of the resource. */
  warn(text: string): void;
  /** One last line. */
  conclude(text: string): void;
}

/**
 * Carries out the intent, once.
 *
 * @throws RestoreIncompleteError when it was carried out and the result is not good enough; any other error means that
 * nothing was written and the next `up` may try again.
 */
export async function create(
  connection: Connection,
  inputs: MailboxRestoreInputs,
  voice: Voice,
): Promise<{ id: string; outs: MailboxRestoreOutputs }> {
  const attemptId = randomUUID();
  const record = await restoreMailbox(
    connection,
    {
      identity: identityOf(inputs, attemptId),
      attemptId,
      source: sourceOf(inputs),
      action: actionOf(inputs, connection.settings.exchange),
      confirmInPlace: inputs.confirmInPlace,
    },
    voice.activity,
  );
  let outs = outputsOf(inputs, {
    attemptId,
    endpoint: connection.settings.endpoint,
    apiVersion: connection.dialect.apiVersion,
    record,
  });
  if (isAcceptedUnknown(outs)) {
    outs = accepted(outs);
  }
  outs.warnings.forEach((warning) => voice.warn(warning));
  voice.conclude(verdictOn(outs));
  return { id: attemptId, outs };
}

function sourceOf(inputs: MailboxRestoreInputs): RestoreSource {
  if (inputs.restoreSessionId !== undefined) {
    return { restoreSessionId: inputs.restoreSessionId, mailbox: { id: inputs.mailboxId ?? "" } };
  }
  const { id, email = "", archive = false } = inputs.mailbox ?? {};
  if (inputs.session !== undefined) {
    const { restoreSessionId } = inputs.session;
    return { restoreSessionId, mailbox: id === undefined ? { email, archive } : { id } };
  }
  return {
    organization: inputs.organization ?? "",
    mailbox: id === undefined ? { email, archive } : { id },
    pointInTime: inputs.pointInTime ?? "",
    showDeleted: inputs.showDeleted ?? false,
    showAllVersions: inputs.showAllVersions ?? false,
  };
}

function actionOf(
  inputs: MailboxRestoreInputs,
  exchange: AccessInput | Partial<Record<keyof AccessInput, string | undefined>>,
): RestoreAction {
  const { exportToPst, restoreTo, restoreToOriginalLocation } = inputs;
  if (exportToPst !== undefined) {
    return { kind: "exportToPst", path: exportToPst.path, contentKeywords: exportToPst.contentKeywords };
  }
  if (restoreTo === undefined) {
    return { kind: "restoreToOriginalLocation", access: accessOf(restoreToOriginalLocation ?? {}, exchange) };
  }
  return {
    kind: "restoreTo",
    access: accessOf(restoreTo, exchange),
    options: {
      casServer: restoreTo.casServer ?? "outlook.office365.com",
      mailbox: restoreTo.mailbox,
      changedItems: restoreTo.changedItems ?? true,
      deletedItems: restoreTo.deletedItems ?? true,
      markRestoredAsUnread: restoreTo.markRestoredAsUnread ?? false,
      excludeDrafts: restoreTo.excludeDrafts ?? false,
      excludeDeletedItems: restoreTo.excludeDeletedItems ?? false,
      excludeInPlaceHoldItems: restoreTo.excludeInPlaceHoldItems ?? false,
      excludeLitigationHoldItems: restoreTo.excludeLitigationHoldItems ?? false,
    },
  };
}

function accessOf(
  action: AccessInput,
  exchange: Partial<Record<keyof AccessInput, string | undefined>>,
): ExchangeAccess {
  const userName = action.userName ?? exchange.userName;
  const userPassword = action.userPassword ?? exchange.userPassword;
  if (userName === undefined || userPassword === undefined) {
    throw new ConfigError(
      "A restore needs an account that may write into the mailbox: userName and userPassword in the action, or " +
        "vb365:exchangeUserName and vb365:exchangeUserPassword for all restores. Nothing was sent.",
    );
  }
  return { userName, userPassword };
}
