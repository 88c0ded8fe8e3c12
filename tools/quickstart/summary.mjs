// What a person sees at the end: the results as a table, and what the server was asked.
import path from "node:path";

import { workFolder } from "./place.mjs";

/** The stack's outputs as lines: one row a restore, then the exported files. */
export function describeResults(outputs) {
  const restores = Object.values(outputs)
    .map((output) => output.value)
    .filter((value) => value !== null && typeof value === "object" && "outcome" in value);
  if (restores.length === 0) return ["The program has no restore among its outputs."];
  const rows = restores.map((restore) => [
    restore.mailbox,
    restore.action,
    restore.outcome,
    describeCounts(restore.counts),
    typeof restore.durationSeconds === "number" ? `${restore.durationSeconds} s` : "unknown",
  ]);
  return [...table(["MAILBOX", "ACTION", "OUTCOME", "ITEMS", "TOOK"], rows), ...restores.flatMap(describePst)];
}

/** How many restores there are among the outputs, and how many of them went well. */
export function countSuccesses(outputs) {
  const outcomes = Object.values(outputs).flatMap((output) => output.value?.outcome ?? []);
  return { total: outcomes.length, succeeded: outcomes.filter((outcome) => outcome.startsWith("Succeeded")).length };
}

/** One sentence on what the server was asked in this run, from the simulator's own record. */
export function describeRequests({ requests, logins, sessions, writes, exports }) {
  if (requests.length === 0) return "The server was asked nothing: every restore was already carried out.";
  const stopped = sessions.filter((session) => session.state === "Stopped").length;
  return (
    `The server was asked: ${plural(countOf(logins), "login")}, ` +
    `${plural(sessions.length, "restore session")} opened and ${stopped} stopped, ` +
    `${plural(writes.length + exports.length, "action")} sent; ${plural(requests.length, "request")} in all.`
  );
}

/** Columns as wide as their widest cell. */
export function table(head, rows) {
  const lines = [head, ...rows.map((row) => row.map((cell) => String(cell ?? "unknown")))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
}

/** Only what is not zero: "12 created, 3 skipped". Null is the server's way to say nothing, and is no zero. */
function describeCounts(counts) {
  const known = Object.entries(counts ?? {}).filter(([, count]) => typeof count === "number");
  if (known.length === 0) return "not counted";
  const some = known.filter(([, count]) => count > 0);
  if (some.length === 0) return "none";
  return some.map(([name, count]) => `${count} ${name === "failedFolders" ? "folders failed" : name}`).join(", ");
}

function describePst({ mailbox, pst }) {
  if (!pst?.path) return [];
  // The program's paths are relative to the stack's folder, a person's to where they stand.
  const file = path.relative(process.cwd(), path.resolve(workFolder, pst.path));
  const bytes = typeof pst.bytes === "number" ? pst.bytes.toLocaleString("en-US") : "unknown";
  return ["", `PST of ${mailbox}: ${file}`, `  ${bytes} bytes, SHA-256 ${pst.sha256 ?? "unknown"}`];
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function countOf(value) {
  return Array.isArray(value) ? value.length : value;
}
