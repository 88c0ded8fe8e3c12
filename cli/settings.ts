import { type ConnectionSettings, environmentVariableOf, readConnectionSettings } from "../provider/config";
import { ConfigError } from "../provider/errors";
import { harmless } from "./output";
import { askPassword, canAsk, readPasswordLine } from "./password";
import { readStackConfig } from "./stack";

/** The connection's part of a command line. */
export interface ConnectionFlags {
  endpoint?: string;
  username?: string;
  caCert?: string;
  tlsFingerprint?: string;
  insecure?: boolean;
  stack?: string;
  passwordStdin?: boolean;
}

/** Settings, and where each came from. */
export interface ResolvedSettings {
  settings: ConnectionSettings;
  /** One sentence, for the person who wonders which login was used. */
  origins: string;
}

interface Found {
  value: string;
  from: string;
}

const trustKeys = ["caCert", "tlsFingerprint", "insecure"] as const;

/**
 * Reads the connection settings: flags, then the stack, then the environment. The password comes from stdin, the stack, the
 * environment, or from a person at a terminal.
 *
 * @throws ConfigError with all mistakes at once.
 */
export async function resolveSettings(flags: ConnectionFlags): Promise<ResolvedSettings> {
  const stack = flags.stack === undefined ? undefined : await readStackConfig(flags.stack);
  const typed: Partial<Record<string, Found>> = {};
  const trustIsTyped = trustKeys.some((key) => flags[key] !== undefined);

  const find = (key: string): Found | undefined => {
    const flag = flags[key as keyof ConnectionFlags];
    if (flag !== undefined) {
      return { value: String(flag), from: flagOf(key) };
    }
    // Who names a CA on the command line does not mean the fingerprint that the stack has, and the other way around.
    if (trustIsTyped && (trustKeys as readonly string[]).includes(key)) {
      return undefined;
    }
    const inStack = stack?.get(key);
    const variable = environmentVariableOf(key);
    const inEnvironment = process.env[variable];
    return (
      typed[key] ??
      (inStack ? { value: inStack, from: `stack ${flags.stack}` } : undefined) ??
      (inEnvironment ? { value: inEnvironment, from: variable } : undefined)
    );
  };

  const hasLogin = () => ["password", "token", "grantType"].some((key) => find(key) !== undefined);
  if (flags.passwordStdin === true && !process.stdin.isTTY) {
    typed["password"] = { value: (await readPasswordLine()) ?? "", from: "--password-stdin" };
  } else if (flags.passwordStdin === true || (!hasLogin() && canAsk())) {
    const [endpoint, username] = [find("endpoint"), find("username")];
    if (endpoint !== undefined && username !== undefined) {
      const question = harmless(`Password of ${username.value} on ${endpoint.value}: `);
      typed["password"] = { value: (await askPassword(question)) ?? "", from: "this terminal" };
    }
  }
  if (typed["password"]?.value === "") {
    throw new ConfigError(`No password came from ${typed["password"].from}.`);
  }

  const result = readConnectionSettings((key) => find(key)?.value, {});
  if ("mistakes" in result) {
    const reasons = result.mistakes.map(({ key, reason }) => {
      const found = find(key);
      return found === undefined ? (missing[key] ?? reason) : `${reason} (it comes from ${found.from})`;
    });
    throw new ConfigError(reasons.join("\n"));
  }
  const origin = (key: string) => find(key)?.from ?? "nowhere";
  const login = {
    password: `user name from ${origin("username")}, password from ${origin("password")}`,
    assertion: `client id from ${origin("clientId")}, assertion from ${origin("assertion")}`,
    token: `token from ${origin("token")}`,
  };
  return {
    settings: result.settings,
    origins: `Used: endpoint from ${origin("endpoint")}, ${login[result.settings.login.by]}.`,
  };
}

const flagOf = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The ways to bring a password along. */
export const passwordHelp =
  "set VB365_PASSWORD, name a stack that has vb365:password with --stack, or pipe one line into --password-stdin; at a terminal " +
  "it is asked for.";

/** What to do about a setting that is nowhere. */
const missing: Partial<Record<string, string>> = {
  endpoint: "No server is named: give --endpoint https://HOST:4443, set VB365_ENDPOINT, or name a stack with --stack.",
  username: "No user is named: give --username 'DOMAIN\\user', set VB365_USERNAME, or name a stack with --stack.",
  password: `There is no password: ${passwordHelp} There is no --password.`,
};
