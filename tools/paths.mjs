// The places that the tools agree on.
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** What the tools and the quickstart leave behind on this machine; git-ignored. */
export const stateFolder = path.join(root, ".vb365");
