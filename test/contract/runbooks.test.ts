import assert from "node:assert/strict";
import { environmentVariableOf } from "../../provider/config";
import { organizationsFrom } from "../../simulator";
import { versions } from "../helpers/versions";
import { simulators } from "./rig";

describe("simulator: for tests of runbooks", () => {
  const start = simulators();

  it("configures a stack and a process alike, by the names that the client reads, and marks what is secret", async () => {
    const { simulator } = await start();
    const { stackConfig, environment } = simulator;
    for (const [name, { value, secret = false }] of Object.entries(stackConfig)) {
      const key = name.replace(/^vb365:/, "");
      assert.equal(environment[environmentVariableOf(key)], value);
      assert.equal(secret, /password/i.test(key));
    }
    assert.equal(Object.keys(environment).length, Object.keys(stackConfig).length);
    assert.equal(environment["VB365_ENDPOINT"], simulator.endpoint);
  });

  for (const version of versions) {
    it(`tells what was sent, in order, in a program's words: ${version}`, async () => {
      const { simulator, restoreTo, act, openSession, mailboxPath } = await start({}, version);
      const session = await openSession();
      const finance = await mailboxPath(session, "Finance");
      await restoreTo(finance, { mailbox: "drill@contoso.example" });
      await act(await mailboxPath(session, "Sales"), "restoretoOriginallocation", simulator.exchange);
      await act(await mailboxPath(session, "In-Place Archive - Finance"), "exporttoPst", {});
      await restoreTo(finance, { mailbox: "drill@contoso.example", userPassword: "wrong" });
      const pointInTime = "2026-11-20T21:04:11.000Z";
      assert.deepEqual(simulator.sent, [
        { mailbox: "finance@contoso.example", action: "restoreTo", to: "drill@contoso.example", pointInTime },
        { mailbox: "sales@contoso.example", action: "restoreToOriginalLocation", pointInTime },
        { mailbox: "finance@contoso.example", archive: true, action: "exportToPst", pointInTime },
      ]);
    });
  }

  it("says what was sent before it is carried out", async () => {
    const told: number[] = [];
    const rig = await start({ onSent: (sent) => told.push(sent.length) });
    const held = rig.simulator.faults.hold({
      match: { path: /mailboxes\/.*action$/i, method: "POST" },
      when: "duringWork",
      times: 1,
    });
    const session = await rig.openSession();
    const asked = rig.restoreTo(await rig.mailboxPath(session, "Finance"));
    await held.reached;
    assert.deepEqual(told, [1]);
    held.release();
    await asked;
  });

  describe("organizations of a file", () => {
    it("are those that vb365 mailboxes has listed", async () => {
      const listed = {
        endpoint: "https://vb365.example.test:4443",
        organization: { id: "1", name: "fabrikam.example" },
        pointInTime: "2026-11-20T21:04:11.000Z",
        mailboxes: [
          { id: "2", email: "ada@fabrikam.example", name: "Ada", isArchive: false, isPublic: null },
          { id: "3", email: "ada@fabrikam.example", name: "", isArchive: true },
        ],
      };
      const { simulator } = await start({ organizations: organizationsFrom(JSON.parse(JSON.stringify(listed))) });
      const [organization] = simulator.organizations;
      assert.equal(organization?.name, "fabrikam.example");
      assert.deepEqual(
        organization.mailboxes.map(({ email, name, isArchive = false }) => [email, name, isArchive]),
        [
          ["ada@fabrikam.example", "Ada", false],
          ["ada@fabrikam.example", "ada@fabrikam.example", true],
        ],
      );
    });

    it("are seeds as they stand", () => {
      const seeds = [{ name: "fabrikam.example", mailboxes: [{ name: "Ada", email: "ada@fabrikam.example" }] }];
      assert.deepEqual(organizationsFrom(seeds), seeds);
    });

    for (const [what, document, message] of [
      ["nothing", null, /the document must be object/],
      ["an empty list", [], /must NOT have fewer than 1 items/],
      [
        "a misspelled field",
        [{ name: "a", mailboxes: [{ mail: "x" }] }],
        /\/0\/mailboxes\/0 must NOT have additional properties: mail/,
      ],
      [
        "a mailbox without an address",
        [{ name: "a", mailboxes: [{ name: "x" }] }],
        /\/0\/mailboxes\/0 must have required property 'email'/,
      ],
      ["a listing without its time", { organization: { name: "a" }, mailboxes: [] }, /required property 'pointInTime'/],
    ] as const) {
      it(`are refused, with the place, for ${what}`, () => {
        assert.throws(() => organizationsFrom(document), message);
      });
    }
  });
});
