import { isOfShard } from "../../provider/resources/bulk-mailbox-restore/list";
import { type Gate, type SeededMailbox, type Simulator, numberedMailboxes, startSimulator } from "../../simulator";

/** A simulated server with the mailboxes of a drill that several runners share, and the places to stop their restores at. */
export interface DrillServer {
  readonly simulator: Simulator;
  /** The mailboxes of each runner, in the order of their turn. */
  readonly parts: readonly SeededMailbox[][];
  /** Refuses the next restore of these mailboxes. */
  refuse(mailboxes: readonly SeededMailbox[]): void;
  /** Stops the next so many restores of these mailboxes while the server works on them. */
  hold(mailboxes: readonly SeededMailbox[], times: number): Gate;
  /** Ids of those of them that were asked for: whose restore has ended, and whose is under way. */
  writtenOf(mailboxes: readonly SeededMailbox[]): { ended: string[]; underWay: string[] };
}

export const organization = "contoso.example";
/** The mailbox that all the others are restored into. */
export const target = "drill@contoso.example";
/** In each mailbox. */
export const items = 10;

export async function startDrillServer(mailboxes: number, shards: number): Promise<DrillServer> {
  const drilled = numberedMailboxes(mailboxes, { items: [{ count: items }] });
  const simulator = await startSimulator({
    restoreAnswer: "counters",
    organizations: [
      {
        name: organization,
        firstBackupTime: "2026-01-05T22:00:00Z",
        lastBackupTime: new Date(Date.now() - 2 * 3_600_000).toISOString(),
        mailboxes: [...drilled, { name: "Drill", email: target }],
      },
    ],
  });
  const seeded = simulator.organizations[0]?.mailboxes.filter(({ email }) => email !== target) ?? [];
  return {
    simulator,
    parts: Array.from({ length: shards }, (_, index) =>
      seeded.filter(({ email }) =>
        isOfShard({ name: email, selector: { email, archive: false } }, { index, count: shards }),
      ),
    ),
    refuse(refused) {
      const effect = { status: 403, json: { message: "Access is denied" } };
      refused.forEach((mailbox) => simulator.faults.next({ match: restoresOf([mailbox]), effect }));
    },
    hold: (held, times) => simulator.faults.hold({ match: restoresOf(held), when: "duringWork", times }),
    writtenOf(some) {
      const ids = new Set(some.map(({ id }) => id));
      const own = simulator.writes.filter(({ sourceMailboxId }) => ids.has(sourceMailboxId));
      const idsOf = (hasEnded: boolean) =>
        own.flatMap(({ sourceMailboxId, finishedAt }) =>
          (finishedAt !== undefined) === hasEnded ? [sourceMailboxId] : [],
        );
      return { ended: idsOf(true), underWay: idsOf(false) };
    },
  };
}

const restoresOf = (mailboxes: readonly SeededMailbox[]) => ({
  method: "POST",
  path: new RegExp(`/(${mailboxes.map(({ id }) => id).join("|")})/action$`, "i"),
});
