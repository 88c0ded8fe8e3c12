import assert from "node:assert/strict";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { toJUnit } from "../../evidence/junit";
import { mergeEvidence } from "../../evidence/merge";
import { shown } from "../../evidence/text";
import { aFailedMailbox, aHostileEvidence, aMailbox, aMixedEvidence, aShard, anEvidence } from "../helpers/evidence";

interface Problem {
  type: string;
  message: string;
  "#text"?: string;
}
interface TestCase {
  name: string;
  classname: string;
  time: string;
  failure?: Problem;
  error?: Problem;
  properties?: { property: { name: string; value: string }[] };
}
interface Suite {
  properties?: TestCase["properties"];
  tests: string;
  failures: string;
  errors: string;
  time: string;
  timestamp: string;
  testcase: TestCase[];
}

function suiteOf(xml: string): Suite {
  assert.equal(XMLValidator.validate(xml), true);
  const isArray = (name: string) => ["testcase", "property"].includes(name);
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "", parseTagValue: false, isArray });
  return (parser.parse(xml) as { testsuites: { testsuite: Suite } }).testsuites.testsuite;
}
const caseOf = ({ testcase }: Suite, name: string) => testcase.find((one) => one.name === name) ?? assert.fail(name);

describe("evidence as JUnit XML", () => {
  it("is a suite with a case for the verdict, each objective and each mailbox, with times in seconds", () => {
    const suite = suiteOf(toJUnit(anEvidence([aMailbox(0), aMailbox(1)])));
    assert.deepEqual(
      suite.testcase.map(({ classname, name, time }) => [classname, name, time]),
      [
        ["quarterly", "Verdict", "25.500"],
        ["quarterly.objectives", "Recovery time (RTO)", "0.000"],
        ["quarterly.objectives", "Age of the data (RPO)", "0.000"],
        ["quarterly.mailboxes", "mailbox-00001@contoso.example", "6.000"],
        ["quarterly.mailboxes", "mailbox-00002@contoso.example", "24.500"],
      ],
    );
    assert.deepEqual([suite.tests, suite.failures, suite.errors, suite.time], ["5", "0", "0", "25.500"]);
    assert.equal(suite.timestamp, "2026-11-20T22:00:05.000Z");
  });

  it("has a failure for a bad result, and an error where nobody knows the result", () => {
    const outcomes = ["Failed", "PartiallyFailed", "NothingToRestore", "Unknown", "NeverSent", "Unfinished"];
    const suite = suiteOf(toJUnit(anEvidence(outcomes.map((outcome, index) => aFailedMailbox(index, outcome)))));
    const kinds = suite.testcase.slice(3).map(({ failure, error }) => [failure?.type, error?.type]);
    assert.deepEqual(kinds, [
      ["Failed", undefined],
      ["PartiallyFailed", undefined],
      ["NothingToRestore", undefined],
      [undefined, "Unknown"],
      [undefined, "NeverSent"],
      [undefined, "Unfinished"],
    ]);
    assert.deepEqual([suite.failures, suite.errors], ["6", "3"]);
  });

  it("has a failure for a mailbox that missed an objective, and for the objective", () => {
    const late = aMailbox(0, { passed: false, missed: ["rto"], recoveryTimeSeconds: 5 * 3600 });
    const suite = suiteOf(toJUnit(anEvidence([late, aMailbox(1)])));
    assert.equal(caseOf(suite, late.mailbox).failure?.message, "Recovery time (RTO) 5h, limit 4h");
    assert.equal(caseOf(suite, "Recovery time (RTO)").failure?.["#text"], late.mailbox);
    assert.equal(caseOf(suite, "Age of the data (RPO)").failure, undefined);
  });

  it("fails by its verdict alone when a shard is missing, and says so", () => {
    const suite = suiteOf(toJUnit(mergeEvidence([aShard(0, 2)], "2026-11-21T03:00:00Z")));
    assert.equal(suite.failures, "1");
    assert.match(caseOf(suite, "Verdict").failure?.["#text"] ?? "", /1 shard of 2 is missing/);
  });

  it("keeps what a reader must know as a property, also of a drill that passed", () => {
    const { properties } = suiteOf(toJUnit(anEvidence([aMailbox()], { remarks: ["A note."] })));
    assert.deepEqual(
      properties?.property.find(({ name }) => name === "Remark"),
      { name: "Remark", value: "A note." },
    );
  });

  it("names session, times and hashes of a mailbox as properties", () => {
    const { mailbox, restoreSessionId, pst } = aMailbox(0);
    const { property = [] } = caseOf(suiteOf(toJUnit(anEvidence())), mailbox).properties ?? {};
    const valueOf = (name: string) => property.find((one) => one.name === name)?.value;
    assert.equal(valueOf("restoreSessionId"), restoreSessionId);
    assert.equal(valueOf("recoveryTimeSeconds"), "11");
    assert.equal(valueOf("sha256"), pst[0]?.sha256);
  });

  it("is XML that holds what was said, whatever that is", () => {
    const evidence = aHostileEvidence();
    const { testcase } = suiteOf(toJUnit(evidence));
    const names = evidence.mailboxes.map(({ mailbox }) => shown(mailbox));
    assert.deepEqual(
      testcase.slice(3).map(({ name }) => name),
      names,
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (word) => {
        const failures = [word];
        const xml = toJUnit(anEvidence([aFailedMailbox(0, "Failed", { mailbox: word, failures })]));
        assert.equal(XMLValidator.validate(xml), true);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(xml, /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\]\]>|\p{Cs}/u);
      }),
    );
  });

  it("is the same text for the same evidence", () => {
    assert.equal(toJUnit(aMixedEvidence(500)), toJUnit(aMixedEvidence(500)));
  });
});
