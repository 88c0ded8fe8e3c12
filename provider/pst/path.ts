import { StringDecoder } from "node:string_decoder";
import sanitize from "sanitize-filename";
import { MailboxRestoreError } from "../errors";

/** What a path may name in braces, and what stands for it. */
export interface PathValues {
  /** Address of the mailbox. */
  email?: string | undefined;
  mailboxId?: string | undefined;
  /** Day of the run, UTC, as `2026-11-25`. */
  date?: string | undefined;
  runId?: string | undefined;
}

const names = ["email", "mailboxId", "date", "runId"] as const satisfies (keyof PathValues)[];

/** Why a path cannot be expanded, or not be made on this system, whatever the values; undefined when it can. */
export function whyNotPath(
  template: string,
  { runId }: Pick<PathValues, "runId">,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const unknown = namedIn(template).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) {
    return `names {${unknown}}, which is nothing; there are ${names.map((name) => `{${name}}`).join(", ")}`;
  }
  if (namedIn(template).includes("runId") && runId === undefined) {
    return "names {runId}, and there is no runId";
  }
  if (runId !== undefined && namedIn(template).includes("runId") && !staysInFolder(runId)) {
    return "names {runId}, and the runId would lead out of the folder: it must hold no slash, and not be . or ..";
  }
  const unfit = platform === "win32" ? unfitForWindows(template) : undefined;
  return unfit === undefined ? undefined : `holds ${JSON.stringify(unfit)}, which is no name of a file on Windows`;
}

/** Must the mailbox be known before the path is? */
export const namesMailbox = (template: string) =>
  namedIn(template).some((name) => name === "email" || name === "mailboxId");

/** Is another day's path another one? */
export const namesDay = (template: string) => namedIn(template).includes("date");

/**
 * The path that a template names. What stands for a name is made fit for a file's name where it is not.
 *
 * @returns the path, and what was changed, in words
 * @throws MailboxRestoreError (`file`) when it would lead out of its folder, or a value is not known
 */
export function expandPath(template: string, values: PathValues): { path: string; remarks: string[] } {
  const remarks: string[] = [];
  const path = template.replace(named, (_, name: keyof PathValues) => {
    const value = values[name];
    if (value === undefined || value === "") {
      throw new MailboxRestoreError(
        "file",
        `exportToPst.path names {${name}}, and this mailbox has none. Nothing was sent.`,
      );
    }
    if (!staysInFolder(value)) {
      throw new MailboxRestoreError(
        "file",
        `exportToPst.path names {${name}}, which is ${JSON.stringify(value)} here and would lead out of the folder. Nothing was sent.`,
      );
    }
    const safe = withoutHalfCharacter(Buffer.from(sanitize(value, { replacement: "_" })).subarray(0, longestValue));
    if (safe !== value) {
      remarks.push(
        `{${name}} stands as ${safe} in the path: no file system could be sure to hold ${JSON.stringify(value)}.`,
      );
    }
    return safe;
  });
  return { path, remarks };
}

/** In bytes. A name of a file holds 255 on most systems, and the part file's name is longer than the file's. */
const longestValue = 150;

/** A character that was cut in the middle is kept back by the decoder. */
const withoutHalfCharacter = (bytes: Buffer) => new StringDecoder("utf8").write(bytes);

/** The first name in a path that means something else to Windows: behind a colon a hidden stream of another file, `CON` the console. */
function unfitForWindows(template: string): string | undefined {
  const names = template
    .replace(named, "x")
    .replace(/^([\\/]{2}[?.][\\/])?([A-Za-z]:)?/, "")
    .split(/[\\/]/);
  return names.find((name) => name !== "" && !/^\.\.?$/.test(name) && !isWindowsName(name));
}

/** Can a file on Windows have this name? */
export const isWindowsName = (name: string) => sanitize(name) === name;

const named = /\{([A-Za-z]+)\}/g;
const namedIn = (template: string) => [...template.matchAll(named)].map(([, name = ""]) => name);
const staysInFolder = (value: string) => !/[/\\]/.test(value) && !/^\.+$/.test(value.trim());
