// The site of the documentation. Its pages are put together by tools/docs.mjs, which also says where they are.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";

const pages = process.env.VB365_SITE_PAGES ?? "";
const { version, guides, decisions, examples, reference } = JSON.parse(readFileSync(join(pages, "site.json"), "utf8"));

export default defineConfig({
  title: "pulumi-vb365",
  description: "Mailbox restores of Veeam Backup for Microsoft 365, declared with Pulumi",
  srcDir: pages,
  outDir: process.env.VB365_SITE_OUT,
  cacheDir: join(pages, ".cache"),
  // Works from any folder of any server, on a network without others.
  base: process.env.VB365_SITE_BASE ?? "/",
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    config(md) {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, ...rest) =>
        tokens[index]?.info.trim() === "mermaid"
          ? `<Diagram text="${encodeURIComponent(tokens[index].content)}" />`
          : (fence?.(tokens, index, ...rest) ?? "");
      // What stands in braces, as in a workflow of GitHub, is no expression of the page.
      const code = md.renderer.rules.code_inline;
      md.renderer.rules.code_inline = (tokens, index, ...rest) => {
        tokens[index]?.attrSet("v-pre", "");
        return code?.(tokens, index, ...rest) ?? "";
      };
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guides", link: "/docs/guides/first-restore" },
      { text: "API", link: "/api/" },
      { text: version, link: "/CHANGELOG" },
    ],
    sidebar: [
      {
        text: "Overview",
        items: [
          { text: "pulumi-vb365", link: "/" },
          { text: "How a restore runs", link: "/docs/how-it-works" },
        ],
      },
      { text: "Guides", items: guides },
      { text: "Examples", items: examples },
      { text: "API reference", collapsed: true, items: reference },
      {
        text: "For those who carry on",
        collapsed: true,
        items: [
          { text: "Architecture", link: "/docs/architecture" },
          { text: "Working on it", link: "/CONTRIBUTING" },
          { text: "Benchmarks", link: "/docs/benchmarks" },
          { text: "Reliability", link: "/docs/reliability" },
          { text: "Licences", link: "/docs/licences" },
          { text: "Security", link: "/SECURITY" },
          { text: "Releases", link: "/docs/release" },
          { text: "Changes", link: "/CHANGELOG" },
          ...decisions,
        ],
      },
    ],
  },
});
