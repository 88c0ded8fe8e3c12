// What a merge would send, as a comment for its pull request: node comment.mjs < preview.json > comment.md
// Of `pulumi preview --json` it takes names, addresses, times and messages: no input that could hold a secret.
import { text } from "node:stream/consumers";

const { steps = [], diagnostics = [] } = parse(await text(process.stdin));

// The engine has them in no order of their own.
const restores = steps
  .filter(({ urn }) => urn.includes("pulumi-nodejs:dynamic/vb365:MailboxRestore::"))
  .sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
const created = restores.filter(({ op }) => op === "create");
const replaced = restores.filter(({ op }) => op === "replace");
const forgotten = restores.filter(({ op }) => op === "delete");
const failures = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());

const again = [
  ...replaced.map((step) => ({ ...declared(step), note: "**again**" })),
  ...created.flatMap((step) => {
    const before = forgotten.find((old) => whatOf(declared(old)) === whatOf(declared(step)));
    return before ? [{ ...declared(step), note: `**again**, it was ${cell(nameOf(before))}` }] : [];
  }),
];
const names = again.map(({ name }) => name);
const once = created.map((step) => ({ ...declared(step), note: "" })).filter(({ name }) => !names.includes(name));

say("### Restores that a merge would send");
if (failures.length > 0) {
  say("**The preview failed**, and so would a merge. The log of the job has all of it.", ...failures.map(fenced));
}
if (again.length + once.length > 0) {
  say(
    [
      "| restore | mailbox | as of | into | |",
      "| --- | --- | --- | --- | --- |",
      ...[...again, ...once].map(
        ({ name, mailbox, pointInTime, into, note }) =>
          `| ${[name, mailbox, pointInTime, into].map(cell).join(" | ")} | ${note} |`,
      ),
    ].join("\n"),
  );
} else if (failures.length === 0) {
  say("None.");
}
if (again.length > 0) {
  say("> [!CAUTION]\n> What is marked _again_ was restored before: a merge writes its mail a second time.");
}
if (forgotten.length > 0) {
  say(
    `Forgotten; mail that was restored stays where it is: ${forgotten.map((step) => cell(nameOf(step))).join(", ")}.`,
  );
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    // The engine did not come so far as to print a preview.
    return { diagnostics: [{ severity: "error", message: "There is no preview; the log of the job says why." }] };
  }
}

function declared(step) {
  const { mailbox, pointInTime, restoreTo } = (step.newState ?? step.oldState)?.inputs ?? {};
  return { name: nameOf(step), mailbox: mailbox?.email, pointInTime, into: restoreTo?.mailbox ?? "a PST file" };
}

function whatOf({ mailbox, pointInTime, into }) {
  return JSON.stringify([mailbox, pointInTime, into]);
}

function nameOf({ urn }) {
  return urn.split("::").at(-1);
}

/** Words of whoever opened the pull request: in a table they make no cell, line, link, picture or mention of their own. */
function cell(value) {
  const plain = String(value ?? "?").replace(/[^\p{L}\p{N} .,:+@_-]/gu, " ");
  return `\`${plain.slice(0, 200)}\``;
}

function fenced(message) {
  return `~~~text\n${message.replaceAll("~~~", "")}\n~~~`;
}

function say(...paragraphs) {
  console.log(`${paragraphs.join("\n\n")}\n`);
}
