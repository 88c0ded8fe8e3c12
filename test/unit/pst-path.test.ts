import assert from "node:assert/strict";
import { resolve } from "node:path";
import fc from "fast-check";
import { expandPath, whyNotPath } from "../../provider/pst/path";

const values = { email: "finance@contoso.example", mailboxId: "38acb648", date: "2026-11-25", runId: "drill 7" };

describe("the path of an export", () => {
  it("may name address, id, day and run", () => {
    const { path, remarks } = expandPath("out/{date}/{email}-{mailboxId} {runId}.pst", values);
    assert.equal(path, "out/2026-11-25/finance@contoso.example-38acb648 drill 7.pst");
    assert.deepEqual(remarks, []);
  });

  it("may name none", () => {
    assert.equal(expandPath("out/finance.pst", {}).path, "out/finance.pst");
  });

  it("refuses a name that it does not know, and shows those that it does", () => {
    assert.equal(
      whyNotPath("{mail}.pst", values),
      "names {mail}, which is nothing; there are {email}, {mailboxId}, {date}, {runId}",
    );
  });

  it("refuses a run that is not there", () => {
    assert.equal(whyNotPath("{runId}.pst", { runId: undefined }), "names {runId}, and there is no runId");
  });

  for (const [path, name] of [
    ["out/finance:2026.pst", "finance:2026.pst"],
    ["C:\\out\\aux\\finance.pst", "aux"],
    ["out/{date}./finance.pst", "x."],
    ["out/con.pst", "con.pst"],
  ] as const) {
    it(`refuses ${path} on Windows, where ${name} means something else`, () => {
      assert.equal(
        whyNotPath(path, values, "win32"),
        `holds ${JSON.stringify(name)}, which is no name of a file on Windows`,
      );
      assert.equal(whyNotPath(path, values, "linux"), undefined);
    });
  }

  for (const path of [
    "out/{date}/{email}.pst",
    "C:\\out\\finance.pst",
    "\\\\server\\share\\finance.pst",
    "\\\\?\\C:\\out\\finance.pst",
    "..\\finance.pst",
  ]) {
    it(`takes ${path} on Windows`, () => {
      assert.equal(whyNotPath(path, values, "win32"), undefined);
    });
  }

  it("refuses an address that the mailbox does not have", () => {
    assert.throws(
      () => expandPath("{email}.pst", { email: "" }),
      /names \{email\}, and this mailbox has none. Nothing was sent/,
    );
  });

  for (const value of ["../../etc/passwd", "..", ".", "a/b", "a\\b", "/etc/passwd", " .. "]) {
    it(`refuses ${JSON.stringify(value)}, which would lead out of the folder`, () => {
      assert.match(whyNotPath("out/{runId}", { runId: value }) ?? "", /would lead out of the folder/);
      assert.throws(() => expandPath("out/{email}", { email: value }), /would lead out of the folder/);
    });
  }

  for (const [value, safe] of [
    ["shared:finance@contoso.example", "shared_finance@contoso.example"],
    ["CON", "_"],
    ["a\u0000b", "a_b"],
    ["what?*", "what__"],
    ["é".repeat(100), "é".repeat(75)],
  ] as const) {
    it(`makes ${JSON.stringify(value.slice(0, 30))} safe, and says so`, () => {
      const { path, remarks } = expandPath("out/{email}.pst", { email: value });
      assert.equal(path, `out/${safe}.pst`);
      assert.equal(remarks.length, 1);
      assert.match(remarks[0] ?? "", /^\{email\} stands as /);
    });
  }

  it("stays in its folder whatever the values are, or is refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), (email, runId) => {
        let path: string;
        try {
          ({ path } = expandPath("out/{email}/x{runId}.pst", { email, runId }));
        } catch {
          return;
        }
        assert.match(resolve("/base", path), /^\/base\/out\/[^/]+\/x[^/]*\.pst$/);
      }),
      { numRuns: 2000 },
    );
  });
});
