import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { toHtml } from "../../evidence/html";
import { mergeEvidence } from "../../evidence/merge";
import { scriptJson } from "../../evidence/page/all-mailboxes";
import { aFailedMailbox, aHostileEvidence, aMailbox, aMixedEvidence, aShard, anEvidence } from "../helpers/evidence";

interface Data {
  rows: { mailbox: string; passed: boolean; files: { path: string; sha256: string }[] }[];
}
const dataOf = (html: string) =>
  JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? "null") as Data;
/** The page without its own style, scripts and data: what is left holds words of others. */
const wordsOf = (html: string) => html.replace(/<(style|script)[^>]*>.*?<\/\1>/gs, "");

describe("evidence as a page", () => {
  it("says the verdict first, in words, and in the title", () => {
    const html = toHtml(anEvidence([aMailbox(0), aFailedMailbox(1)]));
    assert.match(html, /<title>Failed: recovery drill quarterly<\/title>/);
    assert.match(
      html,
      /<body>\s*<header[^>]*>.*?<h1>.*?Failed<\/span><\/h1>\s*<p class="headline">1 of 2 mailboxes did not pass\.<\/p>/s,
    );
  });

  it("lets work exactly the style and the script that it holds, and asks for nothing", () => {
    const html = toHtml(anEvidence());
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html)?.[1] ?? "";
    const hashOf = (text = "") => `&apos;sha256-${createHash("sha256").update(text).digest("base64")}&apos;`;
    assert.ok(policy.startsWith("default-src &apos;none&apos;; "), policy);
    assert.ok(policy.includes(`style-src ${hashOf(/<style>(.*?)<\/style>/s.exec(html)?.[1])};`), policy);
    assert.ok(policy.includes(`script-src ${hashOf(/<script>(.*?)<\/script>/s.exec(html)?.[1])};`), policy);
    assert.doesNotMatch(
      html.replace(/xmlns|"http:\/\/www\.w3\.org\/2000\/svg"/g, ""),
      /\b(src|href|action)=|url\(|@import|fetch\(|style=/,
    );
  });

  it("holds every mailbox for its table, and in plain HTML every one that did not pass", () => {
    const evidence = aMixedEvidence(500);
    const html = toHtml(evidence);
    assert.deepEqual(
      dataOf(html).rows.map(({ passed }) => passed),
      evidence.mailboxes.map(({ passed }) => passed),
    );
    const list = /<ol class="failed-list">.*?<\/ol>/s.exec(html)?.[0] ?? "";
    const failed = evidence.mailboxes.filter(({ passed }) => !passed).length;
    assert.equal(list.match(/<strong><bdi>/g)?.length, failed);
    assert.match(html, new RegExp(`Did not pass: ${failed}`));
  });

  it("draws a line for each of a few restores, and the whole of many, with the same size for any number", () => {
    const barsOf = (count: number) =>
      toHtml(aMixedEvidence(count)).match(/<rect class="(?:good|bad)" x=/g)?.length ?? 0;
    assert.equal(barsOf(1), 1);
    assert.equal(barsOf(500), 0);
    const chartOf = (count: number) =>
      /<div class="chart">.*?<\/div>/s.exec(toHtml(aMixedEvidence(count)))?.[0].length ?? 0;
    assert.ok(chartOf(500) > 0 && chartOf(5000) < chartOf(500) * 1.2);
  });

  it("says what is missing, beside the verdict", () => {
    const html = toHtml(mergeEvidence([aShard(0, 2)], "2026-11-21T03:00:00Z"));
    assert.match(html, /<ul class="remarks"><li>1 shard of 2 is missing/);
  });

  it("can be made of a drill in which nothing was begun", () => {
    for (const mailboxes of [[], [aFailedMailbox(0, "NeverSent")]]) {
      assert.match(toHtml(anEvidence(mailboxes)), /Failed<\/span><\/h1>/);
    }
  });

  it("lets no word of others be an element, an attribute or the end of one", () => {
    const html = toHtml(aHostileEvidence());
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(wordsOf(html), /<img|<svg on|onload=[^&]*"|\u202E|\u2066|\u001B|\u0000/);
    assert.equal(html.match(/<script/g)?.length, 2);
    assert.equal(html.match(/<\/script>/g)?.length, 2);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (word) => {
        const words = wordsOf(toHtml(anEvidence([aFailedMailbox(0, "Failed", { mailbox: word, failures: [word] })])));
        const tags = (text: string) =>
          text.match(/<[^>]*>/g)?.filter((tag) => !/^<(path|text|line|rect)/.test(tag)).length;
        const plain = wordsOf(toHtml(anEvidence([aFailedMailbox(0, "Failed", { mailbox: "a", failures: ["a"] })])));
        assert.equal(tags(words), tags(plain));
      }),
      { numRuns: 50 },
    );
  });

  it("embeds data that cannot end its element, and is what was put in", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("</script>", "<!--", "<script"))), (words) => {
        const text = scriptJson({ words });
        assert.ok(!text.includes("<"));
        assert.deepEqual(JSON.parse(text), { words });
      }),
    );
  });

  it("is the same text for the same evidence", () => {
    assert.equal(toHtml(aMixedEvidence(500)), toHtml(aMixedEvidence(500)));
  });
});
