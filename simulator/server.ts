import { once, setMaxListeners } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { makeCertificates } from "./certificates";
import { dispatch } from "./dispatch";
import type { Faults } from "./faults";
import { FaultList } from "./faults";
import type { SimulatorOptions } from "./options";
import { stateFrom } from "./options";
import type { OpenRecord, RecordedRequest } from "./recording";
import { routesOf } from "./routes";
import { settingsOf } from "./settings";
import type { SeededOrganization } from "./seed";
import type { SessionRecord } from "./sessions";
import type { MailboxExport, MailboxWrite, SentAction } from "./state";
import { versions } from "./versions";

/** A running stand-in for a Veeam Backup for Microsoft Office 365 server. */
export interface Simulator {
  /** `https://127.0.0.1:PORT`, without a slash at the end. */
  readonly endpoint: string;
  /** PEM of the CA made at start, which signed the server's certificate (127.0.0.1, ::1, localhost). */
  readonly caCert: string;
  /** The login of the REST API. */
  readonly username: string;
  readonly password: string;
  /** The account that restores are accepted with. */
  readonly exchange: { readonly userName: string; readonly userPassword: string };
  /** What configures a stack for this server, as `setAllConfig` of Pulumi's Automation API takes it. The API version is left to be found. */
  readonly stackConfig: Readonly<Record<string, { value: string; secret?: boolean }>>;
  /** The same as variables of a process's environment: `VB365_ENDPOINT` and so on. */
  readonly environment: Readonly<Record<string, string>>;
  readonly organizations: readonly SeededOrganization[];
  /**
   * Every accepted action in order of arrival, as plain data for `assert.deepEqual` or `expect(…).toEqual`. One that was sent twice stands
   * there twice; a rest of a file that was cut (v7, v8) belongs to its export.
   */
  readonly sent: readonly SentAction[];
  /** Everything that was asked, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Those of them with a route or a field that no version's documentation has. */
  readonly unknown: readonly RecordedRequest[];
  /** One entry for each accepted action that writes into a mailbox. */
  readonly writes: readonly MailboxWrite[];
  /** One entry for each accepted PST export. */
  readonly exports: readonly MailboxExport[];
  /** A person enters this device code at Microsoft's page. */
  enterDeviceCode(userCode: string): void;
  /** Successful logins with a password or an assertion. */
  readonly logins: number;
  /** Successful refreshes of a token. */
  readonly refreshes: number;
  readonly logouts: number;
  readonly sessions: readonly SessionRecord[];
  /** Those that are Working. */
  readonly openSessions: readonly SessionRecord[];
  readonly faults: Faults;
  /** Closes the port and every connection, also in the middle of an answer. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 that speaks the REST API over HTTPS, v3 or those versions that are named, and keeps state.
 *
 * It stands in for the Veeam server alone, shares no code with the client, and is for tests and trials. The same calls
 * get the same answers: nothing is random but keys and certificates.
 *
 * @throws The system's error when the port is taken.
 *
 * @example
 * ```ts
 * const simulator = await startSimulator({ restoreAnswer: "counters" });
 * simulator.faults.next({ match: { path: /Action$/ }, effect: { resetBeforeAnswer: true } });
 * // … ask simulator.endpoint something, trusting simulator.caCert …
 * await simulator.stop();
 * ```
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { state, login } = stateFrom(options);
  const certificates = await makeCertificates(options.hostNames);
  const faults = new FaultList();
  const requests: OpenRecord[] = [];
  const stopping = new AbortController();
  // Every answer that waits listens to it, and many may wait at a time: no leak.
  setMaxListeners(0, stopping.signal);
  const served = options.apiVersions ?? ["v3"];
  const routes = versions.flatMap((version) => routesOf(version, state.behaviour));
  const dispatcher = { state, routes, served, faults, requests, signal: stopping.signal };

  const server = createServer({ key: certificates.serverKey, cert: certificates.serverCert }, (request, response) => {
    response.on("error", () => undefined);
    // What is left to fail here is the reading of a PST, or a wait that stop() ended: both leave a broken connection.
    dispatch(dispatcher, request, response).catch(() => response.destroy());
  });
  // A connection that the server closes while a request is on its way would be a fault that no test asked for.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    const closing = once(server, "close");
    server.close();
    server.closeAllConnections();
    for (const socket of sockets) {
      socket.destroy();
    }
    await closing;
  };

  const endpoint = `https://127.0.0.1:${port}`;
  return {
    endpoint,
    caCert: certificates.caCert,
    ...login,
    exchange: state.behaviour.exchange,
    ...settingsOf({ endpoint, caCert: certificates.caCert, ...login, exchange: state.behaviour.exchange }),
    organizations: state.organizations,
    requests,
    get unknown() {
      return requests.filter((request) => request.unknownRoute || request.unknownFields.length > 0);
    },
    sent: state.sent,
    writes: state.writes,
    exports: state.exports,
    get logins() {
      return state.tokens.logins;
    },
    get refreshes() {
      return state.tokens.refreshes;
    },
    get logouts() {
      return state.tokens.logouts;
    },
    enterDeviceCode: (userCode) => state.deviceCodes.enter(userCode),
    get sessions() {
      return state.sessions.all;
    },
    get openSessions() {
      return state.sessions.all.filter((session) => session.state === "Working");
    },
    faults,
    stop: () => (stopped ??= stop()),
  };
}
