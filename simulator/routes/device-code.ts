import type { WireDeviceCode, WireDeviceCodeChecked } from "../../provider/api/wire/v6";
import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import type { VersionTraits } from "../versions";
import { readFlat, requireFields, textIn } from "./fields";
import type { Route, RouteContext } from "./route";

/**
 * `POST …/organization/restoreDeviceCode` (v4 on): a code that a person enters at Microsoft's page. [D] `POST DeviceCode/check` (v6 on)
 * tells whether that was done. [D]
 */
export function deviceCodeRoutes(version: VersionTraits): Route[] {
  if (version.number < 4) {
    return [];
  }
  return [
    {
      version,
      method: "POST",
      path: `/${version.name}/RestoreSessions/{sessionId}/Organization/RestoreDeviceCode`,
      fields: ["targetApplicationId", "targetRegion", "targetOrganizationName"],
      handle: giveCode,
    },
    ...(version.isFlat
      ? [
          {
            version,
            method: "POST" as const,
            path: `/${version.name}/DeviceCode/Check`,
            fields: ["userCode"],
            handle: checkCode,
          },
        ]
      : []),
  ];
}

function checkCode({ state, body }: RouteContext): Answer {
  const userCode = textIn(readFlat(body, "check"), "userCode") ?? "";
  const checked: WireDeviceCodeChecked = { authenticated: state.deviceCodes.isEntered(userCode) };
  return jsonAnswer(200, checked);
}

function giveCode(context: RouteContext): Answer {
  const { state } = context;
  const session = state.sessions.findWorking(context.params["sessionId"] ?? "", context.user);
  requireFields(readFlat(context.body, "restoreDeviceCode"), ["targetApplicationId"]);
  const userCode = state.deviceCodes.issue(session.id);
  const verificationUrl = "https://microsoft.com/devicelogin";
  const code: WireDeviceCode = {
    userCode,
    verificationUrl,
    expiresIn: 900,
    message: `To sign in, open ${verificationUrl} and enter the code ${userCode}.`,
  };
  return jsonAnswer(200, code);
}
