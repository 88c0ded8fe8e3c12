// Preloaded into a process: each look at the free disk finds the next number of bytes of a list, the last one for ever.
const promises = require("node:fs/promises");
const process = require("node:process");
const left = (process.env.TEST_FREE_BYTES ?? "").split(",").map(Number);
promises.statfs = () => Promise.resolve({ bsize: 1, bavail: left.length > 1 ? left.shift() : left[0] });
