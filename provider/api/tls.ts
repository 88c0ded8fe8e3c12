import { Agent, type AgentOptions } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, type SecureContext, connect, createSecureContext } from "node:tls";
import type { Trust } from "../config";
import { tunnelled } from "./proxy";

/** Longest time for the handshake of a pinned connection. */
const handshakeLimitMs = 60_000;

/** The code of the error for a certificate that is not the one that was named. */
const fingerprintMismatch = "VB365_FINGERPRINT_MISMATCH";

/**
 * An agent for HTTPS that recognises the server as the configuration says, before it sends a byte.
 *
 * @param onSecure - called when a connection is ready to carry a request
 */
export function createAgent(
  trust: Trust,
  { proxy, ...options }: AgentOptions & { proxy?: URL | undefined },
  onSecure?: (socket: Socket) => void,
): Agent {
  const direct = withOneContext(agentFor(trust, options), trust);
  const agent = proxy === undefined ? direct : tunnelled(direct, proxy);
  if (onSecure !== undefined) {
    const create = agent.createConnection.bind(agent);
    agent.createConnection = (target, done) => {
      const socket = create(target, (error, stream) => {
        // A pinned connection is handed over when it has been compared; any other one tells by its event.
        if (error === null) {
          onSecure(stream as Socket);
        }
        done?.(error, stream);
      });
      socket?.once("secureConnect", () => onSecure(socket as Socket));
      return socket;
    };
  }
  return agent;
}

/** Each action has a connection of its own; to read the certificates again for each would take longer than to connect. */
const contexts = new WeakMap<Trust, SecureContext>();

function contextOf(trust: Trust): SecureContext {
  let context = contexts.get(trust);
  if (context === undefined) {
    context = createSecureContext(trust.by === "caCert" ? { ca: trust.caCert } : {});
    contexts.set(trust, context);
  }
  return context;
}

/** Made when the first connection is: a certificate that cannot be read fails there, as any other one does. */
function withOneContext(agent: Agent, trust: Trust): Agent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (target, done) => {
    const options: ConnectionOptions = { ...target, secureContext: contextOf(trust) } as ConnectionOptions;
    return create(options, done);
  };
  return agent;
}

/** Said each time: the default is up to NODE_TLS_REJECT_UNAUTHORIZED, with which whole machines are set up for something else. */
const checked = { rejectUnauthorized: true } as const;

function agentFor(trust: Trust, options: AgentOptions): Agent {
  switch (trust.by) {
    case "systemCas":
      return new Agent({ ...options, ...checked });
    case "caCert":
      return new Agent({ ...options, ...checked, ca: trust.caCert });
    case "nothing":
      return new Agent({ ...options, rejectUnauthorized: false });
    case "fingerprint":
      return pinnedAgent(trust.sha256, options);
  }
}

/**
 * An agent that hands a connection over only after its certificate was compared. Comparing in a `secureConnect` listener of
 * the request's socket would be too late: what was written meanwhile is sent, password and all, the moment the handshake ends.
 */
function pinnedAgent(sha256: string, options: AgentOptions): Agent {
  // The pin alone decides: it is stricter than any CA, and a pinned certificate is often self-signed.
  const agent = new Agent({ ...options, rejectUnauthorized: false });
  // The agent does not know a connection before it is handed over, so those under way are ended here.
  const underWay = new Set<Socket>();
  const destroy = agent.destroy.bind(agent);
  agent.destroy = () => {
    underWay.forEach((socket) => socket.destroy(new Error("the connection was given up")));
    destroy();
  };
  agent.createConnection = (target, done) => {
    const handOver = done as (error: Error | null, socket?: Duplex) => void;
    const socket = connect(target as ConnectionOptions);
    underWay.add(socket);
    socket.setTimeout(handshakeLimitMs, () => socket.destroy(new Error("the handshake took too long")));
    socket.once("close", () => underWay.delete(socket));
    socket.once("error", handOver);
    socket.once("secureConnect", () => {
      underWay.delete(socket);
      socket.setTimeout(0);
      socket.off("error", handOver);
      const presented = socket.getPeerCertificate().fingerprint256?.replaceAll(":", "");
      if (presented === sha256) {
        handOver(null, socket);
      } else {
        socket.destroy();
        handOver(Object.assign(new Error("another certificate"), { code: fingerprintMismatch }));
      }
    });
    return undefined;
  };
  return agent;
}

/** TLS hands over records of at most 16 KiB; so much of them is gathered before anybody hears of it. */
const gatheredBytes = 256 * 1024;

/**
 * Makes the connections of an agent hand over what they receive in large pieces: each piece costs the way through parser and streams once,
 * and for a large file that way is the time. What comes slowly is handed over at once.
 */
export function gatherRecords(agent: Agent): Agent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (target, done) => {
    const gathering = createGathering();
    const options = { ...target, highWaterMark: 4 * gatheredBytes, onread: gathering.onread };
    const socket = create(options, (error, stream) => {
      if (error === null) {
        gathering.handTo(stream as Socket);
      }
      done?.(error, stream);
    });
    if (socket !== undefined) {
      gathering.handTo(socket as Socket);
    }
    return socket;
  };
  return agent;
}

/** A record of TLS. */
const recordBytes = 16 * 1024;

function createGathering() {
  let room = Buffer.allocUnsafeSlow(gatheredBytes);
  /** What was gathered and not handed over yet stands in between. */
  let from = 0;
  let to = 0;
  let isScheduled = false;
  let socket: Socket | undefined;
  let push: Socket["push"] = () => true;
  /** @returns whether there is room for more */
  const handOver = (): boolean => {
    isScheduled = false;
    if (from === to) {
      return true;
    }
    const gathered = room.subarray(from, to);
    from = to;
    return push(gathered);
  };
  return {
    onread: {
      // Records are decrypted into the place where they are gathered.
      buffer: () => room.subarray(to),
      callback(bytes: number): boolean {
        to += bytes;
        if (gatheredBytes - to >= recordBytes) {
          if (!isScheduled) {
            isScheduled = true;
            setImmediate(handOver);
          }
          return true;
        }
        const hasRoom = handOver();
        from = to = 0;
        if ((socket?.readableLength ?? 0) > 0) {
          // It waits there to be read.
          room = Buffer.allocUnsafeSlow(gatheredBytes);
        }
        return hasRoom;
      },
    },
    handTo(gathering: Socket): void {
      if (socket !== undefined) {
        return;
      }
      socket = gathering;
      push = gathering.push.bind(gathering);
      gathering.push = (chunk: unknown, encoding?: BufferEncoding) => {
        // The end must not overtake what was gathered.
        if (chunk === null) {
          handOver();
        }
        return push(chunk, encoding);
      };
    },
  };
}

const unknownCa = "the CA of its certificate is not known here: give the CA as vb365:caCert";

const oldProtocol =
  "it speaks only versions of TLS before 1.2, which others can break: switch TLS 1.2 on where it runs";

const distrust: Record<string, string> = {
  CERT_HAS_EXPIRED: "its certificate has expired: renew it on the server",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: compare the clocks of both machines",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate is self-signed: give it as vb365:caCert, or its SHA-256 as vb365:tlsFingerprint",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from a CA that is not trusted here: give the CA as vb365:caCert",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  CERT_SIGNATURE_FAILURE: "its certificate was not signed by the CA in vb365:caCert: give the right CA",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate is for another host name: use a name that stands in it as vb365:endpoint",
  [fingerprintMismatch]:
    "its certificate is another one than vb365:tlsFingerprint names: compare both before you change the setting",
};

/** The agent gives one code for all that is wrong with the protocol, and OpenSSL's reason in the message. */
const ofProtocol: [RegExp, string][] = [
  [/alert protocol version|unsupported protocol/i, oldProtocol],
  [
    /wrong version number|packet length too long/i,
    "what answers there does not speak TLS: check the port of vb365:endpoint, and proxies in between",
  ],
];

/** Why a server was not trusted, by the code of the error and the system's words; undefined for any other error. */
export function explainDistrust(code: string, message: string): string | undefined {
  return distrust[code] ?? (code === "EPROTO" ? ofProtocol.find(([reason]) => reason.test(message))?.[1] : undefined);
}
