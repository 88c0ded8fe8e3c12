import type { WireToken } from "../provider/api/wire/v3";
import { TokenRefused, Unauthorized, VendorError } from "./errors";
import { tokenFrom } from "./ids";
import type { OpenPoints } from "./open-points";

/** An account that may log in to the REST API. */
export interface Login {
  username: string;
  password: string;
  /** Another way in, from v4 on: Microsoft's answer to a device-code login. */
  assertion?: { clientId: string; assertion: string };
  /** Name of the organization that this login belongs to: a tenant, who sees no other. [D] */
  tenantOf?: string;
}

/** What differs by version in a token. */
export interface TokenStyle {
  /** A cookie was not declined, and no call brings one. */
  needsCookie: boolean;
  /** v6 on. [D] */
  hasIsoDates: boolean;
}

interface Issued {
  user: string;
  expiresAt: number;
  /** A cookie was not declined, and no call brings one. */
  needsCookie: boolean;
}

/** How tokens are made, and how long they are good. */
interface TokenSettings {
  lifetimeSeconds: number;
  /** Access tokens of the first login that are good without being asked for. */
  readyMade: readonly string[];
  clock: () => Date;
  open: Pick<
    OpenPoints,
    "logout" | "refreshTokenLifetimeSeconds" | "usedRefreshToken" | "refreshRefusal" | "tokenDates"
  >;
}

/**
 * Logins, access tokens and refresh tokens.
 *
 * A refresh gives a new pair [D]. The old access token stays valid until its own end [inf]: requests on their way still carry it.
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
    private readonly settings: TokenSettings,
  ) {
    const [first] = accounts;
    for (const token of settings.readyMade) {
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
  logIn(username: string, password: string, style: TokenStyle): WireToken {
    const account = this.accounts.find((candidate) => sameName(candidate.username, username));
    if (account === undefined || account.password !== password) {
      throw new TokenRefused("invalid_grant", "Invalid credential(s)");
    }
    this.logins += 1;
    return this.#issue(account.username, style);
  }

  /**
   * Assertion grant; the client's id as it is, for a user met that its case mattered. [I]
   *
   * @throws TokenRefused
   */
  logInBy(clientId: string, assertion: string, style: TokenStyle): WireToken {
    const account = this.accounts.find(
      ({ assertion: own }) => own !== undefined && own.clientId === clientId && own.assertion === assertion,
    );
    if (account === undefined) {
      throw new TokenRefused("invalid_grant", "Invalid credential(s)");
    }
    this.logins += 1;
    return this.#issue(account.username, style);
  }

  /** Ends the token of this header, or all tokens of its login. */
  logOut(authorization: string | undefined): void {
    this.logouts += 1;
    const own = bearerOf(authorization);
    const user = this.#access.get(own)?.user;
    for (const tokens of [this.#access, this.#refresh]) {
      for (const [token, issued] of tokens) {
        if (token === own || (this.settings.open.logout === "login" && issued.user === user)) {
          tokens.delete(token);
        }
      }
    }
  }

  /** The organization of a tenant. */
  tenantOf(user: string): string | undefined {
    return this.accounts.find(({ username }) => username === user)?.tenantOf;
  }

  /** @throws TokenRefused when the token is unknown, used or too old. */
  refresh(refreshToken: string, style: TokenStyle): WireToken {
    const { clock, open } = this.settings;
    const known = this.#refresh.get(refreshToken);
    if (open.usedRefreshToken === "refused") {
      this.#refresh.delete(refreshToken);
    }
    if (known === undefined || known.expiresAt <= clock().getTime()) {
      throw new TokenRefused("invalid_grant", "The refresh token is invalid or has expired.", open.refreshRefusal);
    }
    this.refreshes += 1;
    return this.#issue(known.user, style);
  }

  /**
   * The user of an `Authorization` header.
   *
   * @throws Unauthorized, or VendorError `noAntiforgery`
   */
  userOf(authorization: string | undefined): string {
    const known = this.#access.get(bearerOf(authorization));
    if (known === undefined || known.expiresAt <= this.settings.clock().getTime()) {
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

  #issue(user: string, { needsCookie, hasIsoDates }: TokenStyle): WireToken {
    const { clock, lifetimeSeconds, open } = this.settings;
    this.#issued += 1;
    const now = clock();
    const expires = new Date(now.getTime() + lifetimeSeconds * 1000);
    const accessToken = tokenFrom("access", user, this.#issued);
    const refreshToken = tokenFrom("refresh", user, this.#issued);
    this.#access.set(accessToken, { user, expiresAt: expires.getTime(), needsCookie });
    const refreshEnd = now.getTime() + open.refreshTokenLifetimeSeconds * 1000;
    this.#refresh.set(refreshToken, { user, expiresAt: refreshEnd, needsCookie: false });
    const dateText = (date: Date) =>
      hasIsoDates || open.tokenDates === "iso" ? date.toISOString() : date.toUTCString();
    return {
      access_token: accessToken,
      token_type: "bearer",
      expires_in: lifetimeSeconds,
      refresh_token: refreshToken,
      userName: user,
      ".issued": dateText(now),
      ".expires": dateText(expires),
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
