import assert from "node:assert/strict";
import type {
  WireMailbox,
  WirePage,
  WireRestoreSession,
  WireSessionEvent,
  WireToken,
} from "../../provider/api/wire/v3";
import { startSimulator } from "../../simulator";
import type { ApiVersionName, Simulator, SimulatorOptions } from "../../simulator";
import type { RawAnswer, RawRequest } from "./raw-client";
import { ask } from "./raw-client";

/** A simulator that stops after the test, and the requests that most tests need, in one version. */
export interface Rig {
  simulator: Simulator;
  /** Asks without a token. */
  ask(method: string, path: string, what?: RawRequest): Promise<RawAnswer>;
  /** Asks with the token of the first login. */
  call(method: string, path: string, json?: unknown): Promise<RawAnswer>;
  logIn(username?: string, password?: string): Promise<WireToken>;
  /** What is asked to open a restore session of the first organization. */
  explore(explore?: Record<string, unknown>): Promise<RawAnswer>;
  /** Opens a restore session of the first organization; returns its path. */
  openSession(explore?: Record<string, unknown>): Promise<string>;
  /** The first mailbox with this name, as the session shows it; returns its path. */
  mailboxPath(sessionPath: string, name: string): Promise<string>;
  events(sessionPath: string): Promise<WireSessionEvent[]>;
  /** Sends `restoreTo` with all flags; the arguments replace single properties, undefined leaves one out. */
  restoreTo(mailboxPath: string, properties?: Record<string, unknown>): Promise<RawAnswer>;
  /** Sends an action on a mailbox in the style of the version. */
  act(mailboxPath: string, action: ActionName, properties: Record<string, unknown>): Promise<RawAnswer>;
  stopSession(sessionPath: string): Promise<RawAnswer>;
}

/** Key in the envelope of v3 to v5, and end of the URL from v6 on. */
const actions = { exporttoPst: "exportToPst", restoretoOriginallocation: "restore", restoreTo: "restoreTo" };
export type ActionName = keyof typeof actions;

/** A clock that stands still until it is moved. */
export function stoppedClock(): { clock: () => Date; advance(seconds: number): void } {
  let now = Date.parse("2026-11-23T08:00:00Z");
  return {
    clock: () => new Date(now),
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

/** Call in a `describe`: gives a function that starts simulators, and stops them after each test. */
export function simulators(): (options?: SimulatorOptions, version?: ApiVersionName) => Promise<Rig> {
  const running: Simulator[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
  });
  return async (options, version = "v3") => {
    const simulator = await startSimulator({ pst: { sizeBytes: 3_000_000 }, apiVersions: [version], ...options });
    running.push(simulator);
    return rigOf(simulator, version);
  };
}

function rigOf(simulator: Simulator, version: ApiVersionName): Rig {
  const isFlat = version >= "v6";
  let token: Promise<WireToken> | undefined;
  const rig: Rig = {
    simulator,
    ask: (method, path, what) => ask(simulator, method, path, what),
    async call(method, path, json) {
      token ??= rig.logIn();
      const headers = bearer(await token);
      return ask(simulator, method, path, json === undefined ? { headers } : { headers, json });
    },
    async logIn(username = simulator.username, password = simulator.password) {
      const answer = await ask(simulator, "POST", `/${version}/Token`, {
        form: {
          grant_type: "password",
          username,
          password,
          ...(version >= "v7" ? { disable_antiforgery_token: "true" } : {}),
        },
      });
      assert.equal(answer.status, 200, answer.text);
      return answer.json<WireToken>();
    },
    explore(explore = {}) {
      const properties = { ...defaultExplore, ...explore };
      const path = `/${version}/Organizations/${simulator.organizations[0]?.id}`;
      return isFlat
        ? rig.call("POST", `${path}/explore`, properties)
        : rig.call("POST", `${path}/Action`, { explore: properties });
    },
    async openSession(explore) {
      const answer = await rig.explore(explore);
      assert.ok(answer.status === 200 || answer.status === 201, answer.text);
      return `/${version}/RestoreSessions/${answer.json<WireRestoreSession>().id}`;
    },
    async mailboxPath(sessionPath, name) {
      const list = `${sessionPath}/Organization/Mailboxes`;
      const page = (await rig.call("GET", `${list}?limit=1000`)).json<WirePage<WireMailbox>>();
      const mailbox = page.results.find((candidate) => candidate.name === name);
      assert.ok(mailbox, `no mailbox ${name}`);
      return `${list}/${mailbox.id}`;
    },
    async events(sessionPath) {
      return (await rig.call("GET", `${sessionPath}/Events`)).json<WirePage<WireSessionEvent>>().results;
    },
    restoreTo: (mailboxPath, properties) =>
      rig.act(mailboxPath, "restoreTo", { ...restoreToBody(simulator), ...properties }),
    act: (mailboxPath, action, properties) =>
      isFlat
        ? rig.call("POST", `${mailboxPath}/${actions[action]}`, properties)
        : rig.call("POST", `${mailboxPath}/Action`, { [action]: properties }),
    stopSession: (sessionPath) =>
      isFlat ? rig.call("POST", `${sessionPath}/Stop`) : rig.call("POST", `${sessionPath}/Action`, { stop: null }),
  };
  return rig;
}

/** The headers of an authenticated request. */
export function bearer(token: WireToken): Record<string, string> {
  return { Authorization: `Bearer ${token.access_token}` };
}

/** An explore request at the last backup of the default seed. */
export const defaultExplore = {
  datetime: "2026-11-20T21:04:11Z",
  type: "vex",
  showDeleted: "false",
  showAllVersions: "false",
};

/** The properties of a complete `restoreTo`, which excludes nothing. */
export function restoreToBody(simulator: Simulator): Record<string, unknown> {
  return {
    casServer: "outlook.office365.com",
    mailbox: "drill@contoso.example",
    ...simulator.exchange,
    changedItems: "true",
    deletedItems: "true",
    markRestoredAsUnread: "false",
    excludeDrafts: "false",
    excludeDeletedItems: "false",
    excludeInPlaceHoldItems: "false",
    excludeLitigationHoldItems: "false",
  };
}
