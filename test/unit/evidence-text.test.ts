import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesText, countText, durationText, shown, timeText } from "../../evidence/text";

describe("words of others in evidence", () => {
  it("stay as they are where they are ordinary", () => {
    for (const text of ["finance@contoso.example", "Zoë 東京 🙂", "می\u200Cروم", "a_b-c.d/e\\f"]) {
      assert.equal(shown(text), text);
    }
  });

  it("are shown with what would turn their direction, work on a terminal or be seen by nobody", () => {
    assert.equal(shown("a\u202Egnp.exe"), "a[U+202E]gnp.exe");
    assert.equal(shown("\u001B[31mred\u0000"), "[U+001B][31mred[U+0000]");
    assert.equal(shown("a\u200Bb\uFEFF\u2066\uFFFE"), "a[U+200B]b[U+FEFF][U+2066][U+FFFE]");
    assert.equal(shown("\uD800"), "\uFFFD");
  });

  it("come on one line", () => {
    assert.equal(shown("  a \r\n\t b\u2028c  "), "a b c");
  });

  it("hold no control character, whatever they were", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(shown(text), /\p{Cc}|\p{Cs}|\p{Bidi_Control}/u);
      }),
    );
  });
});

describe("values in evidence", () => {
  it("are written with their units", () => {
    assert.equal(durationText(3723.4), "1h 2m 3.4s");
    assert.equal(durationText(86_400), "1d");
    assert.equal(countText(1234567), "1,234,567");
    assert.equal(bytesText(13_984_768), "14 MB");
    assert.equal(timeText("2026-11-20T18:00:07.123Z"), "2026-11-20 18:00:07 UTC");
  });

  it("are a dash where nothing is known, and never 0", () => {
    assert.deepEqual([durationText(null), countText(null), timeText(null)], ["—", "—", "—"]);
  });
});
