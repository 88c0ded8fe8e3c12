import type { RestoreResult } from "./faults";
import type { ItemSeed, SeededMailbox } from "./seed";
import type { Session } from "./sessions";

/** Which items a restore writes; the seven of the REST reference but the one that only sets a mark. */
export interface RestoreFlags {
  changedItems: boolean;
  deletedItems: boolean;
  excludeDrafts: boolean;
  excludeDeletedItems: boolean;
  excludeInPlaceHoldItems: boolean;
  excludeLitigationHoldItems: boolean;
}

/** What a restore did. Items that a flag excludes are in none of the numbers. */
export interface RestoreCounts {
  /** Missing items written. */
  created: number;
  /** Changed items written over. */
  merged: number;
  failed: number;
  /** Items that were there already. */
  skipped: number;
  failedFolders: number;
}

/** No flags travel with a restore to the original place: missing and changed items are written. [inf] */
export const originalLocationFlags: RestoreFlags = {
  changedItems: true,
  deletedItems: true,
  excludeDrafts: false,
  excludeDeletedItems: false,
  excludeInPlaceHoldItems: false,
  excludeLitigationHoldItems: false,
};

/** The mailboxes that restores write into: which items of which backup are there already. */
export class TargetMailboxes {
  /** How many items of an item group have landed, by target, source mailbox and group. */
  readonly #landed = new Map<string, number>();

  /**
   * Writes the items of a mailbox into a target.
   *
   * @param target - Any text that tells targets apart; the same text means the same place.
   */
  restore(
    session: Session,
    mailbox: SeededMailbox,
    target: string,
    flags: RestoreFlags,
    result: RestoreResult = {},
  ): RestoreCounts {
    const counts = { created: 0, merged: 0, failed: 0, skipped: 0, failedFolders: result.failedFolders ?? 0 };
    const room = {
      created: result.created ?? (result.cannotContinueError === undefined ? Infinity : 0),
      merged: result.merged ?? (result.cannotContinueError === undefined ? Infinity : 0),
    };
    let toFail = result.failedItems ?? 0;
    // From the last group to the first, because the last items are those that a fault lets fail.
    for (const [group, item] of [...(mailbox.items ?? []).entries()].reverse()) {
      if (!isVisible(item, session) || isExcluded(item, flags)) {
        continue;
      }
      const key = JSON.stringify([target, mailbox.id, group]);
      const landed = this.#landed.get(key) ?? 0;
      const left = (item.count ?? 1) - landed;
      counts.skipped += landed;
      const counter = counterOf(item, flags);
      if (counter === "skipped") {
        counts.skipped += left;
      } else if (counter !== undefined) {
        const failing = item.restoreFails === true ? left : Math.min(left, toFail);
        toFail -= item.restoreFails === true ? 0 : failing;
        const written = Math.min(left - failing, room[counter]);
        room[counter] -= written;
        counts.failed += failing;
        counts[counter] += written;
        this.#landed.set(key, landed + written);
      }
    }
    return {
      ...counts,
      failed: counts.failed + toFail,
      created: result.created ?? counts.created,
      merged: result.merged ?? counts.merged,
    };
  }
}

/** How many items of a mailbox an export finds: those whose subject or body contains the keyword, or all without one. */
export function countMatches(session: Session, mailbox: SeededMailbox, keyword: string | undefined): number {
  const wanted = (keyword ?? "").toLowerCase();
  return (mailbox.items ?? [])
    .filter((item) => isVisible(item, session))
    .filter((item) => `${item.subject ?? "Message"}\n${item.body ?? ""}`.toLowerCase().includes(wanted))
    .reduce((sum, item) => sum + (item.count ?? 1), 0);
}

function isVisible(item: ItemSeed, session: Session): boolean {
  return item.onlyWith === undefined || session[item.onlyWith];
}

function isExcluded(item: ItemSeed, flags: RestoreFlags): boolean {
  return (
    (flags.excludeDrafts && (item.draft === true || item.folder === "Drafts")) ||
    (flags.excludeDeletedItems && item.folder === "Deleted Items") ||
    (flags.excludeInPlaceHoldItems && item.inPlaceHold === true) ||
    (flags.excludeLitigationHoldItems && item.litigationHold === true)
  );
}

/** Where an item that has not landed is counted; undefined when the flags leave it alone. */
function counterOf(item: ItemSeed, flags: RestoreFlags): "created" | "merged" | "skipped" | undefined {
  switch (item.state ?? "missing") {
    case "missing":
      return flags.deletedItems ? "created" : undefined;
    case "changed":
      return flags.changedItems ? "merged" : undefined;
    case "unchanged":
      return "skipped";
  }
}
