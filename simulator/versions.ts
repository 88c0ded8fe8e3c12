/** A version of the REST API that the simulator speaks. */
export type ApiVersionName = "v3" | "v4" | "v5" | "v6" | "v7" | "v8";

/** In what the versions differ, as far as a mailbox restore goes. */
export interface VersionTraits {
  readonly name: ApiVersionName;
  readonly number: number;
  /** Actions in an envelope to `…/Action` (v3 to v5), or a URL for each (v6 on). [D] */
  readonly isFlat: boolean;
  /** Restores answer when they have begun. [D] by schema */
  readonly restoresEndLater: boolean;
  readonly exploreStatus: 200 | 201;
  readonly stopStatus: 200 | 204;
  /** Status of a logout; undefined where there is none. [D] */
  readonly logoutStatus: 200 | 204 | undefined;
  /** Most rows on a page. None is stated before v5; the portal asks for 1000. [D] from v5 */
  readonly maxLimit: number;
}

const traits = (
  name: ApiVersionName,
  exploreStatus: 200 | 201,
  stopStatus: 200 | 204,
  logoutStatus?: 200 | 204,
): VersionTraits => {
  const number = Number(name.slice(1));
  const isFlat = number >= 6;
  const maxLimit = number >= 5 ? 10_000 : 1000;
  return { name, number, isFlat, restoresEndLater: number >= 8, exploreStatus, stopStatus, logoutStatus, maxLimit };
};

/** All versions, oldest first. */
export const versions: readonly VersionTraits[] = [
  traits("v3", 201, 200),
  traits("v4", 201, 200),
  traits("v5", 201, 200),
  traits("v6", 200, 200),
  traits("v7", 200, 200, 200),
  traits("v8", 201, 204, 204),
];
