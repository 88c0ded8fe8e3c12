import * as pulumi from "@pulumi/pulumi";
import { rivalsOf } from "../provider/config";
import type { TimeoutsArgs } from "./mailbox-restore";

/** Connection to one Veeam server. What is left out comes from the stack's configuration (`vb365:KEY`), then from the environment. */
export interface ProviderArgs {
  /** Address of the REST service, `https://HOST:PORT`; the port is 4443 when none is given. */
  endpoint?: pulumi.Input<string>;
  /** Account that may restore, `DOMAIN\user` or `user@domain`. */
  username?: pulumi.Input<string>;
  /** Secret by itself. */
  password?: pulumi.Input<string>;
  /** How to log in: `"password"` (default), or `"jwt-bearer"` with `clientId` and `assertion` (REST API v4 and later). */
  grantType?: pulumi.Input<"password" | "jwt-bearer">;
  /** Application or tenant that the assertion is for. */
  clientId?: pulumi.Input<string>;
  /** Microsoft's answer to a device-code login, as JSON text. Secret by itself. */
  assertion?: pulumi.Input<string>;
  /** A token that was got elsewhere, instead of a login; it is not renewed. Secret by itself. */
  token?: pulumi.Input<string>;
  /** `"auto"` (default) asks the server once a run and takes the newest that both know. */
  apiVersion?: pulumi.Input<"auto" | "v3" | "v4" | "v5" | "v6" | "v7" | "v8">;
  /** CA of the server's certificate: PEM text, or a file that holds it. Default: the CAs that Node trusts. */
  caCert?: pulumi.Input<string>;
  /** SHA-256 of the server's certificate, hexadecimal; then this alone decides whether the server is trusted. */
  tlsFingerprint?: pulumi.Input<string>;
  /** Trust any certificate. Default false; a warning at every run. */
  insecure?: pulumi.Input<boolean>;
  /** Restores and exports at the same time. Default 2. */
  maxConcurrentRestores?: pulumi.Input<number>;
  /** Folder that remembers what was sent, also after a crash; relative to the program's folder. Default `.vb365/journal`. */
  journalDir?: pulumi.Input<string>;
  /** How long what is waited for, for all restores that say nothing themselves. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
  /** Account that writes into mailboxes, for all restores that name none themselves. */
  exchangeUserName?: pulumi.Input<string>;
  /** Secret by itself. */
  exchangeUserPassword?: pulumi.Input<string>;
  /** An application at Microsoft instead of that account (REST API v6 and later), as the three below. */
  exchangeApplicationId?: pulumi.Input<string>;
  /** Its certificate with the private key: a PFX in base64. Secret by itself. */
  exchangeApplicationCertificate?: pulumi.Input<string>;
  /** Secret by itself. */
  exchangeApplicationCertificatePassword?: pulumi.Input<string>;
  /** Account that the application acts as. */
  exchangeImpersonationAccountName?: pulumi.Input<string>;
}

/** Configuration keys that are secrets wherever they come from. */
const secretKeys = [
  "password",
  "assertion",
  "token",
  "exchangeUserPassword",
  "exchangeApplicationCertificate",
  "exchangeApplicationCertificatePassword",
] as const;

const keys = [
  "endpoint",
  "username",
  "password",
  "grantType",
  "clientId",
  "assertion",
  "token",
  "apiVersion",
  "caCert",
  "tlsFingerprint",
  "insecure",
  "maxConcurrentRestores",
  "journalDir",
  "timeouts",
  "exchangeUserName",
  "exchangeUserPassword",
  "exchangeApplicationId",
  "exchangeApplicationCertificate",
  "exchangeApplicationCertificatePassword",
  "exchangeImpersonationAccountName",
] as const satisfies (keyof ProviderArgs)[];

/**
 * A Veeam server, for programs that talk to more than one: `new MailboxRestore(name, args, { provider })`, or for all children of
 * a component with `{ providers: [provider] }`. A program with one server needs none; it sets `vb365:endpoint` and so on.
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    // The dynamic host belongs to the package "pulumi-nodejs", so that is what its providers are called.
    super("pulumi-nodejs", name, flatten(args), opts);
  }
}

/**
 * The engine gives an explicit provider nothing of the stack's configuration, so it is put in here. Values are flat strings
 * under their full key, as in a stack's configuration.
 */
function flatten(args: ProviderArgs): Record<string, pulumi.Input<string>> {
  const config = new pulumi.Config("vb365");
  const flat: Record<string, pulumi.Input<string>> = {};
  const rivals = rivalsOf(keys.filter((key) => args[key] !== undefined));
  for (const key of keys) {
    const isSecret = (secretKeys as readonly string[]).includes(key);
    // Whatever the stack keeps as a secret stays one here; which keys those are, the configuration does not tell.
    const ofStack = rivals.has(key) ? undefined : config.getSecret(key);
    const given = args[key];
    const value =
      given === undefined ? ofStack : pulumi.all([given, ofStack]).apply(([own, stacks]) => textOf(own ?? stacks));
    if (value !== undefined) {
      flat[`vb365:${key}`] = isSecret ? pulumi.secret(value) : value;
    }
  }
  return flat;
}

/** An empty text is a setting that is not there. */
const textOf = (value: string | number | boolean | object | undefined) =>
  value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
