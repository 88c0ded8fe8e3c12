import assert from "node:assert/strict";
import { type ApiVersion, apiVersions } from "../../provider/versions";
import { type FaultEffect, type Simulator, type SimulatorOptions, numberedMailboxes } from "../../simulator";
import type { Connection } from "../../provider/restore/connection";
import { isRefusedForGood, look } from "../../provider/restore/follow";
import { readServerInfo } from "../../provider/restore/lookup";
import { connections } from "./connected";

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
const pending = {
  ...{ mailboxName: "Finance", ignoredEvents: [] },
  ...{ alone: true, aloneOnMailbox: true, mayStopSession: true },
};

describe("the client against the simulator", () => {
  const connected = connections();
  let simulator: Simulator;
  let connection: Connection;
  let advance: (ms: number) => void;
  let pauses: number[];

  const start = async (options: SimulatorOptions = {}, config: Record<string, string> = {}) => {
    ({ simulator, connection, advance, pauses } = await connected(options, config));
  };

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

  describe("a list", () => {
    /** Pages of a thousand where no maximum is stated, ten thousand at once from v5 on; a full page may not be the last. */
    const requestsOfTenThousand: Record<ApiVersion, number> = { v3: 11, v4: 11, v5: 2, v6: 2, v7: 2, v8: 2 };
    const large = (count: number): SimulatorOptions => ({
      organizations: [
        { name: "contoso.example", firstBackupTime: "2026-01-05T21:00:00Z", mailboxes: numberedMailboxes(count) },
      ],
    });

    for (const version of apiVersions) {
      it(`of ten thousand mailboxes is read to the last one: ${version}`, async () => {
        await start({ ...large(10_000), apiVersions: [version] }, { apiVersion: version });
        const { sessionId } = await openSession();
        const before = requestsTo(/mailboxes$/i).length;
        const mailboxes = await connection.dialect.listMailboxes(sessionId);
        assert.equal(new Set(mailboxes.map(({ id }) => id)).size, 10_000);
        assert.equal(requestsTo(/mailboxes$/i).length - before, requestsOfTenThousand[version]);
      });
    }

    for (const count of [999, 1000, 1001, 2000]) {
      it(`that comes as a bare array is read to its end: ${count} mailboxes (v3)`, async () => {
        await start({ ...large(count), listsOfV3: "arrays" });
        const { sessionId } = await openSession();
        assert.equal((await connection.dialect.listMailboxes(sessionId)).length, count);
      });
    }

    it("that comes whole, whatever is asked for, is read once through", async () => {
      await start({
        ...large(1500),
        listsOfV3: "arrays",
        reshape: (body, { path }) => (/mailboxes$/i.test(path) ? everyMailbox : body),
      });
      const [{ mailboxes = [] } = {}] = simulator.organizations;
      const everyMailbox = mailboxes.map(({ id, name, email }) => ({ id, name, email, isArchive: "false" }));
      const { sessionId } = await openSession();
      assert.equal((await connection.dialect.listMailboxes(sessionId)).length, 1500);
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
      advance(550_000);
      await Promise.all([connection.dialect.listOrganizations(), connection.dialect.listOrganizations()]);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
      assert.ok(simulator.requests.every(({ status }) => status === 200));
    });

    it("is made anew when the refresh token is spent, too", async () => {
      await start({ tokenLifetimeSeconds: 600 });
      await connection.dialect.listOrganizations();
      advance(48 * 3_600_000);
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

    const isExplore = { method: "POST", path: /Organizations\/[^/]+\/action$/i };
    const isMailboxAction = { path: /mailboxes\/[^/]+\/action$/i };
    const session = { pointInTime: "2026-11-20T21:04:11Z", showDeleted: false, showAllVersions: false };
    const refusedAnew = /: status 401, .*let us log in a moment ago, and does not take the token/;
    /** A token that has worked, the organisation's id, and what is asked for from now on. */
    const afterFirstRead = async (options: SimulatorOptions = {}, config: Record<string, string> = {}) => {
      await start(options, config);
      const [organization] = await connection.organizations();
      const asked = simulator.requests.length;
      const since = () =>
        simulator.requests.slice(asked).map(({ method, path, status }) => `${method} ${path} ${status}`);
      return { id: organization?.id ?? "", since };
    };

    it("is renewed when its token is found dead by the request for a restore session, which is made once more", async () => {
      const { id, since } = await afterFirstRead();
      simulator.faults.next({ match: isExplore, effect: { expireToken: true } });
      await connection.dialect.openSession(id, session);
      assert.deepEqual(since(), [
        `POST /v3/Organizations/${id}/Action 401`,
        "GET /v3/RestoreSessions 401",
        "POST /v3/Token 200",
        `POST /v3/Organizations/${id}/Action 201`,
      ]);
      assert.equal(simulator.openSessions.length, 1);
    });

    it("is renewed once for all requests for a restore session that find its token dead", async () => {
      const { id } = await afterFirstRead();
      simulator.faults.next({ match: isExplore, effect: { expireToken: true } });
      await Promise.all(Array.from({ length: 4 }, () => connection.dialect.openSession(id, session)));
      assert.deepEqual([simulator.logins, simulator.refreshes, simulator.openSessions.length], [1, 1, 4]);
    });

    it("leaves a request for a restore session alone when the token of its 401 still lives", async () => {
      const { id, since } = await afterFirstRead();
      simulator.faults.next({ match: isExplore, effect: { status: 401, text: "" } });
      await assert.rejects(connection.dialect.openSession(id, session), /Action: status 401/);
      assert.deepEqual(since(), [`POST /v3/Organizations/${id}/Action 401`, "GET /v3/RestoreSessions 200"]);
    });

    it("is made anew after an action that found its token dead, by whatever comes next", async () => {
      await start();
      const { sessionId, mailboxId } = await openSession();
      simulator.faults.next({ match: isMailboxAction, effect: { expireToken: true } });
      await assert.rejects(connection.dialect.restoreTo(sessionId, mailboxId, flags, access), /status 401/);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 0]);
      // No 401 before it: the token is forgotten, not found dead again.
      const asked = simulator.requests.length;
      await connection.dialect.restoreTo(sessionId, mailboxId, flags, simulator.exchange);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
      assert.deepEqual(
        simulator.requests.slice(asked).map(({ status }) => status),
        [200, 200],
      );
    });

    it("is renewed by its refresh token when its first token was never taken", async () => {
      await start();
      simulator.faults.next({ match: { method: "GET" }, effect: { expireToken: true } });
      await connection.dialect.listOrganizations();
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
    });

    it("is made anew where the token that replaced a dead one was never taken, and its refresh token is not tried", async () => {
      const { id } = await afterFirstRead();
      simulator.faults.next({ match: isExplore, effect: { expireToken: true }, times: 2 });
      await assert.rejects(connection.dialect.openSession(id, session), refusedAnew);
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
      advance(61_000);
      await connection.dialect.openSession(id, session);
      assert.deepEqual([simulator.logins, simulator.refreshes], [2, 1]);
    });

    it("is made once more, not for each request, when the server takes no token of it", async () => {
      const { id } = await afterFirstRead();
      simulator.faults.next({
        match: { path: /RestoreSessions|Organizations/ },
        effect: { expireToken: true },
        times: Infinity,
      });
      const ask = () =>
        Promise.allSettled([
          connection.dialect.openSession(id, session),
          connection.dialect.listSessions(),
          connection.dialect.listOrganizations(),
        ]);
      for (let round = 0; round < 3; round++) {
        for (const settled of await ask()) {
          assert.equal(settled.status, "rejected");
          assert.match(String(settled.reason), refusedAnew);
          assert.equal((settled.reason as { code?: string }).code, "authentication");
        }
      }
      assert.deepEqual([simulator.logins, simulator.refreshes], [1, 1]);
      // A minute later somebody may have mended it.
      advance(61_000);
      simulator.faults.clear();
      assert.equal((await connection.dialect.listOrganizations()).length, 1);
    });

    it("is not made with a token that was given: the request for a restore session that finds it dead says so, once", async () => {
      const token = "Ex%mple-Token";
      const { id, since } = await afterFirstRead({ tokens: [token] }, { token });
      simulator.faults.next({ match: isExplore, effect: { expireToken: true } });
      await assert.rejects(connection.dialect.openSession(id, session), /does not take vb365:token \(status 401\)/);
      assert.deepEqual(since(), [`POST /v3/Organizations/${id}/Action 401`, "GET /v3/RestoreSessions 401"]);
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

    describe("of a request for a restore session", () => {
      const says = async (effect: FaultEffect) => {
        simulator.faults.next({ match: { path: /Organizations\/[^/]+\/action$/i }, effect });
        const error = await openSession().then(
          () => assert.fail("it was opened"),
          (failure: Error) => failure,
        );
        return error.message;
      };
      const mayBeOpen = /[^.]\. A restore session may have been opened all the same.*vb365 sessions lists/;

      it("say that one may be open when its answer was lost, is none, or came from something in between", async () => {
        await start();
        assert.match(await says({ resetBeforeAnswer: true }), mayBeOpen);
        assert.match(await says({ status: 502, html: "<h1>Bad gateway</h1>", afterWork: true }), mayBeOpen);
        assert.match(await says({ status: 200, json: {}, afterWork: true }), mayBeOpen);
        assert.equal(simulator.openSessions.length, 3);
      });

      it("do not say so when the server itself refused it, or nothing was sent", async () => {
        await start();
        for (const refused of [
          { status: 500, json: { message: "No backup was found" } },
          { status: 403, json: { message: "Access denied" } },
          { status: 404, text: "" },
        ]) {
          assert.doesNotMatch(await says(refused), mayBeOpen);
        }
        await simulator.stop();
        const session = { pointInTime: "2026-11-20T21:04:11Z", showDeleted: false, showAllVersions: false };
        await assert.rejects(
          connection.dialect.openSession("o-1", session),
          (error: Error) => /refuses connections/.test(error.message) && !mayBeOpen.test(error.message),
        );
      });
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

    it("says so when something answers the question for the version, and is no Veeam server", async () => {
      for (const effect of [
        { status: 200, text: "" },
        { status: 200, json: {} },
      ]) {
        await start({ apiVersions: ["v8"] }, { apiVersion: "auto" });
        simulator.faults.next({ effect, times: Infinity });
        await assert.rejects(connection.organizations(), /answered 200 with nothing that a Veeam server says.*proxies/);
      }
    });

    it("does not blame the version when the login is not found and the version is served", async () => {
      await start({ apiVersions: ["v8"] }, { apiVersion: "v8" });
      simulator.faults.next({
        match: { path: /token$/i },
        effect: { status: 404, html: "<h1>no</h1>" },
        times: Infinity,
      });
      await assert.rejects(connection.organizations(), /POST \/v8\/token: status 404/);
    });

    it("thinks of a proxy when a login is refused without a word", async () => {
      await start({ apiVersions: ["v8"] }, { apiVersion: "v8" });
      simulator.faults.next({ match: { path: /token$/i }, effect: { status: 403, html: "<h1>Forbidden</h1>" } });
      await assert.rejects(connection.organizations(), /status 403.*a proxy, or one that knows other versions/);
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

    for (const status of [400, 403, 404, 409]) {
      it(`does not take a login that is answered with ${status} for what the server says of a session`, async () => {
        await start();
        const { sessionId, mailboxId } = await openSession();
        simulator.faults.next({ match: { path: /RestoreSessions/ }, effect: { expireToken: true } });
        simulator.faults.next({ match: { path: /token$/i }, effect: { status, html: "<h1>no</h1>" }, times: Infinity });
        const isOfLogin = (error: Error) =>
          new RegExp(`status ${status}`).test(error.message) && !isRefusedForGood(error);
        await assert.rejects(connection.dialect.stopSession(sessionId), isOfLogin);
        const sent = { sessionId, mailboxId, mailboxEmail: "finance@contoso.example", pending };
        await assert.rejects(look(connection.dialect, sent), isOfLogin);
        assert.deepEqual(
          simulator.openSessions.map(({ id }) => id),
          [sessionId],
        );
      });
    }

    it("does not take a login that is refused for a server that may not tell its version", async () => {
      await start({ apiVersions: ["v8"] }, { apiVersion: "v8" });
      simulator.faults.next({ match: { path: /ServiceInstance/i }, effect: { expireToken: true } });
      await connection.organizations();
      simulator.faults.next({
        match: { path: /token$/i },
        effect: { status: 403, html: "<h1>no</h1>" },
        times: Infinity,
      });
      await assert.rejects(readServerInfo(connection), /status 403/);
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
