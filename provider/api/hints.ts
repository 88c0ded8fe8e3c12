/** What a message of the server usually means, and what helps. */
export interface Hint {
  cause: string;
  action: string;
}

/**
 * Messages that users of the vendor's portals and clients reported (issues of nielsengelen/vbo365-rest and
 * VeeamHub/vbo365-rest-self-service), and the user guide's own. They only help a reader; nothing is decided by them.
 */
const hints: [RegExp, Hint][] = [
  [
    /invalid credential|username or password provided is incorrect|logon attempt failed|rejected the client credentials/i,
    {
      cause:
        "the login is not the one that the organization was added with, has MFA, or tenant logins are switched off",
      action:
        "use DOMAIN\\user of an administrator or the account that added the organization, or enable tenant authentication",
    },
  ],
  [
    /failed to find users for tenant account/i,
    { cause: "no organization belongs to this account", action: "log in with the account that added the organization" },
  ],
  [
    /restore session cannot be created/i,
    {
      cause: "Veeam Explorer for Exchange is missing on the server, or is of another build than the server",
      action: "install the matching Explorer there, unblock its files, and restart the Veeam services",
    },
  ],
  [
    /Method '\w+' in type/,
    { cause: "Explorer and server are of different builds", action: "upgrade both to the same build" },
  ],
  [
    /missing mandatory parameters/i,
    {
      cause: "this server wants parameters that this version of the package does not send",
      action: "report it with the message",
    },
  ],
  [
    /microsoft outlook|outlook .* is not installed/i,
    {
      cause: "64-bit Outlook is missing or damaged on the server, which needs it to write a PST",
      action: "install or repair 64-bit Outlook on the backup server and start it once",
    },
  ],
  [
    /failed to restore item|cannot open user mailbox/i,
    {
      cause:
        "the Exchange account lacks rights on the target mailbox, or the organization wants another kind of access",
      action: "grant the account impersonation or full access on the target mailbox",
    },
  ],
  [
    /invalid length for a base-64/i,
    {
      cause:
        "the organization wants modern authentication and got a user and password, or a certificate text is damaged",
      action: "use the kind of access that the organization was added with",
    },
  ],
  [
    /permission to impersonate/i,
    {
      cause: "the Exchange account has no ApplicationImpersonation role",
      action: "assign the role and wait until Exchange has spread it, which may take an hour",
    },
  ],
  [
    /in-place hold items/i,
    { cause: "the target server cannot take In-Place Hold items", action: "set excludeInPlaceHoldItems: true" },
  ],
  [
    /meaningful reply|premature session shutdown/i,
    {
      cause: "the REST service and the Explorer disagree or one of them stopped, or the restore session has expired",
      action: "look at the server's services and their builds, then begin in a new restore session",
    },
  ],
  [
    /communication object/i,
    {
      cause: "the server's internal channel broke during the call, often for want of permission",
      action: "look into the server's log",
    },
  ],
  [
    /unsecured or incorrectly secured fault/i,
    {
      cause: "the clocks of the machines differ, or a plug-in does not load",
      action: "synchronise the clocks, reinstall the Explorers",
    },
  ],
  [
    /resource cannot be found for current key/i,
    {
      cause: "an id of another session or of a server that was set up anew",
      action: "name the mailbox by its address instead",
    },
  ],
];

/** The usual cause of a server's message and what to do, as sentences; empty when nothing is known of it. */
export function hintFor(serverMessage: string | undefined): string {
  const hint = hints.find(([pattern]) => serverMessage !== undefined && pattern.test(serverMessage))?.[1];
  return hint === undefined ? "" : `. The usual cause: ${hint.cause}. What helps: ${hint.action}`;
}
