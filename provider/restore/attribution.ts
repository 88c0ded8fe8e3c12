import { withoutEnd } from "../api/answer";
import type { Mailbox, SessionEvent } from "../api/dialects/dialect";
import { type Named, indexOf } from "./mailbox-index";

export type { Named } from "./mailbox-index";

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
  /** Address that is written to, where it is another one. */
  target?: string | undefined;
  /** Other actions of this type that we began in this session: their mailboxes and targets. */
  neighbours: readonly { mailboxId: string; target?: string | undefined }[];
  /** Events that were there before the action, or were found to belong to another one. */
  ignore: ReadonlySet<string>;
  /** No other action of this type can have left an event that is not in `ignore`. */
  alone: boolean;
  /** The same, for actions on our mailbox. */
  aloneOnMailbox: boolean;
}

/**
 * Finds the event of our own action. What an event says is not documented for v3: it may name the source, the target, or nobody.
 * One that names our mailbox is ours if nobody else works on it; any other one is ours only if nobody else works at all. One that
 * names a neighbour is the neighbour's. Whatever is left could be ours without proof: a restore that was not seen must not borrow
 * another one's success, and a failure that may be ours must not pass for nobody's.
 */
export function attribute(events: readonly SessionEvent[], own: OwnAction): Attribution {
  const readers = events
    .filter(({ id, type }) => mayBe(type, own.type) && !own.ignore.has(id))
    .map((event) => ({ event, ...reading(event, own) }));
  const possible = readers.filter(({ whose }) => whose !== "neighbour");
  const [first] = possible;
  if (first === undefined) {
    return { kind: "none" };
  }
  const ours = possible.filter(({ whose }) => whose === "ours");
  const [our] = ours;
  const isSure =
    our !== undefined
      ? ours.length === 1 && own.aloneOnMailbox && (own.alone || possible.length === 1)
      : possible.length === 1 && own.alone && first.whose !== "stranger";
  return isSure
    ? { kind: "ours", event: (our ?? first).event }
    : { kind: "unclear", events: possible.map(({ event }) => event) };
}

/** Events of our type that name our mailbox and no other, known ones left out. */
export function eventsNamingUs(events: readonly SessionEvent[], own: OwnAction): SessionEvent[] {
  return events.filter(
    (event) => mayBe(event.type, own.type) && !own.ignore.has(event.id) && reading(event, own).whose === "ours",
  );
}

/**
 * Mailboxes that an event may be thought to name when it names this one: those with the same address, as an archive has, then those
 * whose name holds the other. At most twenty.
 */
export function namesakesOf(mailbox: Named, mailboxes: readonly Named[]): Named[] {
  const index = indexOf(mailboxes);
  const [email, name] = [mailbox.email.toLowerCase(), mailbox.name.toLowerCase()];
  const isAnother = ({ id }: Named) => id !== mailbox.id;
  const sameAddress = index.withAddress(email).filter(isAnother);
  const isNamedLike = (other: Named) => isAnother(other) && other.email.toLowerCase() !== email;
  const within = index.namedIn(name, "anywhere").filter(isNamedLike);
  const around = name === "" ? [] : index.namesWith(name, isNamedLike, 20);
  const alike = [...new Set([...within, ...around])].sort((a, b) => index.placeOf(a) - index.placeOf(b));
  const first = [...sameAddress, ...alike].slice(0, 20);
  return first.map(({ id, name, email }) => ({ id, name, email }));
}

/** Whom an event names: us, a neighbour, somebody that we know nothing of, or nobody that can be told. */
function reading(event: SessionEvent, own: OwnAction): { whose: "ours" | "neighbour" | "stranger" | "nobody" } {
  const subject = subjectOf(event, own.mailboxes);
  const addresses = new Set(addressesIn(`${subject} ${event.target ?? ""}`));
  const names = (address: string | undefined) => address !== undefined && addresses.has(address.toLowerCase());
  const named = mailboxesNamedIn(subject, own.mailboxes);
  if (named.some(({ id }) => id === own.mailbox.id)) {
    return { whose: named.length === 1 ? "ours" : "nobody" };
  }
  if (names(own.target)) {
    return { whose: "nobody" };
  }
  const isNeighbours =
    own.neighbours.some(({ target }) => names(target)) ||
    (named.length > 0 && named.every(({ id }) => own.neighbours.some(({ mailboxId }) => mailboxId === id)));
  if (isNeighbours) {
    return { whose: "neighbour" };
  }
  return { whose: named.length > 0 || addresses.size > 0 ? "stranger" : "nobody" };
}

/** The part of an event that says what was restored: the fields for that, where they name somebody, else its words. */
function subjectOf(event: SessionEvent, mailboxes: readonly Named[]): string {
  const fields = [event.itemName, event.source].filter((text) => text !== undefined).join(" ");
  return mailboxesNamedIn(fields, mailboxes).length > 0 ? fields : textOf(event);
}

/** Can an event be that of a restore of this mailbox, or into this target? One that names somebody else is not; one that names nobody may be. */
export function mayConcern(
  event: SessionEvent,
  about: { mailbox: Named; mailboxes: readonly Named[]; target?: string | undefined },
): boolean {
  const text = subjectOf(event, about.mailboxes);
  const addresses = addressesIn(`${text} ${event.target ?? ""}`);
  if (about.target !== undefined && addresses.includes(about.target.toLowerCase())) {
    return true;
  }
  const named = mailboxesNamedIn(text, about.mailboxes);
  return named.some(({ id }) => id === about.mailbox.id) || (named.length === 0 && addresses.length === 0);
}

/** Title and message in one, without saying the same twice. */
export function textOf({ title, message }: Pick<SessionEvent, "title" | "message">): string {
  return title === "" || message.includes(title) ? message : `${title}: ${message}`;
}

/** By address first; an archive carries its owner's address, so several that are left are told apart by name. */
function mailboxesNamedIn(text: string, mailboxes: readonly Named[]): Named[] {
  const index = indexOf(mailboxes);
  const addresses = new Set(addressesIn(text));
  const byAddress = [...addresses].flatMap((address) => index.withAddress(address));
  if (byAddress.length === 1 || (addresses.size > 0 && byAddress.length === 0)) {
    return byAddress;
  }
  const byName = longestNames(text, byAddress.length > 0 ? byAddress : mailboxes);
  return byName.length > 0 ? byName : byAddress;
}

/** Mailboxes with the longest name that stands in the text as a whole: "In-Place Archive - Finance" is not "Finance". */
function longestNames(text: string, mailboxes: readonly Named[]): Named[] {
  const found = indexOf(mailboxes).namedIn(text, "asWords");
  const longest = Math.max(0, ...found.map(({ name }) => name.length));
  return found.filter(({ name }) => name.length === longest);
}

/** Can an event of this type tell of such an action? One without a type can. */
export const mayBe = (type: string, action: "Restore" | "Export") =>
  type === "" || type.toLowerCase() === action.toLowerCase();

function addressesIn(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s()<>[\]{},;:"'|]+/)
    .map((word) => withoutEnd(word, /[.!?]/))
    .filter((word) => /^[^@]+@[^@]+$/.test(word));
}
