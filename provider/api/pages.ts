import { MailboxRestoreError } from "../errors";

/** One page of a list, whatever its shape was on the wire. */
export interface Page<T> {
  results: T[];
  /** How many the server puts on a page, when it said so; it may be less than was asked for. */
  limit?: number | undefined;
  hasNext?: boolean | undefined;
  /** A bare array: the whole list, or as much of it as was asked for, and nothing in it tells which. */
  isArray?: boolean;
}

/**
 * Reads a list to its end. A page that is full, or that links to a next one, is not the last; a total count is not trusted,
 * because only some versions send one.
 *
 * @param idOf - identity of a result; a page with nothing new in it means that the server ignores `offset`: a bare array was the whole
 * list then
 */
export async function readAllPages<T>(
  readPage: (offset: number, limit: number) => Promise<Page<T>>,
  options: { pageSize: number; idOf: (result: T) => string },
): Promise<T[]> {
  const seen = new Map<string, T>();
  for (let offset = 0; ;) {
    const page = await readPage(offset, options.pageSize);
    const known = seen.size;
    page.results.forEach((result) => seen.set(options.idOf(result), result));
    offset += page.results.length;
    const isFull = page.results.length >= (page.limit ?? options.pageSize);
    if (page.results.length === 0 || !(page.hasNext || isFull)) {
      return [...seen.values()];
    }
    if (seen.size === known && page.isArray === true) {
      return [...seen.values()];
    }
    if (seen.size === known) {
      throw new MailboxRestoreError("api", "The server repeats the same page of a list for ever: its paging is broken");
    }
  }
}
