import type { WireError, WireTokenError } from "../provider/api/wire/v3";

/**
 * Everything the simulator refuses: code to status and message, in one place.
 *
 * The tags say how well a line is known: [D] the vendor documents it, [C] seen in the code of a client that ran against
 * real servers, [I] reported by a user, [inf] deduced; no source gives the text.
 */
const errors = {
  /** [inf] The text is ASP.NET's; that an unserved version or route answers 404 is [C]. */
  unknownRoute: { status: 404, message: "No HTTP resource was found that matches the request URI." },
  /** [I] Text from a server log; the status is [inf]. */
  notFound: { status: 404, message: "Resource cannot be found for current key" },
  /** [inf] 400 for a body that is no JSON; the switch `unreadableRequest` moves both this and the next one. */
  unparsableBody: { status: 400, message: "The request is invalid: the body is not valid JSON." },
  /** [inf] 400 unless exactly one action is named; see the switch `severalActions`. */
  oneActionOnly: { status: 400, message: "The request is invalid: exactly one action is expected." },
  /** [inf] */
  unknownAction: { status: 400, message: "The request is invalid: the action is not supported." },
  /** [inf] */
  invalidValue: { status: 400, message: "The request is invalid: the value of a parameter cannot be read." },
  /** [I] "Missing mandatory parameters: ExcludeDrafts"; the separator of several names is [inf]. */
  missingParameters: { status: 500, message: "Missing mandatory parameters" },
  /** [inf] 400 for a restore without any way to log in to Exchange. */
  noExchangeCredentials: { status: 400, message: "The request is invalid: no credentials are specified." },
  /** [inf] 400; what is asked for and how its lack is told is not documented. */
  noAntiforgery: { status: 400, message: "The antiforgery token is missing." },
  /** [inf] 403 unless the switch `tenantRefusal` says otherwise; v8 adds the code [D]. */
  tenantOnly: { status: 403, message: "Access is denied.", vendorCode: "ResourceAccessDenied" },
  /** [inf] 400 for two ways into Exchange at once. */
  twoVariants: { status: 400, message: "The request is invalid: more than one kind of credentials is specified." },
  /** [inf] */
  deviceCodeNotEntered: { status: 500, message: "The device code was not entered, or has expired." },
  /** [I] Status and text of a missing Explorer; used here for session types other than Exchange. */
  sessionNotCreated: { status: 500, message: "Restore session cannot be created." },
  /** [C] 500 on reads of a stopped session; [I] the text, which users met after a premature session shutdown. */
  sessionEnded: {
    status: 500,
    message:
      "The server did not provide a meaningful reply; this might be caused by a contract mismatch, " +
      "a premature session shutdown or an internal server error.",
  },
  /** [C] 500 when Exchange refuses; the text is Exchange's own. */
  exchangeRefused: {
    status: 500,
    message: "The account does not have permission to impersonate the requested user.",
  },
  /** [inf] A limit of restore sessions or of exports, if there is one. */
  tooMany: { status: 500, message: "The maximum number of concurrent operations has been reached." },
  /** [inf] */
  nothingToExport: { status: 500, message: "No items were found to export." },
  /** [I] */
  mailboxUnreachable: { status: 500, message: "cannot open user mailbox" },
  /** Not the vendor's: the simulator itself has a bug. */
  simulatorFailed: { status: 500, message: "The simulator failed" },
} as const satisfies Record<string, { status: number; message: string; vendorCode?: string }>;

/** A name in the table of refusals. */
export type VendorErrorCode = keyof typeof errors;

/** A refusal of a request, answered as `{"message": …}`; v7 adds `errorCode`, v8 also `stackTrace`. [D] */
export class VendorError extends Error {
  readonly status: number;

  /**
   * @param detail - Appended to the table's message after a colon.
   * @param status - In place of the table's.
   */
  constructor(
    readonly code: VendorErrorCode,
    detail?: string,
    status?: number,
  ) {
    super(detail === undefined ? errors[code].message : `${errors[code].message}: ${detail}`);
    this.status = status ?? errors[code].status;
  }

  /** @param versionNumber - of the API that was asked; 3 where no version was. */
  bodyOf(versionNumber: number): WireError & { errorCode?: string | null; stackTrace?: string | null } {
    const { message } = this;
    const known: { status: number; vendorCode?: string } = errors[this.code];
    const errorCode = known.vendorCode ?? (this.status === 404 ? "ResourceNotFound" : null);
    if (versionNumber >= 8) {
      return { message, errorCode, stackTrace: "   at Veeam.Archiver.REST.Controller.Run()" };
    }
    return versionNumber === 7 ? { message, errorCode: null } : { message };
  }
}

/**
 * A refusal of a token request: 400 with an OAuth body. [C] That the literal is `invalid_grant` is [inf]; the
 * description is one users met. [I]
 */
export class TokenRefused extends Error {
  constructor(
    readonly error: "invalid_grant" | "unsupported_grant_type",
    description: string,
    readonly status: 400 | 401 = 400,
  ) {
    super(description);
  }

  get body(): WireTokenError {
    return { error: this.error, error_description: this.message };
  }
}

/** A request without a valid bearer token: 401, with an empty body [C] unless the switch `unauthorizedBody` says otherwise. */
export class Unauthorized extends Error {}
