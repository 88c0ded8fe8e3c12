// npm run docs: one site from README, guides, examples, decisions and the docstrings; `-- --serve` shows it on this machine.
// The pages keep the places that they have in the repository, so that a link is right here and there. Dead links end it.
import "./node-version.mjs";
import fs from "node:fs";
import path from "node:path";

import { dependenciesAreInstalled, installDependencies } from "./dependencies.mjs";
import { root, stateFolder } from "./paths.mjs";
import { StepError, main, mustRun, npm, run, say, tail } from "./steps.mjs";

const tool = path.join(root, "tools/site");
const pages = path.join(stateFolder, "site-pages");
const out = path.join(stateFolder, "site");

/** In the order in which a newcomer reads them; a guide that is not named here follows. */
const order = [
  "first-restore",
  "exactly-once",
  "exports",
  "bulk",
  "drills",
  "gitops",
  "testing",
  "several-servers",
  "exchange-access",
  "closed-networks",
  "platforms",
  "troubleshooting",
];

await main(async () => {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => arg !== "--serve");
  if (unknown) throw new StepError(`npm run docs knows "--serve" and nothing else; "${unknown}" was given.`);
  if (!dependenciesAreInstalled()) await installDependencies();
  await installTool();
  fs.rmSync(pages, { recursive: true, force: true });
  const names = putPages();
  const reference = await putReference();
  fs.writeFileSync(path.join(pages, "site.json"), JSON.stringify({ ...menuOf(names), reference }));
  const env = { ...process.env, VB365_SITE_PAGES: pages, VB365_SITE_OUT: out };
  const vitepress = path.join(tool, "node_modules/vitepress/bin/vitepress.js");
  const { code, output } = await run(process.execPath, [vitepress, "build", tool], { env });
  if (code !== 0) throw new StepError(`${tail(output)}\n\nThe site was not built; what is wrong stands above.`);
  refuseOthers();
  say(
    `The site: ${path.relative(root, out)}/index.html, ${names.length} pages and the API reference. Any web server can serve the folder.`,
  );
  if (args.includes("--serve")) {
    say("http://127.0.0.1:4173/ shows it until ^C.");
    await run(process.execPath, [vitepress, "preview", tool, "--host", "127.0.0.1", "--port", "4173"], { env });
  }
});

/** The generator has a lockfile of its own: nobody who only restores needs it. */
async function installTool() {
  const [lock, installed] = ["package-lock.json", "node_modules/.package-lock.json"].map((name) =>
    path.join(tool, name),
  );
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs > fs.statSync(lock).mtimeMs) return;
  say("Installing the site's generator (once, half a minute) …");
  const [command, args] = npm("ci", "--no-audit", "--no-fund");
  await mustRun("npm ci", command, args, {
    cwd: tool,
    advice: "Look at the network and at the registry in your npm settings.",
  });
}

/** Copies every page and picture; a README is the first page of its folder. */
function putPages() {
  const names = [
    ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].filter((name) =>
      fs.existsSync(path.join(root, name)),
    ),
    ...filesIn("docs", ".md"),
    ...filesIn("examples", "README.md"),
  ];
  for (const name of names) put(pageOf(name), linked(fs.readFileSync(path.join(root, name), "utf8"), name, names));
  for (const name of filesIn("docs/pictures", ".svg")) put(name, fs.readFileSync(path.join(root, name)));
  return names;
}

function pageOf(name) {
  return name.replace(/README\.md$/, "index.md");
}

/** A link to a file that is no page names the file: it is in the repository, and its address is nobody's to know here. */
function linked(text, name, names) {
  return text.replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, picture, words, target) => {
    if (/^(https?:|#)/.test(target)) return whole;
    const [file, anchor = ""] = target.split(/(?=#)/);
    const there = path.posix.normalize(path.posix.join(path.posix.dirname(name), file));
    if (picture) return whole;
    if (names.includes(there)) return `[${words}](${pageOf(file)}${anchor})`;
    if (names.includes(`${there}/README.md`)) return `[${words}](${file}/index.md${anchor})`;
    if (there === "docs/decisions") return `[${words}](${file}/0001-who-compares-inputs.md)`;
    return /^`/.test(words) || words === there ? words : `${words} (\`${there}\`)`;
  });
}

async function putReference() {
  const api = path.join(pages, "api");
  const typedoc = path.join(tool, "node_modules/typedoc/bin/typedoc");
  const entries = ["sdk/index.ts", "simulator/index.ts"].flatMap((entry) => ["--entryPoints", entry]);
  const plugins = ["typedoc-plugin-markdown", "typedoc-vitepress-theme"].flatMap((name) => [
    "--plugin",
    path.join(tool, "node_modules", name, "dist/index.js"),
  ]);
  const options = [
    "--tsconfig",
    "tsconfig.build.json",
    "--out",
    api,
    "--readme",
    "none",
    "--docsRoot",
    pages,
    "--disableSources",
    "--excludeInternal",
  ];
  await mustRun("typedoc", process.execPath, [typedoc, ...entries, ...plugins, ...options], {
    advice: "A docstring may be wrong.",
  });
  return JSON.parse(fs.readFileSync(path.join(api, "typedoc-sidebar.json"), "utf8"));
}

function menuOf(names) {
  const titleOf = (name) =>
    /^# (.+)$/m.exec(fs.readFileSync(path.join(root, name), "utf8"))?.[1].replace(/`/g, "") ?? name;
  const entries = (pattern) =>
    names
      .filter((name) => pattern.test(name))
      .map((name) => ({ text: titleOf(name), link: `/${pageOf(name).replace(/(index)?\.md$/, "")}` }));
  const rank = ({ link }) => (order.indexOf(path.posix.basename(link)) + order.length + 1) % (order.length + 1);
  const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  return {
    version,
    guides: entries(/^docs\/guides\//).sort((a, b) => rank(a) - rank(b)),
    decisions: entries(/^docs\/decisions\//),
    examples: entries(/^examples\//),
  };
}

/** A closed network has no other host: what a page loads must be in the site. */
function refuseOthers() {
  const foreign = filesIn(path.relative(root, out), ".html").flatMap((name) => {
    const html = fs.readFileSync(path.join(root, name), "utf8");
    return [...html.matchAll(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:[^"]+)"/g)].map(
      ([, url]) => `${name}: ${url}`,
    );
  });
  if (foreign.length > 0) throw new StepError(`The site loads something from elsewhere:\n${foreign.join("\n")}`);
}

function filesIn(folder, ending) {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

function put(name, content) {
  const target = path.join(pages, name);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, content);
}
