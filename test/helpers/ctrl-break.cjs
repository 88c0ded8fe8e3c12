// Preloaded into a process: SIGUSR2 is what CTRL_BREAK is on Windows, the signal with which an engine there ends its providers.
const process = require("node:process");
process.on("SIGUSR2", () => process.emit("SIGBREAK", "SIGBREAK"));
