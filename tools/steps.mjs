// Running other programs as steps of the set-up: quiet while they work, outspoken when they fail.
import { spawn } from "node:child_process";

import { root } from "./paths.mjs";

/** A step failed, and the message says all that a person needs; the stack of our own code would add nothing. */
export class StepError extends Error {
  name = "StepError";
  exitCode = 1;
}

/** One line for the person at the terminal. On standard error, so that what a command prints can be piped. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

const TAIL_LINES = 30;
const running = new Set();

/**
 * Runs a program to its end and collects what it prints.
 *
 * @param options - `cwd`, `env`; `timeoutMs`: after that the program and its children are killed.
 * @returns `{code, output, timedOut}`; output is both streams, as they came. Never throws for an exit code.
 */
export function run(command, args, { cwd = root, env = process.env, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the program started can be ended with it (see endGroup).
    const child = spawn(command, args, { cwd, env, detached: canGroup, stdio: ["ignore", "pipe", "pipe"] });
    track(child);
    let output = "";
    let timedOut = false;
    const timer = timeoutMs && setTimeout(() => ((timedOut = true), endGroup(child)), timeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    const over = (settle) => {
      clearTimeout(timer);
      untrack(child);
      settle();
    };
    child.on("error", (error) => over(() => reject(error)));
    child.on("close", (code) => over(() => resolve({ code, output, timedOut })));
  });
}

/**
 * Runs a program that must succeed.
 *
 * @param advice - what to do when it fails; the end of the program's output stands above it.
 * @throws {@link StepError}
 */
export async function mustRun(what, command, args, { advice, ...options } = {}) {
  let result;
  try {
    result = await run(command, args, options);
  } catch (error) {
    throw new StepError(`${what} could not be started: ${error.message}. ${advice ?? ""}`, { cause: error });
  }
  if (result.code === 0) return result.output;
  const how = result.timedOut ? `was given up after ${options.timeoutMs / 1000} s` : `failed (exit ${result.code})`;
  throw new StepError(`${tail(result.output)}\n\n${what} ${how}; its last lines are above. ${advice ?? ""}`);
}

/** The command and first arguments with which npm is started: the very npm that runs us, if one does. */
export function npm(...args) {
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) return [process.execPath, [script, ...args]];
  return process.platform === "win32" ? ["cmd", ["/c", "npm", ...args]] : ["npm", args];
}

/** The end of a program's output, for a person. */
export function tail(output) {
  return output.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

/** Runs a tool's main function: a StepError is shown as its message alone, anything else as a bug. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    say(error instanceof StepError ? `\n${error.message}` : `\n${error.stack ?? error}`);
    process.exitCode = error.exitCode ?? 1;
  }
}

const canGroup = process.platform !== "win32";

function endGroup(child) {
  try {
    if (canGroup) process.kill(-child.pid, "SIGKILL");
    else child.kill();
  } catch {
    // It has ended by itself in the meantime.
  }
}

// Programs in a group of their own do not hear a ^C of the terminal, and nothing else ends them when we are ended.
const onSignal = (signal) => {
  for (const child of running) endGroup(child);
  process.exit(signal === "SIGINT" ? 130 : 143);
};

function track(child) {
  if (running.size === 0) for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, onSignal);
  running.add(child);
}

function untrack(child) {
  running.delete(child);
  if (running.size === 0) for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, onSignal);
}
