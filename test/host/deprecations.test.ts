import assert from "node:assert/strict";
import { type Bench, aBench, exportTo, toSupport, urnOf } from "../helpers/bench";

describe("the provider process, with every warning of Node on", () => {
  let bench: Bench;

  afterEach(() => bench.stop());

  it("uses nothing that Node deprecates now or later", async () => {
    bench = await aBench();
    const host = await bench.start({}, { NODE_OPTIONS: "--pending-deprecation --trace-warnings" });
    await host.create(toSupport());
    await host.create(exportTo("sales.pst", { __urn: urnOf("two"), verify: { contents: true } }));
    const warnings = host.printed.join("").split(/^(?=\(node:)/m);
    // What the SDK loads a provider's text with looks at module.parent.
    assert.deepEqual(
      warnings.filter((one) => one !== "" && !one.includes("require-from-string")),
      [],
    );
  });
});
