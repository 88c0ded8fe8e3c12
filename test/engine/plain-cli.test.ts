import assert from "node:assert/strict";
import { type ExecFileException, execFile } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Simulator, startSimulator } from "../../simulator";
import { configOf, typingIn } from "../helpers/engine";
import { aWorkspace } from "../helpers/workspace";

const root = resolve(__dirname, "../..");

/** As OpenTelemetry's API keeps it for a process: here one that writes the names of spans that end to a file. */
const registersTracerProvider = (file: string) => `
  const { appendFileSync } = require("node:fs");
  const startSpan = (name) => ({ setAttribute() {}, setStatus() {}, end: () => appendFileSync(${JSON.stringify(file)}, name + "\\n") });
  globalThis[Symbol.for("opentelemetry.js.api.1")] = { trace: { getTracer: () => ({ startSpan }) } };
`;

describe("the quickstart under plain pulumi, typed in a folder as a user types it", () => {
  let simulator: Simulator;
  let folder: string;
  let removeFolder: () => Promise<void>;
  /** Variables of the environment beside those that everybody has. */
  let variables: Record<string, string> = {};

  /** Types a command and returns what the terminal showed. */
  const pulumi = (...args: string[]) =>
    new Promise<{ code: number; text: string }>((done) => {
      execFile(
        "pulumi",
        ["--non-interactive", ...args],
        { cwd: folder, env: { ...typingIn(folder), ...variables } },
        (error: ExecFileException | null, out, err) =>
          done({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, text: out + err }),
      );
    });
  const succeeds = async (...args: string[]) => {
    const { code, text } = await pulumi(...args);
    assert.equal(code, 0, `pulumi ${args.join(" ")} ended with ${code}:\n${text}`);
    return text;
  };

  before(async () => {
    simulator = await startSimulator();
    const workspace = await aWorkspace();
    ({ path: folder, remove: removeFolder } = workspace);
    await mkdir(join(folder, "backend"));
    await cp(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    await cp(join(root, "examples/quickstart"), join(folder, "examples/quickstart"), {
      recursive: true,
      filter: (source) => !source.includes("node_modules"),
    });
  });
  after(async () => {
    await simulator?.stop();
    await removeFolder?.();
  });

  it("says what to configure before anything else", async () => {
    await succeeds("stack", "init", "dev");
    const { code, text } = await pulumi("preview");
    assert.notEqual(code, 0);
    assert.match(text, /missing configuration value/);
    assert.match(text, /endpoint/);
  });

  it("previews three restores without asking the server anything", async () => {
    for (const [key, value] of Object.entries(configOf(simulator))) {
      // A PEM text begins with a dash, so it stands behind the end of the options.
      await succeeds("config", "set", ...(/password/i.test(key) ? ["--secret"] : []), key, "--", value);
    }
    const text = await succeeds("preview");
    assert.match(text, /4 to create/);
    assert.equal(simulator.requests.length, 0);
  });

  it("carries out the three restores, once, and shows each request and a span for each where that is wanted", async () => {
    const [register, spans] = [join(folder, "register.cjs"), join(folder, "spans.txt")];
    await writeFile(register, registersTracerProvider(spans));
    variables = { VB365_LOG: "debug", NODE_OPTIONS: `--require ${register}` };
    const shown = await succeeds("up", "--yes");
    variables = {};
    // Pulumi shows a line while it works, and once more at the end.
    const tries = new Set([...shown.matchAll(/\{"time":.*"event":"request".*\}/g)].map(([line]) => line));
    assert.equal(tries.size, simulator.requests.length, shown);
    assert.equal((await readFile(spans, "utf8")).trim().split("\n").length, simulator.requests.length);
    assert.deepEqual([simulator.writes.length, simulator.exports.length, simulator.logins], [2, 1, 1]);
    assert.deepEqual(simulator.openSessions, []);
    const outputs = JSON.parse(await succeeds("stack", "output", "--json")) as Record<string, { outcome: string }>;
    assert.deepEqual(
      Object.values(outputs).map(({ outcome }) => outcome),
      ["Succeeded", "Succeeded", "Succeeded"],
    );
  });

  it("writes the PST relative to the program's folder", async () => {
    const pst = await readFile(join(folder, "examples/quickstart/exports/finance.pst"));
    assert.equal(pst.toString("latin1", 0, 4), "!BDN");
  });

  it("sends nothing at a second up", async () => {
    const before = simulator.requests.length;
    assert.match(await succeeds("up", "--yes"), /4 unchanged/);
    assert.equal(simulator.requests.length, before);
  });

  it("destroys with the server gone", async () => {
    await simulator.stop();
    assert.match(await succeeds("destroy", "--yes"), /4 deleted/);
  });
});
