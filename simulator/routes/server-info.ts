import { jsonAnswer } from "../answer";
import { uuidFrom } from "../ids";
import type { VersionTraits } from "../versions";
import type { Route } from "./route";

/** `GET ServiceInstance` (v6 on): which product this is. Without a token 401, which tells that the version is served. [C] */
export function serverRoutes(version: VersionTraits): Route[] {
  if (!version.isFlat) {
    return [];
  }
  return [
    {
      version,
      method: "GET",
      path: `/${version.name}/ServiceInstance`,
      handle: () => jsonAnswer(200, { installationId: uuidFrom("installation"), version: `${version.number}.0.0.1` }),
    },
  ];
}
