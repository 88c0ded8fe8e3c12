import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Evidence } from "../../evidence/evidence";

/** A page and what it was made from. */
export interface Subject {
  name: string;
  url: string;
  /** The same page as a browser without scripts has it, for a tool that needs scripts itself. */
  urlWithoutScripts: string;
  evidence: Evidence;
}

/** A page that is open, and what went wrong on it: errors, what its policy stopped, requests, dialogs. */
export interface Visit {
  page: Page;
  problems: string[];
  close(): Promise<void>;
}

/** What takes longer does not come. */
const patienceMs = 10_000;

/** Opens a page and waits until its table can be used, where scripts are on. */
export async function openPage(
  browser: Browser,
  subject: Subject,
  options: BrowserContextOptions,
  isWithoutScripts = false,
): Promise<Visit> {
  const url = isWithoutScripts ? subject.urlWithoutScripts : subject.url;
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      problems.push(`the console says: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(`a script failed: ${error.message}`));
  page.on("request", (request) => {
    if (request.url() !== url) {
      problems.push(`it asked for ${request.url()}`);
    }
  });
  page.on("dialog", (dialog) => {
    problems.push(`a dialog says: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  if (options.javaScriptEnabled !== false && !isWithoutScripts) {
    await page.waitForSelector("html[data-ready=true]", { state: "attached" }).catch(async () => {
      await context.close();
      throw new Error(["its script did not come to its end", ...problems].join("; "));
    });
  }
  return { page, problems, close: () => context.close() };
}
