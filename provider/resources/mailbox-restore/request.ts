import type { ExchangeAccess } from "../../api/dialects/dialect";
import type { ExchangeSettings } from "../../config";
import { ConfigError } from "../../errors";
import type { Connection } from "../../restore/connection";
import type { RestoreAction, RestoreSource } from "../../restore/request";
import { parseAge } from "../../timeouts";
import { type AccessInput, accessOf, secretAccessNames } from "./access";
import type { MailboxRestoreInputs } from "./inputs";

/** Inputs of a program in the terms of `provider/restore/`. */

/** A password in an input must not come back in the server's words, whatever is asked of the server. */
export function keepSecrets(
  connection: Connection,
  { restoreTo, restoreToOriginalLocation }: MailboxRestoreInputs,
): void {
  for (const access of [restoreTo, restoreToOriginalLocation]) {
    secretAccessNames.forEach((name) => connection.keepSecret(access?.[name] ?? ""));
  }
}

export function sourceOf(inputs: MailboxRestoreInputs): RestoreSource {
  if (inputs.restoreSessionId !== undefined) {
    return {
      restoreSessionId: inputs.restoreSessionId,
      mailbox: { id: inputs.mailboxId ?? "" },
      isOfProgram: false,
    };
  }
  const { id, email = "", archive = false } = inputs.mailbox ?? {};
  if (inputs.session !== undefined) {
    const { restoreSessionId, apiVersion } = inputs.session;
    return {
      restoreSessionId,
      mailbox: id === undefined ? { email, archive } : { id },
      isOfProgram: true,
      apiVersion,
    };
  }
  return {
    organization: inputs.organization ?? "",
    mailbox: id === undefined ? { email, archive } : { id },
    pointInTime: inputs.pointInTime ?? "",
    showDeleted: inputs.showDeleted ?? false,
    showAllVersions: inputs.showAllVersions ?? false,
    repositoryId: inputs.repositoryId,
    maxAgeMs: inputs.maxRestorePointAge === undefined ? undefined : parseAge(inputs.maxRestorePointAge),
  };
}

export function actionOf(inputs: MailboxRestoreInputs, exchange: ExchangeSettings): RestoreAction {
  const { exportToPst, restoreTo, restoreToOriginalLocation } = inputs;
  if (exportToPst !== undefined) {
    const { path, contentKeywords, enablePstSizeLimit, pstSizeLimitBytes } = exportToPst;
    const limit = enablePstSizeLimit === true ? pstSizeLimitBytes : undefined;
    const { contents = false, sha256File = false } = inputs.verify ?? {};
    return {
      kind: "exportToPst",
      path,
      options: { contentKeywords, pstSizeLimitBytes: limit },
      pst: { contents, sha256File },
    };
  }
  if (restoreTo === undefined) {
    return {
      kind: "restoreToOriginalLocation",
      access: accessIn("restoreToOriginalLocation", restoreToOriginalLocation ?? {}, exchange),
    };
  }
  return {
    kind: "restoreTo",
    access: accessIn("restoreTo", restoreTo, exchange),
    options: {
      casServer: restoreTo.casServer ?? "outlook.office365.com",
      mailbox: restoreTo.mailbox,
      folder: restoreTo.folder,
      officeRegion: restoreTo.officeRegion,
      officeOrganizationName: restoreTo.officeOrganizationName,
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

function accessIn(at: string, action: AccessInput, exchange: ExchangeSettings): ExchangeAccess {
  const found = accessOf(at, action, exchange);
  if ("mistake" in found) {
    throw new ConfigError(`${at}: ${found.mistake.reason}. Nothing was sent.`);
  }
  return found.access;
}
