import prettyBytes from "pretty-bytes";
import prettyMilliseconds from "pretty-ms";

/**
 * Words of others in a form that can be shown anywhere: no control character works, and none is lost. Mailbox names and the server's
 * messages may hold some that turn the direction of a line, or end it.
 */
export function shown(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/g, (space) => (/[\n\r\t\u2028\u2029]/.test(space) ? " " : space))
    .replace(
      unseen,
      (character) => `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .trim();
}

/** Control characters, those that turn the direction or that nobody sees, and what no XML may hold. Joiners belong to ordinary words. */
const unseen = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\u2028\u2029\uFFFE\uFFFF]/gu;

/** `1h 2m 3s`; an em dash where it is not known. */
export function durationText(seconds: number | null): string {
  return seconds === null ? unknownText : prettyMilliseconds(Math.max(0, seconds) * 1000, { secondsDecimalDigits: 1 });
}

/** `13,984,768`; an em dash where it is not known. */
export function countText(count: number | null): string {
  return count === null ? unknownText : count.toLocaleString("en-US");
}

/** `14 MB`. */
export function bytesText(bytes: number): string {
  return prettyBytes(bytes, { locale: "en" });
}

/** `2026-11-20 18:00:07 UTC`; an em dash where it is not known, and the text itself where it is no time. */
export function timeText(time: string | null): string {
  if (time === null) {
    return unknownText;
  }
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? shown(time) : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** What stands where nothing is known. */
export const unknownText = "—";

/** `1 mailbox`, `1,200 mailboxes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}
