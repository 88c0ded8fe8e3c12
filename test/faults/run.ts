/**
 * The fault matrix, whole: npm run faults. With `-- --write` it goes to docs/reliability.md. Ends with 1 when a cell ended otherwise than it
 * may, and names it.
 */
import { allCells, runCell, startElsewhere } from "./matrix";
import { type Judged, tablesOf, writePage } from "./page";

/** Restores at a time: two cores, and half of the time goes into waiting. */
const atATime = 4;

async function main(): Promise<void> {
  const elsewhere = await startElsewhere();
  const rejections: unknown[] = [];
  process.on("unhandledRejection", (reason) => rejections.push(reason));
  const cells = await allCells();
  const judged: Judged[] = [];
  const left = [...cells];
  const work = async () => {
    for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
      const result = await runCell(cell);
      judged.push({ ...cell, ...result });
      if (result.end === "violation") {
        const { version, action, target, fault } = cell;
        console.log(
          `WRONG: ${version} ${action}, ${target.name}, ${fault.name}: ${result.violations.join("; ")} (${result.message})`,
        );
      }
      if (judged.length % 500 === 0) {
        console.error(`${judged.length} of ${cells.length} cells`);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  elsewhere.stop();
  console.log(tablesOf(judged));
  console.log(`\n${rejections.length} unhandled rejections; another host was asked ${elsewhere.asked()} times.`);
  if (process.argv.includes("--write")) {
    await writePage(judged);
  }
  if (rejections.length > 0 || elsewhere.asked() > 0 || judged.some(({ end }) => end === "violation")) {
    process.exitCode = 1;
  }
}

void main();
