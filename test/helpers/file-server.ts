import { Readable } from "node:stream";
import type { ExportStart } from "../../provider/api/dialects/dialect";
import { ApiError, ConnectionError } from "../../provider/errors";
import type { Break, Download } from "../../provider/pst/download";

/** What becomes of one request for a file, as far as it goes wrong. */
export interface Try {
  /** The line is cut after so many bytes of the answer. */
  cutAfter?: number;
  /** What a wish for the rest gets, where there is one. Default "rest". */
  range?: "rest" | "whole" | "elsewhere" | "416" | "other file";
  /** Answers with this instead. */
  refusal?: Error;
}

/** A server with one file, which spoils its first answers. Nothing is waited for. */
export function aFileServer(
  file: Buffer,
  tries: readonly Try[] = [],
  { canResume = true, tag }: { canResume?: boolean; tag?: string } = {},
) {
  const asked: (ExportStart | undefined)[] = [];
  const breaks: Break[] = [];
  const source: Omit<Download, "recent"> & { logins: number } = {
    canResume,
    logins: 0,
    async renewLogin() {
      source.logins += 1;
    },
    pause: async () => undefined,
    broke: (problem) => breaks.push(problem),
    async ask(start) {
      asked.push(start);
      const { cutAfter, range = "rest", refusal } = tries[asked.length - 1] ?? {};
      if (refusal !== undefined) {
        throw refusal;
      }
      if (start !== undefined && range === "416") {
        throw new ApiError("range not satisfiable", { status: 416, method: "POST", path: "/" });
      }
      const sent = start !== undefined && range === "other file" ? otherThan(file) : file;
      const isWhole = start === undefined || range === "whole";
      const first = isWhole ? 0 : range === "elsewhere" ? start.first + 1 : start.first;
      return { body: bodyOf(sent.subarray(first), cutAfter), bytes: file.length, first, tag };
    },
  };
  return { source, asked, breaks };
}

/** The same size, and every byte another one. */
const otherThan = (file: Buffer) => Buffer.from(file.map((byte) => byte ^ 0xff));

/** Bytes as they come over a line that is cut after some of them. */
export function bodyOf(bytes: Buffer, cutAfter = Number.POSITIVE_INFINITY): Readable {
  return Readable.from(
    (function* () {
      const end = Math.min(bytes.length, cutAfter);
      for (let at = 0; at < end; at += 256 * 1024) {
        yield Buffer.from(bytes.subarray(at, Math.min(end, at + 256 * 1024)));
      }
      if (cutAfter < bytes.length) {
        throw new ConnectionError("the line was cut", { notSent: false });
      }
    })(),
    { objectMode: false },
  );
}
