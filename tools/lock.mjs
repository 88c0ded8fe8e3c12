// A lock between processes: a file that only one of them can create.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { say } from "./steps.mjs";

const POLL_MS = 300;
/** The owner touches its lock this often, so that one on another host, whose pid says nothing here, is seen to live. */
const HEARTBEAT_MS = 5_000;
const SILENT_MS = 120_000;

/**
 * Does work while holding a lock file; waits, and says for whom, while another process holds it.
 *
 * A lock whose owner is dead is taken over: on this host the pid tells, on another one the missing heartbeat.
 */
export async function withLock(file, what, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const owner = look(file);
    if (owner && isDead(owner)) takeOver(file, owner);
    else if (owner && !told) {
      told = true;
      const place = owner.host === os.hostname() ? "" : ` on ${owner.host}`;
      say(`Waiting for process ${owner.pid}${place}, which is busy with ${what} since ${owner.since} …`);
    }
    await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  const release = () => fs.rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.off("exit", release);
    release();
  }
}

function take(file) {
  try {
    const since = new Date().toTimeString().slice(0, 8);
    fs.writeFileSync(file, JSON.stringify({ pid: process.pid, host: os.hostname(), since }), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** Who holds the lock; nothing when it is free by now, or was created this moment and is still empty. */
function look(file) {
  try {
    const ageMs = Date.now() - fs.statSync(file).mtimeMs;
    const text = fs.readFileSync(file, "utf8");
    if (text !== "") return { ...JSON.parse(text), ageMs, text };
    return ageMs > SILENT_MS ? { pid: 0, host: "?", since: "?", ageMs, text } : undefined;
  } catch (error) {
    if (error.code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isDead(owner) {
  if (owner.ageMs > SILENT_MS) return true;
  if (owner.host !== os.hostname()) return false;
  // Our own pid in a lock that we do not hold: a container was started again, and pids with it.
  if (owner.pid === process.pid) return true;
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Removes a dead owner's lock. Two that see the same dead owner must not both do it: the second would remove the lock
 * that the first has taken since. So the removal has a lock of its own, held for an instant, and looks again inside.
 */
function takeOver(file, dead) {
  const guard = `${file}.takeover`;
  if (!take(guard)) {
    const other = look(guard);
    if (other && isDead(other)) fs.rmSync(guard, { force: true });
    return;
  }
  try {
    if (look(file)?.text === dead.text) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(guard, { force: true });
  }
}

function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date());
  } catch {
    // Someone removed the file by hand; the work goes on, and there is nothing to keep alive.
  }
}
