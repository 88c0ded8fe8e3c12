import assert from "node:assert/strict";
import fc from "fast-check";
import { escaped, toMarkdown } from "../../evidence/markdown";
import { mergeEvidence } from "../../evidence/merge";
import { aFailedMailbox, aHostileEvidence, aMailbox, aMixedEvidence, aShard, anEvidence } from "../helpers/evidence";

const sectionsOf = (markdown: string) => [...markdown.matchAll(/^## (.*)$/gm)].map(([, title]) => title);

describe("evidence as Markdown", () => {
  it("begins with the verdict, then what it rests on", () => {
    const markdown = toMarkdown(anEvidence());
    assert.match(
      markdown,
      /^# Recovery drill quarterly: Passed\n\n\*\*The mailbox came back, met every objective and passed every check\.\*\*\n/,
    );
    assert.deepEqual(sectionsOf(markdown), ["Objectives", "Checks", "Declared", "Totals", "Passed: 1", "Software"]);
    assert.match(markdown, /^\| Recovery time \(RTO\) \| 4h \| 11s \| met \|$/m);
    assert.match(markdown, new RegExp(`\`${anEvidence().digest.value}\`\n$`));
  });

  it("lists every mailbox that did not pass, with its reason and the server's words", () => {
    const failed = Array.from({ length: 300 }, (_, index) => aFailedMailbox(index));
    const markdown = toMarkdown(anEvidence([...failed, aMailbox(300)]));
    assert.equal(markdown.match(/^\| mailbox-\d+@contoso\.example \| Failed \|/gm)?.length, 300);
    assert.match(markdown, /\| The operation timed out\.; Access is denied\.; and 1 more \|/);
  });

  it("lists the first 200 of those that passed, and counts the rest", () => {
    const markdown = toMarkdown(anEvidence(Array.from({ length: 450 }, (_, index) => aMailbox(index))));
    assert.equal(markdown.match(/^\| mailbox-\d+@/gm)?.length, 200);
    assert.match(markdown, /^And 250 mailboxes more that passed; the JSON has them all\.$/m);
  });

  it("names each objective that was missed, and by how much", () => {
    const late = aMailbox(0, { passed: false, missed: ["rto"], recoveryTimeSeconds: 5 * 3600 });
    assert.match(toMarkdown(anEvidence([late])), /\| Recovery time \(RTO\) 5h, limit 4h \|/);
  });

  it("says beside the verdict what is missing, and what it was merged from", () => {
    const merged = mergeEvidence([aShard(0, 2)], "2026-11-21T03:00:00Z");
    const markdown = toMarkdown(merged);
    assert.match(
      markdown,
      /^# Recovery drill quarterly: Failed\n\n\*\*The mailbox passed, and that is not the whole drill\.\*\*\n\n- \*\*Note:\*\* 1 shard of 2 is missing/,
    );
    assert.match(markdown, /^\| 1 of 2 \| quarterly \| drills-0 \| [0-9a-f]{64} \|$/m);
  });

  it("keeps every table whole, whatever the words in it are", () => {
    const lines = toMarkdown(aHostileEvidence()).split("\n");
    const tables = lines.filter((line) => line.startsWith("|"));
    const cells = (line: string) => line.replace(/\\\\|\\\|/g, "").split("|").length;
    const heads = lines.flatMap((line, index) => (/^\| -/.test(line) ? [index - 1] : []));
    for (const head of heads) {
      for (let row = head; lines[row]?.startsWith("|") === true; row += 1) {
        assert.equal(cells(lines[row] ?? ""), cells(lines[head] ?? ""), lines[row]);
      }
    }
    assert.ok(tables.length > 30);
  });

  it("lets no word of others be markup, a link or an entity", () => {
    assert.equal(escaped("a|b*c`d[e](f)~g#h$"), "a\\|b\\*c\\`d\\[e\\](f)\\~g\\#h\\$");
    assert.equal(escaped("<img onerror=x> &amp;"), "&lt;img onerror=x&gt; &amp;amp;");
    assert.equal(escaped("https://example.test www.example.test"), "https:\\//example.test www\\.example.test");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(escaped(text), /(?<!\\)(?:\\\\)*[`*[\]|~$#]|[<>\n]|&(?!(?:amp|lt|gt|nbsp);)/);
      }),
    );
  });

  it("leaves addresses as somebody would search for them", () => {
    assert.equal(escaped("first_last-01@contoso.example"), "first_last-01@contoso.example");
  });

  it("is the same text for the same evidence", () => {
    assert.equal(toMarkdown(aMixedEvidence(500)), toMarkdown(aMixedEvidence(500)));
  });
});
