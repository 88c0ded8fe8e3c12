import assert from "node:assert/strict";
import { environmentVariableOf, readConnectionSettings } from "../../provider/config";

const complete: Record<string, string> = {
  endpoint: "https://vb365.example.test",
  username: "DOMAIN\\operator",
  password: "rest-secret",
};
const read = (values: Record<string, string>, environment: NodeJS.ProcessEnv = {}) =>
  readConnectionSettings((key) => values[key], environment);
const settingsOf = (values: Record<string, string>, environment?: NodeJS.ProcessEnv) => {
  const result = read(values, environment);
  assert.ok("settings" in result, JSON.stringify(result));
  return result.settings;
};
const mistakesOf = (values: Record<string, string>) => {
  const result = read(values);
  assert.ok("mistakes" in result);
  return result.mistakes;
};

describe("connection settings", () => {
  for (const [written, origin] of [
    ["https://vb365.example.test", "https://vb365.example.test:4443"],
    ["https://vb365.example.test/", "https://vb365.example.test:4443"],
    ["https://vb365.example.test:8443", "https://vb365.example.test:8443"],
    ["https://vb365.example.test:443", "https://vb365.example.test:443"],
    ["https://[::1]:4443", "https://[::1]:4443"],
  ] as const) {
    it(`reads ${written} as ${origin}`, () => {
      assert.equal(settingsOf({ ...complete, endpoint: written }).endpoint, origin);
    });
  }

  it("tells everything that is missing at once, and how to set it", () => {
    const mistakes = mistakesOf({});
    assert.deepEqual(
      mistakes.map(({ key }) => key),
      ["endpoint", "username", "password"],
    );
    assert.match(mistakes[2]?.reason ?? "", /pulumi config set --secret vb365:password/);
  });

  for (const [endpoint, reason] of [
    ["http://vb365.example.test", /must begin with https/],
    ["vb365.example.test", /is not an address/],
    ["https://user:pw-marker@vb365.example.test", /must hold no login/],
    ["https://vb365.example.test/v3", /without a path/],
  ] as const) {
    it(`refuses ${endpoint.replace("pw-marker", "…")} as an endpoint`, () => {
      const mistakes = mistakesOf({ ...complete, endpoint });
      assert.match(mistakes[0]?.reason ?? "", reason);
      assert.doesNotMatch(JSON.stringify(mistakes), /pw-marker/);
    });
  }

  for (const [key, value] of [
    ["apiVersion", "v2"],
    ["maxConcurrentRestores", "0"],
    ["maxConcurrentRestores", "many"],
    ["caCert", "/etc/ssl/ca.pem"],
  ] as const) {
    it(`refuses ${key} ${value}`, () => {
      assert.deepEqual(
        mistakesOf({ ...complete, [key]: value }).map((mistake) => mistake.key),
        [key],
      );
    });
  }

  it("takes from the environment what the configuration does not have, and nothing else", () => {
    const environment = { VB365_PASSWORD: "from-environment", VB365_USERNAME: "from-environment", VB365_CA_CERT: "" };
    const { password: _, ...others } = complete;
    const settings = settingsOf(others, environment);
    assert.deepEqual(settings.login, { by: "password", username: "DOMAIN\\operator", password: "from-environment" });
    assert.equal(environmentVariableOf("exchangeUserName"), "VB365_EXCHANGE_USER_NAME");
  });

  it("takes no half of a way in from the environment beside one that is configured", () => {
    const { grantType: _, ...byPassword } = { ...complete, grantType: "" };
    const assertion = { VB365_GRANT_TYPE: "jwt-bearer", VB365_CLIENT_ID: "c", VB365_ASSERTION: "a" };
    assert.equal(settingsOf(byPassword, { VB365_TOKEN: "t" }).login.by, "password");
    assert.equal(settingsOf(byPassword, assertion).login.by, "password");
    const { endpoint = "" } = complete;
    assert.equal(settingsOf({ endpoint, token: "t" }, assertion).login.by, "token");
    const exchange = { exchangeUserName: "a", exchangeUserPassword: "b" };
    const fromBoth = settingsOf({ ...complete, ...exchange }, { VB365_EXCHANGE_APPLICATION_ID: "x" });
    assert.deepEqual(fromBoth.exchange, { userName: "a", userPassword: "b" });
  });
});
