import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { hintFor } from "../../provider/api/hints";
import { createRedactor, readJson } from "../../provider/api/answer";
import { parseRestoreAnswer, parseStatistics } from "../../provider/api/dialects/parse";
import { fieldsOf } from "../../provider/api/fields";
import { type Page, readAllPages } from "../../provider/api/pages";
import { nextDelayMs, parseRetryAfter, withRetry } from "../../provider/api/retry";
import { ApiError, ConnectionError } from "../../provider/errors";

const apiError = (status: number, retryAfterSeconds?: number) =>
  new ApiError("refused", { method: "GET", path: "/v3/x", status, retryAfterSeconds });

/** A policy that notes the pauses that were asked for instead of taking them. */
function notingPolicy(maxAttempts = 4) {
  const pauses: number[] = [];
  return { pauses, policy: { maxAttempts, pause: async (ms: number) => void pauses.push(ms), random: () => 1 } };
}

describe("retrying a request", () => {
  it("gives up after the last attempt, with doubled pauses in between", async () => {
    const { pauses, policy } = notingPolicy();
    let attempts = 0;
    await assert.rejects(
      withRetry(policy, async () => {
        attempts += 1;
        throw apiError(503);
      }),
      /refused/,
    );
    assert.equal(attempts, 4);
    assert.deepEqual(pauses, [500, 1000, 2000]);
  });

  for (const [what, error] of [
    ["a refusal", apiError(500)],
    ["a certificate that is not trusted", new ConnectionError("no", { notSent: true, repeatable: false })],
    ["a bug", new TypeError("bug")],
  ] as const) {
    it(`does not repeat after ${what}`, async () => {
      const { pauses, policy } = notingPolicy();
      await assert.rejects(withRetry(policy, () => Promise.reject(error)));
      assert.deepEqual(pauses, []);
    });
  }

  it("waits as long as the server asks, up to five minutes", async () => {
    const { pauses, policy } = notingPolicy(2);
    await assert.rejects(withRetry(policy, () => Promise.reject(apiError(429, 7))));
    assert.deepEqual(pauses, [7000]);
    assert.equal(nextDelayMs(1, Math.random, 86_400), 300_000);
  });

  it("never waits longer than 20 seconds by itself", () => {
    for (let tries = 1; tries < 60; tries++) {
      assert.ok(nextDelayMs(tries, () => 1) <= 20_000);
      assert.equal(
        nextDelayMs(tries, () => 0),
        0,
      );
    }
  });

  it("reads Retry-After as seconds and as a date", () => {
    const now = () => Date.parse("2026-11-23T10:00:00Z");
    assert.equal(parseRetryAfter("30", now), 30);
    assert.equal(parseRetryAfter("Mon, 23 Nov 2026 10:01:00 GMT", now), 60);
    assert.equal(parseRetryAfter("Mon, 23 Nov 2026 09:00:00 GMT", now), 0);
    assert.equal(parseRetryAfter("soon", now), undefined);
  });
});

describe("reading a list page by page", () => {
  const all = Array.from({ length: 95 }, (_, index) => ({ id: `m-${index}` }));
  const read = async (pageOf: (offset: number, limit: number) => Page<{ id: string }>) => {
    const asked: number[] = [];
    const results = await readAllPages(
      async (offset, limit) => {
        asked.push(offset);
        return pageOf(offset, limit);
      },
      { pageSize: 40, idOf: ({ id }) => id },
    );
    return { asked, count: results.length };
  };
  const slice = (offset: number, limit: number) => ({ results: all.slice(offset, offset + limit), limit });

  it("asks until a page is not full", async () => {
    assert.deepEqual(await read(slice), { asked: [0, 40, 80], count: 95 });
  });

  it("goes on when the server puts less on a page than was asked for", async () => {
    assert.deepEqual(await read((offset) => slice(offset, 30)), { asked: [0, 30, 60, 90], count: 95 });
  });

  it("follows a link to the next page even when a page is not full", async () => {
    const linked = (offset: number) => ({
      results: all.slice(offset, offset + 25),
      limit: 40,
      hasNext: offset + 25 < 95,
    });
    assert.equal((await read(linked)).count, 95);
  });

  it("takes a bare array for the whole list when it is longer than what was asked for, and nothing follows", async () => {
    assert.deepEqual(await read(() => ({ results: all, isArray: true })), { asked: [0, 95], count: 95 });
  });

  it("takes a bare array that is shorter than what was asked for, for the last of the list", async () => {
    assert.deepEqual(await read((offset) => ({ results: all.slice(offset, offset + 40), isArray: true })), {
      asked: [0, 40, 80],
      count: 95,
    });
  });

  it("says so when the server repeats the same page for ever", async () => {
    await assert.rejects(
      read(() => slice(0, 40)),
      /paging is broken/,
    );
  });
});

describe("what the server's words and codes usually mean", () => {
  const said: [string, RegExp][] = [
    ["Invalid credential(s)", /DOMAIN\\user/],
    ["Failed to find users for tenant account", /no organization belongs/],
    ["Restore session cannot be created.", /Explorer for Exchange is missing/],
    ["Method 'CreateSession' in type 'X' does not have an implementation", /same build/],
    ["Missing mandatory parameters: ExcludeDrafts", /report it/],
    ["64-bit version of Microsoft Outlook 2010 or later is not installed", /64-bit Outlook/],
    ["The restore session has expired.", /new restore session/],
    ["Failed to restore item", /lacks rights/],
    ["cannot open user mailbox", /certificate or a device code/],
    ["Invalid length for a Base-64 char array or string", /kind of access/],
    ["The account does not have permission to impersonate the requested user.", /ApplicationImpersonation/],
    ["Restore of In-Place Hold Items into Exchange 2013 is not supported", /excludeInPlaceHoldItems: true/],
    ["The server did not provide a meaningful reply; …", /builds/],
    ["The communication object, X, cannot be used", /internal channel/],
    ["An unsecured or incorrectly secured fault was received from the other party", /clocks/],
    ["The server has rejected the client credentials", /service account/],
    ["The logon attempt failed", /service account/],
    ["Resource cannot be found for current key", /list again/],
  ];
  for (const [serverMessage, hint] of said) {
    it(`is told for: ${serverMessage}`, () => {
      assert.match(hintFor({ serverMessage }), hint);
    });
  }

  it("is told for each code of v8, unless the words say more", () => {
    for (const vendorCode of ["ProxyOffline", "OutdatedChangeToken", "ResourceAccessDenied", "ResourceNotFound"]) {
      assert.match(hintFor({ serverMessage: "no", vendorCode }), /usual cause/);
    }
    for (const vendorCode of ["ParameterValidationFailure", "OrganizationTransfer", "Timeout", "OperationConflict"]) {
      assert.match(hintFor({ vendorCode }), /usual cause/);
    }
    for (const vendorCode of ["RepositoryOwnerChangeTooManyLinks", "HttpError"]) {
      assert.match(hintFor({ vendorCode }), /usual cause/);
    }
    assert.match(hintFor({ serverMessage: "The logon attempt failed", vendorCode: "HttpError" }), /service account/);
    assert.equal(hintFor({ serverMessage: "no", vendorCode: "toString" }), "");
  });
});

describe("reading fields of an answer", () => {
  it("takes flags as booleans and as words, in any case of the name", () => {
    const fields = fieldsOf({ isArchive: "False", IsPublic: "true", isBackedup: true }, "Mailboxes");
    assert.deepEqual(
      [fields.flag("isArchive"), fields.flag("isPublic"), fields.flag("isBackedUp"), fields.flag("other")],
      [false, true, true, false],
    );
  });

  it("takes counts as numbers and numerals, and anything else for unknown", () => {
    const fields = fieldsOf({ a: 3, b: "12", c: -1, d: "many", e: null, f: "" }, "Restore");
    assert.deepEqual(
      ["a", "b", "c", "d", "e", "f", "g"].map((name) => fields.count(name)),
      [3, 12, null, null, null, null, null],
    );
  });

  const textsOf = (failures: unknown) => fieldsOf({ failures }, "Restore").texts("failures");
  const calls = "\r\n   at Veeam.Archiver.Restore(String name)\r\n   --- End of inner exception stack trace ---";

  it("shows an exception by its message, and never a stack trace", () => {
    const exception = { ClassName: "System.Exception", Message: "no rights", StackTraceString: calls };
    assert.deepEqual(textsOf([exception, `no mailbox${calls}`, { message: `gone${calls}`, stackTrace: calls }]), [
      "no rights",
      "no mailbox",
      "gone",
    ]);
    assert.deepEqual(textsOf(exception), ["no rights"]);
    assert.deepEqual(textsOf([[exception, "no place"]]), ["no rights; no place"]);
  });

  it("drops nothing that may be a failure because it has no words", () => {
    const wordless = "(something without a message)";
    assert.deepEqual(textsOf([{}, { StackTraceString: calls }, calls, [], { Message: 7 }, 7, false]), [
      ...Array.from({ length: 5 }, () => wordless),
      "7",
      "false",
    ]);
    assert.deepEqual(textsOf([null, ""]), []);
  });

  it("says which answer is no object, and which field is missing", () => {
    assert.throws(() => fieldsOf("<html>", "Organizations"), /Organizations: .* not a JSON object/);
    assert.throws(() => fieldsOf({}, "Restore session").requiredText("id"), /Restore session: .* has no "id"/);
  });
});

describe("redacting what the server says", () => {
  it("takes known secrets out, also as they look inside JSON", () => {
    const redact = createRedactor(() => ['pass"word', "token-123", undefined, "ab"]);
    assert.equal(
      redact('login pass"word with {"p":"pass\\"word"} and token-123, ab'),
      'login [secret] with {"p":"[secret]"} and [secret], ab',
    );
  });

  it("takes a secret out that was written in lines, and is repeated in one", () => {
    const redact = createRedactor(() => ["MIIKabcd\nefghijkl==\n"]);
    assert.equal(redact("The certificate MIIKabcdefghijkl== is none"), "The certificate [secret] is none");
  });

  it("takes a login out as it was sent: encoded as a form or a part of a URL, in any case of its digits", () => {
    const password = "Ex@mple 1&x~é";
    const redact = createRedactor(() => [password]);
    const form = new URLSearchParams({ grant_type: "password", password }).toString();
    const part = encodeURIComponent(password);
    const lower = (text: string) => text.replace(/%../g, (digits) => digits.toLowerCase());
    for (const sent of [form, lower(form)]) {
      assert.equal(redact(`could not read: ${sent}`), "could not read: grant_type=password&password=[secret]");
    }
    assert.equal(redact(`${part} or ${lower(part)}`), "[secret] or [secret]");
  });

  it("does not stumble over a secret with half a character", () => {
    assert.equal(createRedactor(() => ["half \ud800"])("half%20%EF%BF%BD"), "[secret]");
  });

  describe("in an answer", () => {
    const secret = "s3cr&t-Exchange";
    const read = async (body: unknown) => {
      const bytes = Readable.from([Buffer.from(JSON.stringify(body))]);
      const response = { status: 200, header: () => undefined, body: bytes };
      return readJson({ method: "GET", path: "/v6/x", repeatable: true }, response, (text) =>
        text.replaceAll(secret, "[secret]"),
      );
    };

    it("leaves nothing of it in what is told of failures, whatever they are made of", async () => {
      const exception = {
        ClassName: secret,
        Message: `login with ${secret}`,
        StackTraceString: `   at Veeam.Foo(String password = ${secret})`,
        Data: { text: secret, list: [secret, { deep: secret }] },
        text: secret,
      };
      const body = await read({
        failedItemsCount: 1,
        exceptions: [exception, [exception], secret],
        warnings: exception,
        cannotContinueError: exception,
      });
      assert.doesNotMatch(JSON.stringify(body), /s3cr/);
      const { exceptions, warnings, cannotContinueError } = parseRestoreAnswer(body);
      assert.deepEqual(exceptions, ["login with [secret]", "login with [secret]", "[secret]"]);
      assert.deepEqual([warnings, cannotContinueError], [["login with [secret]"], "login with [secret]"]);
      const items = [{ name: "Inbox", status: "Failed", error: exception, warnings: [exception] }];
      assert.doesNotMatch(JSON.stringify(parseStatistics(await read({ errors: exception, items }))), /s3cr/);
    });

    it("keeps what decides: ids, types and names of things", async () => {
      const results = [{ id: secret, type: secret, name: secret, message: secret, list: [secret] }];
      assert.deepEqual(await read({ results }), {
        results: [{ id: secret, type: secret, name: secret, message: "[secret]", list: ["[secret]"] }],
      });
    });

    it("takes an answer that names prototypes for what it is", async () => {
      const body = await read(JSON.parse('{"errors":{"__proto__":{"polluted":true},"message":"no"}}'));
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
      assert.deepEqual(fieldsOf(body, "x").texts("errors"), ["no"]);
    });

    it("refuses an answer that is nested without end", async () => {
      const depth = 200_000;
      const text = `{"error":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      const response = { status: 200, header: () => undefined, body: Readable.from([Buffer.from(text)]) };
      const reading = readJson({ method: "GET", path: "/v6/x", repeatable: true }, response, (word) => word);
      await assert.rejects(reading, /GET \/v6\/x: the answer \(status 200\) is not JSON/);
    });
  });
});
