import type { Command } from "commander";
import { askDeviceCode, awaitDeviceCode } from "../../provider/restore/lookup";
import { organizationOption } from "../backup-options";
import { type ClientFlags, answer, clientCommand, withConnection } from "../connection";
import { exitCodes } from "../exit";
import { type Answer, harmless, note } from "../output";

interface Flags extends ClientFlags {
  organization?: string;
  restoreSession?: string;
  applicationId: string;
  targetRegion?: string;
  targetOrganizationName?: string;
  wait: boolean;
}

/** `vb365 device-code`: lets a person let the server into Exchange. */
export function addDeviceCode(program: Command): void {
  clientCommand(program, {
    name: "device-code",
    summary: "get a device code, with which a person lets the server into Exchange",
    description:
      "Asks the server for a device code, says what a person has to do with it, and waits until that was done (REST API v6 and later; " +
      "v4 and v5 cannot tell). Then prints the code, which a restore carries as its userCode. Asking needs a restore session: the one that is " +
      "named, or one of the organization, which is opened and stopped again.",
    examples: [
      "vb365 device-code --stack dev --organization contoso.example --application-id ID",
      "pulumi config set --secret deviceCode $(vb365 device-code --stack dev --organization contoso.example --application-id ID)",
    ],
  })
    .addOption(organizationOption().conflicts("restoreSession"))
    .option("--restore-session <id>", "an open restore session to ask in, should a code be good in that alone")
    .requiredOption("--application-id <id>", "application at Microsoft that the person logs in to")
    .option("--target-region <region>", "cloud of a target in another organization")
    .option("--target-organization-name <name>", "name of that organization")
    .option("--no-wait", "print the code at once")
    .action((flags: Flags, command: Command) => {
      if (flags.organization === undefined && flags.restoreSession === undefined) {
        command.error("error: asking for a code needs a restore session; give --organization, or --restore-session");
      }
      return answer(flags, () => get(flags));
    });
}

async function get({ wait, ...flags }: Flags): Promise<Answer> {
  const { organization = "", restoreSession, applicationId, targetRegion, targetOrganizationName } = flags;
  const source = restoreSession === undefined ? { organization } : { restoreSessionId: restoreSession };
  return withConnection(flags, async (connection) => {
    const code = await askDeviceCode(connection, {
      ...source,
      targetApplicationId: applicationId,
      ...(targetRegion === undefined ? {} : { targetRegion }),
      ...(targetOrganizationName === undefined ? {} : { targetOrganizationName }),
    });
    const { userCode, verificationUrl, message, expiresInSeconds } = code;
    note(harmless(message || `Open ${verificationUrl} and enter the code ${userCode}.`));
    const isEntered = wait ? await connection.dialect.isDeviceCodeEntered(userCode) : undefined;
    if (isEntered === false) {
      const limit = expiresInSeconds > 0 ? { timeout: `${expiresInSeconds}s` } : {};
      await awaitDeviceCode(connection, { userCode, ...limit });
    }
    return {
      document: { ...code, entered: isEntered === undefined ? undefined : true },
      text: () => harmless(userCode),
      remark: isEntered === undefined ? "Whether it was entered is not known here." : "It was entered.",
      exitCode: exitCodes.fine,
    };
  });
}
