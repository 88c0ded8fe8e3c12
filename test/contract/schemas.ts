import assert from "node:assert/strict";
import { Ajv, type ValidateFunction } from "ajv";
import type { RawAnswer } from "./raw-client";

// The shapes of each version as its reference (v3 to v5) or its OpenAPI document (v6 to v8) states them, written down here from those
// and not from the simulator. Closed, so that an invented field turns a test red.

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
const texts = { type: "array", items: { type: "string" } };
const boolean = { type: "boolean" };
/** A sample prints "false" as text where the table says bool. */
const flagOrWord = { enum: [true, false, "true", "false"] };
const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
const oneOf = (...values: string[]) => ({ enum: values });

/** An object with these fields and no others. */
interface Closed {
  type: "object";
  properties: Record<string, object>;
  required: string[];
  additionalProperties: false;
}

function closed(required: Record<string, object>, optional: Record<string, object> = {}): Closed {
  return {
    type: "object",
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** The codes of v8; v7 has the first one. */
const errorCodes = [
  "ProxyOffline",
  "OutdatedChangeToken",
  "ResourceAccessDenied",
  "ResourceNotFound",
  "ParameterValidationFailure",
  "OrganizationTransfer",
  "RepositoryOwnerChangeTooManyLinks",
  "Timeout",
  "OperationConflict",
  "HttpError",
];

function definitionsOf(version: number) {
  const isFlat = version >= 6;
  const link = closed({
    href: { type: "string", pattern: isFlat ? `^/v${version}/` : `^https://127\\.0\\.0\\.1:\\d+/v${version}/` },
  });
  const links = (required: string[], optional: string[] = []) =>
    closed(
      Object.fromEntries(required.map((name) => [name, link])),
      Object.fromEntries(optional.map((name) => [name, link])),
    );
  const pageOf = (row: object) =>
    closed(
      { offset: count, limit: { type: "integer", minimum: 1 }, results: { type: "array", items: row } },
      {
        _links: links(["self"], ["first", "prev", "next"]),
        ...(isFlat ? { setId: uuid } : {}),
        ...(version === 6 || version === 7 ? { totalCount: orNull(count) } : {}),
      },
    );
  const tokenDate = isFlat ? utc : rfc1123;
  const flag = version === 3 ? flagOrWord : boolean;
  const identity = { id: uuid, name: text, type: oneOf("Office365", "OnPremises", "Hybrid") };
  const times = { isBackedup: boolean, firstBackuptime: utc, lastBackuptime: utc };

  const organization = closed(
    { ...identity, officeName: text, region: oneOf("Worldwide", "Germany", "China", "USDefence", "USGovernment") },
    {
      ...times,
      isExchangeOnline: flag,
      isSharePointOnline: flag,
      ...(version >= 5 ? { isTeamsOnline: flag } : {}),
      _links: links(["self"]),
    },
  );
  const session = closed(
    {
      id: uuid,
      type: { const: "Vex" },
      creationTime: utc,
      state: isFlat ? oneOf("Working", "Stopped") : oneOf("Starting", "Working", "Stopping", "Stopped"),
      result: oneOf("Success", "Warning", "Failed"),
    },
    {
      name: { type: "string", pattern: "^Exchange restore \\(.+\\)$" },
      organization: text,
      initiatedBy: text,
      endTime: isFlat ? orNull(utc) : utc,
      _links: links(["self", "organization", "restoreSessionEvents"]),
      ...(isFlat ? { details: text, scopeName: text, clientHost: text, reason: text } : {}),
      ...(version >= 8 ? { eTag: count } : {}),
    },
  );
  const mailbox = closed(
    {
      id: uuid,
      name: text,
      email: { type: "string", pattern: "^[^@]+@[^@]+$" },
      isArchive: version <= 4 ? oneOf("true", "false") : boolean,
    },
    { ...(isFlat ? { isPublic: boolean } : {}), _links: links(["self", "folders", "allfolders"]) },
  );
  const statuses = ["Running", "Success", "Warning", "Failed", ...(isFlat ? ["Cancelled", "Skipped"] : [])];
  const event = closed(
    { id: uuid, status: oneOf(...statuses), startTime: withOffset, message: text, order: count },
    {
      type: oneOf("None", "Save", "Export", "Send", "Restore", "View"),
      endTime: isFlat ? orNull(withOffset) : withOffset,
      duration: { type: "string", pattern: "^\\d\\d:\\d\\d:\\d\\d$" },
      title: text,
      ...(isFlat ? { itemName: text, itemType: text, itemSizeBytes: count, source: text, target: text } : {}),
    },
  );
  const restorePoint = closed(
    { id: text, backupTime: utc },
    {
      ...Object.fromEntries(["repositoryId", "jobId", "retrievalId", "organizationId"].map((name) => [name, uuid])),
      ...Object.fromEntries(
        ["isExchange", "isSharePoint", "isOneDrive", "isTeams", "isLongTermCopy", "isRetrieved"].map((name) => [
          name,
          boolean,
        ]),
      ),
      ...(version >= 7 ? { isDeleted: boolean, isCopy: boolean } : {}),
    },
  );
  const fourCounts = Object.fromEntries(
    ["created", "merged", "failed", "skipped"].map((name) => [`${name}ItemsCount`, count]),
  );
  const more = { cannotContinueError: orNull(text), warnings: orNull(texts), exceptions: orNull(texts) };

  return {
    token: closed(
      {
        access_token: { type: "string", minLength: 1024 },
        token_type: { const: "bearer" },
        expires_in: { type: "integer", minimum: 1 },
        refresh_token: text,
        ".issued": tokenDate,
        ".expires": tokenDate,
        ...(version === 6 || version === 7 ? { userName: text } : {}),
      },
      version === 6 || version === 7 ? {} : { userName: text },
    ),
    tokenError: closed({ error: text, error_description: text }),
    error: closed(
      { message: text },
      {
        ...(version === 7 ? { errorCode: orNull(oneOf("ProxyOffline")) } : {}),
        ...(version >= 8 ? { errorCode: orNull(oneOf(...errorCodes)), stackTrace: orNull(text) } : {}),
      },
    ),
    serviceInstance: closed({}, { installationId: uuid, version: text }),
    organizations: version >= 8 ? pageOf(organization) : { type: "array", items: organization },
    organization,
    ownOrganization: isFlat ? closed({}, { ...identity, ...times }) : organization,
    session,
    sessions: pageOf(session),
    sessionOrganization: closed(identity, { _links: links(["self", "mailboxes"]) }),
    mailbox,
    mailboxes: pageOf(mailbox),
    event,
    events: pageOf(event),
    restorePoints: version >= 7 ? pageOf(restorePoint) : { type: "array", items: restorePoint },
    /** What a restore answers with up to v7; from v8 on it has only begun. */
    restored: closed(fourCounts, version >= 6 ? { failedFoldersCount: count, ...more } : version === 5 ? more : {}),
    begun: closed({ sessionId: uuid }),
    statistics: closed(
      {
        totalItemsCount: count,
        restoredItemsCount: count,
        failedItemsCount: count,
        skippedItemsCount: count,
        items: {
          type: "array",
          items: closed(
            {
              id: text,
              itemRestoreDetailsType: { enum: ["BulkMailbox"] },
              itemType: text,
              name: text,
              status: text,
              mailboxEmail: text,
              mailboxIsArchive: boolean,
              mailboxIsPublic: boolean,
              createdMailboxItemsCount: count,
              mergedMailboxItemsCount: count,
              failedMailboxItemsCount: count,
              skippedMailboxItemsCount: count,
            },
            { error: text, warnings: texts, cannotContinueMailboxError: text },
          ),
        },
      },
      { warnings: texts, errors: texts },
    ),
    codeCheck: closed({}, { authenticated: boolean }),
    deviceCode: closed({ userCode: text, verificationUrl: text, expiresIn: count, message: text }),
  };
}

export type Shape = keyof ReturnType<typeof definitionsOf>;

const ajv = new Ajv({ strict: true, allErrors: true });
const compiled = new Map<string, ValidateFunction>();

/** Says what does not fit a version's shape; undefined when all does. */
export function misfit(body: unknown, shape: Shape, version = "v3"): string | undefined {
  const key = `${version} ${shape}`;
  const validate = compiled.get(key) ?? ajv.compile(definitionsOf(Number(version.slice(1)))[shape]);
  compiled.set(key, validate);
  return validate(body) ? undefined : `${key}: ${ajv.errorsText(validate.errors)}`;
}

/** Asserts status, content type and shape of a JSON answer, and gives its body. */
export function checked<T>(answer: RawAnswer, status: number, shape: Shape, version?: string): T {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers["content-type"]), /^application\/json\b/);
  assert.equal(answer.headers["content-length"], String(answer.bytes.length));
  const body = answer.json();
  assert.equal(misfit(body, shape, version), undefined, answer.text.slice(0, 300));
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
export function checkedError(answer: RawAnswer, status: number, version?: string): string {
  return checked<{ message: string }>(answer, status, "error", version).message;
}

/** A body without the fields that a version's documents do not promise, as far down as they go. */
export function withoutOptional(body: unknown, shape: Shape, version: string): unknown {
  return pruned(body, definitionsOf(Number(version.slice(1)))[shape] as Partial<Closed> & { items?: object });
}

function pruned(value: unknown, schema: Partial<Closed> & { items?: object }): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => pruned(item, schema.items ?? {}));
  }
  if (typeof value !== "object" || value === null || schema.properties === undefined) {
    return value;
  }
  const { properties, required = [] } = schema;
  const kept = Object.entries(value).filter(([name]) => required.includes(name));
  return Object.fromEntries(kept.map(([name, field]) => [name, pruned(field, properties[name] ?? {})]));
}
