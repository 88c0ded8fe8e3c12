import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Digest, Evidence } from "./evidence";

/**
 * Adds the digest. It is taken of the document's canonical JSON (RFC 8785: sorted keys, no white space), so neither layout nor order of the
 * keys in a file change it. It shows that a document was changed; it does not show who wrote it.
 */
export function withDigest(evidence: Omit<Evidence, "digest">): Evidence {
  return { ...evidence, digest: digestOf(evidence) };
}

/** Whether the document is still the one that its digest was taken of. */
export function isDigestRight(evidence: Evidence): boolean {
  return digestOf(evidence).value === evidence.digest.value;
}

function digestOf(evidence: Omit<Evidence, "digest"> & { digest?: Digest }): Digest {
  const { digest: _digest, ...document } = evidence;
  return {
    algorithm: "sha256",
    value: createHash("sha256")
      .update(canonicalize(document) ?? "")
      .digest("hex"),
  };
}
