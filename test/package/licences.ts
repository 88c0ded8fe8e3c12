/** What is installed with the package, and its licences: npm run licences. With `-- --write` it goes to docs/licences.md. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { root } from "./package";

/** A package of the lockfile, as far as this looks at it. */
interface Locked {
  version: string;
  license?: string;
  integrity?: string;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface Installed extends Locked {
  name: string;
}

/** Asks nothing of whoever uses it but that the notice stays; as SPDX names them. */
export const permissive = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD", "WTFPL"];

/**
 * Everything that `npm install pulumi-vb365` brings besides the peer, `@pulumi/pulumi`, which a program has anyway. npm's own `--omit peer`
 * leaves out what the peer needs, too, so the lockfile is walked.
 */
export function installedWithThePackage(): Installed[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const folderOf = (from: string, name: string): string | undefined => {
    for (let at = from; ; at = at.includes("/node_modules/") ? at.slice(0, at.lastIndexOf("/node_modules/")) : "") {
      const folder = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
      if (folder in packages || at === "") {
        return folder in packages ? folder : undefined;
      }
    }
  };
  const found = new Map<string, Installed>();
  const take = (from: string, names: readonly string[]) => {
    for (const name of names) {
      const folder = folderOf(from, name);
      const locked = folder === undefined ? undefined : packages[folder];
      if (folder !== undefined && locked !== undefined && !found.has(folder)) {
        found.set(folder, { ...locked, name });
        take(folder, Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }));
      }
    }
  };
  take("", Object.keys(packages[""]?.dependencies ?? {}));
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, "en") || a.version.localeCompare(b.version));
}

/** The page, as it has to be for the lockfile. */
export function licencesPage(): string {
  const all = installedWithThePackage();
  const rows = all.map(({ name, version, license }) => [`\`${name}\``, version, license ?? "not said"]);
  const byLicence = new Map<string, number>();
  all.forEach(({ license = "not said" }) => byLicence.set(license, (byLicence.get(license) ?? 0) + 1));
  const counts = [...byLicence].sort(([, a], [, b]) => b - a).map(([name, count]) => [name, String(count)]);
  return [
    "# Licences",
    "The package is under Apache-2.0. This is what the lockfile of this repository installs with it; `npm run licences -- --write` writes the page anew, and `npm test` fails when it is old, when a licence is none of the permissive ones, or when a package has an install script.",
    "`@pulumi/pulumi` is not among them: it is a peer, which a program for Pulumi has already.",
    markdownTable([["licence", "packages"], ...counts], { align: ["l", "r"] }),
    markdownTable([["package", "version", "licence"], ...rows]),
    "",
  ].join("\n\n");
}

async function main(): Promise<void> {
  const page = licencesPage();
  if (process.argv.includes("--write")) {
    await writeFile(join(root, "docs", "licences.md"), `${page.trimEnd()}\n`);
  } else {
    console.log(page);
  }
}

if (require.main === module) {
  void main();
}
