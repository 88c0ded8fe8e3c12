import { readFile } from "node:fs/promises";
import { isDigestRight, withDigest } from "../../../evidence/digest";
import type { Evidence } from "../../../evidence/evidence";
import { parseEvidence } from "../../../evidence/parse";
import { writeEvidence } from "../../../evidence/write";
import { RestoreIncompleteError } from "../../errors";
import type { Voice } from "../mailbox-restore/surroundings";
import { type Told, evidenceOf, fileNameOf, folderOf } from "./evidence";
import type { DrillVerdictInputs, DrillVerdictOutputs } from "./inputs";

/**
 * Judges a drill, and writes its evidence in every format; only then fails it.
 *
 * @param olds - what the state has of it
 * @throws MailboxRestoreError (`file`) when it cannot be written, or another drill's evidence is there already
 * @throws RestoreIncompleteError with the state to keep, when an objective was missed or a check failed, unless that is only reported
 */
export async function judge(
  inputs: DrillVerdictInputs,
  told: Told,
  voice: Voice,
  olds?: DrillVerdictOutputs,
): Promise<DrillVerdictOutputs> {
  voice.activity("writing the evidence");
  const evidence = withDigest(await evidenceOf(inputs, told));
  const { digest, ...evidenceFiles } = await writeEvidence(
    evidence,
    folderOf(inputs),
    fileNameOf(inputs),
    olds?.evidenceDigest,
  );
  const outputs: DrillVerdictOutputs = {
    ...inputs,
    verdict: evidence.verdict,
    results: evidence.objectives.map((one) => ({ ...one, missedBy: one.missedBy.slice(0, shownMailboxes) })),
    totals: evidence.totals,
    evidenceFiles,
    evidenceDigest: digest,
    evidencePresent: true,
    stateVersion: 1,
  };
  if (evidence.verdict === "Failed" && inputs.onMissed !== "report") {
    throw new RestoreIncompleteError(idOf(outputs), { ...outputs }, [explain(evidence, evidenceFiles.html)]);
  }
  voice.conclude(
    `${evidence.verdict}: ${evidence.totals.passed} of ${evidence.totals.mailboxes} mailboxes restored, ${evidenceFiles.html}`,
  );
  return outputs;
}

export const idOf = ({ evidenceDigest }: DrillVerdictOutputs) => evidenceDigest.slice(0, 16);

const shownMailboxes = 20;

/** A drill that has failed is judged anew by the next `up`; it sends nothing by that. */
export const diff = (olds: DrillVerdictOutputs, news: DrillVerdictInputs) => ({
  changes: (olds.verdict === "Failed" && news.onMissed !== "report") || !olds.evidencePresent ? true : undefined,
  replaces: [],
});

/** Evidence that is gone or was changed is told at a refresh, and written again by the next `up`. */
export async function read(outputs: DrillVerdictOutputs): Promise<DrillVerdictOutputs> {
  const evidencePresent = await readFile(outputs.evidenceFiles.json, "utf8")
    .then((text) => {
      const evidence = parseEvidence(text);
      return isDigestRight(evidence) && evidence.digest.value === outputs.evidenceDigest;
    })
    .catch(() => false);
  return { ...outputs, evidencePresent };
}

function explain({ objectives, checks, mailboxes, totals, remarks }: Evidence, page: string): string {
  const bad = mailboxes.filter(({ passed }) => !passed);
  const shown = bad.slice(0, 5).map(({ mailbox, outcome, missed, checks: own, failures }) => {
    const failed = own.filter(({ result }) => result !== "passed").map(({ name, result }) => `${name} ${result}`);
    const why = [...missed.map((name) => `${name} missed`), ...failed, ...failures.slice(0, 1)].join(", ");
    return `  ${mailbox}: ${outcome}${why === "" ? "" : `, ${why}`}`;
  });
  const more = bad.length > shown.length ? [`  and ${bad.length - shown.length} more`] : [];
  return [
    `The drill failed: ${bad.length} of ${totals.mailboxes} mailboxes did not pass.`,
    ...objectives
      .filter(({ met }) => !met)
      .map(
        ({ name, limitSeconds, worstSeconds, missedCount }) =>
          `${name} of ${limitSeconds} s was missed by ${missedCount} mailboxes; the worst was ${worstSeconds ?? "nobody knows how many"} s.`,
      ),
    ...checks
      .filter(({ failed, unknown }) => failed + unknown > 0)
      .map(({ name, failed, unknown }) => `Check ${name}: ${failed} failed, ${unknown} unknown.`),
    ...remarks,
    ...shown,
    ...more,
    `The evidence is written: ${page}. Nothing is restored again by itself: for another drill set a new runId.`,
  ].join("\n");
}
