import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";

/** Exported as a function, so that the same program runs under `pulumi up`, in the tests and inside the Automation API. */
export = async function scheduledDrill() {
  const config = new pulumi.Config();
  // The pipeline says which day it is. A program that asked the clock would restore everything again at the first `up` after midnight.
  const date = config.require("date");
  if (!/^\d{4}-\d\d-\d\d/.test(date)) {
    throw new pulumi.RunError(
      `date must be a day like 2026-11-25, not ${date}: pulumi config set date "$(date -u +%F)".`,
    );
  }

  const drill = new vb365.RestoreDrill("nightly", {
    organization: config.require("organization"),
    mailboxesFile: config.get("mailboxesFile") ?? "drill.csv",
    pointInTime: "latest",
    // Files, which cannot be production; an archive has its owner's address, hence the id. The next drill takes them away again.
    exportToPst: { path: "exports/{email}-{mailboxId}.pst" },
    onDestroy: "deletePst",
    objectives: { rto: config.get("rto") ?? "4h", rpo: config.get("rpo") ?? "24h" },
    checks: ["pstVerified", "notEmpty"],
    verify: { contents: true },
    runId: date,
    reason: "scheduled drill",
  });

  return {
    verdict: drill.verdict,
    results: drill.results,
    evidence: drill.evidenceFiles,
    digest: drill.evidenceDigest,
  };
};
