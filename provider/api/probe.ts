import { MailboxRestoreError } from "../errors";
import { type Redact, readFailure, readJson } from "./answer";
import { type RetryPolicy, withRetry } from "./retry";
import type { HttpRequest, Transport } from "./transport";
import { type ApiVersion, apiVersions, isFrom } from "../versions";

export interface Probing {
  transport: Transport;
  retry: RetryPolicy;
  redact: Redact;
  /** Longest wait for one answer, in milliseconds. */
  limitMs: () => number;
}

/**
 * The newest version that a server serves, asked without a login: `ServiceInstance` from v6 on [C], and the list of organisations before
 * [inf]. 200, 401 and 403 mean that it is served, 404 that it is not.
 *
 * @throws MailboxRestoreError when the server serves none of ours, or something between us and it answers
 */
export async function newestServed(probing: Probing): Promise<ApiVersion> {
  for (const version of apiVersions.toReversed()) {
    if (await isServed(version, probing)) {
      return version;
    }
  }
  const error = new MailboxRestoreError(
    "connection",
    `The server serves none of ${apiVersions.join(", ")}: it answered 404 for each. Check host and port of vb365:endpoint.`,
  );
  error.notSent = true;
  throw error;
}

/** A list, or an object that says something. */
const isOfServer = (body: unknown) => typeof body === "object" && body !== null && Object.keys(body).length > 0;

/** All versions that a server serves, oldest first. */
export async function allServed(probing: Probing): Promise<ApiVersion[]> {
  const served: ApiVersion[] = [];
  for (const version of apiVersions) {
    if (await isServed(version, probing)) {
      served.push(version);
    }
  }
  return served;
}

async function isServed(version: ApiVersion, { transport, retry, redact, limitMs }: Probing): Promise<boolean> {
  const request: HttpRequest = {
    method: "GET",
    path: `/${version}/${isFrom(version, "v6") ? "ServiceInstance" : "Organizations"}`,
    headers: { Accept: "application/json" },
    repeatable: true,
    firstByteTimeoutMs: limitMs(),
    firstByteTimeoutName: "login",
  };
  try {
    return await withRetry(retry, async () => {
      const response = await transport.send(request);
      if (response.status === 200) {
        // Whatever answers with a page of its own to everything says nothing of the server.
        if (!isOfServer(await readJson(request, response, redact))) {
          throw new MailboxRestoreError(
            "connection",
            `GET ${request.path}: something answered 200 with nothing that a Veeam server says. Check vb365:endpoint and proxies.`,
          );
        }
        return true;
      }
      if ([401, 403, 404].includes(response.status)) {
        response.body.resume();
        return response.status !== 404;
      }
      throw await readFailure(request, response, redact);
    });
  } catch (error) {
    if (error instanceof MailboxRestoreError) {
      error.notSent = true;
      error.message += ` (This asks which API version the server serves; vb365:apiVersion, set to its version, makes the question needless.)`;
    }
    throw error;
  }
}
