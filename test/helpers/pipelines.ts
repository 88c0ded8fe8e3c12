import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { parse } from "yaml";

type Variables = Record<string, string>;

interface Step {
  uses?: string;
  with?: Variables;
  run?: string;
  if?: string;
  env?: Variables;
}

export interface GitHubJob {
  "runs-on": string | string[];
  "timeout-minutes"?: number;
  if?: string;
  environment?: string;
  permissions?: Variables;
  env?: Variables;
  steps: Step[];
}

export interface Workflow {
  on: Record<string, unknown>;
  permissions?: Variables;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  env?: Variables;
  jobs: Record<string, GitHubJob>;
}

export interface GitLabJob {
  script?: string[];
  before_script?: string[];
  variables?: Variables;
  tags?: string[];
  timeout?: string;
  resource_group?: string;
  interruptible?: boolean;
}

/** What the two services give to a job. */
export interface Given {
  /** Folder of the checkout. */
  folder: string;
  /** Programs that are found before all others: what a job installs, or what would leave this machine. */
  shims: string;
  /** The expressions of a workflow: `vars.STACK`, `secrets.PASSWORD`, `github.ref_name`. */
  expressions?: Variables;
  /** Variables that the service itself sets. */
  variables: Variables;
}

export interface Ran {
  code: number;
  text: string;
}

/** A job that runs. */
export interface Running {
  ended: Promise<Ran>;
  /** The end of a job's time: `kill -9` for its shell and the process group of that. */
  kill(): void;
}

export const readWorkflow = async (path: string) => parse(await readFile(path, "utf8")) as Workflow;
export const readGitLab = async (path: string) => parse(await readFile(path, "utf8")) as Record<string, GitLabJob>;

/**
 * Runs a job's `run:` steps, each in the shell that GitHub takes for it. Of actions it knows those that check out and those that
 * install; any other one, and an expression without a value, is an error.
 */
export async function runGitHubJob(workflow: Workflow, jobName: string, given: Given): Promise<Ran> {
  const job = workflow.jobs[jobName];
  if (job === undefined) {
    throw new Error(`there is no job ${jobName}`);
  }
  let code = 0;
  const printed: string[] = [];
  for (const step of job.steps) {
    if (code !== 0 && !/cancelled\(\)|always\(\)/.test(step.if ?? "")) {
      continue;
    }
    const script = step.run ?? scriptOfAction(step, given);
    const env = evaluated({ ...workflow.env, ...job.env, ...step.env }, given);
    const ran = await start(["-e"], script, { ...given.variables, ...env }, given).ended;
    code ||= ran.code;
    printed.push(ran.text);
  }
  return { code, text: printed.join("") };
}

/** Starts the last `run:` step of a job whose other steps have passed. */
export async function startLastStep(workflow: Workflow, jobName: string, given: Given): Promise<Running> {
  const steps = workflow.jobs[jobName]?.steps ?? [];
  const last = steps.at(-1);
  const env = evaluated({ ...last?.env }, given);
  return start(["-e"], last?.run ?? "", { ...given.variables, ...env }, given);
}

/** Runs a job's scripts as GitLab's runner does: one shell for all lines. */
export async function runGitLabJob(jobs: Record<string, GitLabJob>, jobName: string, given: Given): Promise<Ran> {
  const job = { ...jobs["default"], ...jobs[jobName] };
  const script = [...(job.before_script ?? []), ...(job.script ?? [])].join("\n");
  // What the project and the pipeline set wins over the file.
  return start(["-e", "-o", "pipefail"], script, { ...job.variables, ...given.variables }, given).ended;
}

/** A folder of programs by name, each a shell script. */
export async function shims(folder: string, programs: Record<string, string>): Promise<string> {
  const path = join(folder, "shims");
  await mkdir(path, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return path;
}

function scriptOfAction({ uses = "", with: inputs = {} }: Step, given: Given): string {
  const [action] = uses.split("@");
  switch (action) {
    case "actions/checkout": {
      // A branch is checked out as it is now; without a ref it is the commit that the run is of.
      const commit = inputs["ref"] === undefined ? "$GITHUB_SHA" : `origin/${evaluate(inputs["ref"], given)}`;
      return `git fetch --quiet origin && git checkout --quiet --force --detach "${commit}" && git clean --quiet -ffdx -e node_modules`;
    }
    case "actions/setup-node":
    case "pulumi/actions":
      return "";
    default:
      throw new Error(`what ${uses} does is not known here`);
  }
}

const evaluated = (env: Variables, given: Given): Variables =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, evaluate(value, given)]));

function evaluate(text: string, { expressions = {} }: Given): string {
  return String(text).replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const value = expressions[expression];
    if (value === undefined) {
      throw new Error(`\${{ ${expression} }} has no value`);
    }
    return value;
  });
}

function start(flags: string[], script: string, variables: Variables, { folder, shims: path }: Given): Running {
  // No variable of whoever runs the tests: a job has what its service gives.
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { ...(TMPDIR === undefined ? {} : { TMPDIR }), HOME, ...variables, PATH: `${path}${delimiter}${PATH}` };
  const shell = spawn("bash", ["--noprofile", "--norc", ...flags, "-c", script], {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: string[] = [];
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => printed.push(text));
  }
  return {
    ended: new Promise((resolve, reject) => {
      shell.on("error", reject).on("close", (code) => resolve({ code: code ?? 1, text: printed.join("") }));
    }),
    kill: () => void (shell.pid !== undefined && process.kill(-shell.pid, "SIGKILL")),
  };
}
