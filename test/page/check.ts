import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { toHtml } from "../../evidence/html";
import { aHostileEvidence, aMixedEvidence } from "../helpers/evidence";
import { checkBehaviour } from "./behaviour";
import { checkLook, looks } from "./looks";
import { type Subject, openPage } from "./visit";

/** What is opened: pages of one, some and very many mailboxes, and one in which every word means harm. */
const pages: [name: string, evidence: ReturnType<typeof aMixedEvidence>][] = [
  ["1", aMixedEvidence(1)],
  ["20", aMixedEvidence(20)],
  ["500", aMixedEvidence(500)],
  ["10000", aMixedEvidence(10_000)],
  ["hostile", aHostileEvidence()],
];
const rounds = 5;
const untilUsable = "performance.timing.domContentLoadedEventEnd - performance.timing.responseEnd";

/** `node check.ts CHROMIUM SCREENSHOTS` */
async function main(executablePath: string, screenshots: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "vb365-page-"));
  await mkdir(screenshots, { recursive: true });
  // The sandbox of Chromium does not start for root, as in a container.
  const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
  try {
    const subjects = await Promise.all(pages.map(([name, evidence]) => subjectOf(folder, name, evidence)));
    let problems = 0;
    let checked = 0;
    const check = async (what: string, work: () => Promise<string[]>) => {
      checked += 1;
      const found = await work().catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
      process.stdout.write(`${found.length === 0 ? "ok    " : "FAILED"}  ${what}\n`);
      found.forEach((problem) => process.stdout.write(`        ${problem}\n`));
      problems += found.length;
    };
    for (const subject of subjects) {
      for (const look of looks) {
        await check(`${subject.name}, ${look.name}`, () => checkLook(browser, subject, look, screenshots));
      }
      await check(`${subject.name}, keyboard, search and details`, () => checkBehaviour(browser, subject));
    }
    if (problems === 0) {
      await printTimes(browser, subjects);
    }
    process.stdout.write(`Screenshots: ${screenshots}\n`);
    process.stdout.write(`${checked} checks, ${problems} ${problems === 1 ? "problem" : "problems"}\n`);
    process.exitCode = problems === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function subjectOf(folder: string, name: string, evidence: ReturnType<typeof aMixedEvidence>): Promise<Subject> {
  const path = join(folder, `${name}.html`);
  const html = toHtml(evidence);
  await writeFile(path, html);
  const bare = path.replace(/\.html$/, ".bare.html");
  await writeFile(bare, html.replace(/<script>.*<\/script>/s, "").replaceAll(/<\/?noscript>/g, ""));
  return { name, url: pathToFileURL(path).href, urlWithoutScripts: pathToFileURL(bare).href, evidence };
}

/** How long the page takes until its table can be used; printed, and no reason to fail. */
async function printTimes(browser: Browser, subjects: Subject[]): Promise<void> {
  const medians = new Map<string, number>();
  for (const subject of subjects) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { page, close } = await openPage(browser, subject, {});
      times.push(await page.evaluate<number>(untilUsable));
      await close();
    }
    medians.set(subject.name, times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
  }
  const ratio = (medians.get("10000") ?? 0) / (medians.get("500") ?? 1);
  process.stdout.write(
    `Until the table can be used, median of ${rounds}: ${medians.get("500")} ms with 500 mailboxes, ${medians.get("10000")} ms with ` +
      `10,000; ${ratio.toFixed(1)} times as long for 20 times as many\n`,
  );
}

void main(process.argv[2] ?? "chromium", process.argv[3] ?? "screenshots");
