import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import sanitize from "sanitize-filename";
import { isDigestRight } from "../../evidence/digest";
import type { Evidence } from "../../evidence/evidence";
import { mergeEvidence } from "../../evidence/merge";
import { type Proof, verifyEvidence } from "../../evidence/verify";
import { type Format, formats, pathOf, writeFormat } from "../../evidence/write";
import { MailboxRestoreError } from "../../provider/errors";
import { answer } from "../connection";
import { type EvidenceFile, readEvidenceFile } from "../evidence-file";
import { exitCodes, exitCodesHelp } from "../exit";
import { type Answer, type Cell, type Look, counted, harmless, table } from "../output";

interface Flags {
  merge?: boolean;
  verify?: boolean;
  base?: string;
  out?: string;
  name?: string;
  format?: Format[];
  json?: boolean;
}

/** What became of a document: of one that was named, or of the one that those were merged into. */
interface Reported extends EvidenceFile {
  proof: Proof | undefined;
  /** Paths by format. */
  written: Partial<Record<Format, string>>;
}

const help = `
Written beside the JSON, or into --out: NAME.html, NAME.md, NAME.junit.xml. The
JSON that was given is never written to. With --verify alone nothing is written.
With --merge one new document is made, in JSON, too; it ends with 1 when its
verdict is Failed, as it is when a shard is missing.

Examples:
  vb365 report evidence/quarterly.json
  vb365 report evidence/quarterly.json --verify --base ../drills
  vb365 report shard-*/evidence/quarterly.json --merge --out evidence --name 2026-Q4

${exitCodesHelp}`;

/** `vb365 report`: evidence of drills in other formats, proved, and merged. */
export function addReport(program: Command): void {
  const command = program
    .command("report")
    .summary("make, merge and prove the evidence of recovery drills")
    .description(
      "Makes the page, the Markdown and the JUnit XML of a drill again from its JSON; proves that the JSON and the files that were " +
        "exported are still as they were; joins what shards of a drill left. Asks no server. Evidence that was changed after it was " +
        "written is refused.",
    )
    .argument("<evidence...>", "JSON files that drills wrote")
    .option("--merge", "join the shards of one drill into a new document")
    .option("--verify", "prove the digests, and size and SHA-256 of every exported file")
    .option("--base <folder>", "with --verify: where relative paths of files start, default this folder")
    .option("--out <folder>", "write there")
    .option("--name <name>", "with --merge: name of the new files, default that of the drill and its run")
    .option("--format <list>", `what to write, of ${formats.join(", ")}; with commas between them`, formatsOf)
    .option("--json", "one JSON document on standard output, for programs")
    .addHelpText("after", help);
  command.action((paths: string[], flags: Flags) => {
    if (flags.name !== undefined && flags.merge !== true) {
      command.error("error: --name needs --merge: formats of a document that is there are named like it");
    }
    if (flags.base !== undefined && flags.verify !== true) {
      command.error("error: --base needs --verify");
    }
    return answer(flags, () => report(paths, flags));
  });
}

function formatsOf(list: string): Format[] {
  const names = list.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !(formats as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`${unknown} is no format; there are ${formats.join(", ")}.`);
  }
  return formats.filter((format) => names.includes(format));
}

async function report(paths: string[], flags: Flags): Promise<Answer> {
  const files: EvidenceFile[] = [];
  for (const path of paths) {
    files.push(await readEvidenceFile(path));
  }
  const given: Reported[] = [];
  for (const file of files) {
    const proof = flags.verify === true ? await verifyEvidence(file.evidence, flags.base) : undefined;
    given.push({ ...file, proof, written: {} });
  }
  if (given.some(({ proof }) => proof?.isRight === false)) {
    return answerOf(given, undefined);
  }
  given.forEach(refuseChanged);
  if (flags.merge !== true) {
    const inputs = new Set(files.map(({ path }) => resolve(path)));
    const chosen = flags.format ?? (flags.verify === true && flags.out === undefined ? [] : withoutJson);
    for (const one of given) {
      one.written = await write(one.evidence, chosen, flags.out ?? one.folder, one.name, inputs);
    }
    return answerOf(given, undefined);
  }
  return answerOf(given, await merge(given, flags));
}

const withoutJson = formats.filter((format) => format !== "json");

async function merge(given: Reported[], flags: Flags): Promise<Reported> {
  const evidence = mergeEvidence(
    given.map((one) => one.evidence),
    new Date().toISOString(),
  );
  const { name: drill, runId } = evidence.drill;
  const name = flags.name ?? sanitize([drill, ...(runId === null ? [] : [runId]), "merged"].join("-"));
  const folder = flags.out ?? ".";
  const inputs = new Set(given.map(({ path }) => resolve(path)));
  const written = await write(evidence, flags.format ?? [...formats], folder, name, inputs);
  return { path: written.json ?? name, folder, name, evidence, proof: undefined, written };
}

/** An earlier record is not replaced: whoever wants another one gives it another name. */
async function write(evidence: Evidence, chosen: Format[], folder: string, name: string, inputs: Set<string>) {
  const json = pathOf("json", folder, name);
  if (chosen.includes("json") && (inputs.has(resolve(json)) || existsSync(json))) {
    throw new MailboxRestoreError(
      "file",
      `${json} is there already and is not overwritten: give another --out or --name.`,
    );
  }
  const written: Reported["written"] = {};
  for (const format of chosen) {
    written[format] = await writeFormat(evidence, format, folder, name);
  }
  return written;
}

function refuseChanged({ path, evidence }: Reported): void {
  if (!isDigestRight(evidence)) {
    throw new MailboxRestoreError(
      "file",
      `${path} was changed after it was written: its digest is not that of what it says. Nothing was written.`,
    );
  }
}

function answerOf(given: Reported[], merged: Reported | undefined): Answer {
  const wrong = given.filter(({ proof }) => proof?.isRight === false).length;
  const remark = remarkOn(given, merged, wrong);
  return {
    document: { evidence: given.map(documentOf), merged: merged === undefined ? null : documentOf(merged) },
    text: (look) => textOf(look, given, merged),
    ...(remark === undefined ? {} : { remark }),
    exitCode: wrong > 0 || merged?.evidence.verdict === "Failed" ? exitCodes.no : exitCodes.fine,
  };
}

function documentOf({ path, evidence, proof, written }: Reported): object {
  const { drill, verdict, totals, remarks, digest } = evidence;
  return {
    file: path,
    drill: drill.name,
    stack: drill.stack,
    runId: drill.runId,
    verdict,
    mailboxes: totals.mailboxes,
    remarks,
    digest: digest.value,
    proof:
      proof === undefined ? null : { isRight: proof.isRight, isDigestRight: proof.isDigestRight, files: proof.files },
    written,
  };
}

function textOf(look: Look, given: Reported[], merged: Reported | undefined): string {
  const proofs = given.flatMap(({ path, proof }) => (proof === undefined ? [] : proofRows(path, proof)));
  const written = [...given, ...(merged === undefined ? [] : [merged])];
  const rows = written.flatMap(({ evidence, written: paths }) =>
    Object.values(paths).map((path): Cell[] => [path, evidence.drill.name, verdictCell(evidence)]),
  );
  return [
    ...(proofs.length > 0 ? [table(look, ["EVIDENCE", "PROVED", "RESULT", "DETAIL"], proofs, { wrapLast: true })] : []),
    ...(rows.length > 0 ? [table(look, ["WRITTEN", "DRILL", "VERDICT"], rows)] : []),
  ].join("\n\n");
}

const verdictCell = ({ verdict }: Evidence): Cell => ({
  text: verdict,
  colour: verdict === "Passed" ? "green" : "red",
});

function proofRows(path: string, { isDigestRight: isRight, files }: Proof): Cell[][] {
  const result = (text: string): Cell => ({ text, colour: text === "ok" ? "green" : "red" });
  return [
    [path, "digest", result(isRight ? "ok" : "changed"), isRight ? "" : "it is not that of what the document says"],
    ...files.map((file): Cell[] => [path, file.path, result(file.result), file.detail]),
  ];
}

function remarkOn(given: Reported[], merged: Reported | undefined, wrong: number): string | undefined {
  const files = given.flatMap(({ proof }) => proof?.files ?? []).length;
  const proved = given.some(({ proof }) => proof !== undefined);
  const lines = [
    ...(proved
      ? [
          `${counted(given.length, "document")} and ${counted(files, "exported file")} read, ${counted(wrong, "document")} wrong.`,
        ]
      : []),
    ...(wrong > 0 ? ["Nothing was written."] : []),
    ...(merged?.evidence.remarks ?? []).map(harmless),
  ];
  return lines.length > 0 ? lines.join("\n") : undefined;
}
