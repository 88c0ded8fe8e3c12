import type { PstSource } from "./pst";
import { pstFile } from "./pst";
import type { OrganizationSeed } from "./seed";
import { defaultOrganizations, withIds } from "./seed";
import { ServerState } from "./state";
import type { Login } from "./tokens";
import { Tokens } from "./tokens";
import type { ApiVersionName } from "./versions";

/** How a simulator is set up; everything has a default. */
export interface SimulatorOptions {
  /** Versions that are served: a server of 8 serves v6 to v8, one of 5 v3 to v5. [D] Default v3 alone. */
  apiVersions?: ApiVersionName[];
  /** On 127.0.0.1; default 0 = any free port. */
  port?: number;
  /** The login of the REST API; default `VEEAM\restore-operator` and an invented password. */
  username?: string;
  password?: string;
  /** More logins; each sees its own restore sessions only. Default none. */
  otherLogins?: Login[];
  /** The account that restores are accepted with; default an invented one. */
  exchange?: { userName: string; userPassword: string };
  /** An application that restores are accepted with from v6 on; default none. The certificate is compared as text. */
  application?: { applicationId: string; certificate: string; certificatePassword?: string };
  /** Access tokens that are good for the first login without being asked for; default none. */
  tokens?: string[];
  /** A cookie beside the token, unless it is declined (v7, v8). Default "demanded". [D]; that its lack gives 400 is [inf] */
  antiforgery?: "demanded" | "ignored";
  /** The session that a restore of v8 names: that of its path, or one of its own that ends with it. Default "same". [inf] */
  asyncSession?: "same" | "new";
  /** Does a session of v8 have statistics? Default "counts"; "none" answers 404. */
  statistics?: "counts" | "none";
  /** Which name of the keyword v3 to v5 bind; the other is ignored. Default "both". [inf] */
  keywordBinding?: "both" | "contentKeywords" | "contentKeyword";
  /** Flags as words from v6 on. Default "accepted". [inf] */
  stringBooleans?: "accepted" | "refused";
  /** Default {@link defaultOrganizations}. */
  organizations?: OrganizationSeed[];
  /** The body of a restore's 200: nothing, as the page of v3 says [D], or counters, as its portal reads them [C]. Default "empty". From v4 on there are counters always. */
  restoreAnswer?: "empty" | "counters";
  /** Whether a restore leaves an event, and whether it names the mailbox; neither is documented. Default "named". */
  restoreEvents?: "named" | "unnamed" | "none";
  /** Life of an access token in seconds; default 3599, an hour as documented [D]. */
  tokenLifetimeSeconds?: number;
  /** A restore session ends after so many seconds without a request; default 3600. [inf] */
  sessionIdleSeconds?: number;
  /** The server's clock; default the real one. TLS certificates and delays go by the real one always. */
  clock?: () => Date;
  /** What an export sends; default a real PST of 14 MB. */
  pst?: PstSource;
}

/** The state that these options describe, and the credentials that open it. */
export function stateFrom(options: SimulatorOptions): { state: ServerState; login: Login } {
  const clock = options.clock ?? (() => new Date());
  const login = {
    username: options.username ?? "VEEAM\\restore-operator",
    password: options.password ?? "Ex%mple-Rest-1",
  };
  const accounts = [login, ...(options.otherLogins ?? [])];
  const tokens = new Tokens(accounts, options.tokenLifetimeSeconds ?? 3599, clock, options.tokens);
  const behaviour = {
    exchange: options.exchange ?? { userName: "restore-account@contoso.example", userPassword: "Ex%mple-Exchange-1" },
    restoreAnswer: options.restoreAnswer ?? "empty",
    restoreEvents: options.restoreEvents ?? "named",
    application: options.application,
    antiforgery: options.antiforgery ?? "demanded",
    asyncSession: options.asyncSession ?? "same",
    statistics: options.statistics ?? "counts",
    keywordBinding: options.keywordBinding ?? "both",
    stringBooleans: options.stringBooleans ?? "accepted",
    pst: pstFile(options.pst),
  };
  const organizations = withIds(options.organizations ?? defaultOrganizations());
  const state = new ServerState(organizations, tokens, behaviour, clock, options.sessionIdleSeconds ?? 3600);
  return { state, login };
}
