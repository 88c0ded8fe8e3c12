export {
  getBackupWindow,
  getMailbox,
  getMailboxes,
  getOrganizations,
  getRestoreSession,
  getServerInfo,
  preflight,
} from "./functions";
export type { ConnectionOptions, MailboxQuery } from "./functions";
export { MailboxRestore } from "./mailbox-restore";
export type {
  ActionArgs,
  BackupSourceArgs,
  CommonArgs,
  ExchangeAccessArgs,
  ExportToPstArgs,
  MailboxArgs,
  MailboxRestoreArgs,
  OwnSessionSourceArgs,
  RestoreToArgs,
  RestoreToOriginalLocationArgs,
  SessionSourceArgs,
} from "./mailbox-restore";
export { Provider } from "./provider";
export type { ProviderArgs } from "./provider";
export { RestoreSession } from "./restore-session";
export type { RestoreSessionArgs } from "./restore-session";
