import type { ExportAnswer, ExportStart } from "../api/dialects/dialect";
import { nextDelayMs } from "../api/retry";
import { ConnectionError, isApiError, isConnectionError, messageOf } from "../errors";

/** A file that the server sends. */
export interface Download {
  /** Asks for it, from its begin or from a byte on. An export changes no mailbox, so it may be asked for again. */
  ask(start?: ExportStart): Promise<ExportAnswer>;
  /** May it be asked for from a byte on? */
  canResume: boolean;
  /** The last of what was handed on, up to so many bytes: what is sent once more must be the same. */
  recent(bytes: number): Promise<Uint8Array>;
  /** The login ended in the meantime: the next request must have a new one. */
  renewLogin(): Promise<void>;
  /** The line broke, and this is how it goes on: told when that is known. */
  broke(problem: Break): void;
  /** Waits before another try, in milliseconds. */
  pause(ms: number): Promise<void>;
}

/** The same, as far as whoever asks for a file knows it: what has arrived is known where it is written. */
export type ExportSource = Omit<Download, "recent">;

export interface Break {
  /** Bytes that had arrived. */
  at: number;
  reason: string;
  /** Does it go on from there, or begin again? */
  goesOn: boolean;
}

/** Bytes that arrived, or the word that what came so far counts no more, because the file begins again. */
export type Piece = Uint8Array | "again";

/** What the server said of the file; undefined = nothing. */
export interface Announced {
  bytes: number | undefined;
}

/** Bytes before a break that are asked for once more, to see that they come from the same file. */
const overlapBytes = 1024 * 1024;

/** Tries that bring nothing new before an export is given up, and the least that counts for something new, in bytes. */
const triesInVain = 5;
const progressBytes = 16 * 1024 * 1024;

/** Tries of a file that can only be had as a whole. */
const wholeTries = 3;

/**
 * The bytes of a file, in order and each once, however often the line breaks.
 *
 * Where the server grants it, a broken file goes on where it was cut; else it begins again. Nothing documents whether the server sends the
 * same file the second time, so a tag of the file is sent along where the server gave one, and some bytes before the break are compared.
 *
 * @throws the failure of the last try; at once where trying again cannot help
 */
export async function* download(file: Download): AsyncGenerator<Piece, Announced> {
  let at = 0;
  /** Most that had ever arrived. */
  let most = 0;
  let bytes: number | undefined;
  let tag: string | undefined;
  let mayResume = file.canResume;
  let wholes = 0;
  let inVain = 0;
  let failure: unknown;
  /** Whose continuation is not known yet. */
  let broken: Omit<Break, "goesOn"> | undefined;
  const settle = (goesOn: boolean) => {
    if (broken !== undefined) {
      file.broke({ ...broken, goesOn });
      broken = undefined;
    }
  };
  for (;;) {
    const first = at - overlapBytes;
    const start: ExportStart | undefined = mayResume && first > 0 ? { first, tag } : undefined;
    if (start === undefined && wholes >= wholeTries) {
      throw failure;
    }
    wholes += start === undefined ? 1 : 0;
    let answer: ExportAnswer | undefined;
    try {
      answer = await file.ask(start);
      let repeated: Uint8Array | undefined;
      if (start === undefined || answer.first === 0) {
        // An answer from the begin to a wish for the rest: that wish is not granted here.
        mayResume &&= start === undefined;
        wholes += start === undefined ? 0 : 1;
        if (wholes > wholeTries) {
          throw failure;
        }
        settle(false);
        if (at > 0) {
          at = 0;
          yield "again";
        }
        ({ bytes, tag } = answer);
      } else if (answer.first === start.first && (bytes ?? answer.bytes) === answer.bytes) {
        repeated = await file.recent(at - start.first);
      } else {
        mayResume = false;
        continue;
      }
      for await (const chunk of bodyOf(answer)) {
        const fresh = repeated === undefined ? chunk : withoutRepeated(chunk, repeated);
        if (fresh === undefined) {
          // Another file: what came so far is of no use.
          mayResume = false;
          throw new ConnectionError("the server sends another file than before", { notSent: false });
        }
        repeated = repeated?.subarray(chunk.length - fresh.length);
        if (fresh.length > 0) {
          settle(true);
          at += fresh.length;
          yield fresh;
        }
      }
      if (bytes === undefined || at >= bytes) {
        return { bytes };
      }
      failure = new ConnectionError(`the answer ended after ${at} of ${bytes} bytes`, { notSent: false });
    } catch (error) {
      if (isApiError(error) && error.status === 416 && start !== undefined) {
        mayResume = false;
        continue;
      }
      failure = error;
    } finally {
      answer?.body.destroy();
    }
    inVain = at - most >= progressBytes ? 1 : inVain + 1;
    most = Math.max(most, at);
    if (!mayHelp(failure, at) || inVain > triesInVain) {
      throw failure;
    }
    settle(false);
    broken = { at, reason: messageOf(failure) };
    await file.pause(nextDelayMs(inVain, Math.random, isApiError(failure) ? failure.retryAfterSeconds : undefined));
    if (isApiError(failure) && failure.status === 401) {
      await file.renewLogin();
    }
  }
}

async function* bodyOf({ body }: ExportAnswer): AsyncGenerator<Uint8Array> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw isConnectionError(error)
      ? error
      : new ConnectionError(`the line broke (${messageOf(error)})`, { notSent: false });
  }
}

/** Can another try bring more? A limit of ours that has passed is final, and so is what the server says of the export itself. */
function mayHelp(failure: unknown, arrived: number): boolean {
  if (isApiError(failure)) {
    // The first answer is the server's word on the export; a later one may be about the line or the login.
    return arrived > 0 && [401, 429, 502, 503, 504].includes(failure.status);
  }
  return isConnectionError(failure) && failure.repeatable && !failure.timedOut;
}

/** What of a chunk is new, behind what is repeated; undefined where that is not what came before. */
function withoutRepeated(chunk: Uint8Array, repeated: Uint8Array): Uint8Array | undefined {
  const same = Math.min(chunk.length, repeated.length);
  const isSame = Buffer.compare(chunk.subarray(0, same), repeated.subarray(0, same)) === 0;
  return isSame ? chunk.subarray(same) : undefined;
}
