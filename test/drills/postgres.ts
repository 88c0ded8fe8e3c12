import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** A PostgreSQL server of our own, on loopback, with its data in a temporary folder. */
export interface Postgres {
  /** For PULUMI_BACKEND_URL; the password is in it. */
  url: string;
  /** `127.0.0.1:PORT` */
  address: string;
  /** As the server says it: `postgres (PostgreSQL) 15.14 (Debian …)`. */
  version: string;
  /** Ends the server and removes its data. May be called twice. */
  stop(): Promise<void>;
}

interface Account {
  uid: number;
  gid: number;
}

const run = promisify(execFile);
const user = "vb365";

/**
 * Makes a cluster and starts it. A server that runs on this machine already is left alone.
 *
 * @param bin - folder with `initdb` and `postgres`
 */
export async function startPostgres(bin: string): Promise<Postgres> {
  const account = await accountOf();
  const folder = await mkdtemp(join(tmpdir(), "vb365-postgres-"));
  const as = { ...account, cwd: folder };
  let server: ChildProcess | undefined;
  const stop = async () => {
    if (server?.exitCode === null && server.signalCode === null) {
      const closed = once(server, "close");
      // Its own word for: end now, and write down what there is.
      server.kill("SIGINT");
      await closed;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [data, passwordFile, password] = [join(folder, "data"), join(folder, "password"), randomUUID()];
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account !== undefined) {
      await Promise.all([passwordFile, folder].map((path) => chown(path, account.uid, account.gid)));
    }
    const cluster = ["--username", user, "--auth", "scram-sha-256", "--pwfile", passwordFile, "--encoding", "UTF8"];
    await run(join(bin, "initdb"), ["--pgdata", data, ...cluster, "--locale", "C"], as);
    const port = await freePort();
    // A group of its own: a ^C at the terminal ends the runners first, and then their backend.
    server = spawn(join(bin, "postgres"), ["-D", data, "-h", "127.0.0.1", "-p", `${port}`, "-k", ""], {
      ...as,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    await isReady(server);
    const { stdout: version } = await run(join(bin, "postgres"), ["--version"], as);
    const address = `127.0.0.1:${port}`;
    const url = `postgres://${user}:${password}@${address}/postgres?sslmode=disable`;
    return { url, address, version: version.trim(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** PostgreSQL refuses to run as root; its package has made a user for it. Undefined: as whoever runs this. */
async function accountOf(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const idOf = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  try {
    return { uid: await idOf("-u"), gid: await idOf("-g") };
  } catch {
    throw new Error(
      "PostgreSQL refuses to run as root, and there is no user postgres to run it as. Install Debian's package postgresql, which makes " +
        "one, or run this as another user.",
    );
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves when it says so. @throws Error with what it said when it ended before */
async function isReady({ stderr }: ChildProcess): Promise<void> {
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    if (stderr === null) {
      throw new Error("its words are read");
    }
    createInterface({ input: stderr })
      .on("line", (line) => {
        said.push(line);
        if (line.includes("ready to accept connections")) {
          resolve();
        }
      })
      .on("close", () => reject(new Error(`PostgreSQL did not start: ${said.join("\n")}`)));
  });
}
