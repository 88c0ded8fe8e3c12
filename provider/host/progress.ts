import { createRequire } from "node:module";
import type { Voice } from "../resources/mailbox-restore/surroundings";

/** Severities of the engine's log, as `engine.proto` numbers them. */
export const severity = { info: 1, warning: 2 };
/** The row is painted again this often while something lasts. */
const tickMs = 1000;
/** An engine that does not take a line within this time gets no further one; a restore never waits for its audience. */
const patienceMs = 2000;

interface LogLine {
  urn: string;
  severity: number;
  message: string;
  /** Painted in the resource's row and forgotten, instead of kept as a diagnostic. */
  ephemeral: boolean;
}

/** Resolves when the line has been handed over, or could not be. Never rejects. */
type Log = (line: LogLine) => Promise<void>;

/** The Pulumi engine that started this process. */
export interface Engine {
  log: Log;
  /** Is nobody left at its address? It listens as long as it lives, so one that is only slow is there. */
  isGone(): Promise<boolean>;
}

/**
 * Opens the way to the engine. Its address is the last argument of this process; where there is none, nothing is shown and nothing fails.
 */
export function openEngine(address: string | undefined): Engine {
  if (address === undefined || !/^[\w.[\]:-]+:\d+$/.test(address)) {
    return silent;
  }
  try {
    // The engine's client comes with the SDK; under a strict package manager only the SDK itself can see gRPC.
    const sdk = createRequire(require.resolve("@pulumi/pulumi"));
    const grpc = sdk("@grpc/grpc-js") as { credentials: { createInsecure(): unknown } };
    const services = sdk("@pulumi/pulumi/proto/engine_grpc_pb") as { EngineClient: EngineClientClass };
    const messages = sdk("@pulumi/pulumi/proto/engine_pb") as {
      LogRequest: new () => LogRequest;
      GetRootResourceRequest: new () => object;
    };
    const client = new services.EngineClient(address, grpc.credentials.createInsecure());
    let isDeaf = false;
    const send = ({ urn, severity, message, ephemeral }: LogLine) =>
      new Promise<void>((sent) => {
        if (isDeaf) {
          return sent();
        }
        const request = new messages.LogRequest();
        request.setUrn(urn);
        request.setSeverity(severity);
        request.setMessage(message);
        request.setEphemeral(ephemeral);
        client.log(request, { deadline: Date.now() + patienceMs }, (error) => {
          isDeaf = error !== null;
          sent();
        });
      });
    // One after the other: two lines under way at once may arrive in either order, and the older one would stay on the row.
    let last = Promise.resolve();
    const isGone = () =>
      new Promise<boolean>((known) =>
        client.getRootResource(
          new messages.GetRootResourceRequest(),
          { deadline: Date.now() + patienceMs },
          // Any answer but this one comes from somebody, also "I do not know that question".
          (error) => known(error?.code === unavailable),
        ),
      );
    return { log: (line) => (last = last.then(() => send(line))), isGone };
  } catch {
    // Another layout of the SDK: progress is a convenience, a restore does not depend on it.
    return silent;
  }
}

/** gRPC's code for a line that leads nowhere. */
const unavailable = 14;

const silent: Engine = { log: () => Promise.resolve(), isGone: () => Promise.resolve(false) };

type EngineClientClass = new (
  address: string,
  credentials: unknown,
) => {
  log(request: LogRequest, options: { deadline: number }, done: (error: Error | null) => void): void;
  getRootResource(
    request: object,
    options: { deadline: number },
    done: (error: { code?: number } | null) => void,
  ): void;
};

interface LogRequest {
  setUrn(urn: string): void;
  setSeverity(severity: number): void;
  setMessage(message: string): void;
  setEphemeral(ephemeral: boolean): void;
}

/** Speaks on one resource's row while `work` lasts. */
export async function speakingFor<T>(
  log: Log,
  urn: string | undefined,
  work: (voice: Voice) => Promise<T>,
): Promise<T> {
  const say = (message: string, level = severity.info, ephemeral = true) => {
    spoken = log({ urn: urn ?? "", severity: level, message, ephemeral });
  };
  let spoken = Promise.resolve();
  let doing = "";
  let since = Date.now();
  let bytes: Progress | undefined;
  const paint = () => say(describeActivity(doing, Date.now() - since, bytes));
  const ticker = setInterval(() => doing !== "" && paint(), tickMs);
  ticker.unref();
  try {
    return await work({
      activity(activity, progress) {
        const from = activity === doing ? (bytes?.from ?? 0) : (progress?.done ?? 0);
        bytes = progress === undefined ? undefined : { ...progress, from };
        if (activity !== doing) {
          doing = activity;
          since = Date.now();
          paint();
        }
      },
      warn: (text) => say(text, severity.warning, false),
      conclude: (text) => {
        doing = "";
        say(text);
      },
    });
  } finally {
    clearInterval(ticker);
    // The engine forgets a row's text with the end of its operation, so the last line must be there before that.
    await spoken;
  }
}

interface Progress {
  done: number;
  /** Done before that, when this activity began. */
  from: number;
  total: number | undefined;
}

/** `restoring 2 m 10 s`, or `exporting 1.2 GB of 3.4 GB (35 %), 48 MB/s, 46 s left`. */
export function describeActivity(activity: string, elapsedMs: number, bytes?: Progress): string {
  if (bytes === undefined) {
    return elapsedMs < 2 * tickMs ? activity : `${activity} ${describeDuration(elapsedMs)}`;
  }
  const { done, from, total } = bytes;
  const share =
    total === undefined ? "" : ` of ${describeBytes(total)} (${Math.floor((done / Math.max(1, total)) * 100)} %)`;
  const isMeasured = elapsedMs >= tickMs && done > from;
  const rate = isMeasured ? `, ${describeBytes(((done - from) / elapsedMs) * 1000)}/s` : "";
  const left =
    isMeasured && total !== undefined && done < total
      ? `, ${describeDuration(((total - done) / (done - from)) * elapsedMs)} left`
      : "";
  return `${activity} ${describeBytes(done)}${share}${rate}${left}`;
}

function describeDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) {
    return `${hours} h ${minutes} m`;
  }
  return minutes > 0 ? `${minutes} m ${seconds % 60} s` : `${seconds} s`;
}

function describeBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}
