import { execFile } from "node:child_process";
import { ConfigError } from "../provider/errors";

const namespace = "vb365:";

/**
 * The `vb365:*` configuration of a Pulumi stack, by key without its namespace, secrets included. Asks the `pulumi` command in the
 * current folder.
 *
 * @throws ConfigError when there is no such command or stack, in Pulumi's own words.
 */
export async function readStackConfig(stack: string): Promise<Map<string, string>> {
  const values = parse(
    await runPulumi(["config", "--show-secrets", "--json", "--stack", stack, "--non-interactive"], stack),
  );
  if (values === undefined) {
    // Not a word of what was printed: it holds secrets.
    throw new ConfigError(`"pulumi config --json" of stack ${stack} did not print what this version can read.`);
  }
  return values;
}

function runPulumi(args: string[], stack: string): Promise<string> {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  return new Promise((resolve, reject) => {
    const child = execFile("pulumi", args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else if (error.code === "ENOENT") {
        reject(new ConfigError(`--stack ${stack} needs the command "pulumi", and there is none on PATH.`));
      } else {
        const said = stderr.trim().replace(/^error: /, "");
        reject(
          new ConfigError(
            `The configuration of stack ${stack} could not be read: ${said || `pulumi ended with ${error.code}`}\n` +
              `Run this in the folder of the Pulumi project, with the backend and the passphrase that "pulumi config" needs.`,
          ),
        );
      }
    });
    child.stdin?.end();
  });
}

function parse(text: string): Map<string, string> | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof document !== "object" || document === null) {
    return undefined;
  }
  return new Map(
    Object.entries(document as Record<string, { value?: unknown } | null>).flatMap(([name, entry]) =>
      name.startsWith(namespace) && typeof entry?.value === "string"
        ? [[name.slice(namespace.length), entry.value] as const]
        : [],
    ),
  );
}
