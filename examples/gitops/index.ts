import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";

/** One entry of restores.json: what a pull request asks for. */
interface Request {
  /** Of the resource, for good: a request under another name is another restore. */
  name: string;
  /** Why, for the record. */
  ticket: string;
  requestedBy: string;
  mailbox: string;
  /** RFC 3339 with an offset. */
  pointInTime: string;
  /** Mailbox to restore into. Without one the mail is exported to NAME.pst in the exports' folder of the runner. */
  restoreTo?: string;
  /** Counted up by a pull request to restore once more. Default 1. */
  run?: number;
  /** Restore at every merge that comes, as a check of the backup; exports only. */
  everyMerge?: boolean;
}

/** Exported as a function, so that the same program runs under `pulumi up`, in the tests and inside the Automation API. */
export = async function restores() {
  const config = new pulumi.Config();
  const requests = readRequests(config.get("requestsFile") ?? "restores.json");
  const outcomes = requests.map((request) => [request.name, declare(request, config).outcome] as const);
  return { outcomes: Object.fromEntries(outcomes) };
};

function declare(request: Request, config: pulumi.Config): vb365.MailboxRestore {
  const { name, ticket, requestedBy, mailbox, pointInTime, restoreTo, run = 1, everyMerge = false } = request;
  return new vb365.MailboxRestore(name, {
    organization: config.require("organization"),
    mailbox: { email: mailbox },
    pointInTime,
    // The commit for what is to run at every merge, and for nothing else: a new runId sends mail again.
    runId: everyMerge ? config.require("commit") : `${ticket}-${run}`,
    // For the record: an edit of it sends nothing.
    reason: `${ticket}, asked for by ${requestedBy}`,
    ...(restoreTo === undefined
      ? { exportToPst: { path: `${config.get("exportsFolder") ?? "exports"}/${name}.pst` } }
      : { restoreTo: { mailbox: restoreTo } }),
  });
}

/** @throws pulumi.RunError with everything that is wrong, so that a pull request is mended once. */
function readRequests(file: string): Request[] {
  const path = resolve(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new pulumi.RunError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(parsed)) {
    throw new pulumi.RunError(`${file} must be an array of requests.`);
  }
  const names = new Set<unknown>();
  const wrong = parsed.flatMap((entry: unknown, index) => {
    const request: Record<string, unknown> = { ...(entry as object) };
    const unknown = Object.keys(request).filter((key) => !Object.hasOwn(kinds, key));
    const missing = required.filter((key) => request[key] === undefined);
    const mistyped = Object.entries(request).filter(
      ([key, value]) => Object.hasOwn(kinds, key) && typeof value !== kinds[key as keyof Request],
    );
    const twice = names.has(request["name"]);
    names.add(request["name"]);
    return [
      ...unknown.map((key) => `${key} is not known`),
      ...missing.map((key) => `${key} is missing`),
      ...mistyped.map(([key]) => `${key} must be a ${kinds[key as keyof Request]}`),
      ...(/^[\w-]*$/.test(String(request["name"])) ? [] : ["its name may have letters, digits, - and _ only"]),
      ...(twice ? ["its name is taken by another one"] : []),
      ...(request["everyMerge"] === true && request["restoreTo"] !== undefined
        ? ["everyMerge is for exports only"]
        : []),
    ].map((what) => `request ${index + 1} (${String(request["name"])}): ${what}`);
  });
  if (wrong.length > 0) {
    throw new pulumi.RunError(`${file}:\n${wrong.join("\n")}`);
  }
  return parsed as Request[];
}

const kinds = {
  name: "string",
  ticket: "string",
  requestedBy: "string",
  mailbox: "string",
  pointInTime: "string",
  restoreTo: "string",
  run: "number",
  everyMerge: "boolean",
} as const satisfies Record<keyof Request, string>;

const required = ["name", "ticket", "requestedBy", "mailbox", "pointInTime"] as const;
