import { parentPort, workerData } from "node:worker_threads";
import { PSTFile, type PSTFolder } from "pst-extractor";
import type { Contents, Reading } from "./contents";

const { path, tellEveryMs } = workerData as Reading;
const contents: Contents = { folders: 0, items: 0 };

const seen = new Set<string>();
let saidAt = Date.now();

/** Says now and then that it goes on. */
function tell(): void {
  if (Date.now() - saidAt >= tellEveryMs) {
    saidAt = Date.now();
    parentPort?.postMessage("reading");
  }
}

function count(folder: PSTFolder): void {
  const id = folder.descriptorNodeId.toString();
  if (seen.has(id)) {
    throw new Error("a folder is found in it twice");
  }
  seen.add(id);
  tell();
  contents.folders += 1;
  // The library throws at a folder without a list of folders, and that is one without any.
  const folders = folder.hasSubfolders ? folder.getSubFolders() : [];
  if (folder.contentCount > 0) {
    for (let item: unknown = folder.getNextChild(); item !== null && item !== undefined; item = folder.getNextChild()) {
      contents.items += 1;
      tell();
    }
  }
  folders.forEach(count);
}

count(new PSTFile(path).getRootFolder());
parentPort?.postMessage(contents);
