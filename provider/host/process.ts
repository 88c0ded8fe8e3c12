import type { ApiVersion } from "../versions";
import {
  type ConfigMistake,
  type ConnectionSettings,
  type ExchangeSettings,
  defaultJournalDir,
  readConnectionSettings,
} from "../config";
import { ConfigError, isIncomplete } from "../errors";
import { unknownValue } from "../resources/shape";
import type { Connection, connect } from "../restore/connection";
import type { Surroundings, Voice } from "../resources/mailbox-restore/surroundings";
import { type SessionLook, createSessionLook } from "../restore/earlier";
import type { Journal, openJournal } from "../restore/journal";
import { type Engine, severity, speakingFor } from "./progress";

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

/** What the resources of one provider process share. */
export interface Host {
  /** Called once a kind, and not awaited by whoever comes second: it stores, and connects to nothing. */
  configure(request: { config: DynamicConfig }): Promise<void>;
  /** What is known before a connection: what is wrong with the configuration, which access to Exchange and which API version it brings, and where to. */
  configured(): {
    configMistakes: ConfigMistake[];
    /** Undefined where the configuration cannot be read. */
    exchange: ExchangeSettings | undefined;
    apiVersion: "auto" | ApiVersion;
    endpoint: string | undefined;
    journalDir: string;
    now: Date;
  };
  /** The connection of this process; opened by whoever needs it first. */
  connected(): Connection;
  /** The journal of this process; made by the first write. */
  journaled(): { journal: Journal; sessionLook: SessionLook };
  /** What a resource's work needs of this process. */
  surroundingsOf(voice: Voice): Surroundings;
  /** A runner that is new each time has no journal of the run before. Said once, before something is sent. */
  warnOfPassingJournal(voice: Voice): void;
  /** Says something about a resource that stays on the screen. Never fails. */
  inform(urn: string | undefined, message: string): Promise<void>;
  /** Runs work on a resource's row; what is thrown as incomplete becomes state, so it needs the host's key again. */
  working<T>(bag: Bag, work: (voice: Voice) => Promise<T>): Promise<T>;
  /** Does no resource work now? */
  readonly isIdle: boolean;
  /** An orderly end. Where the engine is gone, sessions stay open. */
  end(): Promise<void>;
}

/** The parts of a process that reach outside of it. */
export interface HostParts {
  engine: Engine;
  connect: typeof connect;
  openJournal: typeof openJournal;
}

/** One process serves one provider of the program, so there is one of each. */
export function createHost({ engine, connect, openJournal }: HostParts): Host {
  const { log } = engine;
  let settings: ConnectionSettings | undefined;
  let mistakes: ConfigMistake[] = [];
  let connection: Connection | undefined;
  let opened: { journal: Journal; sessionLook: SessionLook } | undefined;
  let isWarned = false;
  let busy = 0;

  const warn = (message: string) =>
    void log({ urn: "", severity: severity.warning, message: sendable(message), ephemeral: false });
  const journaled = () => {
    if (opened === undefined) {
      const journal = openJournal(settings?.journalDir ?? defaultJournalDir);
      opened = { journal, sessionLook: createSessionLook(journal) };
    }
    return opened;
  };

  return {
    journaled,
    configure({ config }) {
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
    },
    configured() {
      return {
        configMistakes: mistakes,
        exchange: settings?.exchange,
        apiVersion: settings?.apiVersion ?? "auto",
        endpoint: settings?.endpoint,
        journalDir: settings?.journalDir ?? defaultJournalDir,
        now: new Date(),
      };
    },
    connected() {
      if (settings === undefined) {
        throw new ConfigError(mistakes.map(({ reason }) => reason).join("\n"));
      }
      if (connection === undefined) {
        connection = connect(settings, { mayStop: async () => !(await engine.isGone()), notice: warn });
        if (settings.trust.by === "nothing") {
          warn(
            `vb365:insecure is set: ${settings.endpoint} is not verified, so anybody between here and there can read the passwords. ` +
              `Give vb365:caCert or vb365:tlsFingerprint instead.`,
          );
        }
      }
      return connection;
    },
    surroundingsOf: (voice) => ({ voice, ...journaled(), engineIsGone: engine.isGone }),
    warnOfPassingJournal(voice) {
      if (process.env["CI"] && settings?.journalDir === defaultJournalDir && !isWarned) {
        isWarned = true;
        voice.warn(
          `This runs in CI, and the journal is in ${defaultJournalDir} on this runner. If the runner is thrown away after a crash, ` +
            `the next run has only the server to ask what was sent already. Set vb365:journalDir to a folder that stays.`,
        );
      }
    },
    inform: (urn, message) =>
      log({ urn: urn ?? "", severity: severity.info, message: sendable(message), ephemeral: false }),
    async working(bag, work) {
      busy += 1;
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
      } finally {
        busy -= 1;
      }
    },
    get isIdle() {
      return busy === 0;
    },
    async end() {
      // Entries of restores stay open: an engine that could not save its state ends us in good order, too (seen). An export is not worth
      // that: to take one over under `--replace` would leave the file to the delete of what it replaced.
      if (opened !== undefined && !(await engine.isGone())) {
        const { journal } = opened;
        const entries = await journal.entries().catch(() => []);
        entries
          .filter(
            ({ action, owner, stage }) => action === "exportToPst" && owner === journal.owner && stage === "answered",
          )
          .forEach((entry) => journal.close(entry));
      }
      await connection?.sessions.end();
      await connection?.end();
    },
  };
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
