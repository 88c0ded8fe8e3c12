import assert from "node:assert/strict";
import { shown } from "../../evidence/text";
import { createRedactor, withoutEnd } from "../../provider/api/answer";
import { fieldsOf } from "../../provider/api/fields";
import { hintFor } from "../../provider/api/hints";
import { attribute } from "../../provider/restore/attribution";
import { refusal } from "../../provider/restore/refusal";
import { parseAge } from "../../provider/timeouts";
import { type Property, properties } from "../fuzz/properties";

describe("hostile input is taken, or refused in words", () => {
  let all: Property[];
  before(async () => (all = await properties()));

  for (const name of [
    "inputs of a restore are checked",
    "inputs of a bulk restore are checked",
    "answers of the server are read",
    "an entry of the journal is read",
    "results of a bulk restore are read",
    "evidence is read",
    "a list of mailboxes is read",
    "organizations of a simulator are read",
    "marks in a state are read",
    "the server's words get a hint",
    "a PST is proved",
    "a ZIP is unpacked",
    "the path of an export stays in its folder",
  ]) {
    it(name, async () => {
      const property = all.find((one) => one.name === name);
      if (property === undefined) {
        throw new Error(`there is no property "${name}"`);
      }
      await property.run(300);
    });
  }
});

describe("a text of a million characters that are all alike", () => {
  const mailbox = { id: "m-1", name: "Finance", email: "finance@contoso.example" };
  const own = {
    type: "Restore",
    mailbox,
    mailboxes: [mailbox],
    neighbours: [],
    alone: true,
    aloneOnMailbox: true,
  } as const;
  const readers: Record<string, (text: string) => unknown> = {
    "what is shown of it in evidence": (text) => shown(text).endsWith("[U+0001]"),
    "what is quoted of it": (text) => withoutEnd(text) === text,
    "why it was refused": (text) => refusal(text).message.includes(text),
    "that it needs no hint": (text) => hintFor({ serverMessage: text, vendorCode: undefined }) === "",
    "that it holds no secret": (text) => createRedactor(() => ["a secret of fourteen"])(text) === text,
    "that it is a failure": (text) => fieldsOf({ failures: [text] }, "x").texts("failures").length === 1,
    "that it is no age": (text) => parseAge(text) === undefined,
    "whose event it is": (message) => {
      const times = { startTime: "", endTime: undefined };
      const event = { id: "e-1", type: "Restore", status: "Success", title: "", message, ...times };
      return attribute([event], { ...own, ignore: new Set() }).kind !== "none";
    },
  };

  // By an expression that takes the square of its length, each would last for minutes.
  for (const [what, read] of Object.entries(readers)) {
    it(`does not make it slow to tell ${what}`, () => {
      for (const character of [" ", ".", "!", "a", "@", "\n", "1", "-", "<", "{", "\\", '"', "%"]) {
        assert.equal(read(`a${character.repeat(1_000_000)}\u0001`), true, character);
      }
    });
  }
});
