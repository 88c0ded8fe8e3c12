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
