/**
 * The text that Pulumi's dynamic host evaluates to find the code of a resource. It is stored in every state, so it never
 * changes: an older state must find the installed version by it.
 */
export const handlerOf = (kind: string): string => `exports.handler = () => require("pulumi-vb365/provider").${kind};`;
