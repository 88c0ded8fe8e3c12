import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Simulator, startSimulator } from "../../simulator";
import { isAction } from "../helpers/bench";
import { typingIn } from "../helpers/engine";
import {
  type Given,
  type Ran,
  readGitLab,
  readWorkflow,
  runGitHubJob,
  runGitLabJob,
  shims,
  startLastStep,
} from "../helpers/pipelines";
import { aWorkspace } from "../helpers/workspace";

const example = resolve(__dirname, "../../examples/gitops");
const policy = resolve(__dirname, "../../examples/policy");
const filter = (source: string) => !/node_modules|\.vb365/.test(source);
const github = join(example, ".github/workflows");

const audit = {
  name: "legal-audit",
  ticket: "INC-4711",
  requestedBy: "legal department",
  mailbox: "legal@contoso.example",
  pointInTime: "2026-11-20T18:00:00Z",
  restoreTo: "support@contoso.example",
};
const leaver = { ...audit, name: "leaver", ticket: "INC-4712", mailbox: "sales@contoso.example" };
const exported = {
  ...audit,
  name: "to-file",
  ticket: "INC-4713",
  mailbox: "finance@contoso.example",
  restoreTo: undefined,
};

/** Stands in the secrets of the backend; no log and no comment may have it. */
const passphrase = "Passphrase-Marker-1%";

/** A repository of requests with its main branch, and one checkout in which a runner works. */
async function aRepository(simulator: Simulator) {
  const workspace = await aWorkspace();
  const folder = join(workspace.path, "checkout");
  const git = async (...args: string[]) => (await promisify(execFile)("git", args, { cwd: folder })).stdout.trim();
  const { PATH: _, ...engine } = typingIn(workspace.path);
  const service = { ...engine, PULUMI_CONFIG_PASSPHRASE: passphrase };
  const journal = join(workspace.path, "journal");
  for (const name of ["backend", "journal"]) {
    await mkdir(join(workspace.path, name));
  }
  await cp(example, folder, { recursive: true, filter });
  await git("init", "--quiet", "--bare", "--initial-branch=main", "../origin.git");
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", "../origin.git");
  await git("config", "user.name", "A maintainer");
  await git("config", "user.email", "maintainer@contoso.example");
  // The stack's file, without a password, is in the repository.
  const pulumi = (...args: string[]) =>
    promisify(execFile)("pulumi", ["--non-interactive", ...args], {
      cwd: folder,
      env: { ...typingIn(workspace.path), PULUMI_CONFIG_PASSPHRASE: passphrase },
    });
  await pulumi("stack", "init", "prod");
  await pulumi("config", "set", "organization", "contoso.example");
  for (const [key, { value, secret }] of Object.entries(simulator.stackConfig)) {
    if (secret !== true) {
      await pulumi("config", "set", key, "--", value);
    }
  }
  await rm(join(folder, "restores.json"));
  const commit = async (requests: object[]) => {
    await writeFile(join(folder, "restores.json"), JSON.stringify(requests, null, 2));
    await git("add", "--all");
    await git("commit", "--quiet", "--allow-empty", "--message", "requests");
    return git("rev-parse", "HEAD");
  };
  await commit([]);
  await git("push", "--quiet", "origin", "main");
  return {
    folder,
    journal,
    pulumi,
    path: join(workspace.path, "."),
    service,
    /** What is asked for on a branch; its commit. */
    async propose(requests: object[]) {
      await git("fetch", "--quiet", "origin");
      await git("checkout", "--quiet", "--force", "-B", "proposal", "origin/main");
      const sha = await commit(requests);
      await git("push", "--quiet", "--force", "origin", "proposal");
      return sha;
    },
    /** What main asks for from now on; its commit. */
    async merge(requests: object[]) {
      await git("checkout", "--quiet", "--force", "-B", "main");
      const sha = await commit(requests);
      await git("push", "--quiet", "--force", "origin", "main");
      return sha;
    },
    /** What the stack holds records of, by name. */
    async records() {
      const { stdout } = await pulumi("stack", "export", "--stack", "prod");
      const { deployment } = JSON.parse(stdout) as { deployment: { resources?: { urn: string; type: string }[] } };
      return (deployment.resources ?? [])
        .filter(({ type }) => type.endsWith(":MailboxRestore"))
        .map(({ urn }) => urn.split("::").at(-1));
    },
    remove: workspace.remove,
  };
}

type Repository = Awaited<ReturnType<typeof aRepository>>;

/** A service that runs the pipelines of the example. */
interface Service {
  preview(sha: string): Promise<Ran & { comment: string }>;
  restore(sha: string): Promise<Ran>;
}

/** Logs what would leave the machine, or take half a minute. */
const stubs = {
  npm: 'echo "npm $*"',
  gh: 'echo "gh $*" >> "$GH_LOG"; while [ "$1" != --body-file ]; do shift; done; cat "$2" > "$GH_LOG.body"',
};

async function gitHub(
  repository: Repository,
  simulator: Simulator,
): Promise<Service & { given(sha: string): Given; log: string }> {
  const log = join(repository.path, "gh.log");
  const path = await shims(repository.path, stubs);
  const given = (sha: string): Given => ({
    folder: repository.folder,
    shims: path,
    expressions: {
      "vars.VB365_STACK": "prod",
      "vars.VB365_JOURNAL_DIR || '/srv/vb365-journal'": repository.journal,
      "secrets.PULUMI_BACKEND_URL": repository.service.PULUMI_BACKEND_URL,
      "secrets.PULUMI_CONFIG_PASSPHRASE": passphrase,
      "secrets.VB365_PASSWORD": simulator.password,
      "secrets.VB365_EXCHANGE_USER_PASSWORD": simulator.exchange.userPassword,
      "github.ref_name": "main",
      "github.token": "token-of-the-job",
      "github.event.pull_request.number": "17",
    },
    variables: {
      CI: "true",
      GITHUB_SHA: sha,
      GITHUB_REF_NAME: "main",
      GITHUB_REPOSITORY: "contoso/restores",
      GITHUB_STEP_SUMMARY: join(repository.path, "summary.md"),
      GH_LOG: log,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    },
  });
  return {
    given,
    log,
    async preview(sha) {
      await rm(`${log}.body`, { force: true });
      const ran = await runGitHubJob(await readWorkflow(join(github, "preview.yml")), "preview", given(sha));
      return { ...ran, comment: await readFile(`${log}.body`, "utf8") };
    },
    restore: async (sha) => runGitHubJob(await readWorkflow(join(github, "restore.yml")), "restore", given(sha)),
  };
}

async function gitLab(repository: Repository, simulator: Simulator): Promise<Service> {
  const jobs = await readGitLab(join(example, ".gitlab-ci.yml"));
  const path = await shims(repository.path, stubs);
  const given = async (sha: string, more: Record<string, string>): Promise<Given> => {
    // GitLab's runner checks the commit out before it begins.
    await promisify(execFile)("git", ["checkout", "--quiet", "--force", "--detach", sha], { cwd: repository.folder });
    const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE } = repository.service;
    const engine = { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
    return {
      folder: repository.folder,
      shims: path,
      variables: {
        ...{ CI: "true", CI_COMMIT_SHA: sha, CI_DEFAULT_BRANCH: "main", VB365_STACK: "prod" },
        ...{ PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, ...engine, ...more },
      },
    };
  };
  return {
    async preview(sha) {
      const ran = await runGitLabJob(jobs, "preview", await given(sha, {}));
      return { ...ran, comment: await readFile(join(repository.folder, "comment.md"), "utf8") };
    },
    restore: async (sha) =>
      runGitLabJob(
        jobs,
        "restore",
        // Variables of the protected environment.
        await given(sha, {
          VB365_PASSWORD: simulator.password,
          VB365_EXCHANGE_USER_PASSWORD: simulator.exchange.userPassword,
          VB365_JOURNAL_DIR: repository.journal,
        }),
      ),
  };
}

const succeeds = async <R extends Ran>(running: Promise<R>): Promise<R> => {
  const ran = await running;
  assert.equal(ran.code, 0, ran.text);
  return ran;
};
/** Lines of a comment's table, without its head. */
const rows = (comment: string) => comment.split("\n").filter((line) => line.startsWith("| `"));

for (const [name, aService] of Object.entries({ GitHub: gitHub, GitLab: gitLab })) {
  describe(`the gitops example, step by step as ${name} runs it`, () => {
    let simulator: Simulator;
    let repository: Repository;
    let service: Service;
    const sent = () => simulator.sent.map(({ mailbox }) => mailbox);
    beforeEach(async () => {
      simulator = await startSimulator({ restoreAnswer: "counters" });
      repository = await aRepository(simulator);
      service = await aService(repository, simulator);
    });
    afterEach(async () => {
      await simulator.stop();
      await repository.remove();
    });

    it("previews without the server, and carries out each merge's new requests once", async () => {
      const { comment, text } = await succeeds(service.preview(await repository.propose([audit, exported])));
      assert.deepEqual(rows(comment), [
        "| `legal-audit` | `legal@contoso.example` | `2026-11-20T18:00:00Z` | `support@contoso.example` |  |",
        "| `to-file` | `finance@contoso.example` | `2026-11-20T18:00:00Z` | `a PST file` |  |",
      ]);
      assert.doesNotMatch(comment + text, /Passphrase-Marker|not-for-a-preview|again/);
      assert.equal(simulator.requests.length, 0);

      await succeeds(service.restore(await repository.merge([audit, exported])));
      assert.deepEqual(sent().sort(), ["finance@contoso.example", "legal@contoso.example"]);

      const next = await succeeds(service.preview(await repository.propose([audit, exported, leaver])));
      assert.deepEqual(rows(next.comment).length, 1);
      assert.match(next.comment, /`leaver`/);
      const ran = await succeeds(service.restore(await repository.merge([audit, exported, leaver])));
      assert.deepEqual(sent().slice(2), ["sales@contoso.example"]);
      // Whoever has the passphrase and the backend, as the preview does, finds no password there.
      const { stdout: state } = await repository.pulumi("stack", "export", "--show-secrets", "--stack", "prod");
      for (const secret of [simulator.password, simulator.exchange.userPassword, passphrase]) {
        assert.ok(!ran.text.includes(secret), "a secret in the log");
        assert.ok(!state.includes(secret), "a secret in the state");
      }
    });

    it("refuses to run an older commit again, which would forget what came after it", async () => {
      const older = await repository.merge([audit]);
      await succeeds(service.restore(older));
      const newest = await repository.merge([audit, leaver]);
      await succeeds(service.restore(newest));
      const { code, text } = await service.restore(older);
      assert.notEqual(code, 0);
      assert.match(text, /is not the newest commit of main\. Nothing was sent/);
      assert.deepEqual((await repository.records()).sort(), ["leaver", "legal-audit"]);
      await succeeds(service.restore(newest));
      assert.equal(sent().length, 2);
    });

    it("stops at the rules of a policy pack that lies beside the program, before anything is sent", async () => {
      await cp(policy, join(repository.folder, "policy"), { recursive: true, filter });
      const old = [{ ...audit, pointInTime: "2020-01-20T18:00:00Z" }];
      const preview = await service.preview(await repository.propose(old));
      assert.notEqual(preview.code, 0);
      assert.match(preview.text, /recent-restore-point/);
      const { code, text } = await service.restore(await repository.merge(old));
      assert.notEqual(code, 0);
      assert.match(text, /recent-restore-point/);
      assert.equal(simulator.requests.length, 0);
    });

    it("sends nothing where the journal's folder is missing", async () => {
      await rm(repository.journal, { recursive: true });
      const { code, text } = await service.restore(await repository.merge([audit]));
      assert.notEqual(code, 0);
      assert.match(text, /There is no .*journal.* Nothing was sent/);
      assert.equal(simulator.requests.length, 0);
    });
  });
}

describe("the comment of the gitops example", () => {
  let simulator: Simulator;
  let repository: Repository;
  let service: Awaited<ReturnType<typeof gitHub>>;

  beforeEach(async () => {
    simulator = await startSimulator({ restoreAnswer: "counters" });
    repository = await aRepository(simulator);
    service = await gitHub(repository, simulator);
  });
  afterEach(async () => {
    simulator.faults.clear();
    await simulator.stop();
    await repository.remove();
  });

  it("marks what would be sent again, also under another name, and what is forgotten", async () => {
    await succeeds(service.restore(await repository.merge([audit, leaver, exported])));
    const { comment } = await succeeds(
      service.preview(
        await repository.propose([
          { ...audit, run: 2 },
          { ...leaver, name: "sales-leaver" },
        ]),
      ),
    );
    assert.deepEqual(rows(comment), [
      "| `legal-audit` | `legal@contoso.example` | `2026-11-20T18:00:00Z` | `support@contoso.example` | **again** |",
      "| `sales-leaver` | `sales@contoso.example` | `2026-11-20T18:00:00Z` | `support@contoso.example` | **again**, it was `leaver` |",
    ]);
    assert.match(comment, /\[!CAUTION\]/);
    assert.match(comment, /Forgotten; .*`to-file`/);

    const remark = { ...audit, requestedBy: "the legal department" };
    const none = await succeeds(service.preview(await repository.propose([remark, leaver, exported])));
    assert.match(none.comment, /^None\.$/m);
    assert.equal(simulator.sent.length, 3);
  });

  it("says what is wrong, takes the words of an author for words, and is one comment that is edited", async () => {
    const request = { ...audit, "~~~\n\n@everyone <img>": "|" };
    const { code, comment } = await service.preview(await repository.propose([request]));
    assert.notEqual(code, 0);
    assert.match(comment, /The preview failed/);
    // The one block of text that it stands in is not left.
    assert.deepEqual(
      comment.split("\n").filter((line) => line.startsWith("~~~")),
      ["~~~text", "~~~"],
    );
    assert.match(comment, /~~~text\n[^~]*@everyone <img> is not known[^~]*\n~~~\n/);
    assert.equal(
      await readFile(service.log, "utf8"),
      "gh pr comment 17 --repo contoso/restores --edit-last --create-if-none --body-file comment.md\n",
    );
  });
});

describe("the gitops example, on GitHub", () => {
  it("goes on after a job that was killed in the middle of a restore, and does not send it twice", async () => {
    const simulator = await startSimulator({ restoreAnswer: "counters" });
    const repository = await aRepository(simulator);
    try {
      const service = await gitHub(repository, simulator);
      const sha = await repository.merge([audit]);
      const gate = simulator.faults.hold({ match: isAction, when: "duringWork" });
      const job = await startLastStep(await readWorkflow(join(github, "restore.yml")), "restore", service.given(sha));
      await Promise.race([gate.reached, job.ended.then(({ text }) => assert.fail(`it ended before: ${text}`))]);
      job.kill();
      await job.ended;
      gate.release();

      const next = await service.restore(sha);
      assert.notEqual(next.code, 0);
      assert.match(next.text, /currently locked/);
      await repository.pulumi("cancel", "--yes", "--stack", "prod");
      const after = await service.restore(sha);
      assert.equal(after.code, 0, after.text);
      assert.match(after.text, /taken over/);
      assert.equal(simulator.sent.length, 1);
    } finally {
      simulator.faults.clear();
      await simulator.stop();
      await repository.remove();
    }
  });
});
