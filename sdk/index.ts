import { keepEnginesApart } from "./inline-programs";

keepEnginesApart();

export {
  getBackupWindow,
  getMailbox,
  getMailboxes,
  getOrganizations,
  getRestorePoints,
  getRestoreSession,
  getServerInfo,
  preflight,
  requestDeviceCode,
  waitForDeviceCode,
} from "./functions";
export type { ConnectionOptions, MailboxQuery } from "./functions";
export type {
  DeviceCode,
  Mailbox,
  Organization,
  RestorePoint,
  RestoreSession as RestoreSessionState,
} from "../provider/api/dialects/dialect";
export type { BackupSelector, BackupWindow, ServerInfo } from "../provider/restore/lookup";
export type { PreflightCheck, PreflightReport, PreflightRequest } from "../provider/restore/preflight";
export { BulkMailboxRestore } from "./bulk-mailbox-restore";
export type { AllMailboxesArgs, BulkMailboxRestoreArgs, MailboxesArgs, ShardArgs } from "./bulk-mailbox-restore";
export { MailboxRestore } from "./mailbox-restore";
export type {
  ActionArgs,
  AdoptArgs,
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
  TimeoutsArgs,
  VerifyArgs,
} from "./mailbox-restore";
export { Provider } from "./provider";
export type { ProviderArgs } from "./provider";
export { RestoreDrill } from "./restore-drill";
export type { DrillTargetArgs, EvidenceArgs, ObjectivesArgs, RestoreDrillArgs } from "./restore-drill";
export { RestoreSession } from "./restore-session";
export type { RestoreSessionArgs } from "./restore-session";
