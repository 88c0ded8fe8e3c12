// Preloaded into a process: its disk is full once so many bytes are written to files. Its threads have it, too.
const fs = require("node:fs");
const process = require("node:process");
const { writeSync } = fs;
let left = Number(process.env.TEST_DISK_BYTES);
fs.writeSync = (file, bytes, offset, length, position) => {
  left -= length;
  if (left < 0) {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      errno: -28,
      syscall: "write",
    });
  }
  return writeSync(file, bytes, offset, length, position);
};
