import assert from "node:assert/strict";
import { Ajv } from "ajv";
import type { RawAnswer } from "./raw-client";

// The shapes of REST API v3 as its reference states them, written down here from the reference and not from the
// simulator. Closed where the reference lists every field, so that an invented one turns a test red.

const uuid = { type: "string", pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" };
const text = { type: "string", minLength: 1 };
const utc = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,7})?Z$" };
const withOffset = {
  type: "string",
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,7})?[+-]\\d\\d:\\d\\d$",
};
const rfc1123 = {
  type: "string",
  pattern: "^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT$",
};
const count = { type: "integer", minimum: 0 };
// A sample prints "false" as text where the table says bool.
const flag = { enum: [true, false, "true", "false"] };
const link = {
  type: "object",
  properties: { href: { type: "string", pattern: "^https://127\\.0\\.0\\.1:\\d+/v3/" } },
  required: ["href"],
  additionalProperties: false,
};

function closed(required: Record<string, object>, optional: Record<string, object> = {}): object {
  return {
    type: "object",
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

function pageOf(row: object): object {
  return closed(
    { offset: count, limit: { type: "integer", minimum: 1 }, results: { type: "array", items: row } },
    { _links: closed({ self: link }, { first: link, prev: link, next: link }) },
  );
}

const organization = closed(
  {
    id: uuid,
    type: { enum: ["Office365", "OnPremises", "Hybrid"] },
    name: text,
    officeName: text,
    region: { enum: ["Worldwide", "Germany", "China", "USDefence", "USGovernment"] },
    isExchangeOnline: flag,
    isSharePointOnline: flag,
    isBackedup: { type: "boolean" },
  },
  { firstBackuptime: utc, lastBackuptime: utc, _links: closed({ self: link }) },
);

const session = closed(
  {
    id: uuid,
    type: { const: "Vex" },
    creationTime: utc,
    state: { enum: ["Starting", "Working", "Stopping", "Stopped"] },
    result: { enum: ["Success", "Warning", "Failed"] },
    name: { type: "string", pattern: "^Exchange restore \\(.+\\)$" },
    organization: text,
    initiatedBy: text,
  },
  { endTime: utc, _links: closed({ self: link, organization: link, restoreSessionEvents: link }) },
);

const mailbox = closed(
  { id: uuid, name: text, email: { type: "string", pattern: "^[^@]+@[^@]+$" }, isArchive: { enum: ["true", "false"] } },
  { _links: closed({ self: link, folders: link, allfolders: link }) },
);

const event = closed(
  {
    id: uuid,
    type: { enum: ["None", "Save", "Export", "Send", "Restore", "View"] },
    status: { enum: ["Running", "Success", "Warning", "Failed"] },
    startTime: withOffset,
    message: text,
    order: count,
  },
  { endTime: withOffset, duration: { type: "string", pattern: "^\\d\\d:\\d\\d:\\d\\d$" }, title: text },
);

const definitions = {
  token: closed({
    access_token: { type: "string", minLength: 1024 },
    token_type: { const: "bearer" },
    expires_in: { type: "integer", minimum: 1 },
    refresh_token: text,
    userName: text,
    ".issued": rfc1123,
    ".expires": rfc1123,
  }),
  tokenError: closed({ error: text, error_description: text }),
  error: closed({ message: text }),
  organizations: { type: "array", items: organization },
  organization,
  session,
  sessions: pageOf(session),
  sessionOrganization: closed(
    { id: uuid, name: text, type: { const: "Office365" } },
    {
      _links: closed({ self: link, mailboxes: link }),
    },
  ),
  mailbox,
  mailboxes: pageOf(mailbox),
  event,
  events: pageOf(event),
  counters: closed({
    createdItemsCount: count,
    mergedItemsCount: count,
    failedItemsCount: count,
    skippedItemsCount: count,
  }),
};

const ajv = new Ajv({ strict: true, allErrors: true });
const validators = new Map(Object.entries(definitions).map(([name, schema]) => [name, ajv.compile(schema)]));

/** Asserts status, content type and shape of a JSON answer, and gives its body. */
export function checked<T>(answer: RawAnswer, status: number, schema: keyof typeof definitions): T {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers["content-type"]), /^application\/json\b/);
  assert.equal(answer.headers["content-length"], String(answer.bytes.length));
  const body = answer.json();
  const validate = validators.get(schema);
  assert.ok(validate?.(body), `${schema}: ${ajv.errorsText(validate?.errors)} in ${answer.text.slice(0, 300)}`);
  return body as T;
}

/** Asserts an answer without a body. */
export function checkedEmpty(answer: RawAnswer, status: number): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["content-length"], "0");
  assert.equal(answer.headers["content-type"], undefined);
  assert.equal(answer.text, "");
}

/** Asserts a refusal and gives its message. */
export function checkedError(answer: RawAnswer, status: number): string {
  return checked<{ message: string }>(answer, status, "error").message;
}
