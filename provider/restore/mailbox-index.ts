import type { Mailbox } from "../api/dialects/dialect";

/** A mailbox, as far as an event names one. */
export type Named = Pick<Mailbox, "id" | "name" | "email">;

/** Finds mailboxes of one list by what a text says, without looking through all of them. Upper and lower case are the same. */
export interface MailboxIndex {
  /** Those with this address, in lower case, in the order of the list. */
  withAddress(address: string): readonly Named[];
  /** Those whose name stands in a text, anywhere or as whole words; in no order. */
  namedIn(text: string, where: "anywhere" | "asWords"): Named[];
  /** The first of those whose name holds this one, in the order of the list. */
  namesWith(part: string, isWanted: (mailbox: Named) => boolean, most: number): Named[];
  /** Its place in the list. */
  placeOf(mailbox: Named): number;
}

const indexes = new WeakMap<readonly Named[], MailboxIndex>();

/** The index of a list, made once: ten thousand restores look into the same. The list must not change afterwards. */
export function indexOf(mailboxes: readonly Named[]): MailboxIndex {
  let index = indexes.get(mailboxes);
  if (index === undefined) {
    indexes.set(mailboxes, (index = createIndex(mailboxes)));
  }
  return index;
}

function createIndex(mailboxes: readonly Named[]): MailboxIndex {
  const names = mailboxes.map(({ name }) => name.toLowerCase());
  const byAddress = grouped(mailboxes, (index) => mailboxes[index]?.email.toLowerCase() ?? "");
  const byName = grouped(mailboxes, (index) => names[index] ?? "");
  byName.delete("");
  const lengths = [...new Set([...byName.keys()].map(({ length }) => length))];
  const places = new Map(mailboxes.map((mailbox, place) => [mailbox, place]));
  /** All names in one text, and where each begins: a search through that is many times as fast as one through each. */
  const joined = names.join("\n");
  const begins: number[] = [];
  names.reduce((at, name) => (begins.push(at), at + name.length + 1), 0);
  return {
    withAddress: (address) => byAddress.get(address) ?? [],
    placeOf: (mailbox) => places.get(mailbox) ?? -1,
    namedIn(text, where) {
      const lower = text.toLowerCase();
      const isBetween = (at: number) => where === "anywhere" || !isWordCharacter(lower[at]);
      const found = new Set<Named>();
      for (let from = 0; from < lower.length; from += 1) {
        for (const length of isBetween(from - 1) ? lengths : []) {
          const some = from + length > lower.length ? undefined : byName.get(lower.slice(from, from + length));
          if (some !== undefined && isBetween(from + length)) {
            some.forEach((mailbox) => found.add(mailbox));
          }
        }
      }
      return [...found];
    },
    namesWith(part, isWanted, most) {
      const found: Named[] = [];
      for (let at = joined.indexOf(part); at >= 0 && found.length < most;) {
        const place = lastNotAfter(begins, at);
        const mailbox = mailboxes[place];
        // What was found may go over the end of a name, where a name holds the separator.
        if (mailbox !== undefined && names[place]?.includes(part) && isWanted(mailbox)) {
          found.push(mailbox);
        }
        const next = begins[place + 1];
        at = next === undefined ? -1 : joined.indexOf(part, next);
      }
      return found;
    },
  };
}

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

function grouped(mailboxes: readonly Named[], keyOf: (index: number) => string): Map<string, Named[]> {
  const groups = new Map<string, Named[]>();
  mailboxes.forEach((mailbox, index) => {
    const key = keyOf(index);
    const same = groups.get(key);
    if (same === undefined) {
      groups.set(key, [mailbox]);
    } else {
      same.push(mailbox);
    }
  });
  return groups;
}

/** The last of some ascending numbers that is not greater. */
function lastNotAfter(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((numbers[middle] ?? 0) <= limit) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}
