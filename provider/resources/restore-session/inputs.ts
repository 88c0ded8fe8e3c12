/** What a program declares of a restore session, resolved to plain values. */
export interface RestoreSessionInputs {
  /** Id or name of the organisation, as the server lists it. */
  organization: string;
  /** RFC 3339 with an offset, or "latest". */
  pointInTime: string;
  /** Default false. */
  showDeleted?: boolean;
  /** Default false. */
  showAllVersions?: boolean;
  /** Only what this backup repository holds (REST API v8). Id. */
  repositoryId?: string;
  /** URN of the resource, put in by the SDK: which row shows its progress. */
  __urn?: string;
}

/** What the state remembers of it. */
export interface RestoreSessionOutputs extends RestoreSessionInputs {
  /** Id on the server; also the resource's id. */
  restoreSessionId: string;
  organizationId: string;
  /** ISO 8601 UTC. */
  resolvedPointInTime: string;
  /** As last seen. A session ends by itself when nobody uses it. */
  state: "Working" | "Stopped";
  /** Server on which it was opened. */
  endpoint: string;
  apiVersion: string;
  stateVersion: 1;
}
