import { join } from "node:path";
import { source as axe } from "axe-core";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Subject, openPage } from "./visit";

/** A way to look at a page. */
export interface Look {
  name: string;
  context: BrowserContextOptions;
  /** As on paper: the events of printing are sent, too. */
  isPrint?: boolean;
}

const desktop = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 360, height: 740 } };

export const looks: Look[] = [
  { name: "light", context: { ...desktop, colorScheme: "light" } },
  { name: "dark", context: { ...desktop, colorScheme: "dark" } },
  { name: "phone", context: { ...phone, colorScheme: "light" } },
  { name: "phone-dark", context: { ...phone, colorScheme: "dark" } },
  { name: "no-scripts", context: { ...desktop, javaScriptEnabled: false } },
  { name: "print", context: { ...desktop, viewport: { width: 794, height: 1123 } }, isPrint: true },
];

/** Opens a page in one way, takes its picture, and answers what is wrong with it. */
export async function checkLook(browser: Browser, subject: Subject, look: Look, folder: string): Promise<string[]> {
  const { page, problems, close } = await openPage(browser, subject, look.context);
  if (look.isPrint !== true && look.context.javaScriptEnabled !== false) {
    await page.locator("#table tbody th button").first().click();
  }
  if (look.isPrint === true) {
    // Whoever prints may have searched before; paper lists all the same.
    await page.locator("#query").fill("no such mailbox anywhere");
    await page.emulateMedia({ media: "print" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
  }
  await page.screenshot({ path: join(folder, `${subject.name}-${look.name}.png`), fullPage: true });
  const found = [
    ...(look.context.javaScriptEnabled === false ? await bareViolations(browser, subject) : await violations(page)),
    ...(await overflow(page)),
    ...(await missingWords(page, subject)),
    ...(look.isPrint === true ? await onPaper(page, subject) : []),
    ...problems,
  ];
  await close();
  return found;
}

/** What axe finds, with the first places. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary})`);
    return `${id}, ${help}, ${nodes.length} times: ${places.join("; ")}`;
  });
}

/** Axe is a script itself and waits for ever where there are none, so it gets the page as it is without its own. */
async function bareViolations(browser: Browser, subject: Subject): Promise<string[]> {
  const { page, close } = await openPage(browser, subject, desktop, true);
  const found = await violations(page);
  await close();
  return found;
}

async function overflow(page: Page): Promise<string[]> {
  const [wide = 0, room = 0] = await page.evaluate<number[]>(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  return wide > room ? [`it is ${wide} wide where there is room for ${room}`] : [];
}

/** What everybody must find, with scripts and without, on paper and on a screen. */
async function missingWords(page: Page, { evidence }: Subject): Promise<string[]> {
  const failed = evidence.mailboxes.filter(({ passed }) => !passed).length;
  const counts: [what: string, selector: string, wanted: number][] = [
    ["verdict", `h1 .badge`, 1],
    ["objectives", ".card", evidence.objectives.length],
    ["checks", "#checks ~ .scroll tbody tr", evidence.checks.length],
    ["mailboxes that did not pass", ".failed-list > li", failed],
    ["elements that somebody's words made", "img, iframe, object, embed, [onload], [onerror], a", 0],
  ];
  const found = await Promise.all(
    counts.map(async ([what, selector, wanted]) => {
      const there = await page.locator(selector).count();
      return there === wanted ? [] : [`${there} ${what} instead of ${wanted}`];
    }),
  );
  return found.flat();
}

/** Paper has every mailbox that did not pass, and all others or their number; nothing on it can be pressed. */
async function onPaper(page: Page, { evidence }: Subject): Promise<string[]> {
  const isLong = evidence.mailboxes.length > 500;
  const rows = await page.locator("#table tbody tr").count();
  const hidden = [".controls", ".pages", ...(isLong ? ["#table"] : [".paper-only"])];
  const visible = await Promise.all(hidden.map((selector) => page.locator(selector).first().isVisible()));
  return [
    ...(isLong || rows === evidence.mailboxes.length ? [] : [`${rows} rows of ${evidence.mailboxes.length} on paper`]),
    ...hidden.filter((_, index) => visible[index] === true).map((selector) => `${selector} is on paper`),
    ...(isLong && !(await page.locator(".paper-only").isVisible()) ? ["no word of the mailboxes that passed"] : []),
  ];
}
