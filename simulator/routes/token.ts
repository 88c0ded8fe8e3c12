import type { Answer } from "../answer";
import { jsonAnswer } from "../answer";
import { TokenRefused } from "../errors";
import { isRecord } from "../recording";
import type { Route, RouteContext } from "./route";

/** `POST /v3/Token`: a form, without authentication. [D] Any other kind of body is taken for an empty form. [inf] */
export const tokenRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v3/Token",
    anonymous: true,
    form: ["grant_type", "username", "password", "refresh_token"],
    handle: issueToken,
  },
];

function issueToken(context: RouteContext): Answer {
  const { tokens } = context.state;
  const field = (name: string): string => {
    const value = isRecord(context.body) ? context.body[name] : undefined;
    return typeof value === "string" ? value : "";
  };
  switch (field("grant_type")) {
    case "password":
      return jsonAnswer(200, tokens.logIn(field("username"), field("password")));
    case "refresh_token":
      return jsonAnswer(200, tokens.refresh(field("refresh_token")));
    default:
      throw new TokenRefused("unsupported_grant_type", "The grant type is not supported.");
  }
}
