import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A line to a server that falls silent in the middle of a long answer, and is not cut. */
export interface StallingLine {
  /** Its near end, in place of the server's address. */
  endpoint: string;
  close(): Promise<void>;
}

/** @param bytes - so many come through each connection from the server, and not one more */
export async function aStallingLine(endpoint: string, bytes: number): Promise<StallingLine> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy());
  };
  const server = createServer((near) => {
    const far = keep(connect(Number(port), hostname));
    keep(near).pipe(far);
    let passed = 0;
    far.on("data", (chunk: Buffer) => {
      near.write(chunk.subarray(0, Math.max(0, bytes - passed)));
      passed += chunk.length;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
