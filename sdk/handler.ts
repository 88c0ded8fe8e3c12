import * as pulumi from "@pulumi/pulumi";

/**
 * The text that Pulumi's dynamic host evaluates to find the code of a resource. It is stored in every state, so it never
 * changes: an older state must find the installed version by it.
 */
export const handlerOf = (kind: string): string => `exports.handler = () => require("pulumi-vb365/provider").${kind};`;

/** Type token of a kind of resource on the dynamic host. */
export const tokenOf = (kind: string): string => `pulumi-nodejs:dynamic/vb365:${kind}`;

/**
 * A resource's URN as a promise: whose restore this is, and which row shows its progress. A promise and not an Output, because an
 * Output would make the resources of a parent wait for one another for ever (seen with SDK 3.248).
 */
export function urnOf(kind: string, name: string, opts?: pulumi.CustomResourceOptions): Promise<string> {
  const urn = pulumi.createUrn(name, tokenOf(kind), opts?.parent) as unknown as { promise(): Promise<string> };
  return urn.promise();
}
