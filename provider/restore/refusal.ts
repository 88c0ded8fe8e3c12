import { isApiError, MailboxRestoreError } from "../errors";

/**
 * Texts of the server's own that mean "something broke in the middle" rather than "no": reported with status 500 by users of
 * the vendor's portal. After one of them nobody knows how far the restore came. The only place that reads a message to decide,
 * because v3 to v7 have no other way to tell.
 */
const brokeInTheMiddle = [
  /did not provide a meaningful reply/i,
  /communication object/i,
  /unsecured or incorrectly secured fault/i,
  /premature session shutdown/i,
  /timed? ?out|timeout/i,
];

/** Statuses that say nothing about what the server did: a late 401, and what a proxy answers in its place. */
const sayNothing = new Set([401, 408, 429, 502, 503, 504]);

/**
 * Did the Veeam server itself say no, before it began? In its own error shape, with a status of its own, and not with one of the
 * messages that it has for work that broke off. Together with the absence of a Restore event in a session that shows events,
 * that is taken for proof; anything less is unknown.
 */
export function isRefusal(error: unknown): boolean {
  return (
    isApiError(error) &&
    error.serverMessage !== undefined &&
    error.status >= 400 &&
    !sayNothing.has(error.status) &&
    !brokeInTheMiddle.some((pattern) => pattern.test(error.serverMessage ?? ""))
  );
}

/** The error for a restore that was refused: an ordinary one, so that the next `up` may try again. */
export function refusal(reason: string): MailboxRestoreError {
  return new MailboxRestoreError(
    "refused",
    `The server refused the restore and nothing was written: ${reason.replace(/[.\s]+$/, "")}. ` +
      `Mend the cause and run pulumi up again.`,
  );
}
