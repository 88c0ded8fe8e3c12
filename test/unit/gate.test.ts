import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { createGate } from "../../provider/restore/gate";

/** Enters one after the other, and tells who is in, in the order in which they came in. */
function crowd(places: number) {
  const gate = createGate(places);
  const inside: string[] = [];
  const waited: string[] = [];
  const enter = async (name: string) => {
    const leave = await gate.enter(() => waited.push(name));
    inside.push(name);
    return leave;
  };
  return { enter, inside, waited };
}

describe("a gate", () => {
  it("lets in as many as it has places, and tells the others that they wait", async () => {
    const { enter, inside, waited } = crowd(2);
    for (const name of ["a", "b", "c"]) {
      void enter(name);
    }
    await turn();
    assert.deepEqual([inside, waited], [["a", "b"], ["c"]]);
  });

  it("gives a place to whoever has waited longest", async () => {
    const { enter, inside } = crowd(1);
    const leave = await enter("a");
    const second = enter("b");
    void enter("c");
    leave();
    (await second)();
    await turn();
    assert.deepEqual(inside, ["a", "b", "c"]);
  });

  it("has its places again when all have left", async () => {
    const { enter, waited } = crowd(1);
    (await enter("a"))();
    (await enter("b"))();
    await enter("c");
    assert.deepEqual(waited, []);
  });

  it("takes a place back once, however often it is given back", async () => {
    const { enter, inside } = crowd(1);
    const leave = await enter("a");
    leave();
    leave();
    await enter("b");
    void enter("c");
    await turn();
    assert.deepEqual(inside, ["a", "b"]);
  });
});
