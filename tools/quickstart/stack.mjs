// The quickstart as a stack of the Automation API: the example's own program, run inside this process.
import { createRequire } from "node:module";
import path from "node:path";

import { root } from "../paths.mjs";
import { PROJECT, STACK, backendUrl, hasLeftoverLock, prepare, workFolder } from "./place.mjs";

const require = createRequire(import.meta.url);

/**
 * Opens the stack, set up to talk to the simulator.
 *
 * @param cli - the Pulumi CLI from set-up.
 * @param simulator - a running simulator.
 */
export async function openStack(cli, simulator) {
  dropForeignSettings();
  const { LocalWorkspace, PulumiCommand } = require("@pulumi/pulumi/automation");
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: STACK, projectName: PROJECT, program: loadProgram() },
    {
      workDir: workFolder,
      pulumiCommand: await PulumiCommand.get({ root: cli.root }),
      envVars: prepare(),
      // A project of its own instead of the one in the root: exports and journal land in the working folder, and the
      // settings of a stack that the user has there are not touched.
      projectSettings: { name: PROJECT, runtime: "nodejs", backend: { url: backendUrl } },
    },
  );
  if (hasLeftoverLock()) await stack.cancel();
  await stack.setAllConfig({
    "vb365:endpoint": { value: simulator.endpoint },
    "vb365:username": { value: simulator.username },
    "vb365:password": { value: simulator.password, secret: true },
    "vb365:caCert": { value: simulator.caCert },
    "vb365:journalDir": { value: "journal" },
    "vb365:exchangeUserName": { value: simulator.exchange.userName },
    "vb365:exchangeUserPassword": { value: simulator.exchange.userPassword, secret: true },
  });
  return stack;
}

/** The function that examples/quickstart exports. The SDK that it loads must be the one that runs it: both are ours. */
function loadProgram() {
  const tsx = require("tsx/cjs/api");
  return tsx.require(path.join(root, "examples/quickstart/index.ts"), import.meta.url);
}

/** The user's own settings are for real servers and real stacks; none of them may reach this run. */
function dropForeignSettings() {
  const foreign = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK", "PULUMI_CONFIG"];
  for (const name of Object.keys(process.env)) {
    if (foreign.includes(name) || (name.startsWith("VB365_") && !name.startsWith("VB365_PULUMI_"))) {
      delete process.env[name];
    }
  }
}
