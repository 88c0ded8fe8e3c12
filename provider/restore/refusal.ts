import { withoutEnd } from "../api/answer";
import { isApiError, MailboxRestoreError } from "../errors";

/**
 * Texts of the server's own that are known to come before anything is written: parameters, login to Exchange, rights, a mailbox that
 * is not there. v3 to v7 answer 500 to nearly everything, so this is the only place that reads a message to decide; whatever is not
 * in this list may as well have broken off in the middle.
 */
const saidBeforeTheStart = [
  /missing mandatory parameters/i,
  /permission to impersonate|cannot open user mailbox/i,
  /invalid credential|user ?name or password|password is incorrect|rejected the client credentials|logon attempt failed/i,
  /invalid length for a base-64/i,
  /mailbox .*(was not found|cannot be found|does not exist)|resource cannot be found/i,
];

/** Codes of v8 that are about the request itself. The others may as well come from the middle of the work. */
const refusingCodes = new Set(["ResourceAccessDenied", "ResourceNotFound", "ParameterValidationFailure"]);

/** Statuses with which a server says no to the request itself. */
const saysNo = new Set([400, 403, 404, 405, 409, 413, 415, 422]);

/**
 * Did the Veeam server itself say no, before it began? In its own error shape, and with a status, a code or a text that is known for that.
 * A late 401, a proxy's 502 to 504 and any other text of a 500 are no refusal: nobody knows then how far the restore came. Together
 * with the absence of an event that could be ours this is taken for proof.
 */
export function isRefusal(error: unknown): boolean {
  if (!isApiError(error)) {
    return false;
  }
  if (error.tokenIsDead) {
    // A server reads the token before it does anything.
    return true;
  }
  if (error.serverMessage === undefined) {
    return false;
  }
  const { status, serverMessage, vendorCode = "" } = error;
  const isSaidBefore =
    refusingCodes.has(vendorCode) || saidBeforeTheStart.some((pattern) => pattern.test(serverMessage));
  return saysNo.has(status) || (status === 500 && isSaidBefore);
}

/**
 * The error for a restore that was refused: an ordinary one, so that the next `up` may try again.
 *
 * @param unread - the server took the token no more, so it never came to read what it was sent
 */
export function refusal(reason: string, unread = false): MailboxRestoreError {
  const error = new MailboxRestoreError(
    "refused",
    `The server refused the restore and nothing was written: ${withoutEnd(reason)}. ` +
      `Mend the cause and run pulumi up again.`,
  );
  error.notSent = unread;
  return error;
}
