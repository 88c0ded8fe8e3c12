// What a pull request would do, as a comment for it: node comment.mjs < preview.json > comment.md
// From `pulumi preview --json`. Only names, addresses and times are taken from it: no input that could hold a secret.
import { text } from "node:stream/consumers";

const { steps = [], diagnostics = [] } = JSON.parse(await text(process.stdin));

const ours = steps.filter(({ urn }) => urn.includes("pulumi-nodejs:dynamic/vb365:"));
const sends = ours.filter(({ op }) => ["create", "replace", "create-replacement"].includes(op));
const forgets = ours.filter(({ op }) => op === "delete");
const rows = [...new Map(sends.map((step) => [step.urn, step])).values()].map(({ urn, op, newState }) => {
  const { mailbox, pointInTime, restoreTo, restoreToOriginalLocation, mailboxes, allMailboxes } =
    newState?.inputs ?? {};
  const from =
    mailbox?.email ??
    mailbox?.id ??
    (allMailboxes ? "the whole organization" : `${mailboxes?.length ?? "?"} mailboxes`);
  const to = restoreToOriginalLocation ? "**in place**" : (restoreTo?.mailbox ?? "a PST file");
  const again = op === "create" ? "" : "**again**";
  return [urn.split("::").at(-1), again, from, pointInTime ?? "", to].map(cell).join(" | ");
});
const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());

console.log("### Restores that a merge would send\n");
if (errors.length > 0) {
  console.log("The preview failed, and a merge would send nothing:\n");
  console.log(errors.map((message) => "```text\n" + message.replaceAll("```", "'''") + "\n```").join("\n"));
} else if (rows.length === 0) {
  console.log("None: whatever changes, no mail is written.");
} else {
  console.log(
    ["restore | | mailbox | as of | into", "--- | --- | --- | --- | ---", ...rows]
      .map((row) => `| ${row} |`)
      .join("\n"),
  );
  if (sends.some(({ op }) => op !== "create")) {
    console.log("\n> **Mail is written a second time** by what is marked _again_. Was that meant?");
  }
}
if (forgets.length > 0) {
  console.log(
    `\nForgotten, with restored mail left where it is: ${forgets.map(({ urn }) => cell(urn.split("::").at(-1))).join(", ")}.`,
  );
}

/** Text of a pull request's author in a table: no new cell, line, link or picture comes of it. */
function cell(value) {
  return String(value)
    .replace(/[\r\n|<>[\]`!\\]/g, " ")
    .slice(0, 200);
}
