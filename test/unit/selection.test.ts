import assert from "node:assert/strict";
import type { Mailbox, Organization } from "../../provider/api/dialects/dialect";
import { dataAgeSeconds, remarkOnPointInTime, resolvePointInTime, spanOf } from "../../provider/restore/point-in-time";
import { selectMailbox, selectOrganization } from "../../provider/restore/selection";

const organization = (difference: Partial<Organization> = {}): Organization => ({
  id: "o-1",
  name: "contoso.example",
  officeName: undefined,
  firstBackupTime: "2026-01-05T21:00:00Z",
  lastBackupTime: "2026-11-20T21:04:11Z",
  ...difference,
});
const mailbox = (difference: Partial<Mailbox> = {}): Mailbox => ({
  id: "m-1",
  name: "Finance",
  email: "finance@contoso.example",
  isArchive: false,
  isPublic: false,
  ...difference,
});
const moment = "2026-11-20T21:04:11.000Z";

describe("selecting an organization", () => {
  it("finds it by id and by name, in any case", () => {
    const all = [organization(), organization({ id: "o-2", name: "fabrikam.example" })];
    assert.equal(selectOrganization(all, "O-2").id, "o-2");
    assert.equal(selectOrganization(all, "Contoso.Example").id, "o-1");
  });

  it("finds none by an empty name, though the server gives some", () => {
    assert.throws(() => selectOrganization([organization({ officeName: "" })], ""), /no organization ""/);
  });

  it("names those that are there when it is not", () => {
    assert.throws(
      () => selectOrganization([organization()], "fabrikam.example"),
      /no organization "fabrikam.example".*contoso.example/,
    );
  });
});

describe("a moment that is wanted", () => {
  it("may be that of the first backup, and no earlier one", () => {
    const first = "2026-01-05T21:00:00.000Z";
    assert.equal(resolvePointInTime(organization(), first), first);
    assert.throws(() => resolvePointInTime(organization(), "2026-01-05T20:59:59.999Z"), /before the first backup/);
  });

  it("is refused where it is no time", () => {
    assert.throws(() => resolvePointInTime(organization(), "yesterday"), /"yesterday" is not a time/);
  });
});

describe("selecting a mailbox", () => {
  const archive = mailbox({ id: "m-2", name: "In-Place Archive - Finance", isArchive: true });

  it("tells a mailbox from its archive, though both carry the same address", () => {
    const both = [archive, mailbox()];
    assert.equal(selectMailbox(both, { email: "Finance@contoso.example", archive: false }, moment).id, "m-1");
    assert.equal(selectMailbox(both, { email: "finance@contoso.example", archive: true }, moment).id, "m-2");
  });

  it("lists the ids when two match", () => {
    const twice = [mailbox(), mailbox({ id: "m-3" })];
    assert.throws(
      () => selectMailbox(twice, { email: "finance@contoso.example", archive: false }, moment),
      /m-1, m-3.*by id/,
    );
  });

  it("names the five nearest when there is none, and how many there are", () => {
    const all = ["finances", "fina", "finanse", "fin", "sales", "legal"].map((name) =>
      mailbox({ id: name, email: `${name}@contoso.example` }),
    );
    assert.throws(
      () => selectMailbox([...all, archive], { email: "finance@contoso.example", archive: false }, moment),
      (error: Error) => {
        const nearest = /The nearest of the 7 that are there: (.*)\.$/.exec(error.message)?.[1]?.split(", ");
        assert.equal(nearest?.length, 5);
        assert.deepEqual(nearest.slice(0, 2), ["finance@contoso.example (archive)", "finances@contoso.example"]);
        return true;
      },
    );
  });

  it("finds one by its id in any case", () => {
    assert.equal(selectMailbox([mailbox(), archive], { id: "M-2" }, moment).id, "m-2");
  });

  it("says that the session is empty rather than that the mailbox is unknown", () => {
    assert.throws(() => selectMailbox([], { id: "m-1" }, moment), /no mailbox at all.*before the first backup/);
  });
});

describe("resolving a point in time", () => {
  it("takes the last backup for the latest", () => {
    assert.equal(resolvePointInTime(organization(), "latest"), moment);
  });

  it("reads the server's times as UTC when they do not say so", () => {
    assert.equal(
      resolvePointInTime(organization({ lastBackupTime: "2026-11-20T21:04:11.1234567" }), "latest"),
      "2026-11-20T21:04:11.124Z",
    );
  });

  const fine = organization({
    firstBackupTime: "2017-07-14T09:20:11.3371324Z",
    lastBackupTime: "2017-07-14T09:20:11.3371324Z",
  });

  it("is never before the backup that it is of: what is finer than a millisecond is rounded up", () => {
    for (const [told, sent] of [
      ["2017-07-14T09:20:11.3371324Z", "2017-07-14T09:20:11.338Z"],
      ["2017-07-14T09:20:11.3370001Z", "2017-07-14T09:20:11.338Z"],
      ["2017-07-14T09:20:11.3370000Z", "2017-07-14T09:20:11.337Z"],
      ["2017-07-14T09:20:11.337Z", "2017-07-14T09:20:11.337Z"],
      ["2017-07-14T09:20:11.33Z", "2017-07-14T09:20:11.330Z"],
      ["2017-07-14T09:20:59.9999999", "2017-07-14T09:21:00.000Z"],
      ["2017-07-14T09:20:11.3371324+00:00", "2017-07-14T09:20:11.338Z"],
    ] as const) {
      assert.equal(resolvePointInTime(organization({ lastBackupTime: told }), "latest"), sent, told);
      if (/Z|\+/.test(told)) {
        assert.equal(resolvePointInTime(organization({ firstBackupTime: undefined }), told), sent, told);
      }
    }
  });

  it("takes the first backup's own time, be it copied whole or cut to milliseconds, and none before", () => {
    for (const copied of ["2017-07-14T09:20:11.3371324Z", "2017-07-14T09:20:11.337Z", "2017-07-14T09:20:11.338Z"]) {
      assert.equal(resolvePointInTime(fine, copied), "2017-07-14T09:20:11.338Z", copied);
    }
    assert.throws(
      () => resolvePointInTime(fine, "2017-07-14T09:20:11.336Z"),
      /before the first backup.*2017-07-14T09:20:11\.338Z/,
    );
  });

  it("has nothing to say of the latest, nor of the last backup's own time", () => {
    for (const wanted of ["latest", "2017-07-14T09:20:11.3371324Z"]) {
      assert.equal(remarkOnPointInTime(fine, resolvePointInTime(fine, wanted)), undefined);
    }
    assert.match(remarkOnPointInTime(fine, "2017-07-14T09:20:11.339Z") ?? "", /after the last backup/);
    assert.equal(dataAgeSeconds(fine, resolvePointInTime(fine, "latest"), Date.parse("2017-07-14T09:21:11Z")), 60);
  });

  it("is that of the last of several backups within a millisecond", () => {
    const times = ["2017-07-14T09:20:11.3371324Z", "2017-07-14T09:20:11.3379999Z", "2017-07-14T09:20:11.337Z"];
    for (const listed of [times, [...times].reverse()]) {
      const backup = organization(spanOf(listed));
      assert.equal(resolvePointInTime(backup, "latest"), "2017-07-14T09:20:11.338Z");
      assert.equal(backup.firstBackupTime, "2017-07-14T09:20:11.337Z");
    }
  });

  it("sends the same moment in UTC whatever offset it was written with", () => {
    assert.equal(resolvePointInTime(organization(), "2026-11-01T09:00:00+01:00"), "2026-11-01T08:00:00.000Z");
  });

  it("refuses a time before the first backup, because the server would show an empty session", () => {
    assert.throws(
      () => resolvePointInTime(organization(), "2026-01-01T00:00:00Z"),
      /before the first backup.*2026-01-05/,
    );
  });

  it("reads the server's times in the forms that were seen, and restores by a time of its own when it cannot", () => {
    const at = (lastBackupTime: string) => organization({ lastBackupTime });
    assert.equal(resolvePointInTime(at("Fri, 20 Nov 2026 21:04:11 GMT"), "latest"), moment);
    assert.throws(
      () => resolvePointInTime(at("20.11.2026 21:04:11"), "latest"),
      /no time that can be read; give pointInTime/,
    );
    assert.equal(resolvePointInTime(at("20.11.2026 21:04:11"), "2026-11-20T21:04:11Z"), moment);
    assert.equal(dataAgeSeconds(at("20.11.2026 21:04:11"), moment, Date.parse(moment) + 5000), 5);
  });

  it("refuses the latest of an organization without a backup", () => {
    assert.throws(() => resolvePointInTime(organization({ lastBackupTime: undefined }), "latest"), /no backup yet/);
  });

  it("says which backup is shown when a later time was asked for", () => {
    const { name } = organization();
    const later = remarkOnPointInTime(organization(), "2026-11-22T00:00:00Z") ?? "";
    assert.match(later, new RegExp(`after the last backup of ${name}.*${moment}`));
    assert.equal(remarkOnPointInTime(organization(), moment), undefined);
    assert.equal(remarkOnPointInTime(organization({ lastBackupTime: undefined }), moment), undefined);
  });

  it("finds first and last among the times of a repository, in whatever order and form", () => {
    const times = ["2026-11-03T00:00:00Z", "2026-11-01T23:00:00", "2026-11-02T00:00:00+02:00", "never"];
    assert.deepEqual(spanOf(times), {
      firstBackupTime: "2026-11-02T00:00:00+02:00",
      lastBackupTime: "2026-11-03T00:00:00Z",
    });
  });

  it("counts the age of the data from the last backup when a later time was asked for", () => {
    const now = Date.parse("2026-11-20T22:04:11Z");
    assert.equal(dataAgeSeconds(organization(), "2026-11-22T00:00:00Z", now), 3600);
    assert.equal(dataAgeSeconds(organization(), "2026-11-20T20:04:11Z", now), 7200);
  });
});
