// Who may import whom. A folder that is not named here as allowed is forbidden: the list is the architecture.
const folder = {
  errors: "^provider/errors\\.ts$",
  config: "^provider/config\\.ts$",
  nearest: "^provider/nearest\\.ts$",
  timeouts: "^provider/timeouts\\.ts$",
  versions: "^provider/versions\\.ts$",
  wire: "^provider/api/wire/",
  api: "^provider/api/",
  pst: "^provider/pst/",
  restore: "^provider/restore/",
  resources: "^provider/resources/",
  host: "^provider/host/",
  sdk: "^sdk/",
  simulator: "^simulator/",
  cli: "^cli/",
  evidence: "^evidence/",
  examples: "^examples/",
  test: "^test/",
};
const builtIn = { dependencyTypes: ["core"] };
const npm = (names) => ({ path: `^node_modules/(${names})(/|$)` });
const allow = (from, ...to) =>
  to.map((target) => ({ from: { path: from }, to: typeof target === "string" ? { path: target } : target }));
const typesOnly = (path) => ({ path, dependencyTypes: ["type-only"] });

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "errors-and-wire-stand-alone",
      severity: "error",
      from: { path: [folder.errors, folder.wire] },
      to: { path: "^(provider|sdk|simulator)/", pathNot: folder.wire },
    },
  ],
  allowed: [
    ...allow(folder.errors, builtIn),
    ...allow(folder.timeouts, npm("ms")),
    ...allow(folder.config, folder.errors, folder.timeouts, folder.versions, builtIn),
    ...allow(folder.nearest, npm("fastest-levenshtein")),
    ...allow(
      folder.api,
      folder.api,
      folder.errors,
      folder.config,
      folder.timeouts,
      folder.versions,
      builtIn,
      npm("node-fetch"),
    ),
    // A file knows nothing of mailboxes; what it knows of the server is how a file is asked for.
    ...allow(
      folder.pst,
      folder.pst,
      folder.errors,
      "^provider/api/retry\\.ts$",
      typesOnly("^provider/api/"),
      builtIn,
      npm("pst-extractor|sanitize-filename"),
    ),
    ...allow(
      folder.restore,
      folder.restore,
      folder.pst,
      folder.api,
      folder.errors,
      folder.config,
      folder.nearest,
      folder.timeouts,
      folder.versions,
      builtIn,
    ),
    ...allow(
      folder.resources,
      folder.resources,
      folder.restore,
      folder.pst,
      folder.api,
      folder.errors,
      folder.config,
      folder.nearest,
      folder.timeouts,
      folder.versions,
      // The resource that ends a drill writes its evidence.
      folder.evidence,
      builtIn,
      npm("ajv|picomatch|csv-parse"),
    ),
    ...allow(
      folder.host,
      folder.host,
      folder.resources,
      folder.restore,
      folder.api,
      folder.errors,
      folder.config,
      folder.versions,
      folder.evidence,
      builtIn,
      npm("@pulumi/pulumi|@grpc/grpc-js"),
    ),
    // From results to documents: no client, no engine, so that evidence can be read where neither is.
    ...allow(
      folder.evidence,
      folder.evidence,
      folder.errors,
      builtIn,
      npm("ajv|canonicalize|entities|markdown-table|pretty-bytes|pretty-ms"),
    ),
    ...allow(folder.sdk, folder.sdk, typesOnly("^provider/"), builtIn, npm("@pulumi/pulumi")),
    // Functions run in the program's own process, without a host in between.
    ...allow("^sdk/functions\\.ts$", folder.restore, folder.config, folder.errors),
    // What excludes what among settings is said once.
    ...allow("^sdk/provider\\.ts$", folder.config),
    ...allow(
      folder.simulator,
      folder.simulator,
      typesOnly(folder.wire),
      builtIn,
      npm("ajv|selfsigned|pst-extractor|yazl"),
    ),
    ...allow(
      folder.cli,
      folder.cli,
      "^provider/",
      folder.simulator,
      folder.evidence,
      builtIn,
      npm("commander|cli-table3|sanitize-filename"),
    ),
    ...allow(folder.examples, folder.examples, "^sdk/", "^dist/sdk/", builtIn, npm("@pulumi/pulumi|pulumi-vb365")),
    ...allow(folder.test, ".*"),
  ],
  allowedSeverity: "error",
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules|^dist/" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["require", "node", "types", "default"] },
  },
};
