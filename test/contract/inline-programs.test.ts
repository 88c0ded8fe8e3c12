import assert from "node:assert/strict";
import { Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import { runtime } from "@pulumi/pulumi";
import { ResourceMonitorClient, ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import "pulumi-vb365";

describe("an engine that has the port of one that is gone", () => {
  const { grpcClientOptions } = runtime as unknown as { grpcClientOptions: object };

  const anEngine = async (port: number) => {
    const server = new Server();
    server.addService(ResourceMonitorService, {
      signalAndWaitForShutdown: (_: unknown, answer: (error: null, empty: Empty) => void) => answer(null, new Empty()),
    });
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
        error === null ? resolve(at) : reject(error),
      );
    });
    return { port: bound, stop: () => server.forceShutdown() };
  };

  const aClient = (port: number, options: object) => {
    const client = new ResourceMonitorClient(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    return {
      call: () =>
        new Promise<string>((resolve) =>
          client.signalAndWaitForShutdown(new Empty(), (error: { code: number } | null) =>
            resolve(error === null ? "answered" : `code ${error.code}`),
          ),
        ),
      close: () => client.close(),
    };
  };

  /** What the first call to a new engine gets, in a process that has seen another one die at this port. */
  const firstCall = async (options: object) => {
    const old = await anEngine(0);
    const oldClient = aClient(old.port, options);
    assert.equal(await oldClient.call(), "answered");
    old.stop();
    assert.equal(await oldClient.call(), "code 14");
    const next = await anEngine(old.port);
    const client = aClient(next.port, options);
    try {
      return await client.call();
    } finally {
      client.close();
      oldClient.close();
      next.stop();
    }
  };

  it("is answered by, with what Pulumi's SDK connects with", async () => {
    assert.equal(await firstCall(grpcClientOptions), "answered");
  });

  it("would be taken for gone, were connections shared", async () => {
    assert.equal(await firstCall({ ...grpcClientOptions, "grpc.use_local_subchannel_pool": 0 }), "code 14");
  });
});
