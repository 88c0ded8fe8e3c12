import { MailboxRestoreError } from "../errors";

/** Reads fields of an answer without trusting their types; `what` names the answer in the error. */
export interface Fields {
  text(name: string): string | undefined;
  requiredText(name: string): string;
  /** True and false, also as words: v3 prints some flags as `"false"`. */
  flag(name: string): boolean;
  /** A whole number, also as a numeral; null when absent. */
  count(name: string): number | null;
  /** Is there something under this name that is no count? */
  isUnreadableCount(name: string): boolean;
  /**
   * A list of texts in whatever shape it came: a list, one text alone, or objects, which are shown by their message. What may be a
   * failure is never dropped because it looks unusual. No stack trace is in any of them.
   */
  texts(name: string): string[];
  /** Fields that are there, other than those named. */
  others(names: readonly string[]): string[];
  has(name: string): boolean;
  nested(name: string): Fields | undefined;
  items(name: string): unknown[] | undefined;
}

/** Field names are compared without case: the server's own documents disagree about theirs. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MailboxRestoreError("api", `${what}: the server answered with something that is not a JSON object`);
  }
  const byName = new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field as unknown]));
  const get = (name: string) => byName.get(name.toLowerCase()) ?? undefined;
  const text = (name: string) => {
    const field = get(name);
    return typeof field === "string" && field !== "" ? field : undefined;
  };
  const count = (name: string) => {
    const field = get(name);
    const number = typeof field === "string" && field.trim() !== "" ? Number(field) : field;
    return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
  };
  return {
    text,
    requiredText(name) {
      const field = text(name);
      if (field === undefined) {
        throw new MailboxRestoreError("api", `${what}: the server's answer has no "${name}"`);
      }
      return field;
    },
    flag(name) {
      const field = get(name);
      return field === true || (typeof field === "string" && field.toLowerCase() === "true");
    },
    count,
    isUnreadableCount: (name) => get(name) !== undefined && count(name) === null,
    texts(name) {
      const field = get(name);
      const list: unknown[] = Array.isArray(field) ? field : [field];
      return list
        .filter((item) => item !== undefined && item !== null && item !== "")
        .map((item) => wordsOf(item, what) || "(something without a message)");
    },
    others(names) {
      const known = new Set(names.map((name) => name.toLowerCase()));
      return [...byName.keys()].filter((name) => !known.has(name));
    },
    has: (name) => get(name) !== undefined,
    nested(name) {
      const field = get(name);
      return typeof field === "object" && field !== null && !Array.isArray(field) ? fieldsOf(field, what) : undefined;
    },
    items(name) {
      const field = get(name);
      return Array.isArray(field) ? (field as unknown[]) : undefined;
    },
  };
}

/** What an element of a list says; empty where it has no words. */
function wordsOf(item: unknown, what: string): string {
  if (typeof item !== "object" || item === null) {
    return withoutCalls(String(item));
  }
  const inside: unknown[] = Array.isArray(item) ? item : [item];
  return inside
    .map((one) => (typeof one === "string" ? one : messageIn(one, what)))
    .map((text) => withoutCalls(text ?? ""))
    .filter((text) => text !== "")
    .join("; ");
}

/** An object may carry a stack trace, and what was handed from one call to the next: nothing of it is shown but this. */
function messageIn(item: unknown, what: string): string | undefined {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return undefined;
  }
  const { text } = fieldsOf(item, what);
  return text("message") ?? text("error") ?? text("description") ?? text("title");
}

/** .NET writes an exception with its calls below it, each on a line of its own. */
const withoutCalls = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s+(?:at|---) /.test(line))
    .join("\n")
    .trimEnd();
