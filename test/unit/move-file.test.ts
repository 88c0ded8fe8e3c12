import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moveFile, moveFileSync } from "../../provider/move-file";

describe("a file that is moved into place", () => {
  let folder: string;
  let from: string;
  let to: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "vb365-move-"));
    [from, to] = [join(folder, "draft"), join(folder, "place")];
    await writeFile(from, "new");
    await writeFile(to, "old");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A system that refuses so many times. */
  const refusing = (times: number, code: string) => {
    const pauses: number[] = [];
    let tries = 0;
    const rename = () => {
      tries += 1;
      return tries > times ? Promise.resolve() : Promise.reject(Object.assign(new Error(code), { code }));
    };
    return { rename, pauses, pause: (ms: number) => Promise.resolve(pauses.push(ms)), tries: () => tries };
  };

  it("replaces what stands there", async () => {
    await moveFile(from, to);
    assert.equal(await readFile(to, "utf8"), "new");
    await writeFile(from, "newer");
    moveFileSync(from, to);
    assert.equal(await readFile(to, "utf8"), "newer");
  });

  for (const code of ["EPERM", "EACCES", "EBUSY"]) {
    it(`waits on Windows while somebody has it open (${code})`, async () => {
      const system = refusing(3, code);
      await moveFile(from, to, { ...system, platform: "win32" });
      assert.deepEqual(system.pauses, [10, 20, 50]);
    });
  }

  it("gives up on Windows after two seconds", async () => {
    const system = refusing(100, "EPERM");
    await assert.rejects(moveFile(from, to, { ...system, platform: "win32" }), { code: "EPERM" });
    const waited = system.pauses.reduce((sum, ms) => sum + ms, 0);
    assert.ok(waited > 1500 && waited < 2500, String(waited));
  });

  for (const [platform, code] of [
    ["linux", "EPERM"],
    ["darwin", "EACCES"],
    ["win32", "ENOSPC"],
  ] as const) {
    it(`fails at once where waiting would help nothing: ${code} on ${platform}`, async () => {
      const system = refusing(1, code);
      await assert.rejects(moveFile(from, to, { ...system, platform }), { code });
      assert.equal(system.tries(), 1);
    });
  }
});
