import { bulkMailboxRestoreOf } from "../../provider/host/bulk-mailbox-restore";
import { mailboxRestoreOf } from "../../provider/host/mailbox-restore";
import { createHost } from "../../provider/host/process";
import { isIncomplete } from "../../provider/errors";
import { connect } from "../../provider/restore/connection";
import { openJournal } from "../../provider/restore/journal";
import { createSessionPool } from "../../provider/restore/session-pool";
import { Life } from "../exactly-once/mortal";
import type { Host, HostFailure, Kind } from "../helpers/host";

/**
 * In the place of a provider process, for tests that were written for one: the same parts, from the sources, in this process, where a
 * mutant is. What only a process of its own has skips the test.
 *
 * @param skip - ends the test without a failure
 */
export async function startInProcess(
  config: Record<string, string>,
  { folder, env = {}, kind: usual = "MailboxRestore" }: { folder?: string; env?: Record<string, string>; kind?: Kind },
  skip: () => never,
): Promise<Host> {
  if (folder === undefined || Object.keys(env).length > 0 || usual === "RestoreSession") {
    return skip();
  }
  const life = new Life(undefined);
  const log: Host["log"] = [];
  const watchers: { pattern: RegExp; seen(): void }[] = [];
  let isGone = false;
  const opened: { close(): void }[] = [];
  process.chdir(folder);
  const host = createHost({
    engine: {
      log: (line) => {
        if (!isGone && !life.isDead) {
          log.push(line);
          watchers.filter(({ pattern }) => pattern.test(line.message)).forEach(({ seen }) => seen());
        }
        return Promise.resolve();
      },
      isGone: () => Promise.resolve(isGone || life.isDead),
    },
    openJournal: (journalDir) => life.bind(openJournal(journalDir, { renewMs: 1000, abandonedAfterMs: 3000 })),
    connect: (settings, options) => {
      const retry = { maxAttempts: 4, pause: () => Promise.resolve(), random: () => 0.5 };
      const connection = connect(settings, { ...options, retry });
      opened.push(connection);
      const dialects = new Map<object, typeof connection.dialect>();
      const mortal = (dialect: typeof connection.dialect) => {
        const bound = dialects.get(dialect) ?? life.bind(dialect);
        dialects.set(dialect, bound);
        return bound;
      };
      const bound = life.bind(connection);
      return {
        ...connection,
        get dialect() {
          return mortal(connection.dialect);
        },
        speaking: (version) => mortal(connection.speaking(version)),
        sessions: connection.sessions ?? createSessionPool(mortal(connection.dialect), options),
        logIn: (version) => bound.logIn(version),
        organizations: () => bound.organizations(),
      };
    },
  });
  const handlersOf = { MailboxRestore: mailboxRestoreOf(host), BulkMailboxRestore: bulkMailboxRestoreOf(host) };
  const of = (kind: Kind = usual) => (kind === "RestoreSession" ? skip() : handlersOf[kind]);
  await of().configure({ config: { get: (key) => config[key] } });
  /** As the process's caller gets it: plain JSON, an error with its state, and nothing at all after its death. */
  const told = async <T>(work: Promise<T>): Promise<T> => {
    const died = life.died.then(() => {
      throw new Error("the process is gone");
    });
    try {
      return plain(await Promise.race([work, died]));
    } catch (error) {
      const failure: Error & HostFailure = new Error((error as Error).message);
      if (isIncomplete(error)) {
        failure.state = plain({ id: error.id, properties: { ...error.properties }, reasons: error.reasons });
      }
      throw failure;
    }
  };
  const leave = () => {
    life.end();
    opened.splice(0).forEach((one) => one.close());
    return Promise.resolve();
  };
  return {
    log,
    printed: [],
    said: (pattern) =>
      new Promise((seen) =>
        log.some(({ message }) => pattern.test(message)) ? seen() : watchers.push({ pattern, seen }),
      ),
    get ended() {
      return skip();
    },
    get pid() {
      return skip();
    },
    loseEngine: () => void (isGone = true),
    folder,
    check: (olds, news) => told(of().check(plain(olds), plain(news))),
    async diff(olds, news) {
      const { changes, replaces } = (await told(of().diff("", plain(olds), plain(news)))) as {
        changes?: boolean;
        replaces: string[];
      };
      return { changes: changes === undefined ? "unknown" : changes ? "some" : "none", replaces };
    },
    async create(inputs, kind) {
      const { id, outs } = await told(of(kind).create(plain(inputs)));
      return { id, outputs: outs };
    },
    read: async (id, outputs) => (await told(of().read(id, plain(outputs)))).props,
    update: async (id, olds, news) => (await told(of().update(id, plain(olds), plain(news)))).outs,
    delete: (id, outputs, kind) => told(of(kind).delete(id, plain(outputs))),
    async end() {
      await host.end();
      await leave();
    },
    kill: leave,
    stop: leave,
  };
}

function plain<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
