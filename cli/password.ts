import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** The first line of stdin, whoever keeps it open; undefined when there is none. */
export async function readPasswordLine(): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin });
  const line = await new Promise<string | undefined>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(undefined));
  });
  lines.close();
  // A pipe that nobody closes would keep this process alive.
  process.stdin.destroy();
  return line === "" ? undefined : line;
}

/** Somebody sits there who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for a password without showing it; undefined when nothing was typed, or ^C. */
export async function askPassword(question: string): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  const line = await new Promise<string | undefined>((resolve) => {
    lines.once("line", resolve);
    lines.once("SIGINT", () => resolve(undefined));
    lines.once("close", () => resolve(undefined));
  });
  lines.close();
  process.stderr.write("\n");
  return line === "" ? undefined : line;
}
