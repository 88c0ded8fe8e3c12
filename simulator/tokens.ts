import type { WireToken } from "../provider/api/wire/v3";
import { TokenRefused, Unauthorized, VendorError } from "./errors";
import { tokenFrom } from "./ids";

/** An account that may log in to the REST API. */
export interface Login {
  username: string;
  password: string;
  /** Another way in, from v4 on: Microsoft's answer to a device-code login. */
  assertion?: { clientId: string; assertion: string };
  /** Name of the organization that this login belongs to: a tenant, who sees no other. [D] */
  tenantOf?: string;
}

interface Issued {
  user: string;
  expiresAt: number;
  /** A cookie was not declined, and no call brings one. */
  needsCookie: boolean;
}

const refreshTokenLifetimeMs = 24 * 60 * 60 * 1000;

/**
 * Logins, access tokens and refresh tokens.
 *
 * A refresh gives a new pair [D]; the old refresh token is refused from then on, and any refresh token after 24 hours
 * [inf]. The old access token stays valid until its own end [inf]: requests on their way still carry it.
 */
export class Tokens {
  readonly #access = new Map<string, Issued>();
  readonly #refresh = new Map<string, Issued>();
  #issued = 0;
  logins = 0;
  refreshes = 0;
  logouts = 0;

  constructor(
    private readonly accounts: readonly Login[],
    private readonly lifetimeSeconds: number,
    private readonly clock: () => Date,
    readyMade: readonly string[] = [],
  ) {
    const [first] = accounts;
    for (const token of readyMade) {
      this.#access.set(token, {
        user: first?.username ?? "",
        expiresAt: Number.POSITIVE_INFINITY,
        needsCookie: false,
      });
    }
  }

  /**
   * Password grant. The user name is compared without regard to case, as Windows does. [inf]
   *
   * @throws TokenRefused
   */
  logIn(username: string, password: string, needsCookie = false): WireToken {
    const account = this.accounts.find((candidate) => sameName(candidate.username, username));
    if (account === undefined || account.password !== password) {
      throw new TokenRefused("invalid_grant", "Invalid credential(s)");
    }
    this.logins += 1;
    return this.#issue(account.username, needsCookie);
  }

  /**
   * Assertion grant; the client's id as it is, for a user met that its case mattered. [I]
   *
   * @throws TokenRefused
   */
  logInBy(clientId: string, assertion: string, needsCookie = false): WireToken {
    const account = this.accounts.find(
      ({ assertion: own }) => own !== undefined && own.clientId === clientId && own.assertion === assertion,
    );
    if (account === undefined) {
      throw new TokenRefused("invalid_grant", "Invalid credential(s)");
    }
    this.logins += 1;
    return this.#issue(account.username, needsCookie);
  }

  /** Ends the access tokens of a login. */
  logOut(user: string): void {
    this.logouts += 1;
    for (const [token, issued] of this.#access) {
      if (issued.user === user && issued.expiresAt !== Number.POSITIVE_INFINITY) {
        this.#access.delete(token);
      }
    }
  }

  /** The organization of a tenant. */
  tenantOf(user: string): string | undefined {
    return this.accounts.find(({ username }) => username === user)?.tenantOf;
  }

  /** @throws TokenRefused when the token is unknown, used or too old. */
  refresh(refreshToken: string, needsCookie = false): WireToken {
    const known = this.#refresh.get(refreshToken);
    this.#refresh.delete(refreshToken);
    if (known === undefined || known.expiresAt <= this.clock().getTime()) {
      throw new TokenRefused("invalid_grant", "The refresh token is invalid or has expired.");
    }
    this.refreshes += 1;
    return this.#issue(known.user, needsCookie);
  }

  /**
   * The user of an `Authorization` header.
   *
   * @throws Unauthorized, or VendorError `noAntiforgery`
   */
  userOf(authorization: string | undefined): string {
    const known = this.#access.get(bearerOf(authorization));
    if (known === undefined || known.expiresAt <= this.clock().getTime()) {
      throw new Unauthorized();
    }
    if (known.needsCookie) {
      throw new VendorError("noAntiforgery");
    }
    return known.user;
  }

  /** Makes the access token of this header invalid. */
  expire(authorization: string | undefined): void {
    this.#access.delete(bearerOf(authorization));
  }

  #issue(user: string, needsCookie: boolean): WireToken {
    this.#issued += 1;
    const now = this.clock();
    const expires = new Date(now.getTime() + this.lifetimeSeconds * 1000);
    const accessToken = tokenFrom("access", user, this.#issued);
    const refreshToken = tokenFrom("refresh", user, this.#issued);
    this.#access.set(accessToken, { user, expiresAt: expires.getTime(), needsCookie });
    this.#refresh.set(refreshToken, {
      user,
      expiresAt: now.getTime() + refreshTokenLifetimeMs,
      needsCookie: false,
    });
    return {
      access_token: accessToken,
      token_type: "bearer",
      expires_in: this.lifetimeSeconds,
      refresh_token: refreshToken,
      userName: user,
      // RFC 1123, the default of the framework. [inf]
      ".issued": now.toUTCString(),
      ".expires": expires.toUTCString(),
    };
  }
}

/** Are these the same account name? Case does not matter. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function bearerOf(authorization: string | undefined): string {
  return /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
}
