import { runtime } from "@pulumi/pulumi";

/**
 * One connection for each client of Pulumi's engine, instead of one for each address.
 *
 * Inline programs of the Automation API run in one process, one after another. A run that failed leaves a connection that gRPC tries again
 * and again; a later run whose engine gets the same port is then taken for one that is gone, and Pulumi's SDK goes on without a word,
 * as if the program had declared nothing: the engine would drop the records of all restores, and the run after that would send them again.
 * Seen with `@pulumi/pulumi` 3.248 and `@grpc/grpc-js` 1.14; docs/decisions/0008-inline-programs.md.
 */
export function keepEnginesApart(): void {
  const { grpcClientOptions } = runtime as { grpcClientOptions?: Record<string, unknown> };
  if (grpcClientOptions !== undefined) {
    grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;
  }
}
