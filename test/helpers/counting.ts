import type { Simulator } from "../../simulator";

/** How often a simulated server was asked for something. */
export interface Asked {
  requests: number;
  logins: number;
  /** Restores: actions that write into a mailbox. */
  writes: number;
  exports: number;
}

export const nothing: Asked = { requests: 0, logins: 0, writes: 0, exports: 0 };

/** Does some work, and says what it asked of the server, beside its result. */
export async function counting<T>(simulator: Simulator, work: () => Promise<T>): Promise<[T, Asked]> {
  const before = askedSoFar(simulator);
  const result = await work();
  const after = askedSoFar(simulator);
  const difference = (name: keyof Asked) => after[name] - before[name];
  return [
    result,
    {
      requests: difference("requests"),
      logins: difference("logins"),
      writes: difference("writes"),
      exports: difference("exports"),
    },
  ];
}

const askedSoFar = ({ requests, logins, writes, exports }: Simulator): Asked => ({
  requests: requests.length,
  logins,
  writes: writes.length,
  exports: exports.length,
});
