import { type ConfigMistake, type ConnectionSettings, readConnectionSettings } from "../config";
import { ConfigError, isIncomplete } from "../errors";
import { check } from "../resources/mailbox-restore/check";
import { create } from "../resources/mailbox-restore/create";
import { remove } from "../resources/mailbox-restore/delete";
import { diff } from "../resources/mailbox-restore/diff";
import type { MailboxRestoreInputs } from "../resources/mailbox-restore/inputs";
import type { MailboxRestoreOutputs } from "../resources/mailbox-restore/outputs";
import { read } from "../resources/mailbox-restore/read";
import { unknownValue } from "../resources/mailbox-restore/schema";
import { update } from "../resources/mailbox-restore/update";
import { type Connection, connect } from "../restore/connection";
import { openEngineLog, severity, speakingFor } from "./progress";

/**
 * The package's entry `./provider`: what Pulumi's dynamic provider process loads, by the text in `sdk/handler.ts`. That
 * text and the exported names here are stored in every state, so they never change. This is the only place that knows how
 * an engine talks to us.
 */

type Bag = Record<string, unknown>;

/** The one extra key that the host adds to every bag. */
const providerKey = "__provider";

interface DynamicConfig {
  get(key: string): string | undefined;
}

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

/** What this process knows of its server. One process serves one provider of the program, so there is one of each. */
let settings: ConnectionSettings | undefined;
let mistakes: ConfigMistake[] = [];
let connection: Connection | undefined;
const log = openEngineLog(process.argv.at(-1));

/** Called once a process, and not awaited by whoever comes second: it stores, and connects to nothing. */
function configure(config: DynamicConfig): void {
  let isUnknown = false;
  const get = (key: string) => {
    const value = config.get(`vb365:${key}`);
    isUnknown ||= value === unknownValue;
    return value;
  };
  const result = readConnectionSettings(get, process.env);
  settings = "settings" in result ? result.settings : undefined;
  mistakes = "mistakes" in result && !isUnknown ? result.mistakes : [];
}

/** The connection of this process; opened by whoever needs it first. */
function connected(): Connection {
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

const withoutProvider = (bag: Bag): Bag =>
  Object.fromEntries(Object.entries(bag).filter(([key]) => key !== providerKey));
const inputsIn = (bag: Bag) => withoutProvider(bag) as MailboxRestoreInputs;
const outputsIn = (bag: Bag) => withoutProvider(bag) as unknown as MailboxRestoreOutputs;

/** Runs work on a resource's row; what is thrown as incomplete becomes state, so it needs the host's key again. */
async function working<T>(bag: Bag, work: Parameters<typeof speakingFor<T>>[2]): Promise<T> {
  try {
    return sendable(await speakingFor(log, inputsIn(bag).__urn, work));
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

export const MailboxRestore: ResourceHandler = {
  async configure({ config }) {
    configure(config);
  },

  async check(olds, news) {
    const result = check(withoutProvider(olds), withoutProvider(news), {
      configMistakes: mistakes,
      hasExchangeAccess:
        settings === undefined || Object.values(settings.exchange).every((value) => value !== undefined),
      now: new Date(),
    });
    // The CLI prints the value of a property that a failure names, and it may be a secret: the path stands in the text instead.
    const failures = result.mistakes.map(({ path, reason }) => ({ property: "", reason: `${path} ${reason}`.trim() }));
    return { inputs: { ...result.inputs }, failures };
  },

  async diff(_id, olds, news) {
    return { ...diff(outputsIn(olds), inputsIn(news)) };
  },

  create: (inputs) =>
    working(inputs, async (voice) => {
      const { id, outs } = await create(connected(), inputsIn(inputs), voice);
      return { id, outs: { ...outs } };
    }),

  async read(id, outputs) {
    return { id, props: { ...(await read(outputsIn(outputs))) } };
  },

  update: (_id, olds, news) =>
    working(news, async (voice) => ({
      outs: { ...(await update(connected, outputsIn(olds), inputsIn(news), voice)) },
    })),

  async delete(_id, outputs) {
    await working(outputs, async (voice) => {
      const warning = await remove(connected, outputsIn(outputs));
      if (warning !== undefined) {
        voice.warn(warning);
      }
    });
  },
};
