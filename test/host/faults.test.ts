import assert from "node:assert/strict";
import {
  type ActionName,
  actions,
  allCells,
  knownRoutes,
  runCell,
  startElsewhere,
  targetsOf,
  unasked,
} from "../faults/matrix";
import { versions } from "../helpers/versions";

describe("the fault matrix", () => {
  it("has a row for every route of every version that a restore asks for, and a reason for each of the others", async () => {
    for (const version of versions) {
      const targets = await Promise.all(
        (Object.keys(actions) as ActionName[]).map((action) => targetsOf(version, action)),
      );
      const asked = new Set(targets.flat().map(({ name }) => name.split(" ").slice(0, 2).join(" ")));
      const others = knownRoutes(version)
        .map(({ method, path }) => `${method} ${path}`)
        .filter((route) => !asked.has(route))
        .map((route) => route.replace(`/${version}/`, "/"));
      assert.deepEqual(
        others.filter((route) => !(route in unasked)),
        [],
        version,
      );
      assert.ok(asked.size >= 8, version);
    }
  });

  it("ends in one of the ways that a restore may end, in a part of its cells with every fault and every route", async function () {
    this.timeout(10 * 60_000);
    const elsewhere = await startElsewhere();
    const cells = await allCells();
    // No divisor of the number of faults, so that each has its turn; npm run faults has all cells.
    const each = 23;
    const wrong: string[] = [];
    const ends = new Set<string>();
    for (let index = 0; index < cells.length; index += each) {
      const cell = cells[index];
      assert.ok(cell !== undefined);
      const { end, violations, message } = await runCell(cell);
      ends.add(end);
      if (end === "violation") {
        wrong.push(
          `${cell.version} ${cell.action}, ${cell.target.name}, ${cell.fault.name}: ${violations.join("; ")} (${message})`,
        );
      }
    }
    elsewhere.stop();
    assert.deepEqual(wrong, []);
    assert.equal(elsewhere.asked(), 0, "a redirect is not followed");
    assert.ok(ends.has("succeeded") && ends.has("clear error") && ends.has("unknown"));
  });
});
