/** The soak's server, in a process of its own: what the provider's process holds must be the provider's alone. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type FaultEffect, type SentAction, type Simulator, numberedMailboxes, startSimulator } from "../../simulator";
import { pstFiles } from "../../simulator/pst";

const pst = { sizeBytes: 300_000 };

/** What a client needs to know of it. */
export type Served = Pick<Simulator, "endpoint" | "caCert" | "username" | "password" | "exchange"> & {
  /** SHA-256 of the file that every export sends, from the server's own bytes. */
  pstSha256: string;
};

/** What is asked of it; it answers with the value named beside each. */
export type Question =
  /** A fault for the next request that fits; nothing. */
  | { fault: FaultEffect; path?: string }
  /** What was accepted for a mailbox so far; {@link Accepted}. */
  | { sentOf: string; action: SentAction["action"] }
  /** Ids of the restore sessions that are open; texts. */
  | "open"
  /** Forgets faults that met no request; nothing. */
  | "calm";

/** What the server has accepted of one action for one mailbox. */
export interface Accepted {
  times: number;
  /** Of the last time: were items written? */
  hasWritten: boolean;
}

export interface SoakServer {
  served: Served;
  ask<T>(question: Question): Promise<T>;
  stop(): Promise<void>;
}

export async function startServer(mailboxes: number): Promise<SoakServer> {
  const child: ChildProcess = fork(__filename, [String(mailboxes)], { execArgv: ["--require", "tsx/cjs"] });
  const [served] = (await once(child, "message")) as [Served];
  const waiting = new Map<number, (value: unknown) => void>();
  let last = 0;
  child.on("message", ({ id, value }: { id: number; value: unknown }) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  return {
    served,
    ask: <T>(question: Question) =>
      new Promise<T>((resolve) => {
        last += 1;
        waiting.set(last, resolve as (value: unknown) => void);
        child.send({ id: last, question });
      }),
    async stop() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

async function serve(mailboxes: number): Promise<void> {
  const sent = new Map<string, number>();
  const simulator = await startSimulator({
    apiVersions: ["v3", "v8"],
    restoreAnswer: "counters",
    pst,
    organizations: [
      {
        name: "contoso.example",
        firstBackupTime: "2026-01-05T22:00:00Z",
        lastBackupTime: "2026-11-20T22:00:00Z",
        mailboxes: [
          ...numberedMailboxes(mailboxes, { items: [{ count: 3 }] }),
          { name: "Support", email: "support@contoso.example", items: [] },
        ],
      },
    ],
    onSent(all) {
      const { mailbox, action } = all[all.length - 1] ?? { mailbox: "", action: "" };
      sent.set(`${action} ${mailbox}`, (sent.get(`${action} ${mailbox}`) ?? 0) + 1);
    },
  });
  const hash = createHash("sha256");
  for await (const chunk of pstFiles(pst)[0]?.open() ?? []) {
    hash.update(chunk as Buffer);
  }
  const [organization] = simulator.organizations;
  const answer = (question: Question): unknown => {
    if (question === "open") {
      return simulator.openSessions.map(({ id }) => id);
    }
    // A server that remembers every request for hours is measured by nobody, and would only slow the rest down.
    (simulator.requests as unknown[]).length = 0;
    if (question === "calm") {
      return simulator.faults.clear();
    }
    if ("sentOf" in question) {
      const { sentOf, action } = question;
      const { id } = organization?.mailboxes.find(({ email }) => email === sentOf) ?? { id: "" };
      const write = simulator.writes.findLast(({ sourceMailboxId }) => sourceMailboxId === id);
      const accepted: Accepted = {
        times: sent.get(`${action} ${sentOf}`) ?? 0,
        hasWritten: write !== undefined && write.counts.created + write.counts.merged > 0,
      };
      return accepted;
    }
    const { fault, path } = question;
    simulator.faults.next({ effect: fault, match: path === undefined ? {} : { path: new RegExp(path, "i") } });
    return undefined;
  };
  process.on("message", ({ id, question }: { id: number; question: Question }) => {
    process.send?.({ id, value: answer(question) });
  });
  const { endpoint, caCert, username, password, exchange } = simulator;
  process.send?.({ endpoint, caCert, username, password, exchange, pstSha256: hash.digest("hex") });
}

if (require.main === module) {
  void serve(Number(process.argv[2]));
}
