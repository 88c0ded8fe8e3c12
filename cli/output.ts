import { styleText } from "node:util";
import Table from "cli-table3";
import { messageOf } from "../provider/errors";
import { type ExitCode, codeOf, exitCodeOf, exitCodes } from "./exit";

/** What a command found: once for programs and once for people. */
export interface Answer {
  /** Plain JSON with stable field names; `undefined` is written as null. */
  document: object;
  /** The same for people, without a line feed at the end. */
  text(look: Look): string;
  /** A remark on stderr: for people, and for whoever looks why a program got no. */
  remark?: string;
  exitCode: ExitCode;
}

/** How text is laid out. */
export interface Look {
  /** Colours and lines around tables; else plain columns, which other programs can read. */
  rich: boolean;
  /** Width of the terminal. */
  columns: number;
}

type Colour = "green" | "red" | "yellow" | "dim" | "bold";

/** A cell of a table, with a colour where there are colours. */
export type Cell = string | { text: string; colour: Colour };

/** Rich on a terminal with colours, unless `NO_COLOR` is set. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  return { rich: stream.isTTY && stream.hasColors(), columns: stream.columns ?? 80 };
}

/**
 * Lays out a table.
 *
 * @param options - `wrapLast`: the last column holds sentences, which may be broken into lines where space is short
 */
export function table(look: Look, head: string[], rows: Cell[][], options: { wrapLast?: boolean } = {}): string {
  const texts = [head, ...rows].map((row) => row.map(textOf));
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 3, 1);
  const left = look.columns - before - 3;
  const fits = (widths.at(-1) ?? 0) <= left;
  const isBoxed = look.rich && (fits || (options.wrapLast === true && left >= 30));
  const made = new Table({
    style: { head: [], border: [], ...(isBoxed ? {} : { "padding-left": 0, "padding-right": 2 }) },
    ...(isBoxed ? {} : { chars: noLines }),
    ...(isBoxed && !fits ? wrapped(widths, left, texts) : {}),
  });
  made.push(
    head.map((text) => paint(look, text, "bold")),
    ...rows.map((row) =>
      row.map((cell) => (typeof cell === "string" ? textOf(cell) : paint(look, textOf(cell), cell.colour))),
    ),
  );
  const lines = made.toString().split("\n");
  // Rows of one line each need no line between them; the first one is under the head.
  const isBetween = (line: string, index: number) => isBoxed && fits && index > 2 && line.startsWith("├");
  return lines
    .filter((line, index) => !isBetween(line, index))
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Colours a text where there are colours. */
export function paint(look: Look, text: string, colour: Colour): string {
  return look.rich ? styleText(colour, text) : text;
}

/** `1 login`, `2 logins`, `2 mailboxes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Writes an answer: with `json` one document on stdout, else the text. */
export function printAnswer(answer: Answer, json: boolean): void {
  process.exitCode = answer.exitCode;
  if (json) {
    printDocument(answer.document);
  } else {
    process.stdout.write(`${answer.text(lookOf(process.stdout))}\n`);
  }
  if (answer.remark !== undefined && (!json || answer.exitCode !== exitCodes.fine)) {
    note(answer.remark);
  }
}

/** Writes one JSON document to stdout. */
export function printDocument(document: object): void {
  const text = JSON.stringify(document, (_, value: unknown) => (value === undefined ? null : value), 2);
  process.stdout.write(`${text}\n`);
}

/** Says on stderr why there is no answer; programs get code and message as their document. */
export function printFailure(error: unknown, json: boolean): void {
  process.exitCode = exitCodeOf(error);
  if (json) {
    printDocument({ error: { code: codeOf(error), message: messageOf(error) } });
  }
  note(`${paint(lookOf(process.stderr), "error:", "red")} ${harmless(messageOf(error))}`);
}

/** A line for people, on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Text of others, without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, " ");
}

const textOf = (cell: Cell) => harmless(typeof cell === "string" ? cell : cell.text).replaceAll("\n", " ");

function wrapped(widths: number[], left: number, texts: string[][]) {
  const longestWord = Math.max(...texts.flatMap((row) => (row.at(-1) ?? "").split(" ").map((word) => word.length)));
  return {
    colWidths: [...widths.slice(0, -1).map((width) => width + 2), left + 2],
    wordWrap: true,
    // A word that is longer than the column would be cut off; so it is broken.
    wrapOnWordBoundary: longestWord <= left,
  };
}

const noLines = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("top-mid", "middle")
    .map((name) => [name, ""]),
);
