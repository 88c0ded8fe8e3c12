import type { ApiVersionName } from "../../simulator";

/** A server of each version, with the older ones that it serves beside its own. */
export const servers: Record<ApiVersionName, ApiVersionName[]> = {
  v3: ["v3"],
  v4: ["v3", "v4"],
  v5: ["v3", "v4", "v5"],
  v6: ["v5", "v6"],
  v7: ["v6", "v7"],
  v8: ["v6", "v7", "v8"],
};

/** All versions, oldest first: what holds for one is held for each. */
export const versions = Object.keys(servers) as ApiVersionName[];
