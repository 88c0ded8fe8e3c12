import { Ajv } from "ajv";
import type { OrganizationSeed } from "./seed";

const text = { type: "string", minLength: 1 };
const time = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?Z$" };
const flag = { type: "boolean" };

const item = {
  type: "object",
  additionalProperties: false,
  properties: {
    count: { type: "integer", minimum: 1, maximum: 1_000_000 },
    folder: text,
    subject: text,
    body: text,
    draft: flag,
    inPlaceHold: flag,
    litigationHold: flag,
    state: { enum: ["missing", "changed", "unchanged"] },
    restoreFails: flag,
    onlyWith: { enum: ["showDeleted", "showAllVersions"] },
  },
};
const mailbox = {
  type: "object",
  required: ["email"],
  additionalProperties: false,
  properties: {
    id: text,
    name: { type: "string" },
    email: text,
    isArchive: flag,
    isPublic: flag,
    unreachable: flag,
    items: { type: "array", items: item },
  },
};
const organization = {
  type: "object",
  required: ["name", "mailboxes"],
  additionalProperties: false,
  properties: {
    id: text,
    name: text,
    officeName: text,
    region: text,
    firstBackupTime: time,
    lastBackupTime: time,
    mailboxes: { type: "array", items: mailbox },
  },
};
const listing = {
  type: "object",
  required: ["organization", "pointInTime", "mailboxes"],
  properties: {
    organization: { type: "object", required: ["name"], properties: { name: text } },
    pointInTime: time,
    mailboxes: {
      type: "array",
      items: {
        type: "object",
        required: ["email"],
        properties: { email: text, name: { type: "string" }, isArchive: flag, isPublic: { type: ["boolean", "null"] } },
      },
    },
  },
};

interface Listing {
  organization: { name: string };
  pointInTime: string;
  mailboxes: { email: string; name?: string; isArchive?: boolean; isPublic?: boolean | null }[];
}
type Seeds = (Omit<OrganizationSeed, "mailboxes"> & {
  mailboxes: (OrganizationSeed["mailboxes"][number] & { name?: string })[];
})[];

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const isListing = ajv.compile<Listing>(listing);
const isSeeds = ajv.compile<Seeds>({ type: "array", minItems: 1, items: organization });

/** A mailbox of a listing says nothing of its mail. */
const someMail = [{ count: 10, subject: "Message" }];

/**
 * Organizations from a JSON document, for {@link SimulatorOptions.organizations}: what `vb365 mailboxes --json` printed of a real server, with
 * ten items in each mailbox and one backup at the time that was listed; or an array of {@link OrganizationSeed}.
 *
 * @throws Error that names every place which is wrong.
 */
export function organizationsFrom(document: unknown): OrganizationSeed[] {
  if (isListing(document)) {
    const {
      organization: { name },
      pointInTime,
      mailboxes,
    } = document;
    const seeds = mailboxes.map(({ email, name: shown, isArchive = false, isPublic = false }) => ({
      name: shown === undefined || shown === "" ? email : shown,
      email,
      ...(isArchive ? { isArchive } : {}),
      ...(isPublic ? { isPublic } : {}),
      items: someMail,
    }));
    return [{ name, firstBackupTime: pointInTime, mailboxes: seeds }];
  }
  if (isSeeds(document)) {
    return document.map((one) => ({
      ...one,
      mailboxes: one.mailboxes.map((seed) => ({ ...seed, name: seed.name || seed.email })),
    }));
  }
  const { errors } = Array.isArray(document) ? isSeeds : isListing;
  const wrong = (errors ?? []).map(
    ({ instancePath, message = "is wrong", params }) =>
      `${instancePath === "" ? "the document" : instancePath} ${message}${"additionalProperty" in params ? `: ${String(params["additionalProperty"])}` : ""}`,
  );
  throw new Error(
    `These are no organizations: ${wrong.slice(0, 10).join("; ")}. It takes what vb365 mailboxes --json prints, or an array of { name, ` +
      `firstBackupTime, mailboxes: [{ email }] }.`,
  );
}
