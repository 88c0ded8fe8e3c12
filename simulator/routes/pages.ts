import type { WirePage } from "../../provider/api/wire/v3";
import { VendorError } from "../errors";
import type { RouteContext } from "./route";

/** The query parameters of a page. */
export const pageQuery = ["offset", "limit"] as const;

/** Rows on a page when none are asked for. [D] */
export const defaultLimit = 30;

/**
 * One page of a list, with links to itself and to the first, previous and next page where there are any. [D]
 *
 * Up to v3 it may be a bare array: see the switch `listsOfV3`.
 *
 * @param path - Of the list, from the root.
 * @throws VendorError `invalidValue` when offset or limit is no number, or the limit is zero.
 */
export function pageOf<Row, Wire>(
  context: RouteContext,
  path: string,
  rows: readonly Row[],
  toWire: (row: Row) => Wire,
): WirePage<Wire> | Wire[] {
  const offset = numberIn(context, "offset", 0);
  const limit = Math.min(numberIn(context, "limit", defaultLimit), context.version.maxLimit);
  if (limit === 0) {
    throw new VendorError("invalidValue", "limit");
  }
  const results = rows.slice(offset, offset + limit).map(toWire);
  if (context.version.number === 3 && context.state.behaviour.listsOfV3 === "arrays") {
    return results;
  }
  const link = (to: number): { href: string } => ({ href: `${context.baseUrl}${path}?offset=${to}&limit=${limit}` });
  return {
    offset,
    limit,
    results,
    _links: {
      self: link(offset),
      ...(offset > 0 ? { first: link(0), prev: link(Math.max(0, offset - limit)) } : {}),
      ...(offset + limit < rows.length ? { next: link(offset + limit) } : {}),
    },
  };
}

function numberIn(context: RouteContext, name: (typeof pageQuery)[number], fallback: number): number {
  const text = context.query[name];
  if (text === undefined) {
    return fallback;
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw new VendorError("invalidValue", name);
  }
  return Number(text);
}
