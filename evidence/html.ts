import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "./evidence";
import { markup, verbatim } from "./markup";
import { allMailboxes } from "./page/all-mailboxes";
import { failedMailboxes } from "./page/failed-mailboxes";
import { background, checks, objectives, totals, verdict } from "./page/sections";
import { timeline } from "./page/timeline";

/**
 * Evidence as one page that needs nothing else: no network, no other file. Its own policy lets exactly its own style and script work, so
 * words of others could do nothing even if they were not escaped. Without scripts it shows all but the details of good mailboxes.
 */
export function toHtml(evidence: Evidence): string {
  const { style, script } = ownParts();
  const policy = [
    "default-src 'none'",
    `style-src '${sourceHash(style)}'`,
    `script-src '${sourceHash(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${evidence.verdict}: recovery drill ${evidence.drill.name}</title>
<style>${verbatim(style)}</style>
</head>
<body>
${verdict(evidence)}
<main>
${objectives(evidence)}
${totals(evidence)}
${checks(evidence)}
${timeline(evidence)}
${failedMailboxes(evidence)}
${allMailboxes(evidence)}
${background(evidence)}
</main>
<script>${verbatim(script)}</script>
</body>
</html>
`.markup;
}

/** In the order in which they count. */
const styleSheets = ["base.css", "pictures.css", "mailboxes.css", "places.css"];

let parts: { style: string; script: string } | undefined;

function ownParts(): { style: string; script: string } {
  const read = (name: string) => readFileSync(join(__dirname, "page", name), "utf8");
  parts ??= { style: styleSheets.map(read).join("\n"), script: read("browser.js") };
  return parts;
}

const sourceHash = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
