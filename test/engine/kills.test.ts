import assert from "node:assert/strict";
import { type Cell, cells, expected, runCell } from "../exactly-once/crashes";
import { versions } from "../helpers/versions";

const atWork = { stage: "while the server works", victim: "the CLI and the provider" } as const;

/** `npm run exactly-once` has all of them; these are the ones that show each stage, and one of each version. */
const shown: Cell[] = [
  ...cells.filter(({ action, journal, stage, victim }) =>
    journal === "kept"
      ? action === "restoreTo"
      : action === "restoreToOriginalLocation" && stage === atWork.stage && victim === atWork.victim,
  ),
  ...versions
    .filter((version) => version !== "v3")
    .map((version): Cell => ({ action: "restoreTo", journal: "kept", version, ...atWork })),
];

describe("kill -9 on the real engine", () => {
  for (const cell of shown) {
    const { end, why } = expected(cell);
    const { version = "v3" } = cell;
    it(`${version}, ${cell.action}, ${cell.victim}, ${cell.stage}, journal ${cell.journal}: ${end} (${why})`, async () => {
      const seen = await runCell(cell);
      assert.equal(seen.end, end, seen.text);
      assert.ok(seen.sent <= 1, `sent ${seen.sent} times`);
      if (end === "green") {
        assert.equal(seen.sent, 1);
      } else {
        assert.match(seen.text, /nobody can tell|adopt: \{ restoreSessionId:/);
      }
    });
  }
});
