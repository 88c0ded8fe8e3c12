import assert from "node:assert/strict";
import { readConnectionSettings } from "../../provider/config";
import { type Connection, connect } from "../../provider/restore/connection";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../simulator";
import { configOf } from "../helpers/engine";

/** A simulator, and the client's connection to it. */
export interface Connected {
  simulator: Simulator;
  connection: Connection;
  /** The pauses between tries that were asked for, in milliseconds. None is waited for. */
  pauses: number[];
  /** Moves the clock of both. */
  advance(ms: number): void;
}

/** Call in a `describe`: gives a function that connects, and ends everything after each test. */
export function connections(): (options?: SimulatorOptions, config?: Record<string, string>) => Promise<Connected> {
  const running: Connected[] = [];
  afterEach(async () => {
    for (const { connection, simulator } of running.splice(0)) {
      connection.close();
      await simulator.stop();
    }
  });
  return async (options = {}, config = {}) => {
    let nowMs = Date.parse("2026-11-23T10:00:00Z");
    const pauses: number[] = [];
    const simulator = await startSimulator({ clock: () => new Date(nowMs), pst: { sizeBytes: 300_000 }, ...options });
    const settings: Record<string, string> = { ...configOf(simulator), ...config };
    const read = readConnectionSettings((key) => settings[key], {});
    assert.ok("settings" in read, JSON.stringify(read));
    const retry = { maxAttempts: 3, pause: async (ms: number) => void pauses.push(ms), random: () => 1 };
    const connected: Connected = {
      simulator,
      connection: connect(read.settings, { now: () => nowMs, retry }),
      pauses,
      advance: (ms) => (nowMs += ms),
    };
    running.push(connected);
    return connected;
  };
}
