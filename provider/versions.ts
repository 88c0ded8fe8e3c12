/** Versions of the REST API that this client speaks, oldest first. */
export const apiVersions = ["v3", "v4", "v5", "v6", "v7", "v8"] as const;

export type ApiVersion = (typeof apiVersions)[number];

export const isApiVersion = (text: string): text is ApiVersion => (apiVersions as readonly string[]).includes(text);

/** Is a version this one, or a later one? */
export const isFrom = (version: ApiVersion, first: ApiVersion) =>
  apiVersions.indexOf(version) >= apiVersions.indexOf(first);

/**
 * What is not in v3, with the version whose reference has it first.
 *
 * The portal sends `folder` to v3 as well, where no page has it; what a server may ignore is not sent, because mail would go elsewhere.
 */
const firstVersions = {
  folder: "v4",
  enablePstSizeLimit: "v4",
  pstSizeLimitBytes: "v4",
  userCode: "v4",
  applicationId: "v6",
  applicationCertificate: "v6",
  applicationCertificatePassword: "v6",
  impersonationAccountName: "v6",
  officeRegion: "v6",
  officeOrganizationName: "v6",
  repositoryId: "v8",
} as const satisfies Record<string, ApiVersion>;

/** The version that brought a field of a request; v3 for those that were there from the beginning. */
export function firstVersionOf(field: string): ApiVersion {
  return field in firstVersions ? firstVersions[field as keyof typeof firstVersions] : "v3";
}

/** Those of some fields that a version does not have. A server ignores what it does not know, so they must not be sent. */
export function lackingIn(version: ApiVersion, fields: readonly string[]): string[] {
  return fields.filter((field) => !isFrom(version, firstVersionOf(field)));
}
