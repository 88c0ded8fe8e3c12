/**
 * Where nobody documents what the server does, or two sources disagree: each point is a switch, and a client must live with every
 * position. The defaults are the likelier readings.
 */
export interface OpenPoints {
  /** A restore session ends after so many seconds without a request; default 3600. [inf] */
  sessionIdleSeconds: number;
  /** Status of what is asked of a session that has ended. Default 500 [C]; v8 may say 404 [inf]. */
  endedSession: 500 | 404;
  /** Restore sessions that one login may have open; one more is refused with 500. Default: any number. */
  maxOpenSessions: number;
  /** Exports that run at the same time; one more is refused with 500. Default: any number. */
  maxExports: number;

  /** Does a logout end one token, or all tokens of the login? Default "token". [inf] */
  logout: "token" | "login";
  /** Life of a refresh token in seconds; default a day. [inf] */
  refreshTokenLifetimeSeconds: number;
  /** May a refresh token be used again that was replaced? Default "refused". [inf] */
  usedRefreshToken: "refused" | "accepted";
  /** Status of a refresh token that is not taken. Default 400; 401 is handled by clients, too. [C] */
  refreshRefusal: 400 | 401;
  /** The body of a refused login from v6 on: that of OAuth, as before [C], or a message, as the spec's default [D]. Default "oauth". */
  tokenRefusal: "oauth" | "message";
  /** How v3 to v5 print `.issued` and `.expires`. Default "rfc1123", the framework's own [inf]; ISO 8601 from v6 on [D]. */
  tokenDates: "rfc1123" | "iso";
  /** A cookie beside the token, unless it is declined (v7, v8). Default "demanded". [D]; that its lack gives 400 is [inf] */
  antiforgery: "demanded" | "ignored";
  /** The body of a 401. Default "empty". [C] */
  unauthorizedBody: "empty" | "message";
  /** What a tenant gets who lists all organizations: 403, or a list of the own one. Default "refused". [inf] */
  tenantList: "refused" | "own";
  /** Status of what a tenant may not see; v8 names the reason beside it [D]. Default 403. [inf] */
  tenantRefusal: 403 | 500;

  /** Lists of v3: page objects, as its clients read them [C], or bare arrays, as its reference draws some [D]. Default "pages". */
  listsOfV3: "pages" | "arrays";
  /** `/Action` from v6 on, which only deprecation notes mention. Default "absent": 404. [inf] */
  envelopeFromV6: "absent" | "served";
  /** Status of a request that cannot be read: "mixed" is 500 for missing parameters [I] and 400 for what is no JSON [inf]. Default "mixed". */
  unreadableRequest: "mixed" | 400 | 500;
  /** Several actions in one envelope (v3 to v5). Default "refused" with 400; or the first one counts. [inf] */
  severalActions: "refused" | "firstCounts";
  /** Flags as words from v6 on. Default "accepted". [inf] */
  stringBooleans: "accepted" | "refused";

  /** Two ways into Exchange at once, or none. Default "refused" with 400; or the first one counts, and none is for Exchange to refuse. [inf] */
  accessVariants: "refused" | "firstCounts";
  /** Does v5 know an application's certificate? Default "ignored". */
  certificateInV5: "ignored" | "accepted";

  /** The body of a restore's 200 in v3: nothing, as its page says [D], or counters, as its portal reads them [C]. Default "empty". */
  restoreAnswer: "empty" | "counters";
  /**
   * Whether a restore leaves an event, and whether its words name the mailbox, or fields of their own do (v6 on); none is documented.
   * Default "named".
   */
  restoreEvents: "named" | "fields" | "unnamed" | "none";
  /** When that event appears: as the restore begins, or when it has ended. Default "atBegin". [inf] */
  eventAppears: "atBegin" | "atEnd";
  /** The events of a session that has ended: still there, or refused as all else of it. Default "kept". [inf] */
  endedEvents: "kept" | "refused";
  /** The session that a restore of v8 names: that of its path, or one of its own, which ends with it or stays open. Default "same". [inf] */
  asyncSession: "same" | "new" | "newStaysOpen";
  /** How that answer spells the session's id. Default "plain". [inf] */
  asyncSessionId: "plain" | "upperCase" | "braces";
  /** Does a session of v8 have statistics, and do they list the mailbox, which is optional [D]? Default "counts"; "none" answers 404. */
  statistics: "counts" | "items" | "none";
  /** So many times after a restore has ended, its session's statistics are asked for and still are what they were before. Default 0. [inf] */
  statisticsLag: number;
  /** Where a device code is good: anywhere, or only in the session that it was asked for in. Default "server". [inf] */
  deviceCodeScope: "server" | "session";

  /** Which name of the keyword v3 to v5 bind; the other is ignored. Default "both". [inf] */
  keywordBinding: "both" | "contentKeywords" | "contentKeyword";
  /** An export whose keyword finds nothing: an empty PST, or 500. Default "file". [inf] */
  emptyExport: "file" | "refused";
  /** The file name that comes with an export: the mailbox's, or none. Default "mailbox". [inf] */
  exportFileName: "mailbox" | "none";
  /** What `Range` gets (v7, v8) [D]: 206 with the part, or 200 with the whole file. Default "partial". [inf] */
  rangeAnswer: "partial" | "whole";
  /** The file that a second request for the same export gets: the one that was made, or one that is made anew, with other bytes. Default "kept". [inf] */
  exportFile: "kept" | "rebuilt";
  /** Does an export come with an `ETag` that names its bytes? Default "none". [inf] */
  exportTag: "none" | "strong";
  /** How the ZIP of a split export is packed. Default "stored". [inf] */
  splitExport: "stored" | "deflated";
}

const defaults: OpenPoints = {
  sessionIdleSeconds: 3600,
  endedSession: 500,
  maxOpenSessions: Number.POSITIVE_INFINITY,
  maxExports: Number.POSITIVE_INFINITY,
  logout: "token",
  refreshTokenLifetimeSeconds: 24 * 60 * 60,
  usedRefreshToken: "refused",
  refreshRefusal: 400,
  tokenRefusal: "oauth",
  tokenDates: "rfc1123",
  antiforgery: "demanded",
  unauthorizedBody: "empty",
  tenantList: "refused",
  tenantRefusal: 403,
  listsOfV3: "pages",
  envelopeFromV6: "absent",
  unreadableRequest: "mixed",
  severalActions: "refused",
  stringBooleans: "accepted",
  accessVariants: "refused",
  certificateInV5: "ignored",
  restoreAnswer: "empty",
  restoreEvents: "named",
  eventAppears: "atBegin",
  endedEvents: "kept",
  asyncSession: "same",
  asyncSessionId: "plain",
  statistics: "counts",
  statisticsLag: 0,
  deviceCodeScope: "server",
  keywordBinding: "both",
  emptyExport: "file",
  exportFileName: "mailbox",
  rangeAnswer: "partial",
  exportFile: "kept",
  exportTag: "none",
  splitExport: "stored",
};

/** Those that were chosen, and the defaults of the others. */
export function openPointsOf(chosen: Partial<OpenPoints>): OpenPoints {
  const names = Object.keys(defaults) as (keyof OpenPoints)[];
  const own = names.filter((name) => chosen[name] !== undefined).map((name) => [name, chosen[name]]);
  return { ...defaults, ...(Object.fromEntries(own) as Partial<OpenPoints>) };
}
