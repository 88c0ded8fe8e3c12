export {
  type ActionArgs,
  type BackupSourceArgs,
  type CommonArgs,
  type ExchangeAccessArgs,
  type ExportToPstArgs,
  MailboxRestore,
  type MailboxArgs,
  type MailboxRestoreArgs,
  type RestoreToArgs,
  type RestoreToOriginalLocationArgs,
  type SessionSourceArgs,
} from "./mailbox-restore";
