import { type ConfigMistake, type ConnectionSettings, readConnectionSettings } from "../config";
import { ConfigError, isIncomplete } from "../errors";
import { unknownValue } from "../resources/shape";
import { type Connection, connect } from "../restore/connection";
import { openEngineLog, severity, speakingFor } from "./progress";

/** What all kinds of resources share in a provider process: its server, its log, and how bags come and go. */

export type Bag = Record<string, unknown>;

/** One kind of resource, as Pulumi's dynamic host calls it (`@pulumi/pulumi/dynamic`, ResourceProvider). */
export interface ResourceHandler {
  configure(request: { config: DynamicConfig }): Promise<void>;
  check(olds: Bag, news: Bag): Promise<{ inputs: Bag; failures: { property: string; reason: string }[] }>;
  diff(id: string, olds: Bag, news: Bag): Promise<Bag>;
  create(inputs: Bag): Promise<{ id: string; outs: Bag }>;
  read(id: string, outputs: Bag): Promise<{ id: string; props: Bag }>;
  update(id: string, olds: Bag, news: Bag): Promise<{ outs: Bag }>;
  delete(id: string, outputs: Bag): Promise<void>;
}

export interface DynamicConfig {
  get(key: string): string | undefined;
}

/** One process serves one provider of the program, so there is one of each. */
let settings: ConnectionSettings | undefined;
let mistakes: ConfigMistake[] = [];
let connection: Connection | undefined;
const log = openEngineLog(process.argv.at(-1));

/** Called once a kind, and not awaited by whoever comes second: it stores, and connects to nothing. */
export function configure({ config }: { config: DynamicConfig }): Promise<void> {
  let isUnknown = false;
  const get = (key: string) => {
    const value = config.get(`vb365:${key}`);
    isUnknown ||= value === unknownValue;
    return value;
  };
  const result = readConnectionSettings(get, process.env);
  settings = "settings" in result ? result.settings : undefined;
  mistakes = "mistakes" in result && !isUnknown ? result.mistakes : [];
  return Promise.resolve();
}

/** What is known before a connection: what is wrong with the configuration, whether it brings an Exchange account, and where to. */
export function configured() {
  const exchange = settings === undefined ? [] : Object.values(settings.exchange);
  return {
    configMistakes: mistakes,
    hasExchangeAccess: exchange.every((value) => value !== undefined),
    endpoint: settings?.endpoint,
    now: new Date(),
  };
}

/** The connection of this process; opened by whoever needs it first. */
export function connected(): Connection {
  if (settings === undefined) {
    throw new ConfigError(mistakes.map(({ reason }) => reason).join("\n"));
  }
  if (connection === undefined) {
    connection = connect(settings);
    if (settings.trust.by === "nothing") {
      const message =
        `vb365:insecure is set: ${settings.endpoint} is not verified, so anybody between here and there can read the passwords. ` +
        `Give vb365:caCert or vb365:tlsFingerprint instead.`;
      void log({ urn: "", severity: severity.warning, message, ephemeral: false });
    }
  }
  return connection;
}

/** The one extra key that the host adds to every bag. */
const providerKey = "__provider";

/** A bag without the host's own key. */
export function contentOf<T>(bag: Bag): T {
  const { [providerKey]: _handler, ...content } = bag;
  return content as T;
}

/** The CLI prints the value of a property that a failure names, and it may be a secret: the path stands in the text instead. */
export function failuresOf(mistakes: { path: string; reason: string }[]): { property: string; reason: string }[] {
  return mistakes.map(({ path, reason }) => ({ property: "", reason: `${path} ${reason}`.trim() }));
}

/** Runs work on a resource's row; what is thrown as incomplete becomes state, so it needs the host's key again. */
export async function working<T>(bag: Bag, work: Parameters<typeof speakingFor<T>>[2]): Promise<T> {
  try {
    return sendable(await speakingFor(log, contentOf<{ __urn?: string }>(bag).__urn, work));
  } catch (error) {
    if (error instanceof Error) {
      error.message = sendable(error.message);
    }
    if (isIncomplete(error)) {
      Object.assign(error.properties, sendable(error.properties), { [providerKey]: bag[providerKey] });
      error.reasons.splice(0, error.reasons.length, ...sendable(error.reasons));
    }
    throw error;
  }
}

/**
 * The same value with every text fit for gRPC. Half a surrogate pair breaks the answer on its way (seen): the engine then
 * takes a restore that was carried out for one that never happened, or waits for ever. Texts are cleaned where they enter;
 * this is the net below.
 */
function sendable<T>(value: T): T {
  if (typeof value === "string") {
    return value.toWellFormed() as T;
  }
  if (Array.isArray(value)) {
    return value.map(sendable) as T;
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, nested]) => [name, sendable(nested as unknown)])) as T;
  }
  return value;
}
