import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A line to a server that can be held: whoever connects then waits before a byte has come through. */
export interface Line {
  /** Address of the near end, in place of the server's. */
  endpoint: string;
  /** Holds every connection that is made from now on. */
  hold(): void;
  /** Fulfilled when somebody waits, since the line was last held. */
  readonly reached: Promise<void>;
  release(): void;
  close(): Promise<void>;
}

/** Lays a line of TCP to an endpoint on loopback. */
export async function layLine(endpoint: string): Promise<Line> {
  const far = new URL(endpoint);
  const sockets = new Set<Socket>();
  let waiting: (() => void)[] | undefined;
  let arrived = () => undefined as void;
  let reached = Promise.resolve();
  const server = createServer((near) => {
    keep(near);
    const join = () => {
      const out = keep(connect(Number(far.port), far.hostname));
      near.pipe(out).pipe(near);
    };
    if (waiting === undefined) {
      join();
    } else {
      waiting.push(join);
      arrived();
    }
  });
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold() {
      waiting ??= [];
      reached = new Promise<void>((resolve) => (arrived = resolve));
    },
    get reached() {
      return reached;
    },
    release() {
      const held = waiting ?? [];
      waiting = undefined;
      held.forEach((join) => join());
    },
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
