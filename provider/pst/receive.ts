import { type FileHandle, open, rm } from "node:fs/promises";
import { messageOf } from "../errors";
import { type Announced, type ExportSource, download } from "./download";
import { provePst } from "./header";
import { type FileSink, openSink } from "./sink";
import { type Unpacking, unpack } from "./unpack";

/** A PST that has arrived, and passed the checks that always run. */
export interface ReceivedFile {
  /** Where it stands for now, absolute. */
  path: string;
  bytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  verified: string[];
}

/** What arrived is no good, and stands at `path`; undefined where nothing of it is there. */
export class BadFileError extends Error {
  constructor(
    readonly path: string | undefined,
    readonly reason: string,
  ) {
    super(reason);
  }
}

interface Zip {
  unpacking: Unpacking;
  /** Those that have arrived, and the one that arrives. */
  parts: ReceivedFile[];
}

interface PartFile {
  path: string;
  handle: FileHandle;
  sink: FileSink;
}

/**
 * Receives an export: one PST, or a ZIP with several, which is told by its first bytes and unpacked on the way.
 *
 * @param at - where the file is to stand, absolute; there is none yet. The parts of a ZIP stand beside it, under `partOf`
 * @param onBytes - told how many bytes have arrived so far, and of how many
 * @throws {@link BadFileError} when a check fails; else what kept the file from arriving
 */
export async function receiveExport(
  source: ExportSource,
  { at, partOf }: { at: string; partOf(number: number): string },
  onBytes: (bytes: number, total: number | undefined) => void,
): Promise<ReceivedFile[]> {
  const whole = await openPart(at);
  let zip: Zip | undefined;
  let total: number | undefined;
  let arrived = 0;
  /** The first bytes, until they are enough to tell what comes. */
  let head: Uint8Array | undefined = new Uint8Array();
  const pieces = download({
    ...source,
    async ask(start) {
      const answer = await source.ask(start);
      total = answer.bytes;
      return answer;
    },
    recent: async (bytes) => zip?.unpacking.recent(bytes) ?? readBack(whole, arrived, bytes),
  });
  try {
    const announced = await takeAll();
    return await proveAll(announced);
  } finally {
    await pieces.return({ bytes: undefined });
    await zip?.unpacking.end();
    await closePart(whole);
  }

  async function takeAll(): Promise<Announced> {
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) {
        return next.value;
      }
      if (next.value === "again") {
        await beginAgain();
        continue;
      }
      arrived += next.value.length;
      onBytes(arrived, total);
      await take(next.value);
    }
  }

  async function take(piece: Uint8Array): Promise<void> {
    if (head === undefined) {
      return write(piece);
    }
    head = head.length === 0 ? piece : Buffer.concat([head, piece]);
    if (head.length >= zipMagic.length) {
      const begin = head;
      head = undefined;
      if (zipMagic.equals(begin.subarray(0, zipMagic.length))) {
        const parts: ReceivedFile[] = [];
        zip = { parts, unpacking: unpack((number, bytes) => receivePart(partOf(number), bytes, parts)) };
      }
      await write(begin);
    }
  }

  async function write(piece: Uint8Array): Promise<void> {
    await (zip === undefined ? whole.sink.write(piece) : fromZip(zip, (unpacking) => unpacking.write(piece)));
  }

  /** What is wrong with the ZIP is told of the part at which it showed. */
  async function fromZip({ parts, unpacking }: Zip, act: (unpacking: Unpacking) => Promise<void>): Promise<void> {
    try {
      await act(unpacking);
    } catch (error) {
      const isOfDisk = (error as NodeJS.ErrnoException).syscall !== undefined;
      throw error instanceof BadFileError || isOfDisk
        ? error
        : new BadFileError(parts.at(-1)?.path, `the ZIP of the split export: ${messageOf(error)}`);
    }
  }

  async function beginAgain(): Promise<void> {
    arrived = 0;
    head = new Uint8Array();
    await whole.sink.restart();
    await zip?.unpacking.end();
    await Promise.all((zip?.parts ?? []).map(({ path }) => rm(path, { force: true })));
    zip = undefined;
  }

  async function proveAll(announced: Announced): Promise<ReceivedFile[]> {
    const told = announced.bytes === undefined ? [] : ["content-length"];
    if (zip !== undefined) {
      await fromZip(zip, (unpacking) => unpacking.finish());
      return zip.parts.map((part) => ({ ...part, verified: [...told, "zip", ...part.verified] }));
    }
    if (head !== undefined && head.length > 0) {
      await whole.sink.write(head);
    }
    return [await provePart(whole, arrived, announced.bytes)];
  }
}

const zipMagic = Buffer.from("PK\x03\x04", "latin1");

async function openPart(path: string): Promise<PartFile> {
  // "x": never through a link, and never into a file that somebody else made.
  const handle = await open(path, "wx+", 0o600);
  try {
    return { path, handle, sink: await openSink(handle.fd) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function closePart({ sink, handle }: PartFile): Promise<void> {
  await sink.end();
  await handle.close();
}

async function provePart(part: PartFile, bytes: number, announced: number | undefined): Promise<ReceivedFile> {
  const { path, handle, sink } = part;
  const sha256 = await sink.finish();
  try {
    return { path, bytes, sha256, verified: await provePst(handle, { bytes, announced }) };
  } catch (error) {
    throw new BadFileError(path, (error as Error).message);
  }
}

async function receivePart(path: string, content: AsyncIterable<Uint8Array>, received: ReceivedFile[]): Promise<void> {
  const number = received.push({ path, bytes: 0, sha256: "", verified: [] });
  const part = await openPart(path);
  try {
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.length;
      // A copy: what is only stored in the ZIP is a part of what arrived, which is still needed.
      await part.sink.write(Uint8Array.from(chunk));
    }
    received[number - 1] = await provePart(part, bytes, undefined);
  } finally {
    await closePart(part);
  }
}

async function readBack({ sink, handle }: PartFile, size: number, bytes: number): Promise<Uint8Array> {
  await sink.settle();
  const length = Math.min(size, bytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
