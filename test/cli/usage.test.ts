import assert from "node:assert/strict";
import { assertNoSecret, marker, rigs, start } from "./command";

const run = (...args: string[]) => start(args).result;
const commands = ["simulate", "preflight", "mailboxes", "sessions", "stop", "device-code", "journal", "report"];

describe("the command line vb365", () => {
  const aRig = rigs();

  it("names its commands and exit codes", async () => {
    const { code, stdout } = await run("--help");
    assert.equal(code, 0);
    commands.forEach((command) => assert.match(stdout, new RegExp(`^  ${command}`, "m")));
    assert.match(stdout, /^ {2}3 +no answer: /m);
  });

  for (const command of commands) {
    it(`explains ${command} with an example and the exit codes`, async () => {
      const { code, stdout } = await run(command, "--help");
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Examples:\n  vb365 ${command}`, "m"));
      assert.match(stdout, /^Exit codes:$/m);
      assert.doesNotMatch(stdout, /--password[ =]/);
    });
  }

  it("prints its version", async () => {
    assert.match((await run("--version")).stdout, /^\d+\.\d+\.\d+/);
  });

  for (const [args, message] of [
    [["mailboxs"], /unknown command 'mailboxs'\n\(Did you mean mailboxes\?\)/],
    [["sessions", "--jsn"], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [["sessions", "--usrname=somebody"], /unknown option '--usrname'\n\(Did you mean --username\?\)/],
    [["mailboxes"], /required option '--organization <name>' not specified/],
    [["mailboxes", "--organization", "x", "--point-in-time", "2026-02-30T00:00:00Z"], /must be a time with an offset/],
    [["mailboxes", "--organization", "x", "--point-in-time", "2999-01-01T00:00:00Z"], /lies in the future/],
    [["preflight", "--organization", "x", "--archive"], /--archive needs --mailbox/],
    [["preflight", "--point-in-time", "2026-01-01T00:00:00Z"], /--point-in-time needs --organization/],
    [["sessions", "--insecure", "--ca-cert", "ca.pem"], /cannot be used with option/],
    [["journal"], /^Usage: vb365 journal /],
    [["journal", "lst"], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [["journal", "list", "--jornal-dir=here"], /unknown option '--jornal-dir'\n\(Did you mean --journal-dir\?\)/],
    [["journal", "resolve", "an-attempt"], /say what became of it: --carried-out, /],
    [["journal", "resolve", "an-attempt", "--carried-out", " "], /Say why/],
    [["journal", "resolve", "an-attempt", "--carried-out", "a", "--unrelated", "b"], /cannot be used with option/],
    [["report"], /missing required argument 'evidence'/],
    [["report", "a.json", "--format", "pdf"], /pdf is no format/],
    [["report", "a.json", "--name", "x"], /--name needs --merge/],
    [["report", "a.json", "--base", "x"], /--base needs --verify/],
    [["simulate", "--port", "70000"], /must be a whole number from 1 to 65535/],
    [[], /^Usage: vb365 /],
  ] as const) {
    it(`ends with 2 for: vb365 ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stdout, "");
    });
  }

  for (const args of [
    ["--password", marker.password],
    [`--password=${marker.password}`],
    [`--pasword=${marker.password}`],
  ]) {
    it(`repeats no password that was typed as ${args[0]?.split("=")[0]}${args.length === 1 ? "=…" : " …"}`, async () => {
      const result = await run("sessions", ...args);
      assert.equal(result.code, 2);
      assert.match(result.stderr, /^error: (there is no --password, .*--password-stdin|unknown option '--pasword'$)/m);
      assertNoSecret(result);
    });
  }

  it("says everything that is missing at once, and each way to give it", async () => {
    const result = await run("sessions", "--json");
    assert.equal(result.code, 2);
    for (const way of ["--endpoint", "VB365_ENDPOINT", "--username", "VB365_PASSWORD", "--password-stdin", "--stack"]) {
      assert.ok(result.stderr.includes(way), way);
    }
    assert.equal(result.json<{ error: { code: string } }>().error.code, "config");
  });

  it("writes colours and lines to nobody but a terminal", async () => {
    const { vb365 } = await aRig();
    const { stdout, stderr } = await vb365(["preflight", "--organization", "contoso.example"]);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout + stderr, /[\u001b│─]/);
  });

  it("ends quietly when nobody reads on", async () => {
    const { env } = await aRig();
    const running = start(["sessions"], { env });
    running.child.stdout?.destroy();
    const { code, stderr } = await running.result;
    assert.equal(code, 0);
    assert.equal(stderr, "0 restore sessions, 0 working.\n");
  });
});
