import type { Dialect } from "./dialect";

/**
 * A dialect that is chosen when it is first used. What it says of itself (version, and when restores end) is known from then on.
 *
 * @param configured - what it says of its version before, "auto" for one
 * @param choose - called once; again when it has failed
 */
export function createChosenDialect(
  configured: string,
  choose: () => Promise<Dialect>,
): Dialect & { choose(): Promise<Dialect> } {
  let chosen: Dialect | undefined;
  let choosing: Promise<Dialect> | undefined;
  const choice = async (): Promise<Dialect> => {
    if (chosen !== undefined) {
      return chosen;
    }
    choosing ??= choose()
      .then((dialect) => (chosen = dialect))
      .finally(() => (choosing = undefined));
    return choosing;
  };
  const known = (): Dialect => {
    if (chosen === undefined) {
      throw new Error("The API version is asked for before the server was");
    }
    return chosen;
  };
  return {
    choose: choice,
    get apiVersion() {
      return chosen?.apiVersion ?? configured;
    },
    get restoresEndLater() {
      return known().restoresEndLater;
    },
    get exportsResume() {
      return known().exportsResume;
    },
    listOrganizations: async () => (await choice()).listOrganizations(),
    openSession: async (...of) => (await choice()).openSession(...of),
    getSession: async (...of) => (await choice()).getSession(...of),
    listSessions: async () => (await choice()).listSessions(),
    stopSession: async (...of) => (await choice()).stopSession(...of),
    listMailboxes: async (...of) => (await choice()).listMailboxes(...of),
    getMailbox: async (...of) => (await choice()).getMailbox(...of),
    listEvents: async (...of) => (await choice()).listEvents(...of),
    exportToPst: async (...of) => (await choice()).exportToPst(...of),
    restoreToOriginalLocation: async (...of) => (await choice()).restoreToOriginalLocation(...of),
    restoreTo: async (...of) => (await choice()).restoreTo(...of),
    requestDeviceCode: async (...of) => (await choice()).requestDeviceCode(...of),
    isDeviceCodeEntered: async (...of) => (await choice()).isDeviceCodeEntered(...of),
    countsOf: async (...of) => (await choice()).countsOf(...of),
    listRestorePoints: async (...of) => (await choice()).listRestorePoints(...of),
    getServiceInstance: async () => (await choice()).getServiceInstance(),
  };
}
