import assert from "node:assert/strict";
import type { WireToken, WireTokenError } from "../../provider/api/wire/v3";
import { bearer, simulators, stoppedClock } from "./rig";
import { checked, checkedEmpty } from "./schemas";

describe("simulator v3: token", () => {
  const start = simulators();

  it("gives a token for the right user and password", async () => {
    const { simulator, ask } = await start();
    const form = { grant_type: "password", username: simulator.username, password: simulator.password };
    const token = checked<WireToken>(await ask("POST", "/v3/Token", { form }), 200, "token");
    assert.equal(token.expires_in, 3599);
    assert.equal(simulator.logins, 1);
  });

  it("prints issue and end of a token as RFC 1123 dates of its own clock", async () => {
    const { logIn } = await start({ clock: stoppedClock().clock, tokenLifetimeSeconds: 600 });
    const token = await logIn();
    assert.equal(token[".issued"], "Mon, 23 Nov 2026 08:00:00 GMT");
    assert.equal(token[".expires"], "Mon, 23 Nov 2026 08:10:00 GMT");
  });

  for (const wrong of [{ username: "VEEAM\\nobody" }, { password: "wrong" }, { username: "" }]) {
    it(`refuses a wrong login with 400 invalid_grant (${JSON.stringify(wrong)})`, async () => {
      const { simulator, ask } = await start();
      const { username, password } = simulator;
      const answer = await ask("POST", "/v3/Token", { form: { grant_type: "password", username, password, ...wrong } });
      assert.equal(checked<WireTokenError>(answer, 400, "tokenError").error, "invalid_grant");
      assert.equal(simulator.logins, 0);
    });
  }

  it("refuses a grant type that v3 does not have", async () => {
    const { ask } = await start();
    const answer = await ask("POST", "/v3/Token", { form: { grant_type: "operator" } });
    assert.equal(checked<WireTokenError>(answer, 400, "tokenError").error, "unsupported_grant_type");
  });

  it("gives a new pair on refresh, and refuses the old refresh token from then on", async () => {
    const { simulator, ask, logIn } = await start();
    const first = await logIn();
    const form = { grant_type: "refresh_token", refresh_token: first.refresh_token };
    const second = checked<WireToken>(await ask("POST", "/v3/Token", { form }), 200, "token");
    assert.notEqual(second.access_token, first.access_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    const again = await ask("POST", "/v3/Token", { form });
    assert.equal(checked<WireTokenError>(again, 400, "tokenError").error, "invalid_grant");
    assert.equal(simulator.refreshes, 1);
    assert.equal((await ask("GET", "/v3/Organizations", { headers: bearer(second) })).status, 200);
  });

  it("refuses a refresh token after a day", async () => {
    const time = stoppedClock();
    const { ask, logIn } = await start({ clock: time.clock });
    const form = { grant_type: "refresh_token", refresh_token: (await logIn()).refresh_token };
    time.advance(24 * 3600);
    checked(await ask("POST", "/v3/Token", { form }), 400, "tokenError");
  });

  it("answers an expired token with 401 and an empty body", async () => {
    const time = stoppedClock();
    const { ask, logIn } = await start({ clock: time.clock });
    const headers = bearer(await logIn());
    time.advance(3598);
    assert.equal((await ask("GET", "/v3/Organizations", { headers })).status, 200);
    time.advance(1);
    checkedEmpty(await ask("GET", "/v3/Organizations", { headers }), 401);
  });

  for (const headers of [{}, { Authorization: "Bearer nonsense" }, { Authorization: "Basic dXNlcjpwYXNz" }]) {
    it(`answers 401 with an empty body to the headers ${JSON.stringify(headers)}`, async () => {
      const { ask } = await start();
      checkedEmpty(await ask("GET", "/v3/Organizations", { headers }), 401);
    });
  }
});
