import { MailboxRestoreError } from "../errors";
import { firstVersionOf, isApiVersion, lackingIn } from "../versions";

/**
 * What a version does not have would be ignored by the server: mail in another place, or a whole mailbox instead of a part.
 *
 * @param fields - names that are used
 * @throws MailboxRestoreError (`guard`) that names what the version lacks.
 */
export function refuseUnspokenFields(apiVersion: string, fields: readonly string[]): void {
  const lacking = isApiVersion(apiVersion) ? lackingIn(apiVersion, fields) : [];
  if (lacking.length > 0) {
    const since = lacking.map((name) => `${name} (from ${firstVersionOf(name)} on)`).join(", ");
    throw new MailboxRestoreError(
      "guard",
      `The server speaks the REST API ${apiVersion}, which does not have ${since}. Remove it, or restore with a server that has it. Nothing was sent.`,
    );
  }
}
