// Preloaded into a process: what it does every five minutes or so, it does every few milliseconds.
const { setInterval } = globalThis;
globalThis.setInterval = (act, ms, ...rest) => setInterval(act, ms >= 60_000 ? ms / 10_000 : ms, ...rest);
