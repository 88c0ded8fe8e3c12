import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { generate } from "selfsigned";

/** A server that has only a certificate, for clients that must go no further. */
export interface TlsServer {
  endpoint: string;
  /** CA that signed its certificate, PEM. */
  caCert: string;
  /** How many clients sent anything after the handshake. */
  readonly heard: number;
  stop(): Promise<void>;
}

/** Starts a TLS server on loopback whose certificate is right but for what is asked for. */
export async function aTlsServer(fault: {
  expired?: boolean;
  host?: string;
  /** Nobody signed it but itself. */
  selfSigned?: boolean;
  /** TLS 1.1 and nothing newer. */
  oldProtocol?: boolean;
}): Promise<TlsServer> {
  const day = 86_400_000;
  const validity = fault.expired
    ? { notBeforeDate: new Date(Date.now() - 20 * day), notAfterDate: new Date(Date.now() - 10 * day) }
    : { notBeforeDate: new Date(Date.now() - day), notAfterDate: new Date(Date.now() + day) };
  const ca = await generate([{ name: "commonName", value: "test CA" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  const names =
    fault.host === undefined ? [{ type: 7 as const, ip: "127.0.0.1" }] : [{ type: 2 as const, value: fault.host }];
  const own = await generate([{ name: "commonName", value: fault.host ?? "127.0.0.1" }], {
    keyType: "ec",
    algorithm: "sha256",
    ...(fault.selfSigned ? {} : { ca: { key: ca.private, cert: ca.cert } }),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "subjectAltName", altNames: names },
    ],
    ...validity,
  });
  const old = fault.oldProtocol
    ? ({ minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const)
    : {};
  let heard = 0;
  const server = createServer({ key: own.private, cert: own.cert, ...old }, (socket) => {
    socket.once("data", () => (heard += 1));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caCert: ca.cert,
    get heard() {
      return heard;
    },
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
}
