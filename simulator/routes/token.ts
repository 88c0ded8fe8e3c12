import type { Answer } from "../answer";
import { emptyAnswer, jsonAnswer } from "../answer";
import { TokenRefused } from "../errors";
import { isRecord } from "../recording";
import type { VersionTraits } from "../versions";
import type { Route, RouteContext } from "./route";

/** `POST Token`: a form, without authentication. [D] Any other kind of body is taken for an empty form. [inf] */
export function tokenRoutes(version: VersionTraits): Route[] {
  const { name, number, logoutStatus } = version;
  return [
    {
      version,
      method: "POST",
      path: `/${name}/Token`,
      anonymous: true,
      form: [
        "grant_type",
        "username",
        "password",
        "refresh_token",
        ...(number >= 4 ? ["client_id", "assertion"] : []),
        ...(number >= 7 ? ["disable_antiforgery_token"] : []),
      ],
      handle: issueToken,
    },
    ...(logoutStatus === undefined
      ? []
      : [
          {
            version,
            method: "POST" as const,
            path: `/${name}/Token/Logout`,
            handle(context: RouteContext) {
              context.state.tokens.logOut(context.authorization);
              return emptyAnswer(logoutStatus);
            },
          },
        ]),
  ];
}

function issueToken(context: RouteContext): Answer {
  const { tokens } = context.state;
  const field = (name: string): string => {
    const value = isRecord(context.body) ? context.body[name] : undefined;
    return typeof value === "string" ? value : "";
  };
  // Where a cookie is demanded beside the token unless it is declined. [D]
  const needsCookie =
    context.version.number >= 7 &&
    context.state.behaviour.antiforgery === "demanded" &&
    field("disable_antiforgery_token").toLowerCase() !== "true";
  const style = { needsCookie, hasIsoDates: context.version.isFlat };
  const grantType = field("grant_type");
  if (grantType === "password") {
    return jsonAnswer(200, tokens.logIn(field("username"), field("password"), style));
  }
  if (grantType === "refresh_token") {
    return jsonAnswer(200, tokens.refresh(field("refresh_token"), style));
  }
  if (grantType === "urn:ietf:params:oauth:grant-type:jwt-bearer" && context.version.number >= 4) {
    return jsonAnswer(200, tokens.logInBy(field("client_id"), field("assertion"), style));
  }
  throw new TokenRefused("unsupported_grant_type", "The grant type is not supported.");
}
