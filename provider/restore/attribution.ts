import type { Mailbox, SessionEvent } from "../api/dialects/dialect";

/** What an event of a session tells about one restore or export. */
export type Attribution =
  /** This event is that of our action, and of no other. */
  | { kind: "ours"; event: SessionEvent }
  /** There are events that could be ours, and nothing that proves it. */
  | { kind: "unclear"; events: SessionEvent[] }
  | { kind: "none" };

/** Our action, as far as it helps to recognise its event. */
export interface OwnAction {
  type: "Restore" | "Export";
  mailbox: Pick<Mailbox, "id" | "name" | "email">;
  /** All mailboxes of the session, to recognise an event that names another one. Our own alone when they are not known. */
  mailboxes: readonly Pick<Mailbox, "id" | "name" | "email">[];
  /** Events that were there before the action, or were found to belong to another one. */
  ignore: ReadonlySet<string>;
  /** No other action of this type can have left an event that is not in `ignore`. */
  alone: boolean;
  /** The same, for actions on our mailbox. */
  aloneOnMailbox: boolean;
}

/**
 * Finds the event of our own action. What an event says is not documented for v3: it may name the mailbox, or nobody. One that
 * names us is ours if nobody else works on our mailbox; one that names nobody is ours if nobody else works at all; one that
 * names somebody else is never ours. A restore that was not seen must not borrow another one's success.
 */
export function attribute(events: readonly SessionEvent[], own: OwnAction): Attribution {
  const candidates = events.filter(({ id, type }) => isSameText(type, own.type) && !own.ignore.has(id));
  const readers = candidates.map((event) => ({ event, named: mailboxesNamedIn(textOf(event), own.mailboxes) }));
  const ours = readers.filter(({ named }) => named.some(({ id }) => id === own.mailbox.id)).map(({ event }) => event);
  const nobodys = readers
    .filter(({ named, event }) => named.length === 0 && !namesAnyAddress(event))
    .map(({ event }) => event);
  const [our] = ours;
  if (our !== undefined) {
    const isSure = ours.length === 1 && own.aloneOnMailbox && namedAlone(readers, our);
    return isSure ? { kind: "ours", event: our } : { kind: "unclear", events: ours };
  }
  const [nobody] = nobodys;
  if (nobody !== undefined) {
    return nobodys.length === 1 && own.alone ? { kind: "ours", event: nobody } : { kind: "unclear", events: nobodys };
  }
  return { kind: "none" };
}

/** Title and message in one, without saying the same twice. */
export function textOf({ title, message }: SessionEvent): string {
  return title === "" || message.includes(title) ? message : `${title}: ${message}`;
}

type Named = Pick<Mailbox, "id" | "name" | "email">;

function namedAlone(readers: { event: SessionEvent; named: Named[] }[], event: SessionEvent): boolean {
  return readers.some((reader) => reader.event === event && reader.named.length === 1);
}

/** By address first; an archive carries its owner's address, so several that are left are told apart by name. */
function mailboxesNamedIn(text: string, mailboxes: readonly Named[]): Named[] {
  const addresses = new Set(addressesIn(text));
  const byAddress = mailboxes.filter(({ email }) => addresses.has(email.toLowerCase()));
  if (byAddress.length === 1 || (addresses.size > 0 && byAddress.length === 0)) {
    return byAddress;
  }
  const byName = longestNames(text, byAddress.length > 0 ? byAddress : mailboxes);
  return byName.length > 0 ? byName : byAddress;
}

/** Mailboxes with the longest name that stands in the text as a whole: "In-Place Archive - Finance" is not "Finance". */
function longestNames(text: string, mailboxes: readonly Named[]): Named[] {
  const lower = text.toLowerCase();
  const found = mailboxes.filter(({ name }) => name !== "" && standsIn(lower, name.toLowerCase()));
  const longest = Math.max(0, ...found.map(({ name }) => name.length));
  return found.filter(({ name }) => name.length === longest);
}

function standsIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + name.length])) {
      return true;
    }
  }
  return false;
}

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);
const namesAnyAddress = (event: SessionEvent) => addressesIn(textOf(event)).length > 0;
const isSameText = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function addressesIn(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s()<>[\]{},;:"'|]+/)
    .map((word) => word.replace(/[.!?]+$/, ""))
    .filter((word) => /^[^@]+@[^@]+$/.test(word));
}
