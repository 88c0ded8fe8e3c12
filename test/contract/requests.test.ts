import assert from "node:assert/strict";
import type { ExchangeAccess } from "../../provider/api/dialects/dialect";
import { type ApiVersion, apiVersions, isFrom } from "../../provider/versions";
import { type Connected, connections } from "./connected";
import { asExpected, expectedRequests } from "./requests";

const password = { userName: "restore@contoso.example", userPassword: "Ex%mple-Exchange" } satisfies ExchangeAccess;
const code = { userCode: "DEVICE001" } satisfies ExchangeAccess;
const certificate = {
  applicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013",
  applicationCertificate: "MIIKIg==",
  applicationCertificatePassword: "Ex%mple-Pfx",
  impersonationAccountName: "admin@contoso.example",
} satisfies ExchangeAccess;
/** Each flag another value than its neighbour, so that none stands in another's place. */
const target = {
  casServer: "cas.contoso.example",
  mailbox: "support@contoso.example",
  changedItems: true,
  deletedItems: false,
  markRestoredAsUnread: true,
  excludeDrafts: false,
  excludeDeletedItems: true,
  excludeInPlaceHoldItems: false,
  excludeLitigationHoldItems: true,
};
const repositoryId = "9f2f5a0e-3f57-4c0c-8a0b-6c1f5f1f0a11";

/** What is done in each version, by the name of the request that it must send. */
async function perform({ simulator, connection, advance }: Connected, version: ApiVersion) {
  const { dialect } = connection;
  const sent: { name: string; from: number }[] = [];
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    sent.push({ name, from: simulator.requests.length });
    // What the server makes of it is another test's business; here counts what it was sent.
    return work().catch(() => undefined);
  };
  const since = <T>(first: ApiVersion, then: () => Promise<T>) => (isFrom(version, first) ? then() : undefined);

  await step("login", () => connection.logIn());
  const [organization] = (await step("organizations", () => dialect.listOrganizations())) ?? [];
  assert.ok(organization);
  const options = { pointInTime: "2026-11-20T21:04:11.000Z", showDeleted: false, showAllVersions: true };
  const session = await step("open a session", () => dialect.openSession(organization.id, options));
  await since("v8", () =>
    step("open a session of one repository", () => dialect.openSession(organization.id, { ...options, repositoryId })),
  );
  assert.ok(session);
  const { id } = session;
  const [mailbox] = (await step("mailboxes", () => dialect.listMailboxes(id))) ?? [];
  assert.ok(mailbox);
  await step("a mailbox", () => dialect.getMailbox(id, mailbox.id));
  await step("a session", () => dialect.getSession(id));
  await step("sessions", () => dialect.listSessions());
  await step("events", () => dialect.listEvents(id));
  await since("v8", () => step("statistics", () => dialect.countsOf(id)));
  await since("v6", () => step("restore points", () => dialect.listRestorePoints(organization.id)));
  await since("v6", () =>
    step("restore points of one repository", () => dialect.listRestorePoints(organization.id, repositoryId)),
  );
  await since("v6", () => step("the product", () => dialect.getServiceInstance()));

  const exporting = (exported: Parameters<typeof dialect.exportToPst>[2]) => async () => {
    const { body } = await dialect.exportToPst(id, mailbox.id, exported);
    body.destroy();
  };
  await step("export", exporting({}));
  await step("export what a keyword finds", exporting({ contentKeywords: "invoice" }));
  await since("v4", () => step("export in parts", exporting({ pstSizeLimitBytes: 1024 ** 3 })));

  const ways = [
    { by: "password", access: password, first: "v3" },
    { by: "device code", access: code, first: "v4" },
    { by: "certificate", access: certificate, first: "v6" },
  ] as const;
  for (const { by, access, first } of ways) {
    await since(first, () =>
      step(`restore to the original location, ${by}`, () => dialect.restoreToOriginalLocation(id, mailbox.id, access)),
    );
    await since(first, () => step(`restore to, ${by}`, () => dialect.restoreTo(id, mailbox.id, target, access)));
  }
  await since("v4", () =>
    step("restore to a folder", () => dialect.restoreTo(id, mailbox.id, { ...target, folder: "Restored" }, password)),
  );
  await since("v6", () =>
    step("restore to another organization", () =>
      dialect.restoreTo(
        id,
        mailbox.id,
        { ...target, officeRegion: "Germany", officeOrganizationName: "fabrikam.example" },
        password,
      ),
    ),
  );
  await since("v4", () =>
    step("device code", () => dialect.requestDeviceCode(id, { targetApplicationId: certificate.applicationId })),
  );
  await since("v6", () => step("device code entered?", () => dialect.isDeviceCodeEntered("DEVICE001")));
  await step("stop", () => dialect.stopSession(id));
  advance(55 * 60_000 + 30_000);
  await step("refresh", () => connection.logIn());
  await step("logout", () => connection.end());
  const ids = { [organization.id]: "ORGANIZATION", [id]: "SESSION", [mailbox.id]: "MAILBOX" };
  return sent.flatMap(({ name, from }, index) =>
    simulator.requests.slice(from, sent[index + 1]?.from).map((request) => asExpected(name, request, ids)),
  );
}

/** What no file can know beforehand. */
const withoutTokens = (requests: ReturnType<typeof asExpected>[]) =>
  requests.map((request) => ({
    ...request,
    body: JSON.parse((JSON.stringify(request.body) ?? "null").replace(/AQAA[\w-]+/g, "REFRESH-TOKEN")) as unknown,
  }));

describe("the requests of each version", () => {
  const start = connections();

  for (const version of apiVersions) {
    it(`${version}: method, path, headers and body as the reference has them`, async () => {
      const connected = await start({ apiVersions: [version] }, { apiVersion: version });
      const actual = withoutTokens(await perform(connected, version));
      assert.deepEqual(actual, withoutTokens(expectedRequests(version)));
      assert.deepEqual(connected.simulator.unknown, []);
    });
  }
});
