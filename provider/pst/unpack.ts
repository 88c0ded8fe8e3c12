import { once } from "node:events";
import { PassThrough } from "node:stream";
import { type InflateRaw, crc32, createInflateRaw } from "node:zlib";
import { statedSize } from "./header";

/**
 * A split export: a ZIP with several PSTs in it, unpacked while it arrives. Its names mean nothing here, so none of them can lead out of a
 * folder; sizes and checksums are compared with its directory, which comes last. Why this is no library: docs/decisions/0010-transfer-of-files.md.
 */
export interface Unpacking {
  /** Takes the next bytes of the ZIP, and waits where they come too fast. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The ZIP has arrived to its end.
   *
   * @throws Error when it is not whole, or a part is not what the directory says.
   */
  finish(): Promise<void>;
  /** The last bytes that it took, up to so many, but not more than {@link keptBytes}. */
  recent(bytes: number): Uint8Array;
  /** Gives up, and waits until nobody receives a part any more. */
  end(): Promise<void>;
}

/** Parts that an export may have. The server's limits of size make each a gigabyte at least (user guide). */
const mostParts = 10_000;

/** Unpacked bytes for each one that arrived. Mail is packed to a half or a third; deflate could give a thousand. */
const mostGrowth = 100;
const alwaysAllowed = 100 * 1024 * 1024;

/** What may be asked for as recent. */
const keptBytes = 1024 * 1024;

/** Chunks that may wait to be unpacked. */
const waitingChunks = 8;

/** What is seen of a part, and what the directory says of it. */
interface Part {
  bytes: number;
  crc: number;
}

/** Takes the bytes of one part after the other; called with the number of the part, from 1. */
type Receive = (number: number, bytes: AsyncIterable<Uint8Array>) => Promise<void>;

export function unpack(receive: Receive): Unpacking {
  const channel = new PassThrough({ objectMode: true, highWaterMark: waitingChunks });
  const kept: Uint8Array[] = [];
  let keptLength = 0;
  let arrived = 0;
  const reading = readZip(new Bytes(channel), receive, () => alwaysAllowed + arrived * mostGrowth);
  let failure: Error | undefined;
  reading.catch((error: Error) => {
    failure = error;
    channel.destroy(error);
  });
  channel.on("error", () => undefined);
  return {
    async write(bytes) {
      if (failure !== undefined) {
        throw failure;
      }
      arrived += bytes.length;
      kept.push(bytes);
      keptLength += bytes.length;
      while (keptLength - (kept[0]?.length ?? 0) >= keptBytes) {
        keptLength -= kept.shift()?.length ?? 0;
      }
      if (!channel.write(bytes)) {
        await once(channel, "drain");
      }
    },
    async finish() {
      channel.end();
      await reading;
    },
    recent: (bytes) => Buffer.concat(kept).subarray(-bytes),
    async end() {
      channel.destroy(new Error("given up"));
      await reading.catch(() => undefined);
    },
  };
}

/** Signatures of the records. APPNOTE 4.3.7, 4.3.9, 4.3.12, 4.3.14 to 4.3.16. */
const records = {
  file: 0x04034b50,
  descriptor: 0x08074b50,
  listed: 0x02014b50,
  end64: 0x06064b50,
  end64Locator: 0x07064b50,
  end: 0x06054b50,
};

async function readZip(zip: Bytes, receive: Receive, mostBytes: () => number): Promise<void> {
  const parts: Part[] = [];
  let unpacked = 0;
  let signature = await nextSignature(zip);
  for (; signature === records.file; signature = await nextSignature(zip)) {
    const file = await readFileHeader(zip);
    const part: Part = { bytes: 0, crc: 0 };
    if (parts.push(part) > mostParts) {
      throw new Error("it holds far more files than a split export does");
    }
    const content = async function* () {
      for await (const chunk of contentOf(file, zip)) {
        part.bytes += chunk.length;
        part.crc = crc32(chunk, part.crc);
        unpacked += chunk.length;
        if (unpacked > mostBytes()) {
          throw new Error("it unpacks to far more than mail ever does");
        }
        yield chunk;
      }
    };
    const before = zip.taken;
    await receive(parts.length, content());
    if (file.isDescribedBehind) {
      await readDescriptor(zip, part, zip.taken - before);
    }
  }
  await readDirectory(zip, signature, parts);
}

interface FileHeader {
  isDeflated: boolean;
  /** Its sizes and checksum stand behind it. */
  isDescribedBehind: boolean;
  /** As it is packed. */
  bytes: number;
}

async function readFileHeader(zip: Bytes): Promise<FileHeader> {
  const header = await zip.take(26);
  const flags = header.readUInt16LE(2);
  const method = header.readUInt16LE(4);
  const name = await zip.take(header.readUInt16LE(22));
  const extra = await zip.take(header.readUInt16LE(24));
  if ((flags & 1) !== 0) {
    throw new Error("it is encrypted");
  }
  if (method !== 0 && method !== 8) {
    throw new Error(`it is packed in a way (${method}) that a server's ZIP never was`);
  }
  if (name.at(-1) === 0x2f) {
    throw new Error("it holds a folder, which no split export does");
  }
  const bytes = header.readUInt32LE(14);
  return {
    isDeflated: method === 8,
    isDescribedBehind: (flags & 8) !== 0,
    bytes: bytes === 0xffffffff ? number64In(extra, 1) : bytes,
  };
}

async function* contentOf(
  { isDeflated, isDescribedBehind, bytes }: FileHeader,
  zip: Bytes,
): AsyncGenerator<Uint8Array> {
  if (isDeflated) {
    yield* inflated(zip);
    return;
  }
  let left = bytes;
  if (isDescribedBehind) {
    // Nothing in front says how long it is; what is in it does.
    const head = await zip.take(512);
    left = statedSize(head) - head.length;
    yield head;
  }
  while (left > 0) {
    const chunk = await zip.some(left);
    left -= chunk.length;
    yield chunk;
  }
}

/** Unpacks until the deflated bytes end by themselves, and leaves what stands behind them. */
async function* inflated(zip: Bytes): AsyncGenerator<Uint8Array> {
  const inflate: InflateRaw = createInflateRaw({ chunkSize: 256 * 1024 });
  const feeding = feed(inflate, zip);
  feeding.catch((error: Error) => inflate.destroy(error));
  try {
    yield* inflate as AsyncIterable<Buffer>;
    await feeding;
  } finally {
    inflate.destroy();
    await feeding.catch(() => undefined);
  }
}

async function feed(inflate: InflateRaw, zip: Bytes): Promise<void> {
  // What is given up while it waits for its reader calls nobody back.
  const closed = once(inflate, "close");
  closed.catch(() => undefined);
  for (let fed = 0; ;) {
    const chunk = await zip.some(Number.POSITIVE_INFINITY);
    const written = new Promise((resolve) => inflate.write(chunk, resolve));
    await Promise.race([written, closed]);
    const used = inflate.bytesWritten - fed;
    if (used < chunk.length) {
      zip.giveBack(chunk.subarray(used));
      return;
    }
    fed += chunk.length;
  }
}

/** Sizes are of four bytes or of eight, the signature may be left out, and nothing says which: the right reading is the one that fits. */
async function readDescriptor(zip: Bytes, { bytes, crc }: Part, packed: number): Promise<void> {
  const text = await zip.take(24);
  const from = text.readUInt32LE(0) === records.descriptor ? 4 : 0;
  const fits = (length: number) =>
    text.readUInt32LE(from) === crc &&
    (length === 8
      ? from + 20 <= text.length &&
        text.readBigUInt64LE(from + 4) === BigInt(packed) &&
        text.readBigUInt64LE(from + 12) === BigInt(bytes)
      : text.readUInt32LE(from + 4) === packed && text.readUInt32LE(from + 8) === bytes);
  const length = [8, 4].find(fits);
  if (length === undefined) {
    throw new Error("a file in it is not what stands behind it");
  }
  zip.giveBack(text.subarray(from + 4 + 2 * length));
}

async function readDirectory(zip: Bytes, first: number, parts: readonly Part[]): Promise<void> {
  let listed = 0;
  let signature = first;
  for (; signature === records.listed; signature = await nextSignature(zip)) {
    const record = await zip.take(42);
    const [name = 0, extra = 0, comment = 0] = [24, 26, 28].map((offset) => record.readUInt16LE(offset));
    await zip.take(name);
    const extraFields = await zip.take(extra);
    await zip.take(comment);
    const size = record.readUInt32LE(20);
    const bytes = size === 0xffffffff ? number64In(extraFields, 0) : size;
    const part = parts[listed];
    listed += 1;
    if (part !== undefined && (part.bytes !== bytes || part.crc !== record.readUInt32LE(12))) {
      throw new Error(`file ${listed} in it is not the one that its directory lists`);
    }
  }
  if (listed !== parts.length || listed === 0) {
    throw new Error(`its directory lists ${listed} files, and ${parts.length} arrived`);
  }
  if (signature === records.end64) {
    await zip.take(Number((await zip.take(8)).readBigUInt64LE()));
    signature = await nextSignature(zip);
  }
  if (signature === records.end64Locator) {
    await zip.take(16);
    signature = await nextSignature(zip);
  }
  if (signature !== records.end) {
    throw new Error("something stands in it that is no file");
  }
  const end = await zip.take(18);
  await zip.take(end.readUInt16LE(16));
  if (!(await zip.isAtEnd())) {
    throw new Error("something stands behind its end");
  }
}

const nextSignature = async (zip: Bytes) => (await zip.take(4)).readUInt32LE(0);

/** A number in a ZIP64 extra field, where the ordinary one has no room for it: 0 is the size, 1 the size as packed. APPNOTE 4.5.3 */
function number64In(extra: Buffer, index: number): number {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1 && at + 12 + index * 8 <= extra.length) {
      return Number(extra.readBigUInt64LE(at + 4 + index * 8));
    }
  }
  throw new Error("a size in it is missing");
}

/** Bytes as they come, taken in the pieces that are wanted. */
class Bytes {
  /** Bytes that were taken, and not given back. */
  taken = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #waiting: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly so many, which are few. */
  async take(count: number): Promise<Buffer> {
    if (count > mostTaken) {
      throw new Error("a record in it is larger than any is");
    }
    while (this.#waiting.length < count) {
      this.#waiting = Buffer.concat([this.#waiting, await this.#next()]);
    }
    return this.#cut(count);
  }

  /** One or more, at most so many. */
  async some(most: number): Promise<Buffer> {
    while (this.#waiting.length === 0) {
      this.#waiting = await this.#next();
    }
    return this.#cut(Math.min(most, this.#waiting.length));
  }

  giveBack(bytes: Uint8Array): void {
    this.taken -= bytes.length;
    this.#waiting = Buffer.concat([bytes, this.#waiting]);
  }

  async isAtEnd(): Promise<boolean> {
    return this.#waiting.length === 0 && (await this.#source.next()).done === true;
  }

  #cut(count: number): Buffer {
    const cut = this.#waiting.subarray(0, count);
    this.#waiting = this.#waiting.subarray(count);
    this.taken += count;
    return cut;
  }

  async #next(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) {
      throw new Error("it ends too early");
    }
    const { buffer, byteOffset, byteLength } = next.value;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/** Names, comments and extra fields have 64 KiB at most. */
const mostTaken = 64 * 1024;
