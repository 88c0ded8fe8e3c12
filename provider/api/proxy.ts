import { request as requestHttp } from "node:http";
import { type Agent, type RequestOptions, request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { getProxyForUrl } from "proxy-from-env";

/** The code of the error for a proxy that does not let us through. */
export const proxyRefusal = "VB365_PROXY";

/** Longest time for a proxy to connect to the server. */
const tunnelLimitMs = 60_000;

/** This machine is never behind a proxy. */
const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host);

/**
 * The proxy that the environment names for a server (`HTTPS_PROXY`, `ALL_PROXY`, less `NO_PROXY`, in capitals or not); undefined for none.
 */
export function proxyFor(endpoint: string): URL | undefined {
  const { hostname } = new URL(endpoint);
  const proxy = isLoopback(hostname) ? "" : getProxyForUrl(endpoint);
  return proxy === "" ? undefined : new URL(proxy);
}

/**
 * Makes the connections of an agent go through a proxy. It is asked for a tunnel (`CONNECT`), inside of which TLS runs from here to the server:
 * the proxy sees host and port, and not a byte of a request.
 */
export function tunnelled(agent: Agent, proxy: URL): Agent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (target, done) => {
    const handOver = done as (error: Error | null, socket?: Duplex) => void;
    openTunnel(proxy, String(target.host), Number(target.port)).then(
      (socket) => {
        let isOver = false;
        const once = (error: Error | null, secured?: Duplex) => {
          if (!isOver) {
            isOver = true;
            handOver(error, secured);
          }
        };
        const options = { ...target, socket };
        const secured = create(options, once);
        secured?.once("secureConnect", () => once(null, secured));
        secured?.once("error", once);
      },
      (error: Error) => handOver(error),
    );
    return undefined;
  };
  return agent;
}

function openTunnel(proxy: URL, host: string, port: number): Promise<Duplex> {
  const name = `${proxy.hostname}:${proxy.port || (proxy.protocol === "https:" ? "443" : "80")}`;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const user = decodeURIComponent(proxy.username);
  const options: RequestOptions = {
    method: "CONNECT",
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port || undefined,
    path: authority,
    headers: {
      Host: authority,
      ...(user === ""
        ? {}
        : {
            "Proxy-Authorization": `Basic ${Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString("base64")}`,
          }),
    },
    agent: false,
    timeout: tunnelLimitMs,
    // As for the server, whatever NODE_TLS_REJECT_UNAUTHORIZED says: the proxy is told a password, too.
    rejectUnauthorized: true,
  };
  const refused = (why: string) =>
    Object.assign(new Error(`the proxy ${name}, which HTTPS_PROXY names, ${why}`), { code: proxyRefusal });
  return new Promise((resolve, reject) => {
    const asking = (proxy.protocol === "https:" ? requestHttps : requestHttp)(options);
    asking.once("connect", ({ statusCode }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy();
        reject(refused(`answered ${statusCode}${statusCode === 407 ? ": it wants a user name and a password" : ""}`));
        return;
      }
      socket.setTimeout(0);
      if (head.length > 0) {
        socket.unshift(head);
      }
      resolve(socket);
    });
    // It answered like a server of its own.
    asking.once("response", (response) => {
      response.destroy();
      reject(refused(`answered ${response.statusCode}`));
    });
    asking.once("timeout", () => asking.destroy(new Error("it took too long")));
    asking.once("error", (error: NodeJS.ErrnoException) =>
      reject(refused(`cannot be used (${error.code ?? error.message})`)),
    );
    asking.end();
  });
}
