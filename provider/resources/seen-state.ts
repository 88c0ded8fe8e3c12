/** What the state had of a resource that is now created. */
export interface Remembered {
  /** The state has this very intent already: it is run again on purpose. */
  again: boolean;
  /** Its URN before it was renamed. */
  formerIdentity: string | undefined;
}

/** A run of a resource's intent that this machine remembers. */
interface Run {
  /** URN of the resource that began it. */
  identity: string;
  attemptId: string;
}

/**
 * What the engine has shown this process of the state of each resource. It shows inputs, which say that the state has a run of their intent;
 * only outputs say which one.
 */
export interface SeenState<R extends Run> {
  /** The inputs of the state were shown, and there are these runs of their intent. */
  sawInputs(urn: string, seen: { identity: string; intentHash: string; runs: R[] }): void;
  /** The outputs of the state were shown. @returns runs that the inputs were shown with, and that are others than the state's */
  othersThan(outputs: { __urn?: string | undefined; attemptId: string }): R[];
  /** A create follows, and no outputs were shown. @returns the runs that the inputs were shown with */
  takeRuns(urn: string): R[];
  intentHashOf(urn: string): string | undefined;
  formerUrnOf(urn: string): string | undefined;
}

export function createSeenState<R extends Run>(): SeenState<R> {
  /** All by URN of today. */
  const intents = new Map<string, string>();
  const formerUrns = new Map<string, string>();
  const runsOf = new Map<string, R[]>();
  const takeRuns = (urn: string) => {
    const runs = runsOf.get(urn) ?? [];
    runsOf.delete(urn);
    return runs;
  };
  return {
    sawInputs(urn, { identity, intentHash, runs }) {
      intents.set(urn, intentHash);
      if (identity !== urn) {
        formerUrns.set(urn, identity);
      }
      runsOf.set(urn, runs);
    },
    othersThan({ __urn: identity, attemptId }) {
      // Outputs have the URN that the resource had when they were stored.
      const shown = [...runsOf].filter(([, runs]) => runs.some((run) => run.identity === identity));
      return shown.flatMap(([urn]) => takeRuns(urn)).filter((run) => run.attemptId !== attemptId);
    },
    takeRuns,
    intentHashOf: (urn) => intents.get(urn),
    formerUrnOf: (urn) => formerUrns.get(urn),
  };
}
