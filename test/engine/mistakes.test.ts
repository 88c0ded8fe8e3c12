import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vb365 from "pulumi-vb365";
import { defaultOrganizations, startSimulator } from "../../simulator";
import { aStack, configOf, useStack } from "../helpers/engine";
import { aTlsServer } from "../helpers/tls-server";

type Bag = Record<string, unknown>;

const good: Bag = {
  organization: "contoso.example",
  mailbox: { email: "legal@contoso.example" },
  pointInTime: "latest",
  restoreTo: { mailbox: "support@contoso.example" },
};

describe("mistakes, as the real CLI prints them", () => {
  const used = useStack();

  /** A program that TypeScript would not have let pass: what JavaScript, or a value of another stack, brings. */
  const declare = (difference: Bag) => async () => {
    new vb365.MailboxRestore("wrong", { ...good, ...difference } as unknown as vb365.MailboxRestoreArgs);
  };

  describe("at preview", () => {
    const cases: [string, Bag, RegExp[]][] = [
      [
        "two actions",
        { exportToPst: { path: "a.pst" } },
        [/exactly one of exportToPst, .* and exportToPst and restoreTo are there/],
      ],
      ["no action", { restoreTo: undefined }, [/exactly one of .* and none is there/]],
      [
        "both ways to name the mailbox",
        { restoreSessionId: "s" },
        [/must be named one way: .*; remove restoreSessionId/],
      ],
      [
        "no way to name the mailbox",
        { organization: undefined, mailbox: undefined, pointInTime: undefined },
        [/organization is required/, /mailbox is required/, /pointInTime is required/],
      ],
      [
        "a time without an offset",
        { pointInTime: "2026-11-01T08:00:00" },
        [/pointInTime must be a time with an offset, like 2026/],
      ],
      ["a time that does not exist", { pointInTime: "2026-02-30T08:00:00Z" }, [/pointInTime must be a time/]],
      ["a time in the future", { pointInTime: "2999-01-01T00:00:00Z" }, [/pointInTime lies in the future/]],
      ["an unknown input", { runid: "2" }, [/runid is no input; did you mean runId\?/]],
      [
        "in place without a confirmation",
        { restoreTo: undefined, restoreToOriginalLocation: {} },
        [
          /confirmInPlace this writes into a production mailbox; to confirm it, set confirmInPlace: "legal@contoso.example"/,
        ],
      ],
      [
        "a path that is a folder",
        { restoreTo: undefined, exportToPst: { path: tmpdir() } },
        [/exportToPst.path is a folder: name a file in it/],
      ],
      [
        "a path under a file",
        { restoreTo: undefined, exportToPst: { path: join(__filename, "a.pst") } },
        [/exportToPst.path cannot be written: .*(not a folder|not a directory)/],
      ],
    ];
    for (const [what, difference, expected] of cases) {
      it(`says what to write instead: ${what}`, async () => {
        const before = used.simulator.requests.length;
        const preview = await used.stack.preview(declare(difference));
        assert.equal(preview.ok, false);
        expected.forEach((pattern) => assert.match(preview.text, pattern));
        assert.equal(used.simulator.requests.length, before);
      });
    }

    it("says all of them at once", async () => {
      const preview = await used.stack.preview(
        declare({ mailbox: { email: "nobody" }, pointInTime: "soon", restoreTo: {}, nonsense: 1 }),
      );
      for (const expected of [
        /mailbox.email must be an e-mail/,
        /pointInTime must be/,
        /restoreTo.mailbox is required/,
        /nonsense is no input/,
      ]) {
        assert.match(preview.text, expected);
      }
    });

    it("says what is wrong with the connection's settings", async () => {
      const wrong = await aStack(declare({}), { endpoint: "http://vb365.example.test", username: "svc" });
      try {
        const preview = await wrong.preview();
        assert.match(preview.text, /vb365:endpoint must begin with https:\/\//);
        assert.match(preview.text, /vb365:password is not set. Set it with: pulumi config set --secret vb365:password/);
      } finally {
        await wrong.remove();
      }
    });
  });

  describe("at run time, with nothing sent and no session left open", () => {
    const fails = async (difference: Bag, expected: RegExp) => {
      const writes = used.simulator.writes.length;
      const up = await used.stack.up(declare(difference));
      assert.equal(up.ok, false);
      assert.match(up.text, expected);
      assert.equal(used.simulator.writes.length, writes);
      assert.deepEqual(used.simulator.openSessions, []);
      assert.deepEqual(await used.stack.resources(), {});
    };
    /** The same with one setting changed for the time of the run. */
    const failsWith = async (config: Record<string, string>, expected: RegExp) => {
      await used.stack.setConfig({ ...configOf(used.simulator), ...config });
      try {
        await fails({}, expected);
      } finally {
        await used.stack.setConfig(configOf(used.simulator));
      }
    };

    it("a wrong password", () =>
      failsWith(
        { password: "wrong-marker" },
        /Login as .* was refused \(status 400\).*The server says: .*vb365:password/,
      ));

    it("a certificate that is not trusted", () =>
      failsWith({ caCert: "" }, /is not trusted: .*give the CA as vb365:caCert/));

    it("a certificate that has expired", async () => {
      const server = await aTlsServer({ expired: true });
      try {
        await failsWith(
          { endpoint: server.endpoint, caCert: server.caCert },
          /is not trusted: its certificate has expired/,
        );
        assert.equal(server.heard, 0);
      } finally {
        await server.stop();
      }
    });

    it("a certificate for another host", async () => {
      const server = await aTlsServer({ host: "other.example.test" });
      try {
        await failsWith(
          { endpoint: server.endpoint, caCert: server.caCert },
          /is not trusted: its certificate is for another host name/,
        );
        assert.equal(server.heard, 0);
      } finally {
        await server.stop();
      }
    });

    it("a closed port, with the hint that the service is off by default", async () => {
      const gone = await startSimulator();
      await gone.stop();
      await failsWith({ endpoint: gone.endpoint }, /refuses connections .*REST service is off until it is enabled/);
    });

    it("an organization that is not there, with the nearest names", () =>
      fails({ organization: "contso.example" }, /no organization "contso.example".*nearest .*contoso.example/));

    it("a mailbox that is not in the backup, with the nearest names", () =>
      fails(
        { mailbox: { email: "legl@contoso.example" } },
        /no mailbox legl@contoso.example in the backup of 2026.*nearest .*: legal@contoso.example/,
      ));

    it("a time before the first backup", () =>
      fails({ pointInTime: "2001-01-01T00:00:00Z" }, /is before the first backup of contoso.example \(2026-01-05/));

    it("two mailboxes that match, with both ids", async () => {
      const [organization] = defaultOrganizations();
      assert.ok(organization);
      const twice = { id: "7d3c0d4b-2d36-43dc-8d47-673267b561b6", name: "Legal (old)", email: "legal@contoso.example" };
      const both = await startSimulator({
        organizations: [{ ...organization, mailboxes: [...organization.mailboxes, twice] }],
      });
      try {
        const ids =
          both.organizations[0]?.mailboxes.filter(({ email }) => email === twice.email).map(({ id }) => id) ?? [];
        assert.equal(ids.length, 2);
        await failsWith(
          configOf(both),
          new RegExp(`more than one mailbox legal@contoso.example .*${ids[0]}, ${ids[1]}. Name it by id`),
        );
        assert.deepEqual(both.openSessions, []);
      } finally {
        await both.stop();
      }
    });

    it("an empty session", async () => {
      const [organization] = defaultOrganizations();
      assert.ok(organization);
      const bare = await startSimulator({ organizations: [{ ...organization, mailboxes: [] }] });
      try {
        await failsWith(configOf(bare), /shows no mailbox at all/);
        assert.deepEqual(bare.openSessions, []);
      } finally {
        await bare.stop();
      }
    });
  });

  it("says the server's own words first, then the usual cause, then what to do", async () => {
    const message = "The account does not have permission to impersonate the requested user.";
    used.simulator.faults.next({
      match: { path: /mailboxes\/[^/]+\/action$/i },
      effect: { status: 500, json: { message } },
    });
    const up = await used.stack.up(declare({}));
    assert.match(
      up.text,
      /the server says: The account does not have permission.*The usual cause: the Exchange account has no ApplicationImpersonation role. What helps: assign the role/,
    );
  });

  it("lets values pass that are not known yet", async () => {
    const file = await mkdtemp(join(tmpdir(), "vb365-unknown-"));
    try {
      await writeFile(join(file, "x"), "");
      const preview = await used.stack.preview(async () => {
        const first = new vb365.MailboxRestore("first", good as unknown as vb365.MailboxRestoreArgs);
        new vb365.MailboxRestore("second", {
          organization: first.organizationId.apply((id) => id ?? ""),
          mailbox: { email: first.mailboxEmail },
          pointInTime: first.resolvedPointInTime.apply((time) => time ?? ""),
          exportToPst: { path: first.attemptId.apply((id) => join(file, `${id}.pst`)) },
          runId: first.attemptId,
        });
      });
      assert.ok(preview.ok, preview.text);
    } finally {
      await rm(file, { recursive: true });
    }
  });
});
