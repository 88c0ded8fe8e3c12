import type { IncomingMessage, ServerResponse } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import type { Answer, Spoiling } from "./answer";
import { closed, emptyAnswer, jsonAnswer, sendAnswer, textAnswer } from "./answer";
import { TokenRefused, Unauthorized, VendorError } from "./errors";
import type { FaultEffect, FaultList, RequestPlan } from "./faults";
import type { GatePhase } from "./gates";
import type { OpenRecord } from "./recording";
import { recordOf } from "./recording";
import type { Route, RouteMatch } from "./routes/route";
import { matchRoute } from "./routes/route";
import type { OpenPoints } from "./open-points";
import type { Behaviour, ServerState } from "./state";
import type { ApiVersionName } from "./versions";

/** What one simulator needs to answer a request. */
export interface Dispatcher {
  state: ServerState;
  /** Of all versions: a version that is not served answers 404 [C], and its routes are documented all the same. */
  routes: readonly Route[];
  served: readonly ApiVersionName[];
  faults: FaultList;
  /** Every request is appended. */
  requests: OpenRecord[];
  /** Ends waits when the simulator stops. */
  signal: AbortSignal;
}

type AnswerInstead = Extract<FaultEffect, { status: number }>;
type FieldOf<Effect> = Effect extends unknown ? keyof Effect : never;
type EffectField = Exclude<FieldOf<FaultEffect>, keyof Spoiling | "delayMs">;

/** Takes a request from its first byte to the end of its answer. Fulfilled also when the line breaks. */
export async function dispatch(self: Dispatcher, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const rawBody = await readBody(request);
  if (rawBody === undefined) {
    return;
  }
  const path = new URL(request.url ?? "/", "https://simulator.invalid").pathname;
  const match = matchRoute(self.routes, request.method ?? "", path);
  const record = recordOf(request, rawBody, match?.route);
  self.requests.push(record);
  const plan = self.faults.take(record);
  const pass = (phase: GatePhase): Promise<void> => passGates(plan, phase, request);
  const effect: Partial<Record<EffectField, unknown>> & Spoiling & { delayMs?: number } = plan.effect ?? {};

  await pass("beforeWork");
  if (effect.resetBeforeWork === true) {
    await closed(response);
    return;
  }
  const instead = isAnswerInstead(plan.effect) ? faultAnswer(plan.effect) : undefined;
  const isWorkDone = instead === undefined || effect.afterWork === true;
  const worked = isWorkDone
    ? await reshaped(
        await work(self, request, record, match, plan, () => pass("duringWork")),
        self.state.behaviour,
        record,
      )
    : undefined;
  await pass("afterWork");
  if (effect.delayMs !== undefined) {
    await wait(effect.delayMs, undefined, { signal: self.signal, ref: false });
  }
  const answer = instead ?? worked;
  if (effect.resetBeforeAnswer === true || answer === undefined || response.destroyed) {
    await closed(response);
    return;
  }
  record.status = answer.status;
  await sendAnswer(response, answer, {
    ...(effect.cutAfterBytes === undefined ? {} : { cutAfterBytes: effect.cutAfterBytes }),
    ...(effect.contentLength === undefined ? {} : { contentLength: effect.contentLength }),
    ...(effect.drip === undefined ? {} : { drip: effect.drip }),
  });
}

async function work(
  self: Dispatcher,
  request: IncomingMessage,
  record: OpenRecord,
  match: RouteMatch | undefined,
  plan: RequestPlan,
  duringWork: () => Promise<void>,
): Promise<Answer> {
  try {
    if (match === undefined || !self.served.includes(match.route.version.name)) {
      throw new VendorError("unknownRoute");
    }
    const { state } = self;
    const { authorization, host } = request.headers;
    if (plan.effect !== undefined && "expireToken" in plan.effect) {
      state.tokens.expire(authorization);
    }
    const { version } = match.route;
    const user = match.route.anonymous === true ? "" : state.tokens.userOf(authorization);
    if (plan.effect !== undefined && "expireSession" in plan.effect) {
      state.sessions.stop(state.sessions.find(match.params["sessionId"] ?? "", user), "idle");
    }
    return await match.route.handle({
      state,
      version,
      tenantOf: state.tokens.tenantOf(user),
      params: match.params,
      query: lowerCaseNames(record.query),
      body: record.body,
      user,
      authorization,
      range: request.headers.range,
      ifRange: [request.headers["if-range"]].flat()[0],
      baseUrl: version.isFlat ? "" : `https://${host ?? ""}`,
      restoreResult:
        plan.effect !== undefined && "restoreResult" in plan.effect ? plan.effect.restoreResult : undefined,
      duringWork,
    });
  } catch (error) {
    return refusal(error, match?.route.version.number ?? 3, self.state.behaviour);
  }
}

function refusal(
  error: unknown,
  versionNumber: number,
  { unauthorizedBody, unreadableRequest, tokenRefusal }: OpenPoints,
): Answer {
  if (error instanceof Unauthorized) {
    return unauthorizedBody === "empty"
      ? emptyAnswer(401)
      : jsonAnswer(401, { message: "Authorization has been denied for this request." });
  }
  if (error instanceof TokenRefused) {
    const hasMessage = versionNumber >= 6 && tokenRefusal === "message";
    return jsonAnswer(error.status, hasMessage ? { message: error.message } : error.body);
  }
  const failure = error instanceof VendorError ? error : new VendorError("simulatorFailed", String(error));
  const isUnreadable = failure.code === "unparsableBody" || failure.code === "missingParameters";
  const status = isUnreadable && unreadableRequest !== "mixed" ? unreadableRequest : failure.status;
  return jsonAnswer(status, failure.bodyOf(versionNumber));
}

/** The same answer with another body, where a test wants to see what a client makes of it. */
async function reshaped(answer: Answer, { reshape }: Behaviour, request: OpenRecord): Promise<Answer> {
  if (reshape === undefined || !(answer.headers["Content-Type"] ?? "").startsWith("application/json")) {
    return answer;
  }
  const body: unknown = JSON.parse(await textOf(answer.open()));
  return jsonAnswer(answer.status, reshape(body, { method: request.method, path: request.path }));
}

function faultAnswer(effect: AnswerInstead): Answer {
  const { status, json, text, html, headers = {} } = effect;
  const answer =
    html !== undefined
      ? textAnswer(status, html, "text/html; charset=utf-8")
      : text !== undefined
        ? textAnswer(status, text, "text/plain; charset=utf-8")
        : json !== undefined
          ? jsonAnswer(status, json)
          : emptyAnswer(status);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
  } catch {
    return undefined; // The client went away while it was asking.
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function passGates(plan: RequestPlan, phase: GatePhase, request: IncomingMessage): Promise<void> {
  for (const gate of plan.gates) {
    if (gate.phase === phase) {
      await gate.pass(request.socket);
    }
  }
}

function lowerCaseNames(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name.toLowerCase(), value]));
}

function isAnswerInstead(effect: FaultEffect | undefined): effect is AnswerInstead {
  return effect !== undefined && "status" in effect;
}
