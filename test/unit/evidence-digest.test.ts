import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { isDigestRight, withDigest } from "../../evidence/digest";
import { parseEvidence } from "../../evidence/parse";
import { aHostileEvidence, anEvidence } from "../helpers/evidence";

describe("the digest of evidence", () => {
  it("is the SHA-256 of the JSON with sorted keys, without white space and without the digest", () => {
    const { digest, ...document } = anEvidence();
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([key, inner]) => [key, sorted(inner)]),
            )
          : value;
    assert.equal(
      digest.value,
      createHash("sha256")
        .update(JSON.stringify(sorted(document)))
        .digest("hex"),
    );
  });

  it("is right again after the document was written and read, in any layout and order of keys", () => {
    for (const evidence of [anEvidence(), aHostileEvidence()]) {
      const { digest, ...rest } = evidence;
      const reordered = { digest, ...Object.fromEntries(Object.entries(rest).reverse()) };
      assert.ok(isDigestRight(parseEvidence(JSON.stringify(reordered, null, 7))));
    }
  });

  it("is wrong when anything was changed", () => {
    const evidence = anEvidence();
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(evidence).filter((key) => key !== "digest")),
        fc.string(),
        (key, word) => {
          assert.ok(!isDigestRight({ ...evidence, [key]: word }));
        },
      ),
    );
  });

  it("takes no notice of a digest that is there already", () => {
    const evidence = anEvidence();
    assert.deepEqual(
      withDigest({ ...evidence, digest: { algorithm: "sha256", value: "0" } } as typeof evidence).digest,
      evidence.digest,
    );
  });
});
