import type { Mailbox, Organization } from "../api/dialects/dialect";
import { MailboxRestoreError } from "../errors";
import { durationInWords } from "../timeouts";
import { dataAgeSeconds } from "./point-in-time";
import type { RestoreAction, RestoreRequest } from "./request";

/** What is refused before anything is sent. Each throws a MailboxRestoreError (`guard`). */

/** Without an engine nobody stores what comes of it, and the next `up` knows nothing of it. */
export async function refuseWithoutEngine({ engineIsGone }: { engineIsGone(): Promise<boolean> }): Promise<void> {
  if (await engineIsGone()) {
    throw new MailboxRestoreError("guard", "The Pulumi CLI is gone, so nothing was sent. Run pulumi up again.");
  }
}

export function refuseTooOld(organization: Organization, pointInTime: string, maxAgeMs: number | undefined): void {
  const ageMs = dataAgeSeconds(organization, pointInTime, Date.now()) * 1000;
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
    throw new MailboxRestoreError(
      "guard",
      `The backup that ${pointInTime} shows is ${durationInWords(ageMs)} old, and maxRestorePointAge allows ${durationInWords(maxAgeMs)}. Nothing was sent.`,
    );
  }
}

/** Public folders go back to where they came from, and not with a certificate (user guide; told from v6 on). */
export function refusePublicFolders({ action }: RestoreRequest, { isPublic, email, id }: Mailbox): void {
  const what = isPublic ? whyNoPublicFolders(action) : undefined;
  if (what !== undefined) {
    throw new MailboxRestoreError(
      "guard",
      `${email || id} is a mailbox of public folders, and those ${what}. Nothing was sent.`,
    );
  }
}

function whyNoPublicFolders(action: RestoreAction): string | undefined {
  switch (action.kind) {
    case "exportToPst":
      return undefined;
    case "restoreTo":
      return "go back to their original location only: use restoreToOriginalLocation, or exportToPst";
    case "restoreToOriginalLocation":
      return "applicationId" in action.access
        ? "cannot be restored with an application's certificate: give user and password, or a device code"
        : undefined;
  }
}

/** Writing into a production mailbox needs its name said twice. */
export function refuseUnconfirmedInPlace({ action, confirmInPlace }: RestoreRequest, { email, id }: Mailbox): void {
  const writesToSource =
    action.kind === "restoreToOriginalLocation" ||
    (action.kind === "restoreTo" && action.options.mailbox.toLowerCase() === email.toLowerCase());
  // A mailbox without an address is confirmed by its id.
  const written = email || id;
  if (writesToSource && confirmInPlace?.toLowerCase() !== written.toLowerCase()) {
    throw new MailboxRestoreError(
      "guard",
      `This writes into the production mailbox ${written}. To confirm it, set confirmInPlace: "${written}". Nothing was sent.`,
    );
  }
}
