import type { OpenPoints } from "./open-points";
import { openPointsOf } from "./open-points";
import type { PstSource } from "./pst";
import { pstFiles } from "./pst";
import type { OrganizationSeed } from "./seed";
import { defaultOrganizations, withIds } from "./seed";
import { type SentAction, ServerState } from "./state";
import type { Login } from "./tokens";
import { Tokens } from "./tokens";
import type { ApiVersionName } from "./versions";

/** How a simulator is set up; everything has a default. */
export interface SimulatorOptions extends Partial<OpenPoints> {
  /** Versions that are served: a server of 8 serves v6 to v8, one of 5 v3 to v5. [D] Default v3 alone. */
  apiVersions?: ApiVersionName[];
  /** On 127.0.0.1; default 0 = any free port. */
  port?: number;
  /** More names that its certificate is for, as those of a proxy or a name service that lead to it; default none. */
  hostNames?: string[];
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
  /** Default {@link defaultOrganizations}. */
  organizations?: OrganizationSeed[];
  /** Life of an access token in seconds; default 3599, an hour as documented [D]. */
  tokenLifetimeSeconds?: number;
  /** The server's clock; default the real one. TLS certificates and delays go by the real one always. */
  clock?: () => Date;
  /** What an export sends; default a real PST of 14 MB. */
  pst?: PstSource;
  /** Changes a JSON answer before it is sent: fields that are left out, or that no version has. Default: none. */
  reshape?: (body: unknown, request: { method: string; path: string }) => unknown;
  /** Called with all that was sent so far, each time before an accepted action is carried out. */
  onSent?: (sent: readonly SentAction[]) => void;
}

/** The state that these options describe, and the credentials that open it. */
export function stateFrom(options: SimulatorOptions): { state: ServerState; login: Login } {
  const clock = options.clock ?? (() => new Date());
  const login = {
    username: options.username ?? "VEEAM\\restore-operator",
    password: options.password ?? "Ex%mple-Rest-1",
  };
  const open = openPointsOf(options);
  const tokens = new Tokens([login, ...(options.otherLogins ?? [])], {
    lifetimeSeconds: options.tokenLifetimeSeconds ?? 3599,
    readyMade: options.tokens ?? [],
    clock,
    open,
  });
  const behaviour = {
    ...open,
    exchange: options.exchange ?? { userName: "restore-account@contoso.example", userPassword: "Ex%mple-Exchange-1" },
    application: options.application,
    psts: pstFiles(options.pst),
    reshape: options.reshape,
    onSent: options.onSent,
  };
  const organizations = withIds(options.organizations ?? defaultOrganizations());
  return { state: new ServerState(organizations, tokens, behaviour, clock), login };
}
