import type { ExchangeAccess } from "../../api/dialects/dialect";
import { ConfigError } from "../../errors";
import type { Connection } from "../../restore/connection";
import type { RestoreAction, RestoreSource } from "../../restore/restore";
import type { AccessInput, MailboxRestoreInputs } from "./inputs";

/** Inputs of a program in the terms of `provider/restore/`. */

/** A password in an input must not come back in the server's words, whatever is asked of the server. */
export function keepSecrets(
  connection: Connection,
  { restoreTo, restoreToOriginalLocation }: MailboxRestoreInputs,
): void {
  [restoreTo, restoreToOriginalLocation].forEach((access) => connection.keepSecret(access?.userPassword ?? ""));
}

export function sourceOf(inputs: MailboxRestoreInputs): RestoreSource {
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

export function actionOf(
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
