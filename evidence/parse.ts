import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { MailboxRestoreError, messageOf } from "../provider/errors";
import type { Evidence } from "./evidence";

/** Larger than the evidence of 100,000 mailboxes. What is larger is something else, and would only fill the memory. */
export const largestDocumentBytes = 256 * 1024 * 1024;

/**
 * Reads a document. Whether it was changed since is another question, see `isDigestRight`.
 *
 * @param text - as it stands in the file
 * @param what - what the message calls it, as the name of the file
 * @throws {@link MailboxRestoreError} with code `file`: too large, no JSON, another version, or what is wrong where
 */
export function parseEvidence(text: string, what = "The document"): Evidence {
  if (text.length > largestDocumentBytes) {
    throw refused(`${what} is too large for evidence of a drill (${text.length} characters).`);
  }
  const document = parseJson(text, what);
  const version = versionOf(document);
  if (version === undefined) {
    throw refused(`${what} is JSON, and no evidence of a drill: it has no evidenceVersion.`);
  }
  if (version !== 1) {
    throw refused(
      `${what} has evidenceVersion ${JSON.stringify(version)}; this version of pulumi-vb365 reads version 1. A newer one may read it.`,
    );
  }
  const validate = validator();
  if (!validate(document)) {
    throw refused(`${what} is no evidence of a drill as version 1 has it: ${(validate.errors ?? []).map(inWords)[0]}.`);
  }
  return document;
}

/** The schema, as a program gets it. */
export const schemaPath = join(__dirname, "schema.json");

let compiled: ValidateFunction<Evidence> | undefined;

/** Compiled when it is needed first: most runs of the provider read no evidence. */
function validator(): ValidateFunction<Evidence> {
  compiled ??= new Ajv({ strict: true, allowUnionTypes: true }).compile<Evidence>(
    JSON.parse(readFileSync(schemaPath, "utf8")) as object,
  );
  return compiled;
}

function parseJson(text: string, what: string): unknown {
  try {
    // A key named __proto__ becomes a property like any other here, and the schema knows none of that name.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw refused(`${what} is no JSON: ${messageOf(error)}.`);
  }
}

function versionOf(document: unknown): unknown {
  return typeof document === "object" && document !== null && Object.hasOwn(document, "evidenceVersion")
    ? (document as { evidenceVersion: unknown }).evidenceVersion
    : undefined;
}

/** `/mailboxes/3/outcome must be equal to one of the allowed values: …`. */
function inWords({ instancePath, message, keyword, params }: ErrorObject): string {
  const { allowedValues, allowedValue, additionalProperty } = params as Record<string, unknown>;
  const allowed = allowedValues ?? (allowedValue === undefined ? undefined : [allowedValue]);
  const detail = keyword === "additionalProperties" ? additionalProperty : allowed;
  return `${instancePath || "the whole"} ${message}${detail === undefined ? "" : `: ${JSON.stringify(detail)}`}`;
}

const refused = (message: string) => new MailboxRestoreError("file", message);
