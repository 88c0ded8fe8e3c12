import { type Intent, hashOf, intentOf } from "../mailbox-restore/intent";

/** What is to be done with each mailbox, in one normal form. Which mailboxes these are is no part of it: one more runs that one alone. */
export function bulkIntentOf(bag: object): Intent {
  const { mailbox: _none, ...intent } = intentOf(bag);
  return intent;
}

/** The same of one of the mailboxes. */
export const intentHashFor = (intent: Intent, name: string): string => hashOf({ ...intent, mailbox: { name } });
