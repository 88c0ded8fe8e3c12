import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { readManifest, root } from "./package";

describe("the names that the package exports", () => {
  it("are these for programs", async () => {
    const { exports } = await readManifest();
    assert.deepEqual(namesOf(exports["."]), {
      values: [
        "BulkMailboxRestore",
        "MailboxRestore",
        "Provider",
        "RestoreDrill",
        "RestoreSession",
        "getBackupWindow",
        "getMailbox",
        "getMailboxes",
        "getOrganizations",
        "getRestorePoints",
        "getRestoreSession",
        "getServerInfo",
        "preflight",
        "requestDeviceCode",
        "waitForDeviceCode",
      ],
      types: [
        "ActionArgs",
        "AdoptArgs",
        "AllMailboxesArgs",
        "BackupSelector",
        "BackupSourceArgs",
        "BackupWindow",
        "BulkMailboxRestoreArgs",
        "CommonArgs",
        "ConnectionOptions",
        "DeviceCode",
        "DrillTargetArgs",
        "EvidenceArgs",
        "ExchangeAccessArgs",
        "ExportToPstArgs",
        "Mailbox",
        "MailboxArgs",
        "MailboxQuery",
        "MailboxRestoreArgs",
        "MailboxesArgs",
        "ObjectivesArgs",
        "Organization",
        "OwnSessionSourceArgs",
        "PreflightCheck",
        "PreflightReport",
        "PreflightRequest",
        "ProviderArgs",
        "RestoreDrillArgs",
        "RestorePoint",
        "RestoreSessionArgs",
        "RestoreSessionState",
        "RestoreToArgs",
        "RestoreToOriginalLocationArgs",
        "ServerInfo",
        "SessionSourceArgs",
        "ShardArgs",
        "TimeoutsArgs",
        "VerifyArgs",
      ],
    });
  });

  it("are these for tests of programs", async () => {
    const { exports } = await readManifest();
    assert.deepEqual(namesOf(exports["./simulator"]).values, [
      "defaultOrganizations",
      "numberedMailboxes",
      "organizationsFrom",
      "startSimulator",
    ]);
  });

  it("are these for Pulumi's provider process, which finds them by the text in every state", async () => {
    const { exports } = await readManifest();
    assert.deepEqual(namesOf(exports["./provider"]).values, [
      "BulkMailboxRestore",
      "DrillVerdict",
      "MailboxRestore",
      "RestoreSession",
    ]);
  });
});

/** What the compiled module holds when it runs, and what its declarations have besides. */
function namesOf(entry = ""): { values: string[]; types: string[] } {
  const file = join(root, entry);
  const values = Object.keys(createRequire(__filename)(file) as object).sort();
  const declarations = file.replace(/\.js$/, ".d.ts");
  const program = ts.createProgram([declarations], { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] });
  const source = program.getSourceFile(declarations);
  const symbol = source && program.getTypeChecker().getSymbolAtLocation(source);
  assert.ok(symbol !== undefined, `${declarations} is no module`);
  const declared = program.getTypeChecker().getExportsOfModule(symbol);
  const all = declared.map(({ name }) => name).sort();
  assert.deepEqual(
    values.filter((name) => !all.includes(name)),
    [],
    "a value without a declaration",
  );
  return { values, types: all.filter((name) => !values.includes(name)) };
}
