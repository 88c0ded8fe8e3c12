import { createHash } from "node:crypto";

/**
 * A UUID that is always the same for the same parts, so that the same calls get the same answers.
 *
 * @example `uuidFrom("mailbox", "finance@contoso.example")`
 */
export function uuidFrom(...parts: (string | number)[]): string {
  const hex = createHash("sha256").update(parts.join("\n")).digest("hex");
  const variant = ((parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join("-");
}

/** A token text of more than a kilobyte, as the real ones can be; the same parts give the same text. */
export function tokenFrom(...parts: (string | number)[]): string {
  const blocks = Array.from({ length: 24 }, (_, block) =>
    createHash("sha256")
      .update([...parts, block].join("\n"))
      .digest("base64url"),
  );
  return `AQAA${blocks.join("")}`;
}
