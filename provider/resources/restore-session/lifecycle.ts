import { isNotFound, isNotServed, messageOf } from "../../errors";
import type { Connection } from "../../restore/connection";
import { resolvePointInTime } from "../../restore/point-in-time";
import { backupIn } from "../../restore/repository";
import { selectOrganization } from "../../restore/selection";
import { refuseUnspokenFields } from "../../restore/unspoken";
import type { RestoreSessionInputs, RestoreSessionOutputs } from "./inputs";

const declared = ["organization", "pointInTime", "showDeleted", "showAllVersions", "repositoryId"] as const;

/**
 * Opens a restore session.
 *
 * @throws MailboxRestoreError when there is nothing to show, or the server cannot open such a session.
 */
export async function createSession(
  connection: Connection,
  inputs: RestoreSessionInputs,
): Promise<RestoreSessionOutputs> {
  const { showDeleted = false, showAllVersions = false, repositoryId } = inputs;
  const { dialect } = connection;
  const organization = selectOrganization(await connection.organizations(), inputs.organization);
  refuseUnspokenFields(dialect.apiVersion, repositoryId === undefined ? [] : ["repositoryId"]);
  const pointInTime = resolvePointInTime(await backupIn(dialect, organization, repositoryId), inputs.pointInTime);
  const options = { pointInTime, showDeleted, showAllVersions, repositoryId };
  const session = await dialect.openSession(organization.id, options);
  return {
    ...inputs,
    restoreSessionId: session.id,
    organizationId: organization.id,
    resolvedPointInTime: pointInTime,
    state: session.state,
    endpoint: connection.settings.endpoint,
    apiVersion: dialect.apiVersion,
    stateVersion: 1,
  };
}

/** Another declaration or another server is another session; one that is seen to be over is opened anew. */
export function diffSession(
  olds: RestoreSessionOutputs,
  news: RestoreSessionInputs,
  endpoint: string | undefined,
): { changes: true | undefined; replaces: string[] } {
  const edited: string[] = declared.filter((name) => normal(name, olds[name]) !== normal(name, news[name]));
  const isElsewhere = endpoint !== undefined && endpoint !== olds.endpoint;
  const replaces = [...edited, ...(isElsewhere ? ["endpoint"] : []), ...(olds.state === "Stopped" ? ["state"] : [])];
  return { changes: replaces.length > 0 ? true : undefined, replaces };
}

/** The same moment in another offset, and the same name in another case, declare the same session. */
function normal(name: (typeof declared)[number], value: string | boolean | undefined): string | boolean | number {
  if (typeof value !== "string") {
    return value ?? false;
  }
  const moment = name === "pointInTime" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? value.toLowerCase() : moment;
}

/** Reads the session's state. One on another server is left as it is, and so is nothing else touched. */
export async function readSession(
  connection: Connection,
  outputs: RestoreSessionOutputs,
): Promise<RestoreSessionOutputs> {
  if (connection.settings.endpoint !== outputs.endpoint) {
    return outputs;
  }
  const dialect = connection.speaking(outputs.apiVersion);
  try {
    return { ...outputs, state: (await dialect.getSession(outputs.restoreSessionId)).state };
  } catch (error) {
    // A server that was upgraded does not speak its version any more, and knows nothing of it.
    if (isNotFound(error) || isNotServed(error)) {
      return { ...outputs, state: "Stopped" };
    }
    throw error;
  }
}

/**
 * Stops the session. One that is over already is fine, and one that cannot be reached ends by itself.
 *
 * @returns a warning for people, if it was left running
 */
export async function deleteSession(
  connect: () => Connection,
  outputs: RestoreSessionOutputs,
): Promise<string | undefined> {
  try {
    const { settings, speaking } = connect();
    if (settings.endpoint === outputs.endpoint) {
      await speaking(outputs.apiVersion).stopSession(outputs.restoreSessionId);
    }
    return undefined;
  } catch (error) {
    return `Restore session ${outputs.restoreSessionId} was left to end by itself: ${messageOf(error)}`;
  }
}
