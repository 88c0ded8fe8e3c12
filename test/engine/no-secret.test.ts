import assert from "node:assert/strict";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as vb365 from "pulumi-vb365";
import { type FaultEffect, type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { tokenFrom } from "../../simulator/ids";
import { isAction } from "../helpers/bench";
import { type Run, type TestStack, aStack, configOf } from "../helpers/engine";
import { aPfx } from "../helpers/pfx";

const password = "Server-Marker-1%";
const inAction = "Action-Marker-2%";
const inConfig = "Config-Marker-3%";
const wrong = "Wrong-Marker-4%";
const isLogin = { method: "POST", path: /token$/i };

describe("no secret on the real engine", () => {
  let simulator: Simulator;
  let stack: TestStack;
  /** Tells one restore from the next. */
  let runs = 0;

  beforeEach(() => start({}));

  const start = async (options: SimulatorOptions) => {
    const exchange = { userName: "restore-account@contoso.example", userPassword: inAction };
    simulator = await startSimulator({
      password,
      exchange,
      restoreAnswer: "counters",
      restoreEvents: "none",
      pst: { sizeBytes: 300_000 },
      ...options,
    });
    stack = await aStack(async () => undefined, config());
  };
  const again = async (options: SimulatorOptions) => {
    await simulator.stop();
    await stack.remove();
    await start(options);
  };
  afterEach(async () => {
    await simulator?.stop();
    await stack?.remove();
  });

  const config = (difference: Record<string, string> = {}) => ({
    ...configOf(simulator),
    exchangeUserPassword: inConfig,
    ...difference,
  });

  /** A restore with an account of its own, one with that of the configuration, or an export. */
  const program =
    (action: "own" | "configured" | "export" = "own", edit: Partial<vb365.CommonArgs> = {}) =>
    async () => {
      const backup = {
        organization: "contoso.example",
        mailbox: { email: "legal@contoso.example" },
        pointInTime: "latest",
        ...edit,
      };
      const target = { mailbox: "support@contoso.example" };
      const legal =
        action === "export"
          ? new vb365.MailboxRestore("legal", { ...backup, exportToPst: { path: join(stack.folder, "legal.pst") } })
          : new vb365.MailboxRestore("legal", {
              ...backup,
              restoreTo: action === "own" ? { ...target, ...simulator.exchange } : target,
            });
      return { restore: { ...legal } };
    };

  /** The pair of tokens of the n-th login or renewal. */
  const tokens = (n: number) => ["access", "refresh"].map((kind) => tokenFrom(kind, simulator.username, n));
  const issued = () => simulator.logins + simulator.refreshes;

  /** What a server says that repeats what it was sent: passwords, and the tokens of so many logins or renewals from now on. */
  const repeating = (passwords = [password, inAction, inConfig], logins = 1) => {
    const pairs = Array.from({ length: logins }, (_, n) => tokens(issued() + n + 1));
    return `rejected: ${[passwords, ...pairs].flat().join(" ")}`;
  };

  /** Looks into what was printed and said, and into every file of the stack: state, its history, backups, settings, journal. */
  const assertNoSecret = async ({ text, said }: Run, kept: string[] = [], more: string[] = []) => {
    const files = await textsBelow(stack.folder);
    assert.ok(
      Object.keys(files).some((name) => name.endsWith("test.json")),
      "the state was not looked at",
    );
    const secrets = [
      password,
      inAction,
      inConfig,
      wrong,
      ...more,
      ...Array.from({ length: issued() }, (_, n) => tokens(n + 1)).flat(),
    ];
    for (const [where, content] of Object.entries({ ...files, text, said: JSON.stringify(said) })) {
      for (const secret of secrets) {
        assert.ok(!content.includes(secret.slice(0, 40)), `${secret.slice(0, 40)} is in ${where}`);
      }
      // What a shortened text begins to say of a token.
      assert.ok(!/AQAA[\w-]{8}/.test(content), `a token is in ${where}`);
    }
    kept.forEach((name) =>
      assert.ok(
        Object.keys(files).some((file) => file.includes(name)),
        `no ${name} was looked at`,
      ),
    );
  };

  /** An `up` that is to fail, with what the operator must still be told. */
  const failing = async (told: RegExp, ...args: Parameters<typeof program>) => {
    runs += 1;
    const up = await stack.up(program(args[0], { runId: String(runs), ...args[1] }), { diff: true });
    assert.equal(up.ok, false, up.text);
    await assertNoSecret(up);
    assert.match(up.text, told);
    return up;
  };

  it("is shown by previews and diffs, kept in the state, or left in the journal", async () => {
    await assertNoSecret(await stack.preview(program(), { diff: true }));
    const up = await stack.up(program(), { diff: true });
    assert.ok(up.ok, up.text);
    await assertNoSecret(up, ["journal/", "/stacks/vb365-test/", "history"]);
    const edited = program("own", { reason: "an edit", runId: "2" });
    await assertNoSecret(await stack.preview(edited, { diff: true }));
    await assertNoSecret(await stack.up(program("configured"), { diff: true }));
    await assertNoSecret(await stack.refresh());
    await assertNoSecret(await stack.destroy());
  });

  it("is repeated when the login is refused", async () => {
    await stack.setConfig(config({ password: wrong }));
    await failing(/Login as .* was refused/);
    await stack.setConfig(config());
    // A login that is refused gives no token that could be repeated.
    const said = repeating([password], 0);
    const effect: FaultEffect = { status: 400, json: { error: "invalid_grant", error_description: said } };
    simulator.faults.next({ match: isLogin, effect });
    await failing(/rejected: \[secret\]/);
    // As it was sent: the last character of the marker is spelled with three there.
    const form = new URLSearchParams({ password, grant_type: "password" }).toString();
    const unread = { error: "invalid_request", error_description: `could not read: ${form}` };
    simulator.faults.next({ match: isLogin, effect: { status: 400, json: unread } });
    const { text } = await failing(/could not read: password=\[secret\]&grant_type/);
    assert.doesNotMatch(text, /Server-Marker/);
    simulator.faults.next({ match: isLogin, effect: { status: 500, html: `<h1>${said}</h1>` } });
    await failing(/status 500/);
    simulator.faults.next({ match: isLogin, effect: { status: 200, text: said } });
    await failing(/not JSON/);
  });

  for (const [what, path] of Object.entries({
    organisations: /organizations$/i,
    "a restore session": /organizations\/[^/]+\/action$/i,
    mailboxes: /mailboxes$/i,
  })) {
    it(`is repeated when the server refuses ${what}`, async () => {
      simulator.faults.next({ match: { path }, effect: { status: 400, json: { message: repeating() } } });
      await failing(/rejected: \[secret\]/);
    });
  }

  it("is repeated when the server refuses the restore", async () => {
    simulator.faults.next({ match: isAction, effect: { status: 400, json: { message: repeating() } } });
    await failing(/refused.*rejected: \[secret\]/);
    await failing(/refused/, "configured");
  });

  it("is repeated when nobody can tell what became of it", async () => {
    const effects: FaultEffect[] = [
      { status: 503, html: `<h1>${repeating()}</h1>` },
      { status: 200, json: { message: repeating() } },
      { cutAfterBytes: 20 },
      { resetBeforeAnswer: true },
    ];
    for (const effect of effects) {
      simulator.faults.next({ match: isAction, effect });
      await failing(/nobody can tell/);
    }
  });

  it("is repeated when the restore fails in part", async () => {
    const said = [repeating()];
    const restoreResult = { failedItems: 2, warnings: said, exceptions: said, answer: "counters" as const };
    simulator.faults.next({ match: isAction, effect: { restoreResult } });
    await failing(/failed in part.*rejected: \[secret\]/);
  });

  it("is repeated in the stack trace of an exception", async () => {
    const exception = { Message: "no rights", StackTraceString: `   at Veeam.Foo(${repeating()})`, text: repeating() };
    const effect: FaultEffect = {
      status: 200,
      json: { createdItemsCount: 1, failedItemsCount: 1, exceptions: [exception] },
    };
    simulator.faults.next({ match: isAction, effect });
    const { text } = await failing(/failed in part.*no rights/);
    assert.doesNotMatch(text, /Veeam\.Foo/);
  });

  it("is repeated when an export fails", async () => {
    simulator.faults.next({
      match: isAction,
      effect: { status: 500, json: { message: repeating([password, inConfig]) } },
    });
    await failing(/rejected: \[secret\]/, "export");
    simulator.faults.next({ match: isAction, effect: { status: 200, text: repeating([password, inConfig]) } });
    await failing(/is not a PST/, "export");
    simulator.faults.next({ match: isAction, effect: { cutAfterBytes: 100_000 }, times: 3 });
    await failing(/was not kept/, "export");
  });

  it("is repeated that a renewal has replaced, though the server may still take it", async () => {
    simulator.faults.next({ match: { path: /organizations$/i }, effect: { expireToken: true } });
    simulator.faults.next({ match: isAction, effect: { status: 400, json: { message: repeating([], 2) } } });
    await failing(/rejected: \[secret\]/);
    assert.equal(simulator.refreshes, 1);
  });

  it("is shown of an application's certificate, its password, a device code or an assertion", async () => {
    const certificatePassword = "Pfx-Marker-5%";
    const certificate = await aPfx(certificatePassword);
    const assertion = { clientId: "contoso.example", assertion: '{"id_token":"Assertion-Marker-6%"}' };
    const applicationId = "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013";
    await again({
      apiVersions: ["v8"],
      restoreEvents: "named",
      application: { applicationId, certificate, certificatePassword },
      otherLogins: [{ username: "by-assertion", password: "Ex%mple-Other", assertion }],
    });
    const own = [certificate, certificatePassword, assertion.assertion, "Assertion-Marker-6%", "Code-Marker-7%"];
    const { endpoint, caCert } = simulator;
    await stack.setConfig({ endpoint, caCert, apiVersion: "v8", grantType: "jwt-bearer", ...assertion });
    const access: Record<string, vb365.ExchangeAccessArgs> = {
      certificate: {
        applicationId,
        applicationCertificate: certificate,
        applicationCertificatePassword: certificatePassword,
        impersonationAccountName: "admin@contoso.example",
      },
      code: { userCode: "Code-Marker-7%" },
    };
    const restoreBy = (name: string, runId: string) => async () => {
      const restore = new vb365.MailboxRestore("legal", {
        organization: "contoso.example",
        mailbox: { email: "legal@contoso.example" },
        pointInTime: "latest",
        restoreTo: { mailbox: "support@contoso.example", ...access[name] },
        runId,
      });
      return { restore: { ...restore } };
    };
    const up = await stack.up(restoreBy("certificate", "1"), { diff: true });
    assert.ok(up.ok, up.text);
    await assertNoSecret(up, ["journal/"], own);
    const sent = { certificate: [certificate, certificatePassword], code: ["Code-Marker-7%"] };
    for (const [way, secrets] of Object.entries(sent)) {
      const words = `rejected: ${[...secrets, assertion.assertion, "Assertion-Marker-6%"].join(" ")}`;
      const effects: FaultEffect[] = [
        { status: 400, json: { message: words, errorCode: "ParameterValidationFailure", stackTrace: words } },
        { status: 503, html: `<h1>${words}</h1>` },
        { status: 200, json: { message: words } },
      ];
      for (const [index, effect] of effects.entries()) {
        simulator.faults.next({ match: isAction, effect });
        const failed = await stack.up(restoreBy(way, `${way} ${index}`), { diff: true });
        assert.equal(failed.ok, false, failed.text);
        await assertNoSecret(failed, [], own);
      }
    }
    await assertNoSecret(await stack.preview(restoreBy("code", "p"), { diff: true }), [], own);
    await assertNoSecret(await stack.refresh(), [], own);
  });

  it("is shown when the journal cannot be written or read", async () => {
    await rm(stack.journalDir, { recursive: true, force: true });
    await writeFile(stack.journalDir, "");
    await failing(/The journal .* cannot be|the journal .* cannot be/);
  });

  it("is shown for a mistake in the program", async () => {
    await failing(/must be a duration/, "own", { timeouts: { restore: password } });
    await failing(/onUnknown must be/, "own", { onUnknown: inAction as "fail" });
  });
});

/** Every file below a folder as text, by its path; links are not followed. */
async function textsBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = files.map(async (file): Promise<[string, string]> => [file, await readFile(file, "latin1")]);
  return Object.fromEntries(await Promise.all(texts));
}
