import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hashOf, intentOf } from "../../provider/resources/mailbox-restore/intent";
import { programs } from "../fixtures/programs";
import { type StateResource, type TestStack, aStack } from "../helpers/engine";

const states = join(__dirname, "..", "fixtures", "states");
const fixtures = readdirSync(states).flatMap((version) =>
  readdirSync(join(states, version)).map((file) => ({ version, name: file.replace(/\.json$/, "") })),
);

interface State {
  deployment: { resources: StateResource[] };
}

const read = ({ version, name }: { version: string; name: string }): State =>
  JSON.parse(readFileSync(join(states, version, `${name}.json`), "utf8")) as State;

/** The server that a state names is long gone: an upgrade asks nothing. */
const configFor = (state: State) => ({
  endpoint: String(restoresIn(state)[0]?.outputs?.["endpoint"]),
  username: "VEEAM\\restore-operator",
  password: "unused",
  exchangeUserName: "restore-account@contoso.example",
  exchangeUserPassword: "unused",
});

const restoresIn = ({ deployment }: State) =>
  deployment.resources.filter(({ type }) => type.endsWith("vb365:MailboxRestore"));

describe("states that earlier versions wrote", () => {
  let stack: TestStack;
  before(async () => {
    stack = await aStack(async () => undefined, {});
  });
  after(() => stack?.remove());

  for (const fixture of fixtures) {
    const { version, name } = fixture;
    it(`show no change with the same program: ${version}, ${name}`, async () => {
      const { program } = programs[name] ?? assert.fail(`there is no program ${name}`);
      await stack.setConfig(configFor(read(fixture)));
      await stack.import(read(fixture));
      const preview = await stack.preview(program);
      assert.ok(preview.ok, preview.text);
      assert.deepEqual([...new Set(Object.values(preview.operations))], ["same"], preview.text);
    });

    it(`have the digest that today's normal form gives: ${version}, ${name}`, () => {
      // A change to the normal form counts `intentLayout` up, and brings a migration: else a journal of the version before is misread.
      const restores = restoresIn(read(fixture));
      assert.ok(restores.length > 0);
      for (const { outputs } of restores) {
        assert.equal(hashOf(intentOf(outputs ?? {})), outputs?.["intentHash"]);
      }
    });
  }

  it("that a newer version wrote are refused, and left as they are", async () => {
    const fixture = fixtures.find(({ name }) => name === "three-actions") ?? assert.fail();
    const state = read(fixture);
    restoresIn(state).forEach((resource) => (resource.outputs = { ...resource.outputs, stateVersion: 2 }));
    await stack.setConfig(configFor(state));
    await stack.import(state);
    const preview = await stack.preview(programs["three-actions"]?.program);
    assert.equal(preview.ok, false);
    assert.match(preview.text, /written by a newer version of pulumi-vb365/);
  });
});
