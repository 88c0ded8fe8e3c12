import assert from "node:assert/strict";
import type { SessionEvent } from "../../provider/api/dialects/dialect";
import { type OwnAction, attribute, mayConcern, namesakesOf, textOf } from "../../provider/restore/attribution";
import { isRefusal } from "../../provider/restore/refusal";
import { ApiError } from "../../provider/errors";

const finance = { id: "m-1", name: "Finance", email: "finance@contoso.example" };
const archive = { id: "m-2", name: "In-Place Archive - Finance", email: "finance@contoso.example" };
const sales = { id: "m-3", name: "Sales", email: "sales@contoso.example" };
const event = (message: string, difference: Partial<SessionEvent> = {}): SessionEvent => ({
  id: message,
  type: "Restore",
  status: "Success",
  title: "",
  message,
  startTime: "2026-11-20T10:00:00+00:00",
  endTime: undefined,
  ...difference,
});
const own = (difference: Partial<OwnAction> = {}): OwnAction => ({
  type: "Restore",
  mailbox: finance,
  mailboxes: [finance, archive, sales],
  neighbours: [],
  ignore: new Set(),
  alone: true,
  aloneOnMailbox: true,
  ...difference,
});
const idIn = (seen: ReturnType<typeof attribute>) => (seen.kind === "ours" ? seen.event.id : seen.kind);

describe("finding a restore's own event", () => {
  it("takes the one that names the mailbox, though others ran beside it", () => {
    const events = [event("Restoring sales@contoso.example"), event("Restoring finance@contoso.example.")];
    const neighbours = [{ mailboxId: "m-3" }];
    assert.equal(idIn(attribute(events, own({ alone: false, neighbours }))), "Restoring finance@contoso.example.");
  });

  it("leaves a neighbour's event to the neighbour, though it is the only one", () => {
    const neighbours = [{ mailboxId: "m-3", target: "archive@fabrikam.example" }];
    for (const text of ["Restoring mailbox Sales", "Restored to archive@fabrikam.example"]) {
      assert.equal(idIn(attribute([event(text)], own({ neighbours }))), "none", text);
    }
  });

  it("neither takes nor ignores one that names somebody we know nothing of", () => {
    for (const text of [
      "Restoring mailbox Sales",
      "Restoring somebody@fabrikam.example",
      "Restoring midfinance@contoso.example",
    ]) {
      assert.equal(idIn(attribute([event(text)], own())), "unclear", text);
    }
  });

  it("takes one that names the target of the restore when nothing else ran", () => {
    const failed = event("Restore to support@fabrikam.example failed", { status: "Failed" });
    assert.equal(idIn(attribute([failed], own({ target: "support@fabrikam.example" }))), failed.id);
    assert.equal(idIn(attribute([failed], own({ target: "support@fabrikam.example", alone: false }))), "unclear");
  });

  it("counts an event that names nobody among those that could be ours, beside one that names us", () => {
    const events = [
      event("Restored finance@contoso.example"),
      event("Restore failed: access denied", { status: "Failed" }),
    ];
    const seen = attribute(events, own({ alone: false }));
    assert.deepEqual(seen.kind === "unclear" && seen.events.length, 2);
  });

  it("tells a mailbox from its archive by the longer name", () => {
    const events = [event("Restoring In-Place Archive - Finance (finance@contoso.example)")];
    assert.equal(idIn(attribute(events, own())), "unclear");
    assert.equal(idIn(attribute(events, own({ mailbox: archive }))), events[0]?.id);
  });

  it("takes one that names nobody only when nothing else can have left it", () => {
    assert.equal(idIn(attribute([event("done")], own())), "done");
    assert.equal(idIn(attribute([event("done")], own({ alone: false }))), "unclear");
    assert.equal(idIn(attribute([event("done"), event("done, too")], own())), "unclear");
  });

  it("takes none when another restore works on the same mailbox", () => {
    const events = [event("Restoring finance@contoso.example")];
    assert.equal(idIn(attribute(events, own({ aloneOnMailbox: false }))), "unclear");
  });

  it("leaves out events that were there before, and those of another type", () => {
    const events = [event("old"), event("Exporting finance@contoso.example", { type: "Export" })];
    assert.equal(idIn(attribute(events, own({ ignore: new Set(["old"]) }))), "none");
  });
});

describe("events without a type, which is optional from v6 on", () => {
  it("are found by what they name", () => {
    const untyped = event("Restoring mailbox Finance", { type: "" });
    assert.equal(idIn(attribute([untyped], own())), untyped.id);
  });

  it("prove nothing when several could be ours", () => {
    const events = [event("Working", { type: "" }), event("Working on", { type: "" })];
    assert.equal(idIn(attribute(events, own())), "unclear");
  });
});

describe("telling a refusal from an unknown end", () => {
  const answered = (status: number, serverMessage?: string, vendorCode?: string) =>
    new ApiError("text", { method: "POST", path: "/v3/…/Action", status, serverMessage, vendorCode });

  it("takes a 400 for a refusal, whatever it says", () => {
    assert.equal(isRefusal(answered(400, "nonsense")), true);
  });

  for (const message of [
    "Missing mandatory parameters: ExcludeDrafts",
    "The account does not have permission to impersonate the requested user.",
  ]) {
    it(`takes a 500 with the server's own words for a refusal: ${message.slice(0, 40)}…`, () => {
      assert.equal(isRefusal(answered(500, message)), true);
    });
  }

  for (const code of ["ResourceAccessDenied", "ResourceNotFound", "ParameterValidationFailure"]) {
    it(`takes a 500 with v8's code ${code} for a refusal`, () => {
      assert.equal(isRefusal(answered(500, "no", code)), true);
    });
  }

  for (const code of ["ProxyOffline", "Timeout", "HttpError", "OperationConflict"]) {
    it(`never takes v8's code ${code} for a refusal: it may come from the middle of the work`, () => {
      assert.equal(isRefusal(answered(500, "no", code)), false);
    });
  }

  for (const [what, error] of [
    ["a proxy's 504", answered(504, "gateway timeout")],
    ["a late 401", answered(401, "token expired")],
    [
      "access to Exchange that ended in the middle",
      answered(500, "The remote server returned an error: (401) Unauthorized."),
    ],
    [
      "rights that were missing somewhere in the middle",
      answered(500, "Access is denied. Check credentials and try again."),
    ],
    ["a 500 whose text says nothing of when it happened", answered(500, "The mailbox has exceeded its size limit")],
    ["a 500 that is not in the server's shape", answered(500)],
    ["a 200 that cannot be read", answered(200, "odd")],
    ["a lost connection", new Error("ECONNRESET")],
    [
      "an internal channel that broke in the middle",
      answered(500, "The communication object, System.ServiceModel…, cannot be used"),
    ],
    [
      "a reply that was no reply",
      answered(500, "The server did not provide a meaningful reply; this might be caused by …"),
    ],
  ] as const) {
    it(`never takes ${what} for a refusal`, () => {
      assert.equal(isRefusal(error), false);
    });
  }
});

describe("an event that may be that of a restore of a mailbox", () => {
  const mayBe = (message: string, difference: Partial<SessionEvent> = {}, target?: string) =>
    mayConcern(event(message, difference), { mailbox: finance, mailboxes: [finance, archive, sales], target });

  it("names it, or nobody at all", () => {
    assert.ok(mayBe("Restoring finance@contoso.example"));
    assert.ok(mayBe("Restoring a mailbox"));
  });

  it("names its target, in any case, wherever that stands", () => {
    const target = "Support@contoso.example";
    assert.ok(mayBe("Restored sales@contoso.example to support@contoso.example", {}, target));
    assert.ok(mayBe("Restoring mailbox Sales", { target: "SUPPORT@contoso.example" }, target));
    assert.ok(!mayBe("Restoring mailbox Sales", { target: "support@contoso.example" }));
  });

  it("names nobody else: another mailbox, or an address that no mailbox has", () => {
    assert.ok(!mayBe("Restoring mailbox Sales"));
    assert.ok(!mayBe("Restoring ada@fabrikam.example"));
    assert.ok(!mayBe("Restoring a mailbox", { target: "ada@fabrikam.example" }));
  });

  it("is read by the fields that say what was restored, where they name somebody", () => {
    assert.ok(!mayBe("Restoring finance@contoso.example", { itemName: "Sales" }));
    assert.ok(!mayBe("Restoring finance@contoso.example", { source: "sales@contoso.example" }));
    assert.ok(mayBe("Restoring finance@contoso.example", { itemName: "some folder" }));
  });
});

describe("mailboxes that an event may be thought to name", () => {
  const named = (name: string, email = `${name.toLowerCase()}@contoso.example`) => ({ id: `id-${name}`, name, email });
  const namesOf = (of: ReturnType<typeof named>, all: ReturnType<typeof named>[]) =>
    namesakesOf(of, [of, ...all]).map(({ id, name, email }) => [id, name, email]);

  it("are those with its address, and those whose name holds the other, as they are listed", () => {
    const [ann, annSmith, bob] = [named("Ann"), named("Ann Smith", "as@contoso.example"), named("Bob")];
    const anArchive = named("Archive of A", ann.email.toUpperCase());
    const row = ({ id, name, email }: typeof ann) => [id, name, email];
    assert.deepEqual(namesOf(ann, [bob, annSmith, anArchive]), [row(anArchive), row(annSmith)]);
    assert.deepEqual(namesOf(annSmith, [bob, ann]), [row(ann)]);
    assert.deepEqual(namesOf(bob, [ann, annSmith]), []);
  });

  it("are no others for one without a name, and twenty at most", () => {
    assert.deepEqual(namesOf(named("", "x@contoso.example"), [named("Ann"), named("Bob")]), []);
    const many = Array.from({ length: 30 }, (_, index) => named(`Ann ${index}`, `a${index}@contoso.example`));
    assert.equal(namesOf(named("Ann"), many).length, 20);
  });
});

describe("the text of an event", () => {
  it("is title and message, and neither of them twice", () => {
    assert.equal(textOf({ title: "", message: "Restored" }), "Restored");
    assert.equal(textOf({ title: "Restored", message: "Restored 3 items" }), "Restored 3 items");
    assert.equal(textOf({ title: "Sales", message: "Restored" }), "Sales: Restored");
  });
});
