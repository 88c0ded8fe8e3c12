import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Named, indexOf } from "../../provider/restore/mailbox-index";

const word = fc.constantFrom("Ann", "an", "nn", "In-Place Archive - Ann", "", "a\nn", "x_y", "é", "😀", "İ");
const text = fc.array(word, { maxLength: 4 }).chain((words) => fc.constantFrom(words.join(" "), words.join("")));
const mailbox = fc.record({
  id: fc.integer({ min: 0, max: 30 }).map(String),
  name: text,
  email: fc.constantFrom("a@x.example", "A@x.example", "b@x.example", ""),
});
const mailboxes = fc.array(mailbox, { maxLength: 30 });
const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);
const sorted = (some: readonly Named[], all: readonly Named[]) => all.filter((one) => some.includes(one));

/** Each says the same as a look at every mailbox, however the names overlap. */
describe("the index of a list of mailboxes", () => {
  it("finds those with an address, in their order", () => {
    fc.assert(
      fc.property(mailboxes, fc.constantFrom("a@x.example", "b@x.example", ""), (all, address) =>
        assert.deepEqual(
          indexOf(all).withAddress(address),
          all.filter(({ email }) => email.toLowerCase() === address),
        ),
      ),
    );
  });

  it("finds those whose name stands in a text, anywhere or as whole words", () => {
    fc.assert(
      fc.property(mailboxes, text, fc.constantFrom("anywhere" as const, "asWords" as const), (all, said, where) => {
        const lower = said.toLowerCase();
        const stands = (name: string) =>
          name !== "" &&
          Array.from({ length: lower.length }, (_, at) => at).some(
            (at) =>
              lower.startsWith(name, at) &&
              (where === "anywhere" || !(isWord(lower[at - 1]) || isWord(lower[at + name.length]))),
          );
        const expected = all.filter(({ name }) => stands(name.toLowerCase()));
        assert.deepEqual(sorted(indexOf(all).namedIn(said, where), all), expected);
      }),
    );
  });

  it("finds the first of those whose name holds a part", () => {
    fc.assert(
      fc.property(mailboxes, text, fc.integer({ min: 1, max: 5 }), (all, part, most) => {
        fc.pre(part !== "");
        const isWanted = ({ id }: Named) => id !== "7";
        const holding = all.filter((one) => isWanted(one) && one.name.toLowerCase().includes(part.toLowerCase()));
        assert.deepEqual(indexOf(all).namesWith(part.toLowerCase(), isWanted, most), holding.slice(0, most));
      }),
    );
  });
});
