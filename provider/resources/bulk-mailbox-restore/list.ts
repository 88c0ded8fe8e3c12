import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import picomatch from "picomatch";
import { withoutEnd } from "../../api/answer";
import type { Mailbox } from "../../api/dialects/dialect";
import { MailboxRestoreError, messageOf } from "../../errors";
import type { MailboxSelector } from "../../restore/selection";
import type { MailboxInput } from "../mailbox-restore/inputs";
import { unknownValue } from "../shape";
import type { AllMailboxesInput, BulkMailboxRestoreInputs } from "./inputs";

/** Which mailboxes a bulk restore is about. */

/** A mailbox of the list. */
export interface Listed {
  /** What it is called in results and state: address in lower case, with ` (archive)` behind it, or `id` and the id. */
  name: string;
  selector: MailboxSelector;
  /** As the server lists it, where it was asked: id, and what it is called by its address, which may be empty. */
  found?: { id: string; address: string };
}

export const nameOf = (selector: MailboxSelector): string =>
  "id" in selector
    ? `id ${selector.id.toLowerCase()}`
    : `${selector.email.toLowerCase()}${selector.archive ? " (archive)" : ""}`;

const selectorOf = ({ id, email = "", archive = false }: MailboxInput): MailboxSelector =>
  id === undefined ? { email, archive } : { id };

/** The list of a program, or of its file; undefined for the whole organisation, which only the server knows. */
export function listedIn({ mailboxes, mailboxesFile }: BulkMailboxRestoreInputs): Listed[] | undefined {
  const given =
    mailboxes ?? (mailboxesFile === undefined ? undefined : readMailboxesFile(mailboxesFile, readText(mailboxesFile)));
  return given?.map((one) => {
    const selector = selectorOf(typeof one === "string" ? { email: one } : one);
    return { name: nameOf(selector), selector };
  });
}

/** What a file holds, for an input that changes when it does. */
export function fingerprintOf(listed: Listed[]): { count: number; sha256: string } {
  const sha256 = createHash("sha256");
  listed.forEach(({ name }) => sha256.update(`${name}\n`));
  return { count: listed.length, sha256: sha256.digest("hex") };
}

/** Names that stand in a list more than once. */
export function repeatedIn(listed: Listed[]): string[] {
  const seen = new Set<string>();
  return [...new Set(listed.flatMap(({ name }) => (seen.size === seen.add(name).size ? [name] : [])))];
}

/** What the whole organisation is: all that the session lists, in the order of their addresses. */
export function chosenFrom(mailboxes: Mailbox[], { include, exclude, archives = false }: AllMailboxesInput): Listed[] {
  const isIncluded = include === undefined ? () => true : matcherOf(include);
  const isExcluded = exclude === undefined ? () => false : matcherOf(exclude);
  const chosen = mailboxes.filter(
    ({ email, isArchive }) => (archives || !isArchive) && isIncluded(email) && !isExcluded(email),
  );
  return named(mailboxes, chosen).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A list in which mailboxes that are named by their id have the name that they have anywhere else, so that one is not two. */
export function withOneName(listed: Listed[], mailboxes: Mailbox[]): Listed[] {
  const all = named(mailboxes, mailboxes);
  const byId = new Map(mailboxes.map(({ id }, index) => [id.toLowerCase(), all[index]]));
  return listed.map((one) => ("id" in one.selector ? byId.get(one.selector.id.toLowerCase()) : undefined) ?? one);
}

/** Is it named by an id? That counts in one session alone [inf], so another session may have the same mailbox by another one. */
export const isNamedById = (name: string): boolean => name.startsWith("id ");

/** By their address, or by their id where that is not theirs alone. */
function named(mailboxes: Mailbox[], chosen: Mailbox[]): Listed[] {
  const addressOf = ({ email, isArchive: archive }: Mailbox) => nameOf({ email, archive });
  const counts = new Map<string, number>();
  mailboxes.forEach((mailbox) => counts.set(addressOf(mailbox), (counts.get(addressOf(mailbox)) ?? 0) + 1));
  return chosen.map((mailbox) => {
    const { id, email, isArchive: archive } = mailbox;
    const selector = email === "" || counts.get(addressOf(mailbox)) !== 1 ? { id } : { email, archive };
    const found = { id: id.toLowerCase(), address: email === "" ? "" : addressOf(mailbox) };
    return { name: nameOf(selector), selector, found };
  });
}

/** Upper and lower case are the same, and `*` stands for anything. */
const matcherOf = (patterns: string[]) =>
  picomatch(patterns, {
    nocase: true,
    dot: true,
    noextglob: true,
    nobrace: true,
    nobracket: true,
    nonegate: true,
    bash: true,
  });

/**
 * Is it of this part? Each mailbox belongs to one part, whatever else is in the list: by its address, which stays when another one gets
 * the same and both are named by their ids.
 */
export function isOfShard({ name, found }: Listed, shard: BulkMailboxRestoreInputs["shard"]): boolean {
  const key = found === undefined || found.address === "" ? name : found.address;
  return shard === undefined || createHash("sha256").update(key).digest().readUInt32BE(0) % shard.count === shard.index;
}

/** @throws MailboxRestoreError (`file`) that says what to mend */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new MailboxRestoreError("file", `mailboxesFile ${path} cannot be read: ${messageOf(error)}.`);
  }
}

/**
 * Mailboxes of a file. JSON: an array of addresses, or of `{email, archive}` or `{id}`. CSV: with a header that has a column `email` or `id`,
 * and may have `archive`; or one address a line, without a header. Other columns are left alone.
 *
 * @throws MailboxRestoreError (`file`) that names the line
 */
export function readMailboxesFile(path: string, text: string): (string | MailboxInput)[] {
  const mailboxes = extname(path).toLowerCase() === ".json" ? fromJson(path, text) : fromCsv(path, text);
  if (mailboxes.length === 0) {
    throw wrong(path, "it names no mailbox");
  }
  return mailboxes;
}

function fromJson(path: string, text: string): (string | MailboxInput)[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw wrong(path, messageOf(error));
  }
  if (!Array.isArray(parsed)) {
    throw wrong(path, "it must be an array of addresses, or of { email, archive } or { id }");
  }
  return parsed.map((one: unknown, index) => {
    const { email, archive, id } = (typeof one === "string" ? { email: one } : (one ?? {})) as Record<string, unknown>;
    return checked(path, `entry ${index + 1}`, {
      email: email,
      id: id,
      archive: archive,
    });
  });
}

function fromCsv(path: string, text: string): MailboxInput[] {
  let rows: { record: string[]; info: { lines: number } }[];
  try {
    rows = parseCsv(text, {
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      delimiter: [",", ";", "\t"],
    }) as unknown as typeof rows;
  } catch (error) {
    throw wrong(path, messageOf(error));
  }
  const head = rows[0]?.record.map((name) => name.toLowerCase()) ?? [];
  const at = { email: head.indexOf("email"), id: head.indexOf("id"), archive: head.indexOf("archive") };
  const hasHead = at.email >= 0 || at.id >= 0;
  if (!hasHead && rows.some(({ record }) => record.length > 1)) {
    throw wrong(path, "its first line must name the columns, and one of them must be email or id");
  }
  return (hasHead ? rows.slice(1) : rows).map(({ record, info }) => {
    const cell = (index: number) => (index < 0 || record[index] === "" ? undefined : record[index]);
    const archive = cell(at.archive)?.toLowerCase();
    return checked(path, `line ${info.lines}`, {
      email: hasHead ? cell(at.email) : record[0],
      id: cell(at.id),
      archive: archive === undefined ? undefined : (truths.get(archive) ?? archive),
    });
  });
}

const truths = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);

function checked(
  path: string,
  where: string,
  { email, id, archive }: { email: unknown; id: unknown; archive: unknown },
): MailboxInput {
  if (archive !== undefined && typeof archive !== "boolean") {
    throw wrong(path, `${where}: archive must be true or false`);
  }
  if (typeof id === "string" && id !== "" && id !== unknownValue) {
    return { id };
  }
  if (typeof email !== "string" || !/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw wrong(path, `${where} must have an e-mail address or an id`);
  }
  return { email, ...(archive === true ? { archive } : {}) };
}

const wrong = (path: string, reason: string) =>
  new MailboxRestoreError("file", `mailboxesFile ${path}: ${withoutEnd(reason)}.`);
