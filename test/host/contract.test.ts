import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as vb365 from "pulumi-vb365";
import { handlerOf } from "../../sdk/handler";

/** Registers resources against Pulumi's own mocks and returns what would have been sent to the engine. */
async function registered(make: () => pulumi.CustomResource) {
  const seen: pulumi.runtime.MockResourceArgs[] = [];
  await pulumi.runtime.setMocks({
    newResource(args) {
      seen.push(args);
      return { id: `${args.name}-id`, state: args.inputs as Record<string, unknown> };
    },
    call: () => ({}),
  });
  const resource = make();
  await new Promise((resolve) => resource.urn.apply(resolve));
  const [first] = seen;
  assert.ok(first);
  return { type: first.type, inputs: first.inputs as Record<string, unknown> };
}

const ours = () =>
  new vb365.MailboxRestore("ours", {
    organization: "contoso.example",
    mailbox: { email: "finance@contoso.example" },
    pointInTime: "latest",
    restoreTo: { mailbox: "support@contoso.example", userName: "svc", userPassword: "pw" },
  });

describe("the contract with Pulumi's dynamic host", () => {
  /** A dynamic resource as the SDK itself makes it: where its contract changes, this shows it. */
  class SdkResource extends pulumi.dynamic.Resource {
    constructor(name: string) {
      super(
        { create: async () => ({ id: "1", outs: {} }) },
        name,
        { some: "input" },
        undefined,
        "vb365",
        "MailboxRestore",
      );
    }
  }

  it("uses the same type token and the same key for the provider as the SDK's own dynamic resources", async () => {
    const sdk = await registered(() => new SdkResource("sdk"));
    const own = await registered(ours);
    assert.equal(own.type, sdk.type);
    assert.equal(own.type, "pulumi-nodejs:dynamic/vb365:MailboxRestore");
    const added = Object.keys(sdk.inputs).filter((key) => key !== "some");
    assert.deepEqual(added, ["__provider"], "the SDK adds another hidden input than the one we write");
    assert.ok(added.every((key) => key in own.inputs));
  });

  it("stores one constant text as the provider, which finds the installed package", async () => {
    const { inputs } = await registered(ours);
    assert.equal(inputs["__provider"], 'exports.handler = () => require("pulumi-vb365/provider").MailboxRestore;');
    assert.equal(inputs["__provider"], handlerOf("MailboxRestore"));
    const entry = await import("pulumi-vb365/provider");
    const handler: object = entry.MailboxRestore;
    for (const method of ["configure", "check", "diff", "create", "read", "update", "delete"]) {
      assert.equal(typeof Reflect.get(handler, method), "function", method);
    }
  });

  it("tells the provider whose restore it is", async () => {
    const { inputs } = await registered(ours);
    assert.match(String(inputs["__urn"]), /^urn:pulumi:.*::pulumi-nodejs:dynamic\/vb365:MailboxRestore::ours$/);
  });

  it("makes credentials secret, though the program does not say so", async () => {
    const { inputs } = await registered(ours);
    const secretMark = "4dabf18193072939515e22adb298388d";
    // Mocks hand over a nested secret as the engine's wire format does: the whole input is marked.
    assert.ok(secretMark in (inputs["restoreTo"] as object));
    assert.ok(!(secretMark in (inputs["mailbox"] as object)));
  });
});
