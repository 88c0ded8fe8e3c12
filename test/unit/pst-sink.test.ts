import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openSink } from "../../provider/pst/sink";
import { aWorkspace } from "../helpers/workspace";

describe("the thread that writes a file", () => {
  let folder: string;
  let remove: () => Promise<void>;
  before(async () => ({ path: folder, remove } = await aWorkspace()));
  after(() => remove());

  const writing = async (path: string, act: (sink: Awaited<ReturnType<typeof openSink>>) => Promise<void>) => {
    const handle = await open(path, "w");
    const sink = await openSink(handle.fd);
    try {
      await act(sink);
    } finally {
      await sink.end();
      await handle.close();
    }
  };

  it("hashes what it writes, and begins again with an empty file", async () => {
    const path = join(folder, "a");
    const bytes = randomBytes(3_000_000);
    await writing(path, async (sink) => {
      await sink.write(randomBytes(5_000_000));
      await sink.restart();
      for (let at = 0; at < bytes.length; at += 70_000) {
        await sink.write(Uint8Array.from(bytes.subarray(at, at + 70_000)));
      }
      assert.equal(await sink.finish(), createHash("sha256").update(bytes).digest("hex"));
    });
    assert.ok((await readFile(path)).equals(bytes));
  });

  it("leaves those bytes alone that belong to something larger", async () => {
    const whole = randomBytes(100_000);
    const copy = Buffer.from(whole);
    await writing(join(folder, "b"), async (sink) => {
      await sink.write(whole.subarray(0, 50_000));
      await sink.finish();
    });
    assert.ok(whole.equals(copy));
  });

  // A device has no flush, and nothing behind a position.
  it("tells a flush that fails, and is fit for the next file", async () => {
    await writing("/dev/null", async (sink) => {
      await sink.write(randomBytes(10));
      await assert.rejects(sink.finish(), { code: "EINVAL", syscall: "fsync" });
    });
    await writing(join(folder, "c"), async (sink) => {
      await sink.write(Uint8Array.from([1]));
      assert.equal(
        await sink.finish(),
        createHash("sha256")
          .update(Uint8Array.from([1]))
          .digest("hex"),
      );
    });
  });

  it("tells a write that fails, from this call or a later one", async () => {
    await writing("/dev/full", async (sink) => {
      await assert.rejects(
        async () => {
          await sink.write(randomBytes(10));
          await sink.settle();
        },
        { code: "ENOSPC", syscall: "write" },
      );
      await assert.rejects(sink.finish(), { code: "ENOSPC" });
    });
  });

  it("tells an emptying that fails", async () => {
    await writing("/dev/full", async (sink) => {
      await assert.rejects(sink.restart(), { code: "EINVAL", syscall: "ftruncate" });
    });
  });
});
