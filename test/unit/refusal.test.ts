import assert from "node:assert/strict";
import { ApiError, ConnectionError } from "../../provider/errors";
import { isRefusal, refusal } from "../../provider/restore/refusal";

const answer = (status: number, serverMessage: string | undefined, more: object = {}) =>
  new ApiError("no", { method: "POST", path: "/", status, serverMessage, ...more });

describe("a refusal of the server, after which the same may be tried again", () => {
  it("is a status that says no to the request, in the server's own words", () => {
    for (const status of [400, 403, 404, 405, 409, 413, 415, 422]) {
      assert.ok(isRefusal(answer(status, "no")), String(status));
    }
  });

  it("is none without the server's own words, as a proxy answers", () => {
    assert.equal(isRefusal(answer(403, undefined)), false);
    assert.equal(isRefusal(answer(500, undefined, { vendorCode: "ResourceNotFound" })), false);
  });

  it("is none for a status that may come from the middle of the work", () => {
    for (const status of [401, 408, 429, 500, 502, 503, 504]) {
      assert.equal(isRefusal(answer(status, "something broke")), false, String(status));
    }
  });

  it("is a 500 whose text or code is known to come before the start, and no other status with it", () => {
    assert.ok(isRefusal(answer(500, "Cannot open user mailbox")));
    assert.ok(isRefusal(answer(500, "no", { vendorCode: "ParameterValidationFailure" })));
    assert.equal(isRefusal(answer(500, "no", { vendorCode: "Unknown" })), false);
    assert.equal(isRefusal(answer(503, "Cannot open user mailbox")), false);
  });

  it("is a token that the server took no more", () => {
    assert.ok(isRefusal(answer(401, undefined, { tokenIsDead: true })));
  });

  it("is none where no answer came", () => {
    assert.equal(isRefusal(new ConnectionError("reset", { notSent: false })), false);
    assert.equal(isRefusal(new Error("a mistake of ours")), false);
    const lookalike = Object.assign(new Error("no"), { status: 403, serverMessage: "no" });
    assert.equal(isRefusal(lookalike), false);
  });

  it("is told with one full stop at its end", () => {
    const { code, message } = refusal("Access. Denied.. ");
    assert.equal(code, "refused");
    assert.match(message, /nothing was written: Access\. Denied\. Mend the cause/);
  });
});
