import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { type Timeouts, parseDuration, timeoutNames, timeoutsOf } from "./timeouts";

/** Connection to one Veeam server, checked once and then passed around as a whole. */
export interface ConnectionSettings {
  /** Origin of the REST service, `https://host:port`; the port is 4443 when the configuration names none. */
  endpoint: string;
  username: string;
  password: string;
  apiVersion: "v3";
  trust: Trust;
  /** Restores and exports that this process runs at the same time. Default 2. */
  maxConcurrentRestores: number;
  /** Folder of the journal; relative to the program's folder. Default `.vb365/journal`. */
  journalDir: string;
  timeouts: Timeouts;
  /** Account that writes into mailboxes, for actions that name none themselves. */
  exchange: { userName: string | undefined; userPassword: string | undefined };
}

/** By what the server is recognised. */
export type Trust =
  /** Its certificate comes from a CA that Node trusts. */
  | { by: "systemCas" }
  /** Its certificate comes from this CA, PEM text. */
  | { by: "caCert"; caCert: string }
  /** Its certificate is this very one: SHA-256, upper-case hexadecimal without colons. */
  | { by: "fingerprint"; sha256: string }
  /** Not at all. */
  | { by: "nothing" };

/** One thing to mend; `key` is the configuration key without its namespace. */
export interface ConfigMistake {
  key: string;
  reason: string;
}

/** Where the journal stands when the configuration names no folder. */
export const defaultJournalDir = ".vb365/journal";

/** The port of the REST service unless its administrator chose another one ("REST API Settings", all versions). */
const defaultPort = 4443;
const servedVersions = ["auto", "v3"];

/** Environment variable of a key: `caCert` is `VB365_CA_CERT`. */
export function environmentVariableOf(key: string): string {
  return `VB365_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Reads the connection settings and tells every mistake at once. Makes no request.
 *
 * @param get - value of a key from the provider's arguments or the stack's configuration
 * @param environment - where a key is looked up that `get` does not have
 */
export function readConnectionSettings(
  get: (key: string) => string | undefined,
  environment: NodeJS.ProcessEnv,
): { settings: ConnectionSettings } | { mistakes: ConfigMistake[] } {
  const mistakes: ConfigMistake[] = [];
  const optional = (key: string) => get(key) || environment[environmentVariableOf(key)] || undefined;
  const required = (key: string, how: string) => {
    const value = optional(key);
    if (value === undefined) {
      mistakes.push({ key, reason: `vb365:${key} is not set. Set it with: ${how}` });
    }
    return value ?? "";
  };

  const endpointText = required("endpoint", "pulumi config set vb365:endpoint https://HOST:4443");
  const endpoint = endpointText === "" ? undefined : parseEndpoint(endpointText);
  if (endpoint !== undefined && "reason" in endpoint) {
    mistakes.push({ key: "endpoint", reason: endpoint.reason });
  }
  const username = required("username", "pulumi config set vb365:username 'DOMAIN\\user'");
  const password = required("password", "pulumi config set --secret vb365:password");
  const apiVersion = optional("apiVersion") ?? "auto";
  if (!servedVersions.includes(apiVersion)) {
    mistakes.push({ key: "apiVersion", reason: `vb365:apiVersion must be one of ${servedVersions.join(", ")}` });
  }
  const maxConcurrentRestores = Number(optional("maxConcurrentRestores") ?? 2);
  if (!Number.isInteger(maxConcurrentRestores) || maxConcurrentRestores < 1) {
    mistakes.push({
      key: "maxConcurrentRestores",
      reason: "vb365:maxConcurrentRestores must be a whole number from 1",
    });
  }
  const trust = readTrust(optional, mistakes);
  const timeouts = readTimeouts(optional("timeouts"), mistakes);

  if (mistakes.length > 0 || endpoint === undefined || "reason" in endpoint) {
    return { mistakes };
  }
  return {
    settings: {
      endpoint: endpoint.origin,
      username,
      password,
      apiVersion: "v3",
      trust,
      maxConcurrentRestores,
      journalDir: optional("journalDir") ?? defaultJournalDir,
      timeouts,
      exchange: { userName: optional("exchangeUserName"), userPassword: optional("exchangeUserPassword") },
    },
  };
}

/** `{"restore": "4h"}` as JSON text: that is what `pulumi config set --path vb365:timeouts.restore 4h` makes of it. */
function readTimeouts(text: string | undefined, mistakes: ConfigMistake[]): Timeouts {
  const wrong = (reason: string) => mistakes.push({ key: "timeouts", reason: `vb365:timeouts ${reason}` });
  const how = "set one with: pulumi config set --path vb365:timeouts.restore 4h";
  let given: unknown = {};
  try {
    given = JSON.parse(text ?? "{}");
  } catch {
    wrong(`cannot be read; ${how}`);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    wrong(`must have a name for each limit; ${how}`);
    return timeoutsOf(undefined);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!(timeoutNames as readonly string[]).includes(name)) {
      wrong(`has no limit "${name}"; there are ${timeoutNames.join(", ")}`);
    } else if (typeof value !== "string" || parseDuration(value) === undefined) {
      mistakes.push({ key: "timeouts", reason: `vb365:timeouts.${name} must be a duration like 90s, 20m, 8h or 2d` });
    }
  }
  return timeoutsOf(given);
}

function parseEndpoint(written: string): { origin: string } | { reason: string } {
  const example = "for example https://vb365.example.test:4443";
  const text = written.trim();
  if (!URL.canParse(text)) {
    return { reason: `vb365:endpoint is not an address; write https://HOST:4443, ${example}` };
  }
  const url = new URL(text);
  if (url.protocol !== "https:") {
    return { reason: `vb365:endpoint must begin with https://, ${example}: the server speaks HTTPS only` };
  }
  if (url.username !== "" || url.password !== "") {
    return { reason: "vb365:endpoint must hold no login; use vb365:username and vb365:password" };
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return { reason: `vb365:endpoint must be host and port alone, without a path, ${example}` };
  }
  const host = isIPv6(url.hostname) ? `[${url.hostname}]` : url.hostname;
  // The URL class drops ":443" because it is the scheme's default, so the text itself tells whether a port was named.
  const portNamed = url.port !== "" || /:0*443\/?$/.test(text);
  return { origin: `https://${host}:${url.port || (portNamed ? 443 : defaultPort)}` };
}

function readTrust(optional: (key: string) => string | undefined, mistakes: ConfigMistake[]): Trust {
  const [caCert, fingerprint, insecure = "false"] = ["caCert", "tlsFingerprint", "insecure"].map(optional);
  if (insecure !== "true" && insecure !== "false") {
    mistakes.push({ key: "insecure", reason: "vb365:insecure must be true or false" });
  }
  if (fingerprint !== undefined) {
    const sha256 = fingerprint
      .replace(/^sha-?256[:=]/i, "")
      .replaceAll(":", "")
      .toUpperCase();
    if (!/^[0-9A-F]{64}$/.test(sha256)) {
      const how = "openssl x509 -in server.pem -noout -fingerprint -sha256";
      mistakes.push({
        key: "tlsFingerprint",
        reason: `vb365:tlsFingerprint must be a SHA-256 in hexadecimal, as printed by: ${how}`,
      });
    }
    return { by: "fingerprint", sha256 };
  }
  if (caCert !== undefined) {
    return { by: "caCert", caCert: readCaCert(caCert, mistakes) };
  }
  return { by: insecure === "true" ? "nothing" : "systemCas" };
}

/** PEM text as it is, or the text of the file that is named. */
function readCaCert(textOrFile: string, mistakes: ConfigMistake[]): string {
  const pem = "-----BEGIN CERTIFICATE-----";
  if (textOrFile.includes(pem)) {
    return textOrFile;
  }
  const wrong = (what: string) =>
    mistakes.push({
      key: "caCert",
      reason: `vb365:caCert must be PEM text (${pem} …) or a file that holds it: ${what}`,
    });
  try {
    const text = readFileSync(textOrFile, "utf8");
    if (!text.includes(pem)) {
      wrong(`there is none in ${textOrFile}`);
    }
    return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A value of several lines is a damaged PEM rather than a file, and no message repeats it.
    wrong(textOrFile.includes("\n") ? "this is neither" : `${textOrFile} cannot be read (${code ?? "unknown"})`);
    return "";
  }
}
