import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mailboxRestoreOf } from "../../provider/host/mailbox-restore";
import { createHost } from "../../provider/host/process";
import { connect } from "../../provider/restore/connection";
import { openJournal } from "../../provider/restore/journal";
import { numberedMailboxes, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";

const many = 200;
const isAction = /mailboxes\/[^/]+\/(action|restore)$/i;

describe(`${many} restores at once`, () => {
  for (const [cap, version] of [
    [2, "v3"],
    [16, "v7"],
    [64, "v7"],
  ] as const) {
    it(`run ${cap} at a time at the server and no more, in their turn, with one login: ${version}`, async function () {
      this.timeout(5 * 60_000);
      const folder = await mkdtemp(join(tmpdir(), "vb365-load-"));
      let running = 0;
      let most = 0;
      const simulator = await startSimulator({
        apiVersions: [version],
        restoreAnswer: "counters",
        organizations: [
          {
            name: "contoso.example",
            firstBackupTime: "2026-01-05T22:00:00Z",
            lastBackupTime: "2026-11-20T22:00:00Z",
            mailboxes: numberedMailboxes(many),
          },
        ],
        onSent: () => (most = Math.max(most, ++running)),
        reshape(body, { method, path }) {
          running -= method === "POST" && isAction.test(path) ? 1 : 0;
          return body;
        },
      });
      // Held until the server has as many as it is to get: else a fast one would never show that the cap is reached.
      const gate = simulator.faults.hold({ match: { method: "POST", path: isAction }, when: "duringWork", times: cap });
      const host = createHost({
        engine: { log: () => Promise.resolve(), isGone: () => Promise.resolve(false) },
        openJournal: (journalDir) => openJournal(journalDir),
        connect,
      });
      const handlers = mailboxRestoreOf(host);
      const config: Record<string, string> = {
        ...configOf(simulator, version),
        journalDir: join(folder, "journal"),
        maxConcurrentRestores: String(cap),
      };
      await handlers.configure({ config: { get: (key) => config[key.replace("vb365:", "")] } });
      try {
        const order: number[] = [];
        const restores = numberedMailboxes(many).map(async ({ email }, index) => {
          const { inputs } = await handlers.check(
            {},
            {
              organization: "contoso.example",
              mailbox: { email },
              pointInTime: "latest",
              restoreToOriginalLocation: {},
              confirmInPlace: email,
              __urn: `urn:pulumi:load::load::pulumi-nodejs:dynamic/vb365:MailboxRestore::restore-${index}`,
            },
          );
          const { outs } = await handlers.create(inputs);
          order.push(index);
          return outs["outcome"];
        });
        await gate.reachedBy(cap);
        assert.equal(most, cap);
        gate.release();
        const outcomes = await Promise.all(restores);
        assert.deepEqual([...new Set(outcomes)], ["Succeeded"]);
        assert.ok(most <= cap, `${most} at a time`);
        assert.equal(simulator.writes.length, many);
        assert.equal(simulator.logins, 1);
        // Nobody waits for ever while others pass: who came in the first quarter is not among the last.
        const late = order.slice(-many / 4).filter((index) => index < many / 4);
        assert.deepEqual(late, []);
        await host.end();
        assert.deepEqual(simulator.openSessions, []);
      } finally {
        await simulator.stop();
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});
