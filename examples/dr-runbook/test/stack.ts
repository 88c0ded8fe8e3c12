import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, type ConfigMap, type PulumiFn } from "@pulumi/pulumi/automation";

/** The program on the real engine, with its states and its journal in a folder that is removed afterwards. */
export async function aStack(program: PulumiFn, stackName: string, config: ConfigMap) {
  const folder = await mkdtemp(join(tmpdir(), "runbook-"));
  // Pulumi starts the provider in the program's folder: relative paths are of that, and so is what the provider is loaded from.
  const packages = module.paths.find((path) => existsSync(join(path, "pulumi-vb365"))) ?? "node_modules";
  await symlink(packages, join(folder, "node_modules"), "junction");
  const stack = await LocalWorkspace.createStack(
    { projectName: "runbook", stackName, program },
    {
      workDir: folder,
      projectSettings: { name: "runbook", runtime: "nodejs", main: folder },
      envVars: {
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "for this test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    },
  );
  await stack.setAllConfig({ ...config, "vb365:journalDir": { value: join(folder, "journal") } });
  return Object.assign(stack, { folder, remove: () => rm(folder, { recursive: true, force: true }) });
}

/** What an operation said when it failed. */
export async function failureOf(operation: Promise<unknown>): Promise<string> {
  try {
    await operation;
  } catch (error) {
    return String(error);
  }
  throw new Error("It should have failed.");
}
