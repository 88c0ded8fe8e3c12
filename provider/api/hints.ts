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
    /invalid credential|username or password provided is incorrect/i,
    {
      cause:
        "the login is not the one that the organization was added with, has MFA, or tenant logins are switched off",
      action:
        "use DOMAIN\\user of an administrator or the account that added the organization, enable tenant authentication, or log in " +
        "by assertion",
    },
  ],
  [
    /logon attempt failed|rejected the client credentials/i,
    {
      cause: "the REST component cannot log in to the backup server",
      action: "repair its service account on the server, and restart the Veeam services",
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
      action:
        "grant the account impersonation or full access on the target mailbox; where the organization has modern authentication, " +
        "give a certificate or a device code instead of a password",
    },
  ],
  [
    /invalid length for a base-64/i,
    {
      cause:
        "the organization wants modern authentication and got a user and password, or a certificate text is damaged",
      action: "use the kind of access that the organization was added with; make the base64 of a certificate anew",
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
    /session has expired|meaningful reply|premature session shutdown/i,
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
      cause: "an id of another session, or of a server that was set up anew",
      action: "list again, and name the mailbox by its address instead",
    },
  ],
];

/** The error codes of v8 (its OpenAPI document, RESTExceptionInfo); v7 has the first of them. */
const hintsByCode: Record<string, Hint> = {
  ProxyOffline: { cause: "a backup proxy of the server is offline", action: "start the proxy, then run it again" },
  OutdatedChangeToken: { cause: "the list changed while it was read", action: "run it again" },
  ResourceAccessDenied: {
    cause:
      "this login may not use what was asked for: a tenant sees its own organization only, an operator its own scope",
    action: "use a login that may, or give it the right on the server",
  },
  ResourceNotFound: {
    cause: "what was asked for is not there, or not any more",
    action: "list again; a restore session that nobody uses ends by itself",
  },
  ParameterValidationFailure: {
    cause: "the server does not take a value that was sent",
    action: "compare the inputs with what it says",
  },
  OrganizationTransfer: {
    cause: "the organization is being moved to another repository or server",
    action: "wait until that is over",
  },
  RepositoryOwnerChangeTooManyLinks: {
    cause: "the repository is being handed over to other proxies",
    action: "wait until that is over",
  },
  Timeout: { cause: "a part of the server did not answer in time", action: "look at its load and its services" },
  OperationConflict: {
    cause: "something else works on the same thing",
    action: "wait until that is over, then run it again",
  },
  HttpError: {
    cause: "the server could not reach what it needed",
    action: "look at its way to Microsoft 365 and to its proxies",
  },
};

/** Every hint, with the words or the code that it is for, as documentation shows them. */
export function hintTable(): (Hint & { says: string })[] {
  return [
    ...hints.map(([pattern, hint]) => ({
      says: pattern.source.replaceAll("|", " / ").replaceAll("\\w+", "…"),
      ...hint,
    })),
    ...Object.entries(hintsByCode).map(([code, hint]) => ({ says: code, ...hint })),
  ];
}

/**
 * The usual cause of what a server says and what to do, as sentences; empty when nothing is known of it. Its words tell more than its
 * code, so they come first.
 */
export function hintFor({
  serverMessage = "",
  vendorCode = "",
}: {
  serverMessage?: string | undefined;
  vendorCode?: string | undefined;
}): string {
  const byWords = hints.find(([pattern]) => serverMessage !== "" && pattern.test(serverMessage))?.[1];
  const hint = byWords ?? (Object.hasOwn(hintsByCode, vendorCode) ? hintsByCode[vendorCode] : undefined);
  return hint === undefined ? "" : `. The usual cause: ${hint.cause}. What helps: ${hint.action}`;
}
