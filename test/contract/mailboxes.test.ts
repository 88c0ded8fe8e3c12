import assert from "node:assert/strict";
import type { WireMailbox, WirePage } from "../../provider/api/wire/v3";
import { numberedMailboxes } from "../../simulator";
import type { SimulatorOptions } from "../../simulator";
import { simulators } from "./rig";
import { checked, checkedError } from "./schemas";

type MailboxPage = WirePage<WireMailbox>;

const large: SimulatorOptions = {
  organizations: [
    { name: "contoso.example", firstBackupTime: "2026-01-05T21:00:00Z", mailboxes: numberedMailboxes(1205) },
  ],
};

describe("simulator v3: mailboxes", () => {
  const start = simulators();

  it("shows an archive beside its primary mailbox, with the same e-mail", async () => {
    const { call, openSession } = await start();
    const page = checked<MailboxPage>(
      await call("GET", `${await openSession()}/Organization/Mailboxes`),
      200,
      "mailboxes",
    );
    assert.deepEqual(
      page.results.filter((row) => row.email === "finance@contoso.example").map((row) => [row.name, row.isArchive]),
      [
        ["Finance", "false"],
        ["In-Place Archive - Finance", "true"],
      ],
    );
  });

  it("gives one mailbox by id", async () => {
    const { call, openSession, mailboxPath } = await start();
    const path = await mailboxPath(await openSession(), "Sales");
    assert.equal(checked<WireMailbox>(await call("GET", path), 200, "mailbox").email, "sales@contoso.example");
  });

  it("answers 404 to an unknown mailbox", async () => {
    const { call, openSession } = await start();
    const path = `${await openSession()}/Organization/Mailboxes/00000000-0000-4000-8000-000000000000`;
    checkedError(await call("GET", path), 404);
  });

  it("shows thirty mailboxes when no limit is asked for", async () => {
    const { call, openSession } = await start(large);
    const answer = await call("GET", `${await openSession()}/Organization/Mailboxes`);
    const page = checked<MailboxPage>(answer, 200, "mailboxes");
    assert.deepEqual([page.offset, page.limit, page.results.length], [0, 30, 30]);
  });

  it("shows a thousand at most, and says so", async () => {
    const { call, openSession } = await start(large);
    const answer = await call("GET", `${await openSession()}/Organization/Mailboxes?limit=5000`);
    const page = checked<MailboxPage>(answer, 200, "mailboxes");
    assert.deepEqual([page.limit, page.results.length], [1000, 1000]);
  });

  it("leads through all pages by links, and shows each mailbox once", async () => {
    const { simulator, call, openSession } = await start(large);
    const seen: string[] = [];
    let path: string | undefined = `${await openSession()}/Organization/Mailboxes?limit=500&offset=0`;
    while (path !== undefined) {
      const page: MailboxPage = checked<MailboxPage>(await call("GET", path), 200, "mailboxes");
      seen.push(...page.results.map((row) => row.id));
      path = page._links?.["next"]?.href.slice(simulator.endpoint.length);
    }
    assert.equal(new Set(seen).size, 1205);
    assert.equal(seen.length, 1205);
  });

  it("links to first and previous page only behind the first one, to a next one only before the last", async () => {
    const { call, openSession } = await start();
    const list = `${await openSession()}/Organization/Mailboxes`;
    const linksAt = async (offset: number, limit = 2): Promise<string[]> => {
      const answer = await call("GET", `${list}?offset=${offset}&limit=${limit}`);
      return Object.keys(checked<MailboxPage>(answer, 200, "mailboxes")._links ?? {}).sort();
    };
    assert.deepEqual(await linksAt(0), ["next", "self"]);
    assert.deepEqual(await linksAt(2), ["first", "next", "prev", "self"]);
    assert.deepEqual(await linksAt(4), ["first", "prev", "self"]);
    assert.deepEqual(await linksAt(0, 5), ["self"]);
  });

  it("shows nothing behind the end", async () => {
    const { call, openSession } = await start();
    const answer = await call("GET", `${await openSession()}/Organization/Mailboxes?offset=100`);
    assert.deepEqual(checked<MailboxPage>(answer, 200, "mailboxes").results, []);
  });

  for (const query of ["limit=0", "limit=-1", "offset=x"]) {
    it(`refuses ${query} with 400`, async () => {
      const { call, openSession } = await start();
      checkedError(await call("GET", `${await openSession()}/Organization/Mailboxes?${query}`), 400);
    });
  }

  it("matches paths without regard to case", async () => {
    const { call, openSession } = await start();
    const path = await openSession();
    assert.equal((await call("GET", `${path.toUpperCase()}/ORGANIZATION/mailboxes`)).status, 200);
    assert.equal((await call("GET", `${path.toLowerCase()}/organization/MailBoxes`)).status, 200);
  });

  it("is empty in a session from before the first backup", async () => {
    const { simulator, call, openSession } = await start();
    const path = await openSession({ datetime: "2026-01-05T20:59:59Z" });
    const page = checked<MailboxPage>(await call("GET", `${path}/Organization/Mailboxes`), 200, "mailboxes");
    assert.deepEqual(page.results, []);
    assert.equal(simulator.sessions[0]?.isEmpty, true);
  });

  it("is empty in a session from before the first backup by less than a millisecond, and full at its very time", async () => {
    const firstBackupTime = "2026-07-14T09:20:11.3371324Z";
    const { call, openSession } = await start({
      organizations: [{ name: "contoso.example", firstBackupTime, mailboxes: numberedMailboxes(2) }],
    });
    for (const [datetime, shown] of [
      ["2026-07-14T09:20:11.337Z", 0],
      ["2026-07-14T09:20:11.3371323Z", 0],
      [firstBackupTime, 2],
      ["2026-07-14T09:20:11.338Z", 2],
    ] as const) {
      const page = await call("GET", `${await openSession({ datetime })}/Organization/Mailboxes`);
      assert.equal(checked<MailboxPage>(page, 200, "mailboxes").results.length, shown, datetime);
    }
  });

  it("shows the last backup in a session from after it", async () => {
    const { call, openSession } = await start();
    const path = await openSession({ datetime: "2030-01-01T00:00:00Z" });
    const page = checked<MailboxPage>(await call("GET", `${path}/Organization/Mailboxes`), 200, "mailboxes");
    assert.equal(page.results.length, 5);
  });
});
