// npm run picture: runs `npm start -- --fresh` and draws what its terminal showed, shortened, as the README's picture.
import "./node-version.mjs";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import Anser from "anser";

import { root } from "./paths.mjs";
import { StepError, main, say } from "./steps.mjs";

const picture = path.join(root, "docs", "pictures", "npm-start.svg");
const COLUMNS = 122;
const CELL = { width: 7.8, height: 19 };
const MARGIN = 20;

/** Colours of a terminal on light and on dark ground; each has at least the contrast of 4.5 that text needs. */
const themes = {
  light: { ground: "#f6f8fa", edge: "#d0d7de", text: "#1f2328", green: "#116329", magenta: "#8250df" },
  dark: { ground: "#0d1117", edge: "#30363d", text: "#e6edf3", green: "#3fb950", magenta: "#d2a8ff" },
};
const classOf = { "ansi-green": "g", "ansi-bright-green": "g", "ansi-magenta": "m", "ansi-bright-magenta": "m" };

await main(async () => {
  const lines = shorten(await runStart()).map(cut);
  fs.mkdirSync(path.dirname(picture), { recursive: true });
  fs.writeFileSync(picture, draw([[{ text: "$ npm start -- --fresh", class: "b" }], ...lines]));
  say(`${path.relative(root, picture)}: ${lines.length + 1} lines`);
});

/** A real run, coloured as in a terminal. */
function runStart() {
  const asTerminal = "data:text/javascript,process.stdout.isTTY=true";
  const args = ["--import", asTerminal, path.join(root, "tools", "start.mjs"), "--fresh"];
  const env = { ...process.env };
  delete env.NO_COLOR;
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(printed) : reject(new StepError(`${printed}\nnpm start ended with ${code}.`)),
    );
  });
}

/** The lines worth a picture, as runs of one style: the server, what each restore did and came to, and the table. */
function shorten(printed) {
  const lines = printed.split("\n").map((line) => ({ line, plain: Anser.ansiToText(line).trimEnd() }));
  const from = (start) => lines.findIndex(({ plain }) => plain.startsWith(start));
  const server = lines.slice(from("Simulated server"), from("Simulated server") + 1);
  const run = lines.slice(from("Updating"), from("npm start  "));
  const rows = /creating \(\d+s\) (opening|restoring|waiting for the server|exporting)|MailboxRestore \S+ created/;
  const told = run.filter(({ plain }) => !/^ \+|^@/.test(plain) || rows.test(plain));
  const all = [...server, { line: "", plain: "" }, ...told];
  const isRepeated = ({ plain }, index) => plain === "" && (all[index - 1]?.plain ?? "") === "";
  const kept = all.filter((line, index) => !isRepeated(line, index));
  while (kept.at(-1)?.plain === "") kept.pop();
  return kept.map(({ line }) =>
    Anser.ansiToJson(line, { use_classes: true, remove_empty: true, json: true }).map(
      ({ content, fg, decorations }) => ({
        text: content,
        class: [classOf[fg], decorations.includes("bold") && "b"].filter(Boolean).join(" "),
      }),
    ),
  );
}

/** A long line ends in an ellipsis: its end is in the table below it. */
function cut(runs) {
  let left = COLUMNS;
  const kept = [];
  for (const { text, class: style } of runs) {
    if (left <= 0) break;
    kept.push({ text: text.length > left ? `${text.slice(0, left - 1)}…` : text, class: style });
    left -= text.length;
  }
  return kept;
}

function draw(lines) {
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A run of npm start in a terminal">
<style>
${styleOf(themes.light)}
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; }
.b { font-weight: 600; }
@media (prefers-color-scheme: dark) {
${styleOf(themes.dark)}
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${lines.map(drawLine).join("\n")}
</svg>
`;
}

function styleOf({ ground, edge, text, green, magenta }) {
  return `rect { fill: ${ground}; stroke: ${edge}; }\ntext { fill: ${text}; }\n.g { fill: ${green}; }\n.m { fill: ${magenta}; }`;
}

/** Every run stands at its own column, with its own length: the table is straight in any font. */
function drawLine(runs, row) {
  let column = 0;
  const spans = runs.map(({ text, class: style }) => {
    const x = (MARGIN + column * CELL.width).toFixed(1);
    column += text.length;
    const length = (text.length * CELL.width).toFixed(1);
    return `<tspan x="${x}" textLength="${length}"${style ? ` class="${style}"` : ""}>${escape(text)}</tspan>`;
  });
  const y = MARGIN + (row + 0.75) * CELL.height;
  return spans.length === 0 ? "" : `<text y="${y}" xml:space="preserve">${spans.join("")}</text>`;
}

function escape(text) {
  return text.replace(/[&<>]/g, (mark) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[mark]);
}
