import type { PolicyConfigSchema, ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";

/** Types as the engine names them. */
const dynamic = "pulumi-nodejs:dynamic/vb365:";
const restoreTypes = [`${dynamic}MailboxRestore`, `${dynamic}BulkMailboxRestore`];

type Bag = Record<string, unknown>;
type Report = (message: string) => void;

/** A rule over restores, each mailbox's or many mailboxes' in one. */
function overRestores(
  rule: Pick<ResourceValidationPolicy, "name" | "description" | "configSchema">,
  judge: (props: Bag, report: Report, args: ResourceValidationArgs) => void,
): ResourceValidationPolicy {
  return {
    ...rule,
    validateResource(args, report) {
      if (restoreTypes.includes(args.type)) {
        judge(args.props as Bag, report, args);
      }
    },
  };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const inside = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});

/**
 * Whether mail goes into a production mailbox. What settles it is asked first: to read what is not known yet in a preview ends a rule, and
 * it is judged again by `up`.
 */
function isInPlace(props: Bag): boolean {
  if (props["restoreToOriginalLocation"] !== undefined) {
    return true;
  }
  const target = text(inside(props["restoreTo"])["mailbox"])?.toLowerCase();
  return target !== undefined && sources(props).includes(target);
}

/** Addresses of the mailboxes that are named one by one, in lower case. */
function sources(props: Bag): string[] {
  const { mailboxes } = props;
  const named: unknown[] = Array.isArray(mailboxes) ? mailboxes : [props["mailbox"]];
  return named.flatMap((one) => text(one) ?? text(inside(one)["email"]) ?? []).map((email) => email.toLowerCase());
}

const stacks: PolicyConfigSchema = {
  properties: { stacks: { type: "array", items: { type: "string" }, default: ["dr"] } },
};

/** Mail is written into a production mailbox by the stacks alone that are there for it. */
export const inPlaceOnlyInDr = overRestores(
  {
    name: "in-place-only-in-dr",
    description: "Restores into the mailbox that was backed up are for disaster-recovery stacks alone.",
    configSchema: stacks,
  },
  (props, report, args) => {
    const { stacks: allowed = ["dr"] } = args.getConfig<{ stacks?: string[] }>();
    const stack = stackIn(args.urn);
    if (isInPlace(props) && !allowed.includes(stack)) {
      report(
        `It restores in place, and stack ${stack} is none of ${allowed.join(", ")}. Use exportToPst, or restoreTo another mailbox.`,
      );
    }
  },
);

/** Old mail is not taken for new: the moment is recent, or the age is judged when it runs. */
export const recentRestorePoint = overRestores(
  {
    name: "recent-restore-point",
    description: "A restore says how old its data may be, and that is not more than the limit.",
    configSchema: { properties: { maxAgeDays: { type: "number", minimum: 1, default: 30 } } },
  },
  (props, report, args) => {
    const { maxAgeDays = 30 } = args.getConfig<{ maxAgeDays?: number }>();
    // Of a restore in a session of the program, the moment stands in the session, and nothing limits the age of "latest".
    const session = props["session"];
    const pointInTime = text(session === undefined ? props["pointInTime"] : inside(session)["pointInTime"]);
    const age = text(props["maxRestorePointAge"]);
    if (pointInTime !== undefined && pointInTime !== "latest") {
      const days = (Date.now() - Date.parse(pointInTime)) / 86_400_000;
      if (days > maxAgeDays) {
        report(`pointInTime ${pointInTime} is ${Math.floor(days)} days old; the limit is ${maxAgeDays}.`);
      }
    } else if (pointInTime === "latest" && age === undefined && !isOfDrill(args.urn)) {
      report(
        `"latest" may be of any age: ${session === undefined ? "" : "restore without a RestoreSession, and "}set maxRestorePointAge, at most "${maxAgeDays}d".`,
      );
    }
    const days = age === undefined ? undefined : daysIn(age);
    if (days !== undefined && days > maxAgeDays) {
      report(`maxRestorePointAge ${age} is more than the limit of ${maxAgeDays} days.`);
    }
  },
);

/** A restore can be traced to a person or a ticket. */
export const hasReason = overRestores({ name: "has-reason", description: "A restore says why." }, (props, report) => {
  if (props["reason"] === undefined || text(props["reason"])?.trim() === "") {
    report(`Say why in reason: a ticket, who asked for it.`);
  }
});

/** A drill without a limit proves nothing. */
export const drillHasObjectives: ResourceValidationPolicy = {
  name: "drill-has-objectives",
  description: "A recovery drill is measured against a recovery time and the age of its data.",
  validateResource(args, report) {
    if (args.type === `${dynamic}DrillVerdict`) {
      const objectives = inside((args.props as Bag)["objectives"]);
      const missing = ["rto", "rpo"].filter((name) => objectives[name] === undefined);
      if (missing.length > 0) {
        report(`Its objectives lack ${missing.join(" and ")}.`);
      }
    }
  },
};

export const rules = [inPlaceOnlyInDr, recentRestorePoint, hasReason, drillHasObjectives];

/** Second part of `urn:pulumi:STACK::PROJECT::TYPES::NAME`. */
function stackIn(urn: string): string {
  return /^urn:pulumi:(.+?)::/.exec(urn)?.[1] ?? "";
}

/** A drill's restores are judged by its objective, the RPO. */
const isOfDrill = (urn: string) => urn.includes("vb365:index:RestoreDrill$");

/** Days of a duration like `36h` or `7d`; undefined for any other text, which the provider refuses itself. */
function daysIn(duration: string): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([smhdw])/i.exec(duration) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit?.toLowerCase() as "s"];
  return number === undefined || seconds === undefined ? undefined : (Number(number) * seconds) / 86_400;
}
