import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { type ApiVersion, apiVersions } from "./versions";
import { type Timeouts, parseDuration, timeoutNames, timeoutsOf } from "./timeouts";

/** Connection to one Veeam server, checked once and then passed around as a whole. */
export interface ConnectionSettings {
  /** Origin of the REST service, `https://host:port`; the port is 4443 when the configuration names none. */
  endpoint: string;
  login: Login;
  /** "auto" asks the server, once a process, and takes the newest that both know. */
  apiVersion: "auto" | ApiVersion;
  trust: Trust;
  /** Restores and exports that this process runs at the same time. Default 2. */
  maxConcurrentRestores: number;
  /** Folder of the journal; relative to the program's folder. Default `.vb365/journal`. */
  journalDir: string;
  timeouts: Timeouts;
  /** Access to Exchange for actions that bring none themselves. */
  exchange: ExchangeSettings;
}

/** How we are known to the Veeam server. */
export type Login =
  | { by: "password"; username: string; password: string }
  /** Microsoft's answer to a device-code login, as text (v4 on). */
  | { by: "assertion"; clientId: string; assertion: string }
  /** A token that somebody else got; it is not renewed. */
  | { by: "token"; token: string };

/** Who is logged in, for people to read. */
export function userOf(login: Login): string {
  switch (login.by) {
    case "password":
      return login.username;
    case "assertion":
      return login.clientId;
    case "token":
      return "the owner of vb365:token";
  }
}

/** One variant of access to Exchange, or nothing. */
export type ExchangeSettings = Partial<
  Record<
    | "userName"
    | "userPassword"
    | "applicationId"
    | "applicationCertificate"
    | "applicationCertificatePassword"
    | "impersonationAccountName",
    string
  >
>;

/** Configuration key of each setting of access to Exchange. */
const exchangeKeys = {
  userName: "exchangeUserName",
  userPassword: "exchangeUserPassword",
  applicationId: "exchangeApplicationId",
  applicationCertificate: "exchangeApplicationCertificate",
  applicationCertificatePassword: "exchangeApplicationCertificatePassword",
  impersonationAccountName: "exchangeImpersonationAccountName",
} as const satisfies Record<keyof ExchangeSettings, string>;

const loginKeys = ["password", "token", "grantType", "clientId", "assertion"];

/**
 * Settings of another source that have no place beside those that were given: half of one way in and half of another is none.
 *
 * @param given - keys that one source names
 */
export function rivalsOf(given: Iterable<string>): Set<string> {
  const names = new Set(given);
  const rivals = new Set<string>();
  const exclude = (some: readonly string[], others: readonly string[]) =>
    some.some((key) => names.has(key)) && others.forEach((key) => rivals.add(key));
  const account = ["exchangeUserName", "exchangeUserPassword"];
  const application = Object.values(exchangeKeys).filter((key) => !account.includes(key));
  exclude(account, application);
  exclude(application, account);
  exclude(["password"], ["token", "grantType", "clientId", "assertion"]);
  exclude(["token"], ["grantType", "clientId", "assertion"]);
  return rivals;
}

/** What must appear nowhere. */
export function secretsOf({ login, exchange }: ConnectionSettings): (string | undefined)[] {
  const own = { password: "password", assertion: "assertion", token: "token" } as const;
  return [
    (login as Partial<Record<string, string>>)[own[login.by]],
    ...(login.by === "assertion" ? tokensIn(login.assertion) : []),
    exchange.userPassword,
    exchange.applicationCertificate,
    exchange.applicationCertificatePassword,
  ];
}

/** The tokens inside of Microsoft's answer: a server that repeats one of them does not repeat the whole. */
function tokensIn(assertion: string): string[] {
  try {
    const answer: unknown = JSON.parse(assertion);
    return Object.entries(typeof answer === "object" && answer !== null ? answer : {}).flatMap(
      ([name, value]: [string, unknown]) =>
        /(token|secret|code)$/i.test(name) && typeof value === "string" ? [value] : [],
    );
  } catch {
    return [];
  }
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
const versionChoices = ["auto", ...apiVersions];

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
  const rivals = rivalsOf([...loginKeys, ...Object.values(exchangeKeys)].filter((key) => get(key)));
  const ofEnvironment = (key: string) => (rivals.has(key) ? undefined : environment[environmentVariableOf(key)]);
  const optional = (key: string) => get(key) || ofEnvironment(key) || undefined;
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
  const login = readLogin(optional, required, mistakes);
  const apiVersion = optional("apiVersion") ?? "auto";
  if (!versionChoices.includes(apiVersion)) {
    mistakes.push({ key: "apiVersion", reason: `vb365:apiVersion must be one of ${versionChoices.join(", ")}` });
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
      login,
      apiVersion: apiVersion as "auto" | ApiVersion,
      trust,
      maxConcurrentRestores,
      journalDir: optional("journalDir") ?? defaultJournalDir,
      timeouts,
      exchange: Object.fromEntries(
        Object.entries(exchangeKeys).flatMap(([name, key]) => {
          const value = optional(key);
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    },
  };
}

/** A ready-made token, an assertion, or user and password: the configuration says which. */
function readLogin(
  optional: (key: string) => string | undefined,
  required: (key: string, how: string) => string,
  mistakes: ConfigMistake[],
): Login {
  const grantTypes = ["password", "jwt-bearer"];
  const grantType = optional("grantType") ?? "password";
  const token = optional("token");
  if (!grantTypes.includes(grantType)) {
    mistakes.push({ key: "grantType", reason: `vb365:grantType must be one of ${grantTypes.join(", ")}` });
  }
  if (grantType === "jwt-bearer") {
    return {
      by: "assertion",
      clientId: required("clientId", "pulumi config set vb365:clientId APPLICATION-OR-TENANT"),
      assertion: required("assertion", "pulumi config set --secret vb365:assertion"),
    };
  }
  if (token !== undefined) {
    return { by: "token", token };
  }
  return {
    by: "password",
    username: required("username", "pulumi config set vb365:username 'DOMAIN\\user'"),
    password: required("password", "pulumi config set --secret vb365:password"),
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
