import assert from "node:assert/strict";
import { MailboxRestore } from "pulumi-vb365";

const args = {
  organization: "contoso.example",
  mailbox: { email: "legal@contoso.example" },
  pointInTime: "latest",
  exportToPst: { path: "legal.pst" },
};

describe("a restore that the program cannot make", () => {
  it("names the place in the program, and leaves stack traces as they were", () => {
    const before = Error.stackTraceLimit;
    const refuse = () => {
      throw new Error("not with this transformation");
    };
    const inTheProgram = () => new MailboxRestore("legal", args, { transformations: [refuse] });
    assert.throws(inTheProgram, (error: Error) => {
      assert.match(
        error.stack ?? "",
        /^Error: not with this transformation\n +at inTheProgram \(.*stack-traces\.test\.ts:/,
      );
      return true;
    });
    assert.equal(Error.stackTraceLimit, before);
  });
});
