import { execFileSync } from "node:child_process";
import { generate } from "selfsigned";

/** A PFX of its own, in base64. */
export async function aPfx(password: string): Promise<string> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "application.contoso.example" }]);
  const make = ["pkcs12", "-export", "-passout", `pass:${password}`];
  return execFileSync("openssl", make, { input: `${key}\n${cert}` }).toString("base64");
}
