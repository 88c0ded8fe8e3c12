import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import { type CheckSurroundings, check } from "../../provider/resources/mailbox-restore/check";
import { unknownValue } from "../../provider/resources/shape";

type Bag = Record<string, unknown>;

const good = (difference: Bag = {}): Bag => ({
  organization: "contoso.example",
  mailbox: { email: "finance@contoso.example" },
  pointInTime: "2026-11-01T08:00:00Z",
  exportToPst: { path: "finance.pst" },
  ...difference,
});
const inPlace = (difference: Bag = {}): Bag => {
  const { exportToPst: _, ...others } = good();
  return { ...others, restoreToOriginalLocation: { userName: "svc", userPassword: "pw" }, ...difference };
};
const surroundings: CheckSurroundings = {
  configMistakes: [],
  exchange: {},
  apiVersion: "auto",
  journalDir: ".vb365/journal",
  now: new Date("2026-11-23T00:00:00Z"),
};
const mistakesOf = (news: Bag, olds: Bag = {}, difference: Partial<CheckSurroundings> = {}) =>
  check(olds, news, { ...surroundings, ...difference }).mistakes;

describe("checking inputs at preview", () => {
  it("has nothing to say about a good program", () => {
    assert.deepEqual(mistakesOf(good()), []);
  });

  for (const name of ["organization", "mailbox", "pointInTime", "exportToPst", "adopt", "session", "failurePolicy"]) {
    it(`says what is wrong with null, which a program in JavaScript may give: ${name}`, () => {
      const mistakes = mistakesOf(good({ [name]: null }));
      assert.ok(
        mistakes.some(({ path, reason }) => path.startsWith(name) && reason.includes("must be")),
        JSON.stringify(mistakes),
      );
    });
  }

  it("knows the placeholder of Pulumi's runtime for values that come later", () => {
    assert.equal(unknownValue, runtime.unknownValue);
  });

  for (const news of [
    good({ organization: unknownValue }),
    good({ mailbox: unknownValue, pointInTime: unknownValue, runId: unknownValue }),
    good({ mailbox: { email: unknownValue, archive: unknownValue } }),
    good({ exportToPst: unknownValue, failurePolicy: { maxFailedItems: unknownValue } }),
    good({ exportToPst: { path: "a.pst", enablePstSizeLimit: unknownValue, pstSizeLimitBytes: 2 ** 30 } }),
    good({ exportToPst: { path: "a.pst", enablePstSizeLimit: true, pstSizeLimitBytes: unknownValue } }),
    inPlace({ confirmInPlace: unknownValue }),
    inPlace({ mailbox: { email: unknownValue }, confirmInPlace: "finance@contoso.example" }),
  ]) {
    it(`lets unknown values pass: ${JSON.stringify(news).replaceAll(unknownValue, "?").slice(0, 90)}…`, () => {
      assert.deepEqual(mistakesOf(news), []);
    });
  }

  it("lets what is switched off be said to a version that does not have it", () => {
    const limit = (enablePstSizeLimit: boolean, more = {}) =>
      mistakesOf(good({ exportToPst: { path: "a.pst", enablePstSizeLimit, ...more } }), {}, { apiVersion: "v3" });
    assert.deepEqual(limit(false), []);
    assert.match(limit(true, { pstSizeLimitBytes: 2 ** 30 })[0]?.reason ?? "", /came with v4/);
  });

  it("tells all mistakes at once", () => {
    const mistakes = mistakesOf({
      mailbox: { email: "no address" },
      pointInTime: "yesterday",
      exportToPst: {},
      nonsense: 1,
    });
    const text = mistakes.map(({ path, reason }) => `${path} ${reason}`.trim());
    for (const expected of [
      /^mailbox.email must be an e-mail/,
      /^pointInTime must be a time with an offset/,
      /^exportToPst.path is required/,
      /^nonsense is no input; there are organization/,
      /^organization is required/,
    ]) {
      assert.ok(
        text.some((line) => expected.test(line)),
        `${expected} is not among ${text.join(" | ")}`,
      );
    }
  });

  it("wants exactly one action", () => {
    assert.match(mistakesOf(good({ exportToPst: undefined }))[0]?.reason ?? "", /none is there/);
    const two = mistakesOf(good({ restoreTo: { mailbox: "support@contoso.example" } }));
    assert.match(two[0]?.reason ?? "", /exportToPst and restoreTo are there/);
  });

  it("wants one way to name the mailbox", () => {
    assert.match(mistakesOf(good({ restoreSessionId: "s", mailboxId: "m" }))[0]?.reason ?? "", /named one way/);
    assert.deepEqual(
      mistakesOf({ restoreSessionId: "s", exportToPst: { path: "a.pst" } }).map(({ path }) => path),
      ["mailboxId"],
    );
  });

  for (const time of ["2026-11-01T08:00:00", "2026-11-01", "2026-13-01T08:00:00Z", "now"]) {
    it(`refuses ${time} as a time, because it lacks an offset or is none`, () => {
      assert.deepEqual(
        mistakesOf(good({ pointInTime: time })).map(({ path }) => path),
        ["pointInTime"],
      );
    });
  }

  it("refuses a time in the future", () => {
    assert.match(mistakesOf(good({ pointInTime: "2027-01-01T00:00:00Z" }))[0]?.reason ?? "", /future/);
  });

  it("wants the production mailbox named twice before it is written to", () => {
    assert.match(mistakesOf(inPlace())[0]?.reason ?? "", /confirmInPlace: "finance@contoso.example"/);
    assert.match(mistakesOf(inPlace({ confirmInPlace: "sales@contoso.example" }))[0]?.reason ?? "", /another mailbox/);
    assert.deepEqual(mistakesOf(inPlace({ confirmInPlace: "Finance@contoso.example" })), []);
  });

  it("takes a restore to the source itself for what it is: in place", () => {
    const { exportToPst: _, ...others } = good();
    const itself = {
      ...others,
      restoreTo: { mailbox: "FINANCE@contoso.example", userName: "svc", userPassword: "pw" },
    };
    assert.deepEqual(
      mistakesOf(itself).map(({ path }) => path),
      ["confirmInPlace"],
    );
  });

  it("wants an Exchange account from the action or from the provider", () => {
    const bare = inPlace({ restoreToOriginalLocation: {}, confirmInPlace: "finance@contoso.example" });
    assert.match(mistakesOf(bare)[0]?.reason ?? "", /exchangeUserName/);
    assert.deepEqual(mistakesOf(bare, {}, { exchange: { userName: "svc", userPassword: "pw" } }), []);
  });

  it("offers the nearest input for one that is misspelled, and shows no value", () => {
    const mistakes = mistakesOf(
      inPlace({
        restoreToOriginalLocation: { userName: "svc", userPasword: "typo-marker" },
        confirmInPlace: "finance@contoso.example",
        pointintime: "latest",
      }),
    );
    const text = mistakes.map(({ path, reason }) => `${path} ${reason}`);
    assert.ok(
      text.includes("restoreToOriginalLocation.userPasword is no input; did you mean userPassword?"),
      text.join(),
    );
    assert.ok(text.includes("pointintime is no input; did you mean pointInTime?"), text.join());
    assert.doesNotMatch(text.join(), /typo-marker/);
  });

  it("tells what is missing in the connection's settings", () => {
    const configMistakes = [{ key: "endpoint", reason: "vb365:endpoint is not set" }];
    assert.deepEqual(mistakesOf(good(), {}, { configMistakes }), [{ path: "", reason: "vb365:endpoint is not set" }]);
  });

  it("asks for no Exchange account where the settings that may hold one cannot be read", () => {
    const configMistakes = [{ key: "caCert", reason: "ca.pem cannot be read" }];
    const news = inPlace({ restoreToOriginalLocation: {}, confirmInPlace: "finance@contoso.example" });
    const told = (exchange: CheckSurroundings["exchange"]) =>
      mistakesOf(news, {}, { configMistakes, exchange }).map(({ path, reason }) => path || reason);
    assert.deepEqual(told(undefined), ["ca.pem cannot be read"]);
    assert.deepEqual(told({}), ["ca.pem cannot be read", "restoreToOriginalLocation.userName"]);
  });
});

describe("checking a restore that was already done", () => {
  const done = () =>
    check({}, inPlace({ confirmInPlace: "finance@contoso.example", __urn: "urn:old" }), surroundings).inputs as Bag;

  it("lets guards be edited away", () => {
    const configMistakes = [{ key: "endpoint", reason: "vb365:endpoint is not set" }];
    assert.deepEqual(mistakesOf(inPlace(), done(), { configMistakes }), []);
  });

  it("asks the guards again when the intent is another one", () => {
    assert.deepEqual(
      mistakesOf(inPlace({ runId: "2" }), done()).map(({ path }) => path),
      ["confirmInPlace"],
    );
  });

  it("knows a renamed resource by its new name, and changes nothing else", () => {
    const again = check(done(), inPlace({ confirmInPlace: "finance@contoso.example", __urn: "urn:new" }), surroundings);
    assert.deepEqual(again.inputs, { ...done(), __urn: "urn:new" });
  });

  it("adds no default that an older version of the package did not write", () => {
    const { showAllVersions: _, ...older } = done();
    const news = inPlace({ confirmInPlace: "finance@contoso.example", __urn: "urn:old" });
    assert.deepEqual(check(older, news, surroundings).inputs, older);
  });

  it("writes every default out for a new restore, so that a later one changes nothing", () => {
    const { exportToPst: _, ...others } = good();
    const news = { ...others, restoreTo: { mailbox: "support@contoso.example", userName: "svc", userPassword: "pw" } };
    assert.deepEqual(check({}, news, surroundings).inputs.restoreTo, {
      ...news.restoreTo,
      casServer: "outlook.office365.com",
      changedItems: true,
      deletedItems: true,
      markRestoredAsUnread: false,
      excludeDrafts: false,
      excludeDeletedItems: false,
      excludeInPlaceHoldItems: false,
      excludeLitigationHoldItems: false,
    });
  });
});
