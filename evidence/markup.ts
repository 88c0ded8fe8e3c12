import { escapeUTF8 } from "entities/escape";
import { shown } from "./text";

/** Text that is HTML or XML already. An object, so that nobody's words can pass for it. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | readonly Part[];

/**
 * HTML or XML from a template: what is put in is escaped, for text and for attributes in quotes, unless it is markup. Control characters of
 * others' words are shown and not obeyed.
 */
export function markup(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return { markup: strings.reduce((text, string, index) => text + textOf(parts[index - 1] ?? "") + string) };
}

/** What may not be escaped, because it is no HTML: a style sheet, a script, JSON that is safe inside of one. */
export const verbatim = (text: string): Markup => ({ markup: text });

function textOf(part: Part): string {
  if (typeof part === "string" || typeof part === "number") {
    return escapeUTF8(shown(String(part)));
  }
  return "markup" in part ? part.markup : part.map(textOf).join("");
}
