import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";

/** Phases of the runbook. Each is declared only when it was approved: `pulumi config set approvedPhase 2`. */
const phases = ["canary, into the recovery mailbox", "critical mailboxes, in place", "all others, in place"] as const;

/** Exported as a function, so that the same program runs under `pulumi up`, in the tests and inside the Automation API. */
export = async function runbook() {
  const config = new pulumi.Config();
  const organization = config.require("organization");
  const recoveryMailbox = config.require("recoveryMailbox");
  const canaryMailbox = config.require("canary");
  const critical = config.require("critical").split(",");
  const decisions = config.getObject<Record<string, Decision>>("decisions") ?? {};
  const retryFailed = config.get("retryFailed");
  const approvedPhase = config.getNumber("approvedPhase") ?? 1;
  if (![1, 2, 3].includes(approvedPhase)) {
    throw new pulumi.RunError(`approvedPhase must be 1, 2 or 3, not ${approvedPhase}.`);
  }
  // A stack is one incident: another one is a new stack, and never replaces what was restored for this one.
  const incident = pulumi.getStack();
  // A phase that was carried out stays declared: to take it away would forget its restores, and to declare it again would send them again.
  const kept = { protect: true };

  if (config.getBoolean("preflight") ?? true) {
    await lookBefore(organization, [canaryMailbox, recoveryMailbox, ...(approvedPhase > 1 ? critical : [])]);
  }

  const canary = new vb365.MailboxRestore(
    "canary",
    {
      organization,
      mailbox: { email: canaryMailbox },
      pointInTime: config.get("pointInTime") ?? "latest",
      restoreTo: { mailbox: recoveryMailbox },
      runId: incident,
      reason: `${incident}: ${phases[0]}`,
      ...(decisions[canaryMailbox] ?? {}),
    },
    kept,
  );
  // What "latest" was for the canary: all phases restore the same moment.
  const pointInTime = canary.resolvedPointInTime.apply((time) => {
    if (time === null) {
      throw new pulumi.RunError("Nobody knows which moment the canary was restored from: set pointInTime.");
    }
    return time;
  });
  const inPlace = { organization, pointInTime, restoreToOriginalLocation: {}, runId: incident };

  const second =
    approvedPhase < 2
      ? []
      : critical.map(
          (email) =>
            new vb365.MailboxRestore(
              `critical-${email}`,
              {
                ...inPlace,
                mailbox: { email },
                confirmInPlace: email,
                reason: `${incident}: ${phases[1]}`,
                ...(decisions[email] ?? {}),
              },
              { ...kept, dependsOn: canary },
            ),
        );

  const third =
    approvedPhase < 3
      ? undefined
      : new vb365.BulkMailboxRestore(
          "others",
          {
            ...inPlace,
            allMailboxes: { exclude: [recoveryMailbox, ...critical] },
            maxConcurrentRestores: config.getNumber("maxConcurrentRestores") ?? 4,
            confirmInPlace: organization,
            reason: `${incident}: ${phases[2]}`,
            failurePolicy: { maxFailedMailboxes: config.getNumber("maxFailedMailboxes") ?? 0 },
            ...(retryFailed === undefined ? {} : { retryFailed }),
          },
          { ...kept, dependsOn: second },
        );

  return {
    incident,
    pointInTime,
    canary: { outcome: canary.outcome, counts: canary.counts, warnings: canary.warnings },
    critical: second.map(({ mailboxEmail, outcome, counts }) => ({ mailboxEmail, outcome, counts })),
    ...(third === undefined ? {} : { others: third.totals }),
    next:
      approvedPhase === 3
        ? "nothing: every phase is carried out"
        : `look at the result; then phase ${approvedPhase + 1}, ${phases[approvedPhase]}: pulumi config set approvedPhase ${approvedPhase + 1} && pulumi up`,
  };
};

/** What a person decided about one mailbox after its restore did not end well; an edit sends nothing. */
interface Decision {
  failurePolicy?: { maxFailedItems?: number; onNothingToRestore?: "fail" | "accept" };
  onUnknown?: { accept: string };
}

/** Ends the program with all that is wrong before anything is sent. */
async function lookBefore(organization: string, mailboxes: string[]) {
  const reports = await Promise.all(
    mailboxes.map((email) => vb365.preflight({ organization, mailbox: { email }, pointInTime: "latest" })),
  );
  const wrong = reports.flatMap(({ checks }) => checks.filter(({ result }) => result === "failed"));
  if (wrong.length > 0) {
    const said = [...new Set(wrong.map(({ name, detail }) => `${name}: ${detail}`))];
    throw new pulumi.RunError(`Preflight failed, nothing was sent.\n${said.join("\n")}`);
  }
}
