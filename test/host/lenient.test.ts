import assert from "node:assert/strict";
import type { ApiVersionName } from "../../simulator";
import { type Shape, withoutOptional } from "../contract/schemas";
import { type Bench, aBench, exportTo, toSupport, urnOf } from "../helpers/bench";

const versions: ApiVersionName[] = ["v3", "v4", "v5", "v6", "v7", "v8"];

/** Shape of the answer to a request, by the end of its path. */
const shapes: [RegExp, (version: number) => Shape][] = [
  [/\/token$/i, () => "token"],
  [/\/organizations$/i, () => "organizations"],
  [/\/serviceinstance$/i, () => "serviceInstance"],
  [/organizations\/[^/]+\/(action|explore)$/i, () => "session"],
  [/restoresessions$/i, () => "sessions"],
  [/restoresessions\/[^/]+$/i, () => "session"],
  [/events$/i, () => "events"],
  [/statistics$/i, () => "statistics"],
  [/mailboxes$/i, () => "mailboxes"],
  [/mailboxes\/[^/]+\/(action|restore|restoreto)$/i, (version) => (version >= 8 ? "begun" : "restored")],
];

describe("answers that are not quite as documented", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  const carryOut = async (version: ApiVersionName, reshape: (body: unknown, path: string) => unknown) => {
    bench = await aBench({
      apiVersions: [version],
      restoreAnswer: "counters",
      pst: { sizeBytes: 300_000 },
      reshape: (body, { path }) => reshape(body, path),
    });
    const host = await bench.start();
    // What the last backup was may be left out, so the time is said.
    const pointInTime = "2026-11-20T21:04:11Z";
    const { outputs } = await host.create(toSupport({ pointInTime }));
    const exported = await host.create(exportTo("sales.pst", { pointInTime, __urn: urnOf("two") }));
    await host.end();
    assert.deepEqual([outputs["outcome"], exported.outputs["outcome"]], ["Succeeded", "Succeeded"]);
    assert.deepEqual([bench.simulator.writes.length, bench.simulator.exports.length], [1, 1]);
    assert.deepEqual(bench.simulator.openSessions, []);
    return outputs;
  };

  for (const version of versions) {
    it(`${version}: optional fields may be left out`, async () => {
      const missing = new Set<string>();
      await carryOut(version, (body, path) => {
        const shape = shapes.find(([pattern]) => pattern.test(path))?.[1](Number(version.slice(1)));
        if (shape === undefined) {
          missing.add(path);
          return body;
        }
        return withoutOptional(body, shape, version);
      });
      assert.deepEqual([...missing], []);
    });

    it(`${version}: fields that nobody knows may be there`, async () => {
      const plain = await carryOut(version, (body) => body);
      await bench.stop();
      const outputs = await carryOut(version, withStrangers);
      assert.deepEqual(outputs["counts"], plain["counts"]);
    });
  }
});

/** The same with unknown fields in every object, as far down as they go. */
function withStrangers(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withStrangers);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const known = Object.entries(value).map(([name, field]) => [name, withStrangers(field)]);
  return { ...Object.fromEntries(known), addedLater: { deeply: [{ nested: true }] }, "odd name": null, count: 3 };
}
