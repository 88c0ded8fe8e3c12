import { createSecureContext } from "node:tls";
import type { ExchangeAccess } from "../../api/dialects/dialect";
import type { ExchangeSettings } from "../../config";
import { unknownValue } from "../shape";

/** One way into Exchange for whoever writes into the mailbox; by default the provider's. */
export interface AccessInput {
  userName?: string;
  userPassword?: string;
  /** Device code that a person has entered (REST API v4 on). */
  userCode?: string;
  /** Application with its certificate (REST API v6 on). */
  applicationId?: string;
  /** PFX with its private key, in base64. */
  applicationCertificate?: string;
  applicationCertificatePassword?: string;
  /** Account that the application acts as; needed with the certificate. */
  impersonationAccountName?: string;
}

/** What gives access to Exchange. Inputs only: no output carries one. */
export const accessNames = [
  "userName",
  "userPassword",
  "userCode",
  "applicationId",
  "applicationCertificate",
  "applicationCertificatePassword",
  "impersonationAccountName",
] as const satisfies (keyof AccessInput)[];

/** Those that must appear nowhere. */
export const secretAccessNames = [
  "userPassword",
  "userCode",
  "applicationCertificate",
  "applicationCertificatePassword",
] as const satisfies (keyof AccessInput)[];

/** The ways into Exchange: what each needs, and what it takes beside. */
const variants = [
  { needs: ["userName", "userPassword"], takes: ["userName", "userPassword"] },
  { needs: ["userCode"], takes: ["userCode"] },
  {
    needs: ["applicationId", "applicationCertificate", "impersonationAccountName"],
    takes: ["applicationId", "applicationCertificate", "applicationCertificatePassword", "impersonationAccountName"],
  },
] as const satisfies { needs: (keyof AccessInput)[]; takes: (keyof AccessInput)[] }[];

export interface AccessMistake {
  /** Input that it is about. */
  name: keyof AccessInput;
  reason: string;
}

/**
 * The one variant that an action brings, or the provider's. The two are never mixed: half of one account and half of another is none.
 *
 * @param at - how the action is named in a message
 */
export function accessOf(
  at: string,
  action: AccessInput,
  exchange: ExchangeSettings,
): { access: ExchangeAccess } | { mistake: AccessMistake } {
  const own = accessNames.some((name) => action[name] !== undefined);
  const given: AccessInput = own ? action : exchange;
  const named = (name: keyof AccessInput) =>
    own ? `${at}.${name}` : `vb365:exchange${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  const present = accessNames.filter((name) => given[name] !== undefined);
  const touched = variants.filter(({ takes }) => takes.some((name) => present.includes(name)));
  const [variant, second] = touched;
  if (variant === undefined) {
    return {
      mistake: {
        name: "userName",
        reason:
          `an account that may write into the mailbox is needed: give ${at}.userName and ${at}.userPassword, ` +
          "or vb365:exchangeUserName and vb365:exchangeUserPassword for all restores; an application with its certificate " +
          "(applicationId, applicationCertificate, impersonationAccountName) does as well, from the REST API v6 on",
      },
    };
  }
  if (second !== undefined) {
    return {
      mistake: {
        name: present[0] ?? "userName",
        reason: `give one way into Exchange: ${touched.map(({ needs }) => needs.map(named).join(" and ")).join(", or ")}`,
      },
    };
  }
  const missing = variant.needs.filter((name) => given[name] === undefined);
  if (missing[0] !== undefined) {
    return {
      mistake: {
        name: variant.needs[0],
        reason: `give ${variant.needs.map(named).join(" and ")} together, or neither`,
      },
    };
  }
  const broken = whyNotCertificate(given);
  if (broken !== undefined) {
    return { mistake: { name: broken.name, reason: `${own ? "" : `${named(broken.name)} `}${broken.reason}` } };
  }
  return {
    access: Object.fromEntries(
      variant.takes.flatMap((name) => {
        const value = given[name];
        return value === undefined ? [] : [[name, name === "applicationCertificate" ? compact(value) : value]];
      }),
    ) as unknown as ExchangeAccess,
  };
}

/** Base64 is often written in lines, and not every server reads it so. */
const compact = (base64: string) => base64.replace(/\s+/g, "");

/** What is wrong with a certificate, as far as it can be said here: the server would say it after the restore session was opened. */
function whyNotCertificate({
  applicationCertificate: text,
  applicationCertificatePassword: passphrase,
}: AccessInput): AccessMistake | undefined {
  if (text === undefined || text === unknownValue || passphrase === unknownValue) {
    return undefined;
  }
  const about = (reason: string): AccessMistake => ({ name: "applicationCertificate", reason });
  const base64 = compact(text);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) {
    return about("must be a PFX with its private key in base64, as made by: base64 -w0 application.pfx");
  }
  try {
    createSecureContext({ pfx: Buffer.from(base64, "base64"), ...(passphrase === undefined ? {} : { passphrase }) });
    return undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    if (/mac verify failure/i.test(said)) {
      return {
        name: "applicationCertificatePassword",
        reason: "does not open the certificate",
      };
    }
    if (/unable to load private key/i.test(said)) {
      return about("has no private key: export it together with its key");
    }
    // An old cipher inside is refused by this OpenSSL, and no matter for the server.
    return /not enough data|wrong tag|header too long|bad object header|asn1|too long|nested asn1/i.test(said)
      ? about("is base64, and no PFX: it may be cut off, or be a bare certificate")
      : undefined;
  }
}
