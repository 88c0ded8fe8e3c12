import type { Browser, Page } from "playwright-core";
import { type Subject, openPage } from "./visit";

/** Uses the table as somebody without a mouse does, and answers what did not work. */
export async function checkBehaviour(browser: Browser, subject: Subject): Promise<string[]> {
  const { page, problems, close } = await openPage(browser, subject, { viewport: { width: 1280, height: 900 } });
  const found = [
    ...(await sorts(page)),
    ...(await searches(page, subject)),
    ...(await filters(page, subject)),
    ...(await opens(page)),
    ...(await turns(page, subject)),
    ...problems,
  ];
  await close();
  return found;
}

const heads = "#table thead th";

async function sorts(page: Page): Promise<string[]> {
  // Column "Took" is the fifth; it is reached with the Tab key alone.
  const head = page.locator(heads).nth(4);
  if (!(await tabTo(page, `${heads}:nth-child(5) button`))) {
    return ["the head of a column is not reached with the Tab key"];
  }
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  await page.keyboard.press("Enter");
  const up = [await head.getAttribute("aria-sort"), await isSorted(page, 1)];
  await page.keyboard.press("Space");
  const down = [await head.getAttribute("aria-sort"), await isSorted(page, -1)];
  const sorted = await page.locator(`${heads}[aria-sort]:not([aria-sort=none])`).count();
  return [
    ...(outline === "none" ? ["the focus is not visible"] : []),
    ...(up[0] === "ascending" && up[1] ? [] : [`Enter did not sort upwards: ${up.join(", ")}`]),
    ...(down[0] === "descending" && down[1] ? [] : [`Space did not sort downwards: ${down.join(", ")}`]),
    ...(sorted === 1 ? [] : [`${sorted} columns say that they are sorted`]),
  ];
}

/** Whether the seconds in column "Took" go up or down; those that nobody knows stand last. */
async function isSorted(page: Page, direction: 1 | -1): Promise<boolean> {
  const texts = await page.locator("#table tbody tr td:nth-child(5)").allTextContents();
  const known = texts.filter((text) => text !== "—").map(secondsOf);
  const rest = texts.slice(known.length);
  return (
    known.every((seconds, index) => index === 0 || ((known[index - 1] ?? 0) - seconds) * direction <= 0) &&
    rest.every((text) => text === "—")
  );
}

function secondsOf(text: string): number {
  const units: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };
  return [...text.matchAll(/([\d.]+)(d|h|ms|m|s)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0),
    0,
  );
}

async function searches(page: Page, { evidence }: Subject): Promise<string[]> {
  const wanted = evidence.mailboxes.at(-1);
  const sha256 = wanted?.pst[0]?.sha256 ?? wanted?.mailboxId ?? "";
  await page.locator("#query").focus();
  await page.keyboard.type(sha256.slice(0, 64).toUpperCase());
  const same = evidence.mailboxes.filter(
    ({ pst, mailboxId }) => mailboxId === sha256 || pst.some((file) => file.sha256 === sha256),
  );
  const rows = await page.locator("#table tbody tr").count();
  const said = await page.locator("#count").textContent();
  await page.locator("#query").fill("no such mailbox anywhere");
  const none = await page.locator("#count").textContent();
  await page.locator("#query").fill("");
  return [
    ...(rows === same.length ? [] : [`the search for a hash shows ${rows} rows instead of ${same.length}`]),
    ...(said?.startsWith(`${same.length} `) === true ? [] : [`the search says ${said}`]),
    ...(none === "0 mailboxes" ? [] : [`a search that finds nothing says ${none}`]),
  ];
}

async function filters(page: Page, { evidence }: Subject): Promise<string[]> {
  const failed = evidence.mailboxes.filter(({ passed }) => !passed).length;
  await page.locator("#filter").selectOption("failed");
  const said = await page.locator("#count").textContent();
  await page.locator("#filter").selectOption("all");
  return said?.startsWith(`${failed.toLocaleString("en-US")} `) === true ? [] : [`those that did not pass: ${said}`];
}

async function opens(page: Page): Promise<string[]> {
  const button = page.locator("#table tbody th button").first();
  await button.focus();
  await page.keyboard.press("Enter");
  const copied = await copies(page);
  const opened = [await button.getAttribute("aria-expanded"), await page.locator("tr.detail").count()];
  await button.focus();
  await page.keyboard.press("Enter");
  const closed = [await button.getAttribute("aria-expanded"), await page.locator("tr.detail").count()];
  return [
    ...copied,
    ...(opened.join() === "true,1" && closed.join() === "false,0"
      ? []
      : [`details: ${opened.join()}; ${closed.join()}`]),
  ];
}

/** A file's name or hash is copied, or selected where copying is not allowed; a screen reader hears which. */
async function copies(page: Page): Promise<string[]> {
  const button = page.locator("tr.detail button").first();
  if ((await button.count()) === 0) {
    return [];
  }
  await button.click();
  const said = page.locator("#copied", { hasText: /^(Copied|Selected) file name / });
  const isSaid = await said.waitFor({ state: "attached" }).then(
    () => true,
    () => false,
  );
  return isSaid ? [] : ["nothing was copied"];
}

async function turns(page: Page, { evidence }: Subject): Promise<string[]> {
  if (evidence.mailboxes.length <= 100) {
    return (await page.locator("#next").isVisible()) ? ["there is a next page where there is none"] : [];
  }
  const first = () => page.locator("#table tbody th").first().textContent();
  const before = await first();
  await page.locator("#next").focus();
  await page.keyboard.press("Enter");
  const keptFocus = (await page.locator("#next:focus").count()) === 1;
  return [
    ...((await first()) !== before ? [] : ["the next page does not come"]),
    ...(keptFocus ? [] : ["the button of the next page lost the focus"]),
  ];
}

/** Presses Tab until the focus is there, as often as a page of this kind may need. */
async function tabTo(page: Page, selector: string): Promise<boolean> {
  for (let pressed = 0; pressed < 30; pressed += 1) {
    await page.keyboard.press("Tab");
    if ((await page.locator(`${selector}:focus`).count()) > 0) {
      return true;
    }
  }
  return false;
}
