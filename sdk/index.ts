export { MailboxRestore } from "./mailbox-restore";
export type {
  ActionArgs,
  BackupSourceArgs,
  CommonArgs,
  ExchangeAccessArgs,
  ExportToPstArgs,
  MailboxArgs,
  MailboxRestoreArgs,
  RestoreToArgs,
  RestoreToOriginalLocationArgs,
  SessionSourceArgs,
} from "./mailbox-restore";
