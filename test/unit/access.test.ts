import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generate } from "selfsigned";
import { accessOf } from "../../provider/resources/mailbox-restore/access";
import { aPfx } from "../helpers/pfx";

const password = "Ex%mple-Pfx";
const withCertificate = (applicationCertificate: string) => ({
  applicationId: "f0b7a1d2-6c3e-4e58-9a41-2d8c5b7e9013",
  applicationCertificate,
  applicationCertificatePassword: password,
  impersonationAccountName: "support@contoso.example",
});
const mistakeOf = (certificate: string) => {
  const found = accessOf("restoreTo", withCertificate(certificate), {});
  return "mistake" in found ? found.mistake.reason : "";
};

describe("access by an application's certificate", () => {
  it("is sent in one line, however it was written", async () => {
    const pfx = await aPfx(password);
    const inLines = pfx.replace(/(.{64})/g, "$1\r\n");
    const found = accessOf("restoreTo", withCertificate(inLines), {});
    assert.ok("access" in found && "applicationCertificate" in found.access);
    assert.equal(found.access.applicationCertificate, pfx);
  });

  it("needs the private key in its PFX", async () => {
    const { cert } = await generate([{ name: "commonName", value: "application.contoso.example" }]);
    const make = ["pkcs12", "-export", "-nokeys", "-passout", `pass:${password}`];
    const bare = execFileSync("openssl", make, { input: cert }).toString("base64");
    assert.match(mistakeOf(bare), /has no private key/);
  });

  it("is told from text that is none", () => {
    assert.match(mistakeOf("no base64!"), /base64 -w0/);
    assert.match(mistakeOf("QUJDREVG"), /no PFX/);
  });
});
