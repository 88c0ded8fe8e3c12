import { generate } from "selfsigned";

/** A certificate authority of its own and a server certificate that it signed, all in PEM. */
export interface Certificates {
  caCert: string;
  serverKey: string;
  serverCert: string;
}

/**
 * Makes a CA and a certificate for 127.0.0.1, ::1, localhost and more names, valid for a year from yesterday by the machine's clock
 * (a client judges validity by that one, whatever clock was given to the simulator).
 *
 * A real server's certificate is chosen by its administrator and is often self-signed. [D]
 */
export async function makeCertificates(hostNames: readonly string[] = []): Promise<Certificates> {
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
  const common = { keyType: "ec", algorithm: "sha256", notBeforeDate: yesterday } as const;
  const ca = await generate([{ name: "commonName", value: "VB365 simulator CA" }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          ...hostNames.map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { caCert: ca.cert, serverKey: server.private, serverCert: server.cert };
}
