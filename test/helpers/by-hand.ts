import assert from "node:assert/strict";
import type { Simulator } from "../../simulator";
import { type RawAnswer, ask } from "../contract/raw-client";
import { bearer, defaultExplore, restoreToBody } from "../contract/rig";
import type { WireToken } from "../../provider/api/wire/v3";

/** What an operator does with a script of their own, with the login that the provider has. */
export interface Operator {
  /** Opens a restore session of the first organisation; its id. */
  openSession(): Promise<string>;
  /** Restores a mailbox into another one; fulfilled when the server has answered. */
  restore(sessionId: string, from: string, to: string): Promise<RawAnswer>;
  stop(sessionId: string): Promise<void>;
}

export async function anOperator(simulator: Simulator): Promise<Operator> {
  const { username, password } = simulator;
  const login = await ask(simulator, "POST", "/v3/Token", { form: { grant_type: "password", username, password } });
  const headers = bearer(login.json<WireToken>());
  const post = (path: string, json: unknown) => ask(simulator, "POST", path, { headers, json });
  const [organization] = simulator.organizations;
  assert.ok(organization);
  return {
    async openSession() {
      const answer = await post(`/v3/Organizations/${organization.id}/Action`, { explore: defaultExplore });
      return answer.json<{ id: string }>().id;
    },
    restore(sessionId, from, to) {
      const mailbox = organization.mailboxes.find(({ email }) => email === from);
      const path = `/v3/RestoreSessions/${sessionId}/Organization/Mailboxes/${mailbox?.id}/Action`;
      return post(path, { restoreTo: { ...restoreToBody(simulator), mailbox: to } });
    },
    async stop(sessionId) {
      assert.equal((await post(`/v3/RestoreSessions/${sessionId}/Action`, { stop: null })).status, 200);
    },
  };
}
