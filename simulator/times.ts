/** An instant as v3 prints it in session objects: UTC, seven fractional digits, `Z`. [D] */
export function utcTime(time: Date): string {
  return time.toISOString().replace("Z", "0000Z");
}

/** An instant as events carry it: with an offset and not with `Z`. [D] The simulator's server stands in UTC. */
export function offsetTime(time: Date): string {
  return time.toISOString().replace("Z", "0000+00:00");
}

/** `"00:00:00"`, the form of an event's duration. [D] */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part)).padStart(2, "0"))
    .join(":");
}

/** `3/23/2023 2:16:40 PM`, the form of the time in a session's name. [C] In UTC. */
export function nameTime(time: Date): string {
  const hour = time.getUTCHours();
  const twoDigits = (value: number): string => String(value).padStart(2, "0");
  return (
    `${time.getUTCMonth() + 1}/${time.getUTCDate()}/${time.getUTCFullYear()} ` +
    `${hour % 12 === 0 ? 12 : hour % 12}:${twoDigits(time.getUTCMinutes())}:${twoDigits(time.getUTCSeconds())} ` +
    (hour < 12 ? "AM" : "PM")
  );
}

const withoutZone = /^(\d{4})[-.](\d\d)[-.](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?$/;
const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads the time of an explore request: `yyyy-MM-dd HH:mm:ss.SSS`, `yyyy.MM.dd hh:mm:ss` [D], ISO 8601 with a zone [D],
 * or `yyyy.MM.dd HH:mm` [C]. A time without a zone is taken as UTC [inf].
 *
 * @returns undefined when it is none of them, or no date (the 31st of February).
 */
export function parseExploreTime(text: string): Date | undefined {
  const match = withoutZone.exec(text);
  if (match === null) {
    return iso.test(text) ? validDate(new Date(text)) : undefined;
  }
  const [, year, month, day, hour, minute, second = "00", fraction = "0"] = match;
  const date = validDate(
    new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, "0")}Z`),
  );
  return date?.getUTCDate() === Number(day) ? date : undefined;
}

/** What a time has beyond its milliseconds, in units of the server's clock (100 ns, .NET). */
export function ticksBeyond(text: string): number {
  const [, digits = "0"] = /:\d\d\.\d{3}(\d{1,4})/.exec(text) ?? [];
  return Number(digits.padEnd(4, "0"));
}

function validDate(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}
