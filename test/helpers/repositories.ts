import type { OrganizationSeed } from "../../simulator";

/** Backup repositories of {@link withRepositories}. */
export const repositories = {
  mail: "11111111-1111-4111-8111-111111111111",
  files: "22222222-2222-4222-8222-222222222222",
};

/** An organization with mail in one repository, files alone in another one, and its last backup in neither; and with public folders. */
export function withRepositories(): OrganizationSeed {
  return {
    name: "contoso.example",
    firstBackupTime: "2026-01-05T21:00:00Z",
    lastBackupTime: "2026-11-20T21:04:11Z",
    restorePoints: [
      { backupTime: "2026-11-01T00:00:00Z", repositoryId: repositories.mail },
      { backupTime: "2026-11-10T00:00:00Z", repositoryId: repositories.mail },
      { backupTime: "2026-11-15T00:00:00Z", repositoryId: repositories.files, isExchange: false },
      { backupTime: "2026-11-20T21:04:11Z" },
    ],
    mailboxes: [
      { name: "Sales", email: "sales@contoso.example", items: [{ count: 5 }] },
      { name: "Public", email: "public@contoso.example", isPublic: true, items: [{ count: 5 }] },
    ],
  };
}
