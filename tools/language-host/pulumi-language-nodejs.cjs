#!/usr/bin/env node
// vb365-language-host: a small Node language host for a Pulumi CLI that was built from its Go module.
//
// Why it exists: the official language host is part of Pulumi's release archives, but of no published module, so a CLI
// that was built from source cannot run a Node program by itself. This file is copied beside such a CLI under the name
// `pulumi-language-nodejs`. It is CommonJS without dependencies, because it lives outside of every project: whatever it
// needs (gRPC, the protocol files, the runner of programs) it takes from the program's own @pulumi/pulumi.
//
// What the engine expects of it: print the port on the first line of standard output, serve LanguageRuntime there, and
// let the program's own output through on the two streams, where the engine collects it for the user.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

/** The exit code with which the SDK's runner says: the user has been told what is wrong, add nothing. */
const ALREADY_REPORTED = 32;
/** The engine gives a language host five seconds to end before it kills the whole group. */
const STOP_GRACE_MS = 3000;

/** The engine's address is the last argument; flags for logging and tracing may stand before it. */
const engineAddress = process.argv.at(-1);
const children = new Set();

// The engine starts the host in the program's folder, so the SDK is found as the program itself would find it.
const sdk = loadSdk(process.cwd());
const { grpc, messages } = sdk;
const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(sdk.service, {
  // Answered for completeness: a CLI that starts the host itself does not ask.
  handshake: answer(() => new messages.LanguageHandshakeResponse()),
  getPluginInfo: answer(() => new sdk.plugin.PluginInfo().setVersion(sdk.version)),
  // Providers that come as executables are fetched by the engine when a resource asks for one; no need to foresee them.
  getRequiredPackages: answer(() => new messages.GetRequiredPackagesResponse()),
  getRequiredPlugins: answer(() => new messages.GetRequiredPluginsResponse()),
  about: answer(() => new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  getProgramDependencies: answer((request) => programDependencies(request.getInfo()?.getProgramDirectory())),
  installDependencies,
  run: answer(runProgram),
  runPlugin: runPolicyPack,
  cancel: answer(async () => {
    await stopChildren();
    return new sdk.Empty();
  }),
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) fail(`the language host cannot listen on 127.0.0.1: ${error.message}`);
  process.stdout.write(`${port}\n`);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop());
// Standard input is a pipe from the engine on which nothing is ever sent. It ends when the engine is gone, also after a
// kill -9, and that is the only way to hear of it. Anything but a pipe (a terminal, /dev/null) says nothing.
if (fs.fstatSync(0).isFIFO() || fs.fstatSync(0).isSocket()) process.stdin.on("end", () => void stop()).resume();

/** Runs the program with the SDK's own runner, and tells the engine how it ended. */
async function runProgram(request) {
  const options = request.getInfo()?.getOptions()?.toJavaScript() ?? {};
  const args = [
    ...(typeof options.nodeargs === "string" ? options.nodeargs.split(/\s+/).filter(Boolean) : []),
    runnerOf(request.getPwd()),
    ...flag("monitor", request.getMonitorAddress()),
    ...flag("engine", engineAddress),
    ...flag("organization", request.getOrganization()),
    ...flag("project", request.getProject()),
    ...flag("stack", request.getStack()),
    ...flag("root-directory", request.getInfo()?.getRootDirectory()),
    ...flag("pwd", request.getPwd()),
    ...flag("parallel", String(request.getParallel())),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    request.getInfo()?.getEntryPoint() || request.getProgram() || ".",
    ...request.getArgsList(),
  ];
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().getEntryList())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    // As the official host does: programs are TypeScript unless Pulumi.yaml says `runtime.options.typescript: false`.
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript !== false),
    ...(typeof options.tsconfig === "string" ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
  };
  const stdio = ["ignore", "inherit", "inherit"];
  const { code, signal } = await ended(startChild(process.execPath, args, { cwd: request.getPwd(), env, stdio }));
  const response = new messages.RunResponse();
  if (code === ALREADY_REPORTED) return response.setBail(true);
  if (signal) return response.setError(`The program was ended by ${signal}.`);
  if (code !== 0) return response.setError(`The program ended with exit code ${code}; its output is above.`);
  return response;
}

/** Runs a policy pack, the one kind of plugin that is written in Node here, with the runner of its own SDK. */
function runPolicyPack(call) {
  const folder = call.request.getInfo()?.getProgramDirectory() || call.request.getProgram();
  let runner;
  try {
    if (call.request.getKind() !== "analyzer") throw new Error(`this language host runs no ${call.request.getKind()}`);
    runner = createRequire(path.join(folder, "program.js")).resolve("@pulumi/pulumi/cmd/run-policy-pack");
  } catch (error) {
    call.destroy(
      rpcError(`The policy pack in ${folder} cannot be run: ${error.message}. Is it installed ("npm install")?`),
    );
    return;
  }
  const given = call.request
    .getEnvList()
    .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]);
  const env = { ...process.env, ...Object.fromEntries(given) };
  const pack = startChild(process.execPath, [runner, ...call.request.getArgsList(), folder], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  pack.stdout.on("data", (data) => call.write(new messages.RunPluginResponse().setStdout(data)));
  pack.stderr.on("data", (data) => call.write(new messages.RunPluginResponse().setStderr(data)));
  // The engine ends a plugin by giving the call up.
  call.on("cancelled", () => pack.kill("SIGTERM"));
  ended(pack).then(
    ({ code }) => {
      call.write(new messages.RunPluginResponse().setExitcode(code ?? 1));
      call.end();
    },
    (error) => call.destroy(rpcError(`The policy pack in ${folder} could not be started: ${error.message}`)),
  );
}

/** `npm install` in the program's folder, its output streamed to the engine. */
function installDependencies(call) {
  const cwd = call.request.getInfo()?.getProgramDirectory() || call.request.getDirectory();
  const npm = startChild("npm", ["install"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  npm.stdout.on("data", (data) => call.write(new messages.InstallDependenciesResponse().setStdout(data)));
  npm.stderr.on("data", (data) => call.write(new messages.InstallDependenciesResponse().setStderr(data)));
  ended(npm).then(
    ({ code }) => (code === 0 ? call.end() : call.destroy(rpcError(`"npm install" in ${cwd} failed (exit ${code}).`))),
    (error) => call.destroy(rpcError(`"npm install" in ${cwd} could not be started: ${error.message}`)),
  );
}

/** What package.json asks for, with the versions that are installed. */
function programDependencies(folder = process.cwd()) {
  const require = createRequire(path.join(folder, "program.js"));
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const list = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, range]) => {
    let version = range;
    try {
      version = require(`${name}/package.json`).version;
    } catch {
      // Not installed, or a package that does not show its manifest: what was asked for is the best answer there is.
    }
    return new messages.DependencyInfo().setName(name).setVersion(version);
  });
  return new messages.GetProgramDependenciesResponse().setDependenciesList(list);
}

/** The SDK's runner of programs, from the program's own SDK. */
function runnerOf(folder) {
  try {
    return createRequire(path.join(folder, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(
      `@pulumi/pulumi is not installed for the program in ${folder}. Run "npm install" there and try again.`,
    );
  }
}

function loadSdk(folder) {
  let manifest;
  try {
    manifest = createRequire(path.join(folder, "program.js")).resolve("@pulumi/pulumi/package.json");
  } catch {
    // A project that `pulumi new` has just made: what installs its packages cannot come from there.
    manifest = sdkOfSetUp();
  }
  if (manifest === undefined) {
    fail(`@pulumi/pulumi is not installed for the program in ${folder}. Run "npm install" there and try again.`);
  }
  try {
    // From inside of the SDK, so that gRPC and the protocol files are the pair that belongs together.
    const require = createRequire(manifest);
    return {
      grpc: require("@grpc/grpc-js"),
      service: require("./proto/language_grpc_pb").LanguageRuntimeService,
      messages: require("./proto/language_pb"),
      plugin: require("./proto/plugin_pb"),
      Empty: require("google-protobuf/google/protobuf/empty_pb").Empty,
      version: require("./package.json").version,
    };
  } catch (error) {
    fail(`@pulumi/pulumi in ${path.dirname(manifest)} cannot be loaded: ${error.message}. Run "npm install" again.`);
  }
}

/** The SDK that was there when this file was put beside the CLI; undefined when it is gone. */
function sdkOfSetUp() {
  const note = `${__filename}.sdk`;
  const manifest = fs.existsSync(note) ? fs.readFileSync(note, "utf8").trim() : "";
  return manifest !== "" && fs.existsSync(manifest) ? manifest : undefined;
}

/** One answer for one question; an error reaches the user as the message of the failed call. */
function answer(handler) {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handler)
      .then(
        (response) => callback(null, response),
        (error) => callback(rpcError(error.message)),
      );
  };
}

function rpcError(message) {
  return Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message });
}

function flag(name, value) {
  return value ? [`--${name}`, value] : [];
}

function startChild(command, args, options) {
  const child = spawn(command, args, options);
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** Ends what was started here: first politely, then for certain. */
async function stopChildren() {
  const all = [...children];
  for (const child of all) child.kill("SIGTERM");
  const timer = setTimeout(() => all.forEach((child) => child.kill("SIGKILL")), STOP_GRACE_MS);
  await Promise.allSettled(all.map(ended));
  clearTimeout(timer);
}

async function stop() {
  await stopChildren();
  process.exit(0);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
