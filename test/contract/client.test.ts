import assert from "node:assert/strict";
import { readConnectionSettings } from "../../provider/config";
import { type Connection, connect } from "../../provider/restore/connection";
import { type Simulator, type SimulatorOptions, numberedMailboxes, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";

const access = { userName: "restore-account@contoso.example", userPassword: "exchange-marker" };
const flags = {
  casServer: "cas.contoso.example",
  mailbox: "support@contoso.example",
  changedItems: true,
  deletedItems: false,
  markRestoredAsUnread: true,
  excludeDrafts: false,
  excludeDeletedItems: true,
  excludeInPlaceHoldItems: false,
  excludeLitigationHoldItems: true,
};

describe("the v3 client against the simulator", () => {
  let simulator: Simulator;
  let connection: Connection;
  let nowMs: number;
  let pauses: number[];

  const start = async (options: SimulatorOptions = {}) => {
    nowMs = Date.parse("2026-11-23T10:00:00Z");
    pauses = [];
    simulator = await startSimulator({ clock: () => new Date(nowMs), ...options });
    const config: Record<string, string> = configOf(simulator);
    const read = readConnectionSettings((key) => config[key], {});
    assert.ok("settings" in read);
    const retry = { maxAttempts: 3, pause: async (ms: number) => void pauses.push(ms), random: () => 1 };
    connection = connect(read.settings, { now: () => nowMs, retry });
  };
  afterEach(async () => {
    connection.close();
    await simulator.stop();
  });

  const openSession = async () => {
    const [organization] = await connection.organizations();
    assert.ok(organization?.lastBackupTime);
    const options = { pointInTime: organization.lastBackupTime, showDeleted: false, showAllVersions: true };
    const { id } = await connection.dialect.openSession(organization.id, options);
    const [mailbox] = await connection.dialect.listMailboxes(id);
    assert.ok(mailbox);
    return { sessionId: id, mailboxId: mailbox.id };
  };
  const requestsTo = (pattern: RegExp) => simulator.requests.filter(({ path }) => pattern.test(path));

  describe("requests", () => {
    it("opens and stops a session as the reference has it", async () => {
      await start();
      const { sessionId } = await openSession();
      await connection.dialect.stopSession(sessionId);
      const bodies = requestsTo(/Action$/).map(({ method, path, body }) => [
        method,
        path.replace(/[0-9a-f-]{36}/g, "ID"),
        body,
      ]);
      const explore = { datetime: "2026-11-20T21:04:11Z", type: "vex", showDeleted: false, showAllVersions: true };
      assert.deepEqual(bodies, [
        ["POST", "/v3/Organizations/ID/Action", { explore }],
        ["POST", "/v3/RestoreSessions/ID/Action", { stop: null }],
      ]);
      assert.deepEqual(simulator.unknown, []);
    });

    it("sends each action in an envelope of one key, in the spelling of the reference, flags as words", async () => {
      await start();
      const { sessionId, mailboxId } = await openSession();
      const { dialect } = connection;
      (await dialect.exportToPst(sessionId, mailboxId, {})).body.resume();
      (await dialect.exportToPst(sessionId, mailboxId, { contentKeywords: "invoice" })).body.resume();
      // The account is wrong on purpose: what counts here is what was sent.
      await assert.rejects(dialect.restoreToOriginalLocation(sessionId, mailboxId, access));
      await assert.rejects(dialect.restoreTo(sessionId, mailboxId, flags, access));
      const sent = requestsTo(/mailboxes\/[^/]+\/Action$/i);
      assert.deepEqual(
        sent.map(({ path }) => path),
        Array(4).fill(`/v3/RestoreSessions/${sessionId}/Organization/Mailboxes/${mailboxId}/Action`),
      );
      assert.deepEqual(
        sent.map(({ body }) => body),
        [
          { exporttoPst: {} },
          { exporttoPst: { contentKeywords: "invoice", contentKeyword: "invoice" } },
          { restoretoOriginallocation: access },
          {
            restoreTo: {
              casServer: "cas.contoso.example",
              mailbox: "support@contoso.example",
              ...access,
              changedItems: "true",
              deletedItems: "false",
              markRestoredAsUnread: "true",
              excludeDrafts: "false",
              excludeDeletedItems: "true",
              excludeInPlaceHoldItems: "false",
              excludeLitigationHoldItems: "true",
            },
          },
        ],
      );
      for (const { headers } of sent) {
        assert.equal(headers["authorization"], "Bearer …");
        assert.equal(headers["content-type"], "application/json");
      }
      assert.equal(sent[0]?.headers["accept"], "application/octet-stream");
    });

    it("reads ten thousand mailboxes to the last one", async () => {
      await start({
        organizations: [
          {
            name: "contoso.example",
            firstBackupTime: "2026-01-05T21:00:00Z",
            lastBackupTime: "2026-11-20T21:04:11Z",
            mailboxes: numberedMailboxes(10_000),
          },
        ],
      });
      const { sessionId } = await openSession();
      const mailboxes = await connection.dialect.listMailboxes(sessionId);
      assert.equal(new Set(mailboxes.map(({ id }) => id)).size, 10_000);
    });
  });

  describe("login", () => {
    it("is made once, whoever asks first", async () => {
      await start();
      const { dialect } = connection;
      await Promise.all([dialect.listOrganizations(), dialect.listOrganizations(), dialect.listOrganizations()]);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 0]);
    });

    it("is renewed by its refresh token before it ends", async () => {
      await start({ tokenLifetimeSeconds: 600 });
      await connection.dialect.listOrganizations();
      nowMs += 550_000;
      await Promise.all([connection.dialect.listOrganizations(), connection.dialect.listOrganizations()]);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
      assert.ok(simulator.requests.every(({ status }) => status === 200));
    });

    it("is made anew when the refresh token is spent, too", async () => {
      await start({ tokenLifetimeSeconds: 600 });
      await connection.dialect.listOrganizations();
      nowMs += 48 * 3_600_000;
      await connection.dialect.listOrganizations();
      assert.deepEqual([simulator.logins, simulator.refreshes], [2, 0]);
    });

    it("is renewed once when the server says 401 to a read, and the read is repeated", async () => {
      await start();
      await connection.dialect.listOrganizations();
      simulator.faults.next({ match: { method: "GET" }, effect: { expireToken: true } });
      assert.equal((await connection.dialect.listOrganizations()).length, 1);
      assert.equal(simulator.refreshes, 1);
    });

    it("never repeats an action after a 401", async () => {
      await start();
      const { sessionId, mailboxId } = await openSession();
      simulator.faults.next({ match: { path: /mailboxes\/[^/]+\/action$/i }, effect: { expireToken: true } });
      await assert.rejects(connection.dialect.restoreTo(sessionId, mailboxId, flags, access), /status 401/);
      assert.equal(requestsTo(/mailboxes\/[^/]+\/action$/i).length, 1);
    });
  });

  describe("failures", () => {
    it("repeats a read through a proxy's hiccups, and gives up after the last try", async () => {
      await start();
      simulator.faults.next({
        match: { path: /Organizations$/ },
        effect: { status: 503, html: "<h1>busy</h1>" },
        times: 2,
      });
      assert.equal((await connection.dialect.listOrganizations()).length, 1);
      assert.deepEqual(pauses, [500, 1000]);
      simulator.faults.next({ match: { path: /Organizations$/ }, effect: { resetBeforeAnswer: true }, times: 3 });
      await assert.rejects(connection.dialect.listOrganizations(), /GET \/v3\/Organizations .* got no answer/);
    });

    it("never repeats an action when the line broke", async () => {
      await start();
      const { sessionId, mailboxId } = await openSession();
      simulator.faults.next({ match: { path: /mailboxes\/[^/]+\/action$/i }, effect: { resetBeforeAnswer: true } });
      await assert.rejects(connection.dialect.restoreToOriginalLocation(sessionId, mailboxId, simulator.exchange));
      assert.equal(requestsTo(/mailboxes\/[^/]+\/action$/i).length, 1);
    });

    it("follows no redirect, because that could carry the token elsewhere", async () => {
      await start();
      const effect = { status: 307, text: "", headers: { location: "https://elsewhere.example.test/" } };
      simulator.faults.next({ match: { path: /Organizations$/ }, effect });
      await assert.rejects(connection.dialect.listOrganizations(), /status 307.*Redirects are not followed/);
    });

    it("says that an answer is not the server's when it is a page of HTML", async () => {
      await start();
      simulator.faults.next({ match: { path: /Organizations$/ }, effect: { status: 200, html: "<h1>portal</h1>" } });
      await assert.rejects(connection.dialect.listOrganizations(), /is not JSON.*proxies/);
    });

    it("takes secrets out of what the server says", async () => {
      await start();
      const { sessionId, mailboxId } = await openSession();
      connection.keepSecret(access.userPassword);
      const effect = { status: 500, json: { message: `cannot log on with exchange-marker and ${simulator.password}` } };
      simulator.faults.next({ match: { path: /mailboxes\/[^/]+\/action$/i }, effect });
      await assert.rejects(connection.dialect.restoreToOriginalLocation(sessionId, mailboxId, access), (error: Error) =>
        /cannot log on with \[secret\] and \[secret\]/.test(error.message),
      );
    });

    it("takes a session that is over for a session that was stopped", async () => {
      await start();
      const { sessionId } = await openSession();
      await connection.dialect.stopSession(sessionId);
      await connection.dialect.stopSession(sessionId);
      simulator.faults.next({
        match: { path: /Action$/ },
        effect: { status: 500, json: { message: "session has expired" } },
      });
      await connection.dialect.stopSession(sessionId);
      assert.deepEqual(simulator.openSessions, []);
    });
  });
});
